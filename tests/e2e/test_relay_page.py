"""The relay as a browser meets it: the page's files over TCP and TLS, beside the mailboxes."""

import gzip
import http.client
import json
import os
import re
import signal
import socket
import threading
import time

import pytest

from relaykit import (CLOSED, DELIVER, PATIENCE, Client, Relay, ends, make_certificate, pair, relay_program, request)
from test_relay_operator import refused, write_config

BIG = os.urandom(1_500_000)
CODE = b"export const words = 1;\n" * 400
BIG_NAME, CODE_NAME = "/core-0123abcd.wasm", "/main-ABCDEFG2.js"


def make_page(folder, text=b"<!doctype html><title>page</title>"):
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_bytes(text)
    (folder / BIG_NAME[1:]).write_bytes(BIG)
    (folder / CODE_NAME[1:]).write_bytes(CODE)
    (folder / (CODE_NAME[1:] + ".gz")).write_bytes(gzip.compress(CODE))
    (folder / (CODE_NAME[1:] + ".br")).write_bytes(b"stands for brotli")
    (folder / "art").mkdir(exist_ok=True)
    (folder / "art" / "logo.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    return folder


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="module", params=["tls", "plain"])
def relay(request, certificate, tmp_path_factory):
    page = make_page(tmp_path_factory.mktemp("page"))
    # Under the address sanitizer, freed memory is not to count for long.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
        running = Relay(str(tmp_path_factory.mktemp("relay")), *(certificate if request.param == "tls" else ()), page=str(page),
                        page_name="은행 \"A\"", page_colour="#1a73e8", page_logo="art/logo.svg")
    with running:
        yield running


class Browser(http.client.HTTPConnection):
    """Requests to the relay on one kept connection."""

    def __init__(self, relay):
        super().__init__("localhost", relay.port, timeout=PATIENCE)
        self.sock = relay.connect()
        self.auto_open = 0

    def ask(self, path, method="GET", **headers):
        self.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.getresponse()
        answer.content = answer.read()
        return answer


def get(relay, path, method="GET", **headers):
    return Browser(relay).ask(path, method, **headers)


def raw(relay, text):
    """Everything that is answered to these bytes until the relay closes."""
    sock = relay.connect()
    sock.sendall(text)
    return ends(sock)


def works(relay):
    displayer, typist, _ = pair(relay)
    typist.send(2, b"x" * 60000)
    assert len(displayer.hear(DELIVER)) == 60005
    for client in (typist, displayer):
        client.say_close()
        while client.hear()[0] != CLOSED:
            pass
        client.close()


# What is served


def test_the_page_and_its_files_come_whole_with_their_types(relay):
    for path, content, kind in (("/", b"<!doctype html><title>page</title>", "text/html; charset=utf-8"),
                                ("/index.html?a=b&c", b"<!doctype html><title>page</title>", "text/html; charset=utf-8"),
                                (BIG_NAME, BIG, "application/wasm"), (CODE_NAME, CODE, "text/javascript; charset=utf-8"),
                                ("/art/logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")):
        answer = get(relay, path)
        assert (answer.status, answer.content, answer.getheader("Content-Type")) == (200, content, kind)
        assert int(answer.getheader("Content-Length")) == len(content)


def test_every_answer_is_guarded(relay):
    host = "localhost:%d" % relay.port
    for path, method, status in (("/", "GET", 200), (BIG_NAME, "HEAD", 200), ("/nothing", "GET", 404), ("/", "DELETE", 405)):
        answer = get(relay, path, method)
        assert answer.status == status
        policy = answer.getheader("Content-Security-Policy")
        assert "default-src 'none'" in policy and "connect-src 'self' wss://%s;" % host in policy
        assert answer.getheader("Permissions-Policy").startswith("camera=(self), screen-wake-lock=(self), ")
        assert answer.getheader("Referrer-Policy") == "no-referrer"
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("X-Frame-Options") == "DENY"
        assert answer.getheader("Cross-Origin-Opener-Policy") == "same-origin"
        assert answer.getheader("Strict-Transport-Security") == ("max-age=31536000" if relay.cert else None)
    wild = get(relay, "/", Host="a; script-src *").getheader("Content-Security-Policy")
    assert "connect-src 'self';" in wild and "*" not in wild


