"""The relay as monitoring meets it: the private door, and figures that are exact."""

import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import threading
import time

import pytest

from relaykit import (ACKED, DELIVER, GOING_AWAY, JOINED, PATIENCE, PROOF, PUZZLE, REFUSED, RESUMED, Relay, ends, make_certificate, pair,
                      solution)
from test_relay_network import header
from test_relay_operator import refused, run, write_config
from test_relay_page import get as browse, make_page
from watchkit import NO_PROMTOOL, PROMTOOL, Watched, changed, figures_of, hears_out, promtool, say_goodbye


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


def gone(relay):
    """All figures, once the relay has noticed that every device left."""
    return relay.until(connections=0)


# What is answered


def test_health_readiness_and_figures_are_answered(tmp_path):
    with Watched(str(tmp_path)) as relay:
        for path in ("/healthz", "/readyz"):
            status, headers, body = relay.get(path)
            assert (status, body) == (200, "ok\n")
            assert headers["cache-control"] == "no-store" and headers["connection"] == "close"
        status, headers, body = relay.get("/metrics")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert int(headers["content-length"]) == len(body) and body.endswith("\n")
        figures = figures_of(body)
        assert figures["certrelay_ready"] == 1 and figures["certrelay_draining"] == 0
        assert abs(figures["certrelay_start_time_seconds"] - time.time()) < 600
        assert "certrelay_tls_expiry_timestamp_seconds" not in figures
        library = next(line["version"] for line in relay.lines if line["event"] == "library")
        assert '{version="%s",libwebsockets="%s"}' % (relay.wait_for("started")["version"], library) in body
        assert relay.get("/metrics?name=x")[0] == 200
        status, headers, body = relay.get("/metrics", "HEAD")
        assert status == 200 and int(headers["content-length"]) > 1000 and body == ""


@pytest.mark.skipif(not PROMTOOL, reason=NO_PROMTOOL)
def test_the_figures_are_written_as_prometheus_wants_them(tmp_path, certificate):
    with Watched(str(tmp_path), *certificate) as relay:
        say_goodbye(*pair(relay)[:2])
        text = relay.get("/metrics")[2]
        assert promtool("check", "metrics", text=text) == (0, "")
        assert promtool("check", "metrics", text=text.replace("_total", "_totals"))[0] != 0


def test_a_certificate_says_when_it_expires(tmp_path, certificate):
    with Watched(str(tmp_path), *certificate) as relay:
        assert relay.figures()["certrelay_tls_expiry_timestamp_seconds"] == relay.wait_for("certificate")["expires"]


def test_devices_cannot_ask_what_monitoring_asks(tmp_path, certificate):
    page = make_page(tmp_path / "page")
    for keys in ({}, {"page": str(page)}):
        with Watched(str(tmp_path), *certificate, **keys) as relay:
            for path in ("/healthz", "/readyz", "/metrics"):
                answer = browse(relay, path)
                assert answer.status == 404 and b"certrelay_" not in answer.content
    with Relay(str(tmp_path)) as relay:
        assert browse(relay, "/metrics").status == 404
        assert not [line for line in relay.lines if line["event"] == "watched"]


@pytest.mark.parametrize("text, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 404), (b"GET /metricsx HTTP/1.1\r\n\r\n", 404), (b"GET /metrics/ HTTP/1.0\r\n\r\n", 404),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", 405), (b"DELETE /healthz HTTP/1.1\r\n\r\n", 405),
    (b"GET http://other/metrics HTTP/1.1\r\n\r\n", 400), (b"GET /metrics\r\n\r\n", 400), (b"\r\n\r\n", 400),
    (b"GET /metrics HTTP/2\r\n\r\n", 400), (b"GET /metrics HTTP/1.1 x\r\n\r\n", 400), (b"\x16\x03\x01\x02\0\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\n" + b"X: %s\r\n" % (b"y" * 4096), 431), (b"y" * 100000, 431),
    (b"GET /healthz HTTP/1.1\r\nX-Long: " + b"y" * 3000 + b"\r\n\r\n", 200),
    (b"GET /healthz HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 200),
    (b"GET /healthz HTTP/1.1\r\n\r\n" + b"x" * 60000, 200),
], ids=str)
def test_one_connection_is_one_question_and_one_answer(watched, text, status):
    got = watched.asks(text)
    assert got.startswith(b"HTTP/1.1 %d " % status) and got.count(b"HTTP/1.1 ") == 1, got[:200]
    assert b"certrelay_" not in got


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    with Watched(str(tmp_path_factory.mktemp("relay")), max_connections=2) as relay:
        yield relay