def test_one_connection_serves_several_files(relay):
    browser = Browser(relay)
    assert browser.ask("/").status == 200
    assert browser.ask("/nothing").status == 404
    answer = browser.ask(CODE_NAME)
    assert answer.content == CODE
    assert browser.ask(CODE_NAME, If_None_Match=answer.getheader("ETag")).status == 304
    assert browser.ask(CODE_NAME, "HEAD").getheader("Content-Length") == str(len(CODE))
    assert browser.ask(BIG_NAME, "HEAD").content == b""
    assert browser.ask("/settings.json").status == 200


def test_the_coding_is_one_that_the_browser_takes(relay):
    assert gzip.decompress(get(relay, CODE_NAME, Accept_Encoding="gzip, br;q=0").content) == CODE
    brotli = get(relay, CODE_NAME, Accept_Encoding="gzip, deflate, br")
    assert brotli.content == b"stands for brotli"
    assert (brotli.getheader("Content-Encoding"), brotli.getheader("Vary")) == ("br", "Accept-Encoding")
    assert get(relay, CODE_NAME, Accept_Encoding="gzip;q=0").content == CODE
    tags = {get(relay, CODE_NAME, Accept_Encoding=coding).getheader("ETag") for coding in ("", "gzip", "br")}
    assert len(tags) == 3


def test_what_may_be_kept_and_how_long(relay):
    assert get(relay, "/").getheader("Cache-Control") == "no-cache"
    assert get(relay, "/settings.json").getheader("Cache-Control") == "no-cache"
    assert get(relay, BIG_NAME).getheader("Cache-Control") == "public, max-age=31536000, immutable"


def test_the_settings_are_what_the_operator_wrote(relay):
    answer = get(relay, "/settings.json")
    assert answer.getheader("Content-Type") == "application/json"
    assert json.loads(answer.content) == {"name": "은행 \"A\"", "colour": "#1a73e8", "logo": "art/logo.svg"}


# What is not


@pytest.mark.parametrize("path", ["/../relay.ini", "/%2e%2e/%2e%2e/etc/passwd", "/art/../../etc/passwd", "//etc/passwd", "/art",
                                  "/art/", "/%00", "/index.html%00.js", "/main-ABCDEFG2.js.gz", "/./.", "/" + "a" * 2000,
                                  "/%zz", "/\\..\\index.html", "/%ff%fe"], ids=str)