# Who is slow, or too many, on the private door


def test_devices_and_monitoring_share_no_limit(watched):
    clients = [watched.client(), watched.client()]
    knocks = [watched.knock() for _ in range(50)]
    figures = watched.figures()
    assert figures["certrelay_connections"] == 2 and figures["certrelay_connections_limit"] == 2
    displayer, typist = clients
    typist.join(os.urandom(16), displayer.allocate(os.urandom(16)))
    typist.hear(JOINED)
    say_goodbye(typist, displayer)
    for sock in knocks:
        sock.close()
    assert watched.get("/readyz")[0] == 200


def test_who_asks_slowly_or_nothing_is_closed_and_stands_in_nobodys_way(watched):
    silent = [watched.knock() for _ in range(20)]
    slow = watched.knock()
    slow.sendall(b"GET /metrics HT")
    for _ in range(4):
        assert watched.get("/healthz")[0] == 200
    assert ends(slow) == b""
    for sock in silent:
        assert ends(sock) == b""


def test_who_dribbles_wins_no_time(watched):
    sock = watched.knock()
    sock.settimeout(0.05)
    deadline = time.monotonic() + PATIENCE
    with pytest.raises(OSError):
        sock.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        while time.monotonic() < deadline:
            sock.sendall(b"y")
            try:
                if sock.recv(1) == b"":
                    raise ConnectionResetError
            except socket.timeout:
                pass
    assert time.monotonic() < deadline


def test_who_does_not_read_or_never_stops_costs_no_time(watched):
    socks = []
    for text in (b"GET /metrics HTTP/1.1\r\n\r\n", b"GET /metrics HTTP/1.1\r\n\r\n" + b"x" * 30000):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        sock.connect(("127.0.0.1", watched.watch_port))
        sock.sendall(text)
        socks.append(sock)
    before, start = watched.cpu_seconds(), time.monotonic()
    threading.Event().wait(1)
    assert watched.cpu_seconds() - before < (time.monotonic() - start) / 2, "it turns without rest"
    for sock in socks:
        sock.close()
    stuck, deadline = watched.knock(), time.monotonic() + PATIENCE
    stuck.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
    assert ends(stuck).startswith(b"HTTP/1.1 200")
    with pytest.raises(OSError):
        while time.monotonic() < deadline:
            stuck.sendall(b"x" * 65536)
    assert watched.get("/readyz")[0] == 200


def test_a_hundred_ask_at_once_and_the_last_is_answered(watched):
    for _ in range(3):
        socks = [watched.knock() for _ in range(40)]
        for sock in socks:
            sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert ends(socks[-1]).startswith(b"HTTP/1.1 200 ")
        for sock in socks:
            sock.close()
    for _ in range(200):
        watched.knock().close()
    assert watched.get("/healthz")[0] == 200


# Where the door may be


@pytest.mark.parametrize("watch", ["0.0.0.0:9464", "[::]:9464", "192.0.2.1:9464", "[2001:db8::1]:9464", "[::ffff:10.0.0.1]:9464"])
def test_where_others_could_reach_it_the_door_is_refused_unless_it_is_said_twice(tmp_path, watch):
    said = refused(write_config(tmp_path, tls="off", watch=watch))
    assert said.startswith("watch = %s: others than this machine" % watch) and "watch_anywhere = on" in said
    assert run("--config", write_config(tmp_path, tls="off", watch=watch, watch_anywhere="on"), "--check-config").returncode == 0


@pytest.mark.parametrize("watch", ["localhost:9464", "9464", "127.0.0.1", "127.0.0.1/8:9464", "127.0.0.1:99999", "on", "unix:", ""])
def test_what_is_no_place_is_refused(tmp_path, watch):
    path = write_config(tmp_path, tls="off", watch=watch)
    assert "watch = %s: must be off, ADDRESS:PORT" % watch in refused(path)


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = run("--config", write_config(tmp_path, tls="off", watch="127.0.0.1:%d" % other.getsockname()[1]))
        assert done.returncode == 71 and "another program has this port" in done.stderr
        assert '"started"' not in done.stderr