def test_nothing_but_the_names_known_at_the_start_is_served(relay, path):
    got = raw(relay, b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
    assert got == b"" or re.match(rb"HTTP/1\.[01] 40[34] ", got) or b"<title>page</title>" in got, got[:200]
    assert b"root:" not in got and b"listen" not in got


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_get_and_head(relay, method):
    got = raw(relay, b"%s / HTTP/1.1\r\nHost: x\r\n\r\n" % method.encode())
    assert got.startswith(b"HTTP/1.1 405 ") and b"\r\nAllow: GET, HEAD\r\n" in got, got[:200]


@pytest.mark.parametrize("text", [b"TRACE / HTTP/1.1\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n\r\n\r\nX\r\n",
                                  b"GET http://other/ HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 64], ids=str)
def test_what_is_no_request_is_closed(relay, text):
    got = raw(relay, text)
    assert b"<title>" not in got
    works(relay)


@pytest.mark.parametrize("headers", ["Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999",
                                     "Transfer-Encoding: chunked", "Content-Length: 00"])
def test_a_body_is_refused_and_not_read_as_a_request(relay, headers):
    got = raw(relay, b"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\nGET /settings.json HTTP/1.1\r\n\r\n" % headers.encode())
    assert got.startswith(b"HTTP/1.1 413 ") and got.count(b"HTTP/1.1 ") == 1, got[:200]


def test_requests_in_one_go_are_answered_in_order(relay):
    one = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    text = b"".join(one % path for path in (b"/", b"/nothing", CODE_NAME.encode(), b"/settings.json") * 5)
    got = raw(relay, text + one % b"/" + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", got)
    assert statuses == [b"200", b"404", b"200", b"200"] * 5 + [b"200"] * 2, statuses
    assert got.count(CODE) == 5


def test_a_websocket_may_follow_on_a_kept_connection(relay):
    browser = Browser(relay)
    assert browser.ask("/").status == 200
    client = Client(browser.sock)
    assert client.upgrade().startswith("HTTP/1.1 101 ")
    client.allocate(os.urandom(16))


def test_the_websockets_path_without_upgrade_is_no_page(relay):
    assert get(relay, "/ws").status == 404
    got = raw(relay, request("/").encode())
    assert re.match(rb"HTTP/1\.[01] 404 ", got), got[:200]


# Who is slow, or too many


def test_a_connection_that_rests_is_closed(relay):
    browser = Browser(relay)
    assert browser.ask("/").status == 200
    assert ends(browser.sock) == b""


def test_a_request_that_never_ends_is_closed(relay):
    for text in (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"GET / HTTP/1.1\r\n" + b"X: %s\r\n" % (b"y" * 9000)):
        assert b"200 OK" not in raw(relay, text)


def slow_reader(relay, text=b""):
    """A socket with a small window that has asked for the big file and reads only its first byte."""
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    tcp.settimeout(PATIENCE)
    tcp.connect(("127.0.0.1", relay.port))
    relay.tcp = lambda: tcp
    try:
        sock = relay.connect()
    finally:
        del relay.tcp
    sock.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % BIG_NAME.encode() + text)
    assert sock.recv(1) == b"H"
    return sock


def resident_kb(relay):
    with open("/proc/%d/status" % relay.process.pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_slow_readers_hold_no_memory_and_get_everything_in_the_end(relay):
    slow_reader(relay).close()
    before = resident_kb(relay)
    readers = [slow_reader(relay) for _ in range(60)]
    per_reader = 100 if relay.cert else 50
    assert resident_kb(relay) - before < 60 * per_reader + 4096, "far from 60 times 1,500 KB"
    works(relay)
    for sock in readers[:3]:
        got = b"H" + ends(sock)
        assert got.partition(b"\r\n\r\n")[2] == BIG
    for sock in readers[3:]:
        sock.close()
    works(relay)


@pytest.mark.parametrize("more", [b"x", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "later", "half"], ids=str)
def test_who_says_more_and_does_not_read_costs_no_time(relay, more):
    sock = slow_reader(relay, more if isinstance(more, bytes) else b"")
    if more == "later":
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    elif more == "half" and not relay.cert:
        sock.shutdown(socket.SHUT_WR)
    works(relay)
    before, start = relay.cpu_seconds(), time.monotonic()
    threading.Event().wait(1.5)
    assert relay.cpu_seconds() - before < (time.monotonic() - start) / 2, "it turns without rest"
    sock.close()
    works(relay)


def test_a_reader_that_leaves_in_the_middle_frees_its_place(tmp_path):
    with Relay(str(tmp_path), page=str(make_page(tmp_path / "page")), max_connections=6) as relay:
        for _ in range(20):
            slow_reader(relay).close()
        works(relay)


def test_downloads_leave_room_for_mailboxes(tmp_path):
    with Relay(str(tmp_path), page=str(make_page(tmp_path / "page")), max_connections=8) as relay:
        readers = [slow_reader(relay) for _ in range(4)]
        assert get(relay, "/").status == 503
        relay.wait_for("refused", reason="downloads")
        works(relay)
        readers[0].close()
        while get(relay, "/").status == 503:
            pass


def test_two_hundred_downloads_at_once_while_a_transfer_runs(relay):
    results, stop = [], threading.Event()

    def download():
        results.append(get(relay, BIG_NAME).content == BIG)

    def talk():
        displayer, typist, _ = pair(relay)
        seq = 2
        while not stop.is_set() and seq < 200:
            typist.send(seq, b"%d" % seq)
            assert displayer.hear(DELIVER)[5:] == b"%d" % seq
            displayer.ack(seq)
            seq += 1
        results.append(seq > 2)

    threads = [threading.Thread(target=download) for _ in range(200)]
    talker = threading.Thread(target=talk)
    talker.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    talker.join()
    assert results == [True] * 201


# What the operator does


def test_sighup_loads_the_page_again_and_a_broken_one_is_not_taken(tmp_path, certificate):
    page = make_page(tmp_path / "page", b"old")
    with Relay(str(tmp_path), *certificate, page=str(page)) as relay:
        slow = slow_reader(relay)
        make_page(page, b"new")
        assert get(relay, "/").content == b"old"
        relay.signal(signal.SIGHUP)
        assert relay.wait_for("reload")["done"] is True
        assert get(relay, "/").content == b"new"
        assert (b"H" + ends(slow)).partition(b"\r\n\r\n")[2] == BIG
        (page / "index.html").unlink()
        relay.signal(signal.SIGHUP)
        said = relay.wait_for("reload", done=False)["what"]
        assert "holds no index.html" in said
        assert get(relay, "/").content == b"new"


@pytest.mark.parametrize("keys, cause", [
    ({"page": "/nowhere/at/all"}, "page = /nowhere/at/all: No such file or directory"),
    ({"page": "relative"}, "page is neither off nor a folder that begins with /"),
    ({"page_colour": "red"}, "page_colour must look like #1a73e8"),
    ({"page_relay": "https://other"}, "page_relay must look like wss://relay.example/ws"),
    ({"page_relay": "wss://a;b"}, "page_relay must look like"),
    ({"page_name": "a\x1bb"}, "page_name and page_help must be UTF-8"),
    ({"page_logo": "missing.png"}, "page_logo = missing.png: the page has no such file"),
], ids=str)
def test_what_is_wrong_is_told_before_it_starts(tmp_path, keys, cause):
    page = make_page(tmp_path / "page")
    assert cause in refused(write_config(tmp_path, **{"tls": "off", "page": str(page), **keys}))


def test_a_folder_without_the_page_is_refused_by_name(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    said = refused(write_config(tmp_path, tls="off", page=str(empty)))
    assert said.startswith("page = %s: holds no index.html" % empty)


def test_another_relay_is_named_in_settings_and_policy(tmp_path):
    with Relay(str(tmp_path), page=str(make_page(tmp_path / "page")), page_relay="wss://other.example/ws") as relay:
        answer = get(relay, "/settings.json")
        assert json.loads(answer.content) == {"relay": "wss://other.example/ws"}
        assert "connect-src 'self' wss://other.example wss://localhost" in answer.getheader("Content-Security-Policy")


def test_the_log_holds_neither_path_nor_address(tmp_path, certificate):
    with Relay(str(tmp_path), *certificate, page=str(make_page(tmp_path / "page"))) as relay:
        get(relay, "/canary-path?canary-query", User_Agent="canary-agent", Referer="https://canary-referer")
        get(relay, CODE_NAME)
        relay.signal(signal.SIGTERM)
        relay.wait()
        text = "".join(line for line in relay.raw if '"listening"' not in line)
    for secret in ("canary", "ABCDEFG2", "127.0.0.1", "localhost"):
        assert secret not in text
    assert [line["reason"] for line in relay.lines if line["event"] == "refused"] == ["http"]