def test_an_address_said_twice_and_an_ipv6_one_work(tmp_path):
    with Watched(str(tmp_path), watch="0.0.0.0:0", watch_anywhere="on") as relay:
        assert relay.get("/readyz")[0] == 200
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("SKIP: no IPv6 here")
    with Watched(str(tmp_path), watch="[::1]:0") as relay:
        with socket.create_connection(("::1", relay.watch_port), PATIENCE) as sock:
            sock.sendall(b"GET /readyz HTTP/1.1\r\n\r\n")
            assert ends(sock).endswith(b"\r\n\r\nok\n")


def test_a_path_is_for_those_who_may_write_to_it_and_is_removed(tmp_path):
    path = tmp_path / "watch.sock"
    with Watched(str(tmp_path), watch="unix:%s" % path) as relay:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert b"certrelay_build_info" in ends(sock)
        assert relay.wait_for("watched")["port"] == 0
    assert not path.exists()
    said = refused(write_config(tmp_path, tls="off", watch="unix:/" + "a" * 120))
    assert said.startswith("watch = unix:/aaa") and "longer than" in said


# Ready or not


def test_while_it_drains_it_is_alive_and_not_ready(tmp_path):
    with Watched(str(tmp_path), drain_seconds=600) as relay:
        displayer, typist, _ = pair(relay)
        relay.signal(signal.SIGTERM)
        relay.wait_for("draining")
        assert relay.get("/readyz")[::2] == (503, "draining\n")
        assert relay.get("/healthz")[0] == 200
        figures = relay.figures()
        assert (figures["certrelay_draining"], figures["certrelay_ready"]) == (1, 0)
        for client in (displayer, typist):
            client.hear(GOING_AWAY)
        say_goodbye(displayer, typist)
        assert relay.wait() == 0


def expired_certificate(folder):
    """A pair whose certificate was good for a day of 2020."""
    (folder / "index").touch()
    (folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n"
                                   "[p]\ncommonName=supplied\n" % (folder, folder))
    key, ask, cert = (str(folder / name) for name in ("old.key", "old.csr", "old.crt"))
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", ask], check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", str(folder / "ca.cnf"), "-keyfile", key, "-in", ask, "-out", cert,
                    "-notext", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z"], check=True, capture_output=True)
    return cert, key


def test_with_a_certificate_that_expired_it_is_not_ready(tmp_path):
    with Watched(str(tmp_path), *expired_certificate(tmp_path)) as relay:
        assert relay.get("/readyz")[::2] == (503, "tls-expired\n")
        assert relay.wait_for("certificate")["level"] == "error"
        assert relay.figures()["certrelay_tls_expiry_timestamp_seconds"] == 1577923200


def test_while_the_tls_files_cannot_be_used_it_is_not_ready(tmp_path, certificate):
    files = [shutil.copy(path, tmp_path) for path in certificate]
    with Watched(str(tmp_path), *files, tls_watch_seconds=0) as relay:
        before = relay.figures()
        shutil.copy(make_certificate(str(tmp_path), "other")[1], files[1])
        relay.signal(signal.SIGHUP)
        assert relay.wait_for("reload", done=False)["level"] == "error"
        assert relay.get("/readyz")[::2] == (503, "tls-files\n")
        shutil.copy(certificate[1], files[1])
        relay.signal(signal.SIGHUP)
        relay.wait_for("reload", done=True)
        assert relay.get("/readyz")[0] == 200
        assert changed(before, relay.figures()) == {'reloads_total{result="failed"}': 1, 'reloads_total{result="done"}': 1}


# Figures, exactly


def test_one_transfer_is_counted_exactly(tmp_path, certificate):
    with Watched(str(tmp_path), *certificate) as relay:
        before = relay.figures()
        displayer, typist, _ = pair(relay)
        during = relay.figures()
        assert during['certrelay_mailboxes{state="joined"}'] == 1 and during["certrelay_connections"] == 2
        typist.send(2, os.urandom(60000))
        assert displayer.hear(DELIVER)
        assert relay.figures()["certrelay_queued_bytes"] >= 60000
        displayer.ack(2)
        typist.hear(ACKED)
        heard = 5 + 2 + say_goodbye(typist, displayer)
        relay.wait_for("mailbox", mood="done")
        assert changed(before, gone(relay)) == {
            "mailboxes_opened_total": 1, "mailboxes_joined_total": 1, 'outcomes_total{mood="done",joined="yes"}': 1,
            "connections_total": 2, 'frames_total{direction="in"}': 6, 'frames_total{direction="out"}': heard,
            'payload_bytes_total{direction="in"}': 60005, 'payload_bytes_total{direction="out"}': 60005,
            "mailbox_waiting_seconds_count": 1, "mailbox_lifetime_seconds_count": 1}


@pytest.mark.parametrize("mood, name", [(2, "cancelled"), (3, "wrong_code"), (4, "error")])
def test_every_other_end_is_counted_by_its_mood(tmp_path, mood, name):
    with Watched(str(tmp_path)) as relay:
        before = relay.figures()
        say_goodbye(*pair(relay)[:2], mood=mood)
        alone = relay.client()
        alone.allocate(os.urandom(16))
        assert relay.figures()['certrelay_mailboxes{state="waiting"}'] == 1
        say_goodbye(alone, mood=mood)
        change = changed(before, gone(relay))
        assert {name: value for name, value in change.items() if "outcomes" in name} == \
            {'outcomes_total{mood="%s",joined="yes"}' % name: 1, 'outcomes_total{mood="%s",joined="no"}' % name: 1}
        assert (change["mailboxes_opened_total"], change["mailboxes_joined_total"], change["mailbox_waiting_seconds_count"]) == (2, 1, 1)
        assert 'mailboxes{state="waiting"}' not in change and 'mailboxes{state="joined"}' not in change


def test_a_mailbox_that_nobody_joins_is_counted_as_expired_with_the_time_it_lived(tmp_path):
    with Watched(str(tmp_path), wait_seconds=1) as relay:
        client = relay.client()
        client.allocate(os.urandom(16))
        assert hears_out(client) == 1
        figures = relay.until(mailbox_lifetime_seconds_count=1)
        assert figures['certrelay_outcomes_total{mood="expired",joined="no"}'] == 1
        assert 1 <= figures["certrelay_mailbox_lifetime_seconds_sum"] < PATIENCE
        assert figures['certrelay_mailbox_lifetime_seconds_bucket{le="1"}'] <= figures['certrelay_mailbox_lifetime_seconds_bucket{le="+Inf"}'] == 1
        assert figures["certrelay_mailbox_waiting_seconds_count"] == 0


def test_who_comes_back_is_counted_and_who_finds_nothing_is_refused(tmp_path):
    with Watched(str(tmp_path)) as relay:
        displayer, typist, tokens = pair(relay)
        before = relay.figures()
        again, stranger = relay.client(), relay.client()
        again.resume(tokens[0], 1)
        again.hear(RESUMED)
        stranger.resume(os.urandom(16), 0)
        assert stranger.hear(REFUSED)[1] == 2
        change = changed(before, relay.figures())
        assert (change["resumes_total"], change['refusals_total{reason="gone"}']) == (1, 1)


def test_refusals_and_the_limits_behind_them_are_counted_exactly(tmp_path):
    with Watched(str(tmp_path), address_allocations=2, address_failed_joins=3, network_factor=1) as relay:
        before = relay.figures()
        hosts = [relay.client() for _ in range(3)]
        for host in hosts:
            host.send_frame(b"\x01" + os.urandom(16))
        assert [host.hear()[0] for host in hosts].count(REFUSED) == 1
        paid = []
        for _ in range(4):
            answer, bits = relay.client().join_paying(os.urandom(16), b"\x04" + struct.pack(">I", 1))
            assert answer[:2] == bytes([REFUSED, 1])
            paid.append(bits)
        assert paid == [0, 0, 0, 14]
        liar = relay.client()
        liar.join(bytes(16), b"\x04" + struct.pack(">I", 1))
        puzzle = liar.hear(PUZZLE)
        count = next(count.to_bytes(8, "big") for count in range(2) if count.to_bytes(8, "big") != solution(puzzle, bytes(16)))
        liar.send_frame(bytes([PROOF]) + count)
        liar.join(bytes(16), b"\x04" + struct.pack(">I", 1))
        assert liar.hear(REFUSED)[1] == 7
        change = changed(before, relay.figures())
        assert {name: value for name, value in change.items() if re.search("refusals|hits|puzzles|proofs", name)} == {
            'refusals_total{reason="too_many"}': 1, 'refusals_total{reason="unavailable"}': 4, 'refusals_total{reason="malformed"}': 1,
            'puzzles_total': 2, 'proofs_total{result="right"}': 1, 'proofs_total{result="wrong"}': 1,
            'limit_hits_total{scope="address",limit="allocations"}': 1, 'limit_hits_total{scope="network",limit="allocations"}': 1,
            'limit_hits_total{scope="address",limit="failed_joins"}': 2, 'limit_hits_total{scope="network",limit="failed_joins"}': 2}


def test_connections_beyond_a_limit_are_counted_by_whose_it_was(tmp_path):
    with Watched(str(tmp_path), address_connections=1) as relay:
        one = relay.client()
        before = relay.figures()
        sock = relay.tcp()
        sock.sendall(b"GET")
        assert ends(sock) == b""
        change = changed(before, relay.figures())
        assert change == {'refusals_total{reason="address_connections"}': 1, 'limit_hits_total{scope="address",limit="connections"}': 1}
        one.close()


def test_too_many_bytes_are_counted_as_the_limit_of_all(tmp_path):
    with Watched(str(tmp_path), all_bytes=70000) as relay:
        displayer, typist, _ = pair(relay)
        before = relay.figures()
        typist.send(2, bytes(60000))
        typist.send(3, bytes(60000))
        assert typist.hear(REFUSED)[1] == 8
        change = changed(before, relay.figures())
        assert change['limit_hits_total{scope="all",limit="bytes"}'] == 1 and change['refusals_total{reason="busy"}'] == 1


def test_what_browsers_ask_is_counted_by_the_class_of_the_answer(tmp_path):
    with Watched(str(tmp_path), page=str(make_page(tmp_path / "page"))) as relay:
        before = relay.figures()
        tag = browse(relay, "/").getheader("ETag")
        assert browse(relay, "/", If_None_Match=tag).status == 304
        assert browse(relay, "/no").status == 404
        assert browse(relay, "/no/more").status == 404
        change = changed(before, relay.figures())
        assert {name: value for name, value in change.items() if "page" in name} == {
            'page_requests_total{status="2xx"}': 1, 'page_requests_total{status="3xx"}': 1, 'page_requests_total{status="4xx"}': 2}


def test_handshakes_that_fail_are_counted_and_those_that_do_not_are_not(tmp_path, certificate):
    with Watched(str(tmp_path), *certificate) as relay:
        before = relay.figures()
        say_goodbye(*pair(relay)[:2])
        quiet = relay.connect()
        quiet.close()
        assert "tls_handshake_failures_total" not in changed(before, gone(relay))
        for _ in range(2):
            sock = relay.tcp()
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            ends(sock)
        assert changed(before, gone(relay))["tls_handshake_failures_total"] == 2


def test_headers_of_proxies_that_are_not_believed_or_missing_are_counted(tmp_path):
    with Watched(str(tmp_path)) as relay:
        relay.client(X_Forwarded_For="198.51.100.77")
        sock = relay.tcp()
        sock.sendall(header("198.51.100.77"))
        assert ends(sock) == b""
        assert relay.figures()["certrelay_forwarded_disbelieved_total"] == 2
    with Watched(str(tmp_path), trusted_proxies="127.0.0.1") as relay:
        relay.client(X_Forwarded_For="198.51.100.77")
        relay.client()
        figures = relay.figures()
        assert (figures["certrelay_forwarded_disbelieved_total"], figures["certrelay_forwarded_missing_total"]) == (0, 1)


# The log's levels


def test_every_line_of_the_log_has_a_level_and_what_is_less_is_left_out(tmp_path, certificate):
    with Watched(str(tmp_path), address_connections=5) as relay:
        assert {line["level"] for line in relay.lines} == {"info", "warning"}
        assert relay.wait_for("warning")["level"] == "warning"
    files = {"listen": "127.0.0.1:0", "tls_cert": certificate[0], "tls_key": str(tmp_path / "none")}
    for level in ("info", "warning", "error"):
        done = run("--config", write_config(tmp_path, **files, log_level=level))
        assert done.returncode == 78 and '"level":"error","event":"failed"' in done.stderr
    assert "log_level must be info, warning or error" in refused(write_config(tmp_path, tls="off", log_level="debug"))


def test_below_the_level_nothing_is_written(tmp_path):
    listen = socket.create_server(("127.0.0.1", 0))
    port = listen.getsockname()[1]
    listen.close()
    config = write_config(tmp_path, listen="127.0.0.1:%d" % port, tls="off", page="off", log_level="warning", address_connections=0,
                          address_allocations=0, address_failed_joins=0, address_queued_bytes=0)
    process = subprocess.Popen([os.environ["CR_CERTRELAYD"], "--config", config], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert process.poll() is None and time.monotonic() < deadline
    process.terminate()
    assert process.communicate(timeout=PATIENCE)[1] == "" and process.returncode == 0
