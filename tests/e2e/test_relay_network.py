"""The relay of an organisation: proxies that speak for devices, limits for networks and for all, who may open mailboxes."""

import contextlib
import os
import signal
import socket
import ssl
import stat
import struct
import subprocess
import threading
import time

import pytest

from relaykit import (ALLOCATE, ALLOCATED, CLOSED, DELIVER, JOINED, PATIENCE, PEER, REFUSED, Client, Relay, ends,
                      make_certificate, relay_program, request)
from test_relay_operator import refused, write_config

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TOO_MANY, BUSY, FORBIDDEN = 4, 8, 9


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


def header(address, command=0x21, more=b""):
    """A PROXY header, version 2, that names the address as the client."""
    family, kind = (socket.AF_INET6, 0x21) if ":" in address else (socket.AF_INET, 0x11)
    packed = socket.inet_pton(family, address)
    block = packed + packed[::-1] + struct.pack(">HH", 4711, 443) + more
    return SIGNATURE + struct.pack(">BBH", command, kind, len(block)) + block


def wrapped(relay, sock):
    if not relay.cert:
        return sock
    return ssl.create_default_context(cafile=relay.cert).wrap_socket(sock, server_hostname="localhost")


def tcp(relay, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", relay.port), PATIENCE, (source, 0))


def named(relay, address, source="127.0.0.1"):
    """A socket behind a proxy at source that says by a PROXY header that it speaks for the address."""
    sock = tcp(relay, source)
    sock.sendall(header(address))
    return wrapped(relay, sock)


def enter(sock, **headers):
    """A client that was let in, or None."""
    client = Client(sock)
    try:
        return client if client.upgrade(**headers).startswith("HTTP/1.1 101 ") else None
    except OSError:
        return None


def forwarded(relay, hops, source="127.0.0.1"):
    return enter(tcp(relay, source), X_Forwarded_For=hops)


def let_in(make):
    """The first client that is let in: a place is free when the relay has noticed that its device left."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            client = make()
            if client:
                return client
    pytest.fail("nobody is let in")


def transfer(displayer, typist):
    """Both ends of a mailbox, from its opening to its end."""
    typist.join(os.urandom(16), displayer.allocate(os.urandom(16)))
    typist.hear(JOINED)
    payload = os.urandom(60000)
    typist.send(2, payload)
    displayer.hear(PEER)
    displayer.hear(DELIVER)
    assert displayer.hear(DELIVER)[5:] == payload
    for client in (typist, displayer):
        client.say_close()
        while client.hear()[0] != CLOSED:
            pass
        client.close()


def asks_for_a_mailbox(client):
    client.send_frame(bytes([ALLOCATE]) + os.urandom(16))
    return client.hear(ALLOCATED, REFUSED)


def warned(relay):
    """The one complaint that is told of; it may come a moment after the answer."""
    relay.wait_for("warning", mostly_one_address=False)
    line, = warnings(relay)
    return line


def warnings(relay):
    return [line for line in relay.lines if line["event"] == "warning" and "count" in line]


# The PROXY protocol


@pytest.mark.parametrize("has_tls", [True, False], ids=["tls", "plain"])
def test_a_trusted_proxy_names_devices_and_each_has_its_own_limit(tmp_path, certificate, has_tls):
    with Relay(str(tmp_path), *(certificate if has_tls else ()), trusted_proxies="127.0.0.1", address_connections=1) as relay:
        one, two = enter(named(relay, "203.0.113.1")), enter(named(relay, "203.0.113.2"))
        assert one and two
        relay.wait_for("started")
        sock = tcp(relay)
        sock.sendall(header("203.0.113.1"))
        assert ends(sock) == b""
        relay.wait_for("refused", reason="address-connections")
        six = enter(named(relay, "2001:db8::1"))
        transfer(one, six)
        again = let_in(lambda: enter(named(relay, "203.0.113.1")))
        transfer(again, two)
        assert not warnings(relay)


def test_a_header_may_come_byte_by_byte_and_with_more_behind_it(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=1) as relay:
        sock = tcp(relay)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = header("203.0.113.1", more=b"\x04\0\x40" + bytes(64)) + request().encode()
        for at in range(0, 60):
            sock.sendall(text[at:at + 1])
        sock.sendall(text[60:])
        assert sock.recv(12) == b"HTTP/1.1 101"
        assert enter(named(relay, "203.0.113.1")) is None


@pytest.mark.parametrize("text", [header("1.2.3.4", command=0x22), SIGNATURE + b"\x21\x11\x04\0" + bytes(1024),
                                  SIGNATURE + b"\x21\x11\0\x02ab", SIGNATURE[:11] + b"X"], ids=str)
def test_a_damaged_header_is_closed(tmp_path, text):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1") as relay:
        sock = tcp(relay)
        sock.sendall(text)
        assert b"101" not in ends(sock)


def test_a_header_that_never_ends_is_closed_and_a_proxy_may_leave(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", max_connections=2) as relay:
        for _ in range(4):
            sock = tcp(relay)
            sock.sendall(SIGNATURE)
            sock.close()
        sock = tcp(relay)
        sock.sendall(SIGNATURE + b"\x21")
        assert ends(sock) == b""
        relay.wait_for("refused", reason="proxy-header")
        transfer(enter(named(relay, "203.0.113.1")), enter(named(relay, "203.0.113.2")))


def test_a_proxys_own_connection_is_served(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1") as relay:
        sock = tcp(relay)
        sock.sendall(SIGNATURE + b"\x20\0\0\0")
        assert enter(sock)
        sock = tcp(relay)
        sock.sendall(SIGNATURE + b"\x20\0\0\0GET / HTTP/1.1\r\n\r\n")
        assert ends(sock).startswith(b"HTTP/1.")


def test_a_header_from_elsewhere_is_not_believed_and_is_told_of(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.9", address_connections=4) as relay:
        for number in range(30):
            sock = tcp(relay)
            sock.sendall(header("203.0.113.%d" % number) + request().encode())
            assert ends(sock) == b""
        relay.wait_for("refused", reason="proxy-header")
        first = warned(relay)
        assert "trusted_proxies" in first["what"] and first["count"] == 1
        assert "203.0.113" not in "".join(relay.raw) and "127.0.0.1\"" not in "".join(relay.raw)


# X-Forwarded-For


def test_the_last_hop_that_is_no_proxy_is_the_device(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.0/8, 10.0.0.0/8", address_connections=1) as relay:
        kept = [forwarded(relay, hops) for hops in ("203.0.113.1", "203.0.113.1, 203.0.113.2", "[2001:db8::1]:4711, 10.2.2.2")]
        assert all(kept)
        assert forwarded(relay, "203.0.113.2, 10.1.1.1, 127.0.0.3") is None, "it is there already"
        assert forwarded(relay, "203.0.113.9, 203.0.113.1") is None, "what a device says of itself does not count"
        relay.wait_for("refused", reason="address-connections")
        assert forwarded(relay, "2001:db8::2") is None, "the same /64"
        assert not warnings(relay)


def test_a_header_of_its_own_line_behind_the_devices_own_is_the_one_that_counts(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=1) as relay:
        def two_lines(first, second):
            return enter(tcp(relay), Host="x\r\nX-Forwarded-For: %s\r\nX-Other: y\r\nX-Forwarded-For: %s" % (first, second))
        kept = [two_lines("198.51.100.1", "203.0.113.1"), two_lines("198.51.100.1", "203.0.113.2")]
        assert all(kept)
        assert two_lines("198.51.100.2", "203.0.113.1") is None
        assert not warnings(relay)


def test_a_device_that_left_frees_its_place(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=1) as relay:
        for _ in range(5):
            client = let_in(lambda: forwarded(relay, "203.0.113.1"))
            assert forwarded(relay, "203.0.113.1") is None
            client.close()


@pytest.mark.parametrize("hops", ["unknown", "203.0.113.1, unknown", "", "<script>"], ids=str)
def test_a_proxy_that_names_nobody_stands_for_itself_and_is_told_of(tmp_path, hops):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=1) as relay:
        kept = forwarded(relay, hops) if hops else enter(tcp(relay))
        assert kept
        assert enter(tcp(relay)) is None
        line = warned(relay)
        assert "did not say whom it speaks for" in line["what"]


def test_what_devices_forward_themselves_is_not_believed_and_is_told_once_a_minute(tmp_path):
    with Relay(str(tmp_path), address_connections=3) as relay:
        kept = [forwarded(relay, "203.0.113.%d" % number) for number in range(6)]
        assert [client is not None for client in kept] == [True] * 3 + [False] * 3
        line = warned(relay)
        assert line["count"] == 1
        assert "203.0.113" not in "".join(relay.raw)


# Networks, and all


def test_a_network_has_a_limit_besides_each_of_its_addresses(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=2, network_factor=2) as relay:
        kept = [enter(named(relay, "203.0.113.%d" % number)) for number in range(4)]
        assert all(kept)
        assert enter(named(relay, "203.0.113.99")) is None
        relay.wait_for("refused", reason="network-connections")
        assert enter(named(relay, "203.0.114.1"))
        six = [enter(named(relay, "2001:db8:1:%x::1" % number)) for number in range(4)]
        assert all(six)
        assert enter(named(relay, "2001:db8:1:99::1")) is None
        assert enter(named(relay, "2001:db8:2::1"))


def test_addresses_of_the_loopback_are_a_network_too(tmp_path):
    with Relay(str(tmp_path), address_connections=1, network_factor=2) as relay:
        kept = [enter(tcp(relay, "127.7.7.%d" % number)) for number in (1, 2)]
        assert all(kept)
        assert enter(tcp(relay, "127.7.7.3")) is None
        assert enter(tcp(relay, "127.7.8.1"))


def test_a_network_has_its_share_of_the_queues(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_queued_bytes=140000, network_factor=1) as relay:
        def fill(device):
            displayer, typist = enter(named(relay, "198.51.100.1")), enter(named(relay, device))
            typist.join(os.urandom(16), displayer.allocate(os.urandom(16)))
            typist.hear(JOINED)
            typist.hear(PEER)
            for seq in (2, 3):
                typist.send(seq, bytes(60000))
            typist.send_frame(bytes([8]))
            return displayer, typist, typist.hear()[0]
        first = fill("203.0.113.1")
        assert first[2] != REFUSED
        assert fill("203.0.113.2")[2] == REFUSED
        assert fill("203.0.114.1")[2] != REFUSED


def test_all_addresses_together_may_fail_so_often_a_minute_and_then_pay(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", all_failed_joins=3) as relay:
        clients = [enter(named(relay, "203.0.%d.1" % number)) for number in range(5)]
        answers = [client.join_paying(os.urandom(16), b"\4\0\0\0\1") for client in clients]
        assert all(answer[:2] == bytes([REFUSED, 1]) for answer, _ in answers)
        assert [bits > 0 for _, bits in answers] == [False] * 3 + [True] * 2


def test_all_addresses_together_may_open_so_many_a_minute(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", all_allocations=3) as relay:
        answers = [asks_for_a_mailbox(enter(named(relay, "203.0.%d.1" % number))) for number in range(5)]
        assert [answer[:2] == bytes([REFUSED, TOO_MANY]) for answer in answers] == [False] * 3 + [True] * 2
        assert 0 < struct.unpack(">H", answers[4][2:4])[0] <= 60


def test_newcomers_of_all_addresses_are_limited(tmp_path):
    with Relay(str(tmp_path), all_connections=5) as relay:
        kept = [enter(tcp(relay, "127.9.%d.1" % number)) for number in range(8)]
        assert [client is not None for client in kept] == [True] * 5 + [False] * 3
        relay.wait_for("refused", reason="all-connections")


def test_when_all_have_sent_their_bytes_a_device_is_to_wait(tmp_path):
    with Relay(str(tmp_path), all_bytes=100000) as relay:
        displayer, typist = relay.client(), relay.client()
        typist.join(os.urandom(16), displayer.allocate(os.urandom(16)))
        typist.hear(JOINED)
        typist.hear(PEER)
        typist.send(2, bytes(60000))
        typist.send(3, bytes(60000))
        answer = typist.hear(REFUSED)
        assert answer[1] == BUSY and 0 < struct.unpack(">H", answer[2:4])[0] <= 60


def test_thousands_from_one_network_keep_nobody_else_out(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", address_connections=64, network_factor=8, max_connections=4000) as relay:
        kept, closed = [], 0
        for number in range(2000):
            sock = tcp(relay)
            sock.sendall(header("203.0.113.%d" % (number % 256)))
            kept.append(sock)
        for sock in kept:
            sock.sendall(b"GET ")
        for number in range(20):
            displayer, typist = enter(named(relay, "198.51.%d.1" % number)), enter(named(relay, "198.51.%d.2" % number))
            transfer(displayer, typist)
        relay.wait_for("refused", reason="network-connections")
        for sock in kept:
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                try:
                    closed += sock.recv(1) == b""
                except ConnectionResetError:
                    closed += 1
            sock.close()
        assert closed >= 2000 - 64 * 8


# Who may open mailboxes


def test_only_from_inside_mailboxes_are_opened_and_from_anywhere_joined(tmp_path):
    with Relay(str(tmp_path), trusted_proxies="127.0.0.1", allow_from="203.0.113.0/24, 2001:db8::/32") as relay:
        outside = enter(named(relay, "198.51.100.1"))
        answer = asks_for_a_mailbox(outside)
        assert answer == bytes([REFUSED, FORBIDDEN, 0, 0])
        transfer(enter(named(relay, "203.0.113.7")), outside)
        transfer(enter(named(relay, "2001:db8:9::1")), enter(named(relay, "198.51.100.1")))
        transfer(forwarded(relay, "203.0.113.8"), forwarded(relay, "198.51.100.9"))
        assert asks_for_a_mailbox(forwarded(relay, "203.0.113.8, 198.51.100.9"))[0] == REFUSED


# A socket that is a path


def at_path(path, **headers):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(str(path))
    return enter(sock, **headers)


class PathRelay(Relay):
    """A relay that listens at a path."""

    def __init__(self, folder, path, *pair, **keys):
        self.path = path
        super().__init__(folder, *pair, listen="unix:%s" % path, **keys)


def test_a_proxy_on_the_same_machine_comes_by_a_path(tmp_path):
    path = tmp_path / "relay.sock"
    with PathRelay(str(tmp_path), path, address_connections=1) as relay:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        displayer, typist = at_path(path, X_Forwarded_For="203.0.113.1"), at_path(path, X_Forwarded_For="203.0.113.2")
        assert at_path(path, X_Forwarded_For="203.0.113.1") is None
        transfer(displayer, typist)
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        sock.sendall(header("203.0.113.3"))
        assert enter(sock)
        assert not [line for line in relay.lines if line["event"] == "warning"]
    assert not path.exists()


def test_a_path_in_use_is_not_taken_and_a_dead_one_is(tmp_path):
    path = tmp_path / "relay.sock"
    with PathRelay(str(tmp_path), path):
        done = subprocess.run([relay_program(), "--config", write_config(tmp_path, listen="unix:%s" % path, tls="off")],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 71
        assert "listen = unix:%s: something is there already" % path in done.stderr
        assert at_path(path)
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with PathRelay(str(tmp_path), path):
        assert at_path(path)


def test_a_file_at_the_path_stays(tmp_path):
    path = tmp_path / "precious"
    path.write_text("kept")
    done = subprocess.run([relay_program(), "--config", write_config(tmp_path, listen="unix:%s" % path, tls="off")],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 71
    assert path.read_text() == "kept"


def test_a_path_too_long_is_named(tmp_path):
    said = refused(write_config(tmp_path, listen="unix:/%s" % ("a" * 120), tls="off"))
    assert "the path is longer than 107 bytes" in said


# Deadlines


@pytest.mark.parametrize("text", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)], ids=["silent", "half"])
def test_a_tls_handshake_that_does_not_go_on_is_closed(tmp_path, certificate, text):
    with Relay(str(tmp_path), *certificate) as relay:
        sock = relay.tcp()
        sock.sendall(text)
        assert ends(sock)[:1] in (b"", b"\x15")


@pytest.mark.parametrize("text", [b"", b"GET /ws HTT", b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"], ids=str)
def test_a_request_that_does_not_go_on_is_closed(tmp_path, certificate, text):
    with Relay(str(tmp_path), *certificate) as relay:
        sock = relay.connect()
        sock.sendall(text)
        assert b"101" not in ends(sock)


def test_who_is_let_in_and_says_nothing_and_who_does_not_answer_pings_is_closed(tmp_path):
    with Relay(str(tmp_path), silent_seconds=1, ping_seconds=1) as relay:
        silent = relay.client()
        assert silent.closed_with() is None
        deaf = relay.client()
        deaf.allocate(os.urandom(16))
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                assert deaf.frame()[0] == 9


# TLS files that change


def presented(relay):
    """The serial number of the certificate that a newcomer is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(relay.tcp()) as sock:
        der = sock.getpeercert(binary_form=True)
    return der


@pytest.mark.parametrize("how", ["renamed", "link swapped"])
def test_tls_files_that_change_are_loaded_without_a_signal(tmp_path, how):
    live, old, new = (tmp_path / name for name in ("live", "old", "new"))
    for folder in (old, new):
        folder.mkdir()
        make_certificate(str(folder))
    if how == "renamed":
        live.mkdir()
        for name in ("relay.crt", "relay.key"):
            (live / name).write_bytes((old / name).read_bytes())
    else:
        live.symlink_to(old)
    with Relay(str(tmp_path), str(live / "relay.crt"), str(live / "relay.key"), tls_watch_seconds=1) as relay:
        said = relay.wait_for("certificate")
        assert abs(said["expires"] - time.time() - 2 * 86400) < 3600 and said["what"] == "it expires soon"
        before = presented(relay)
        if how == "renamed":
            for name in ("relay.crt", "relay.key"):
                (new / name).rename(live / name)
        else:
            (tmp_path / "next").symlink_to(new)
            (tmp_path / "next").rename(live)
        assert relay.wait_for("reload")["done"] is True
        assert presented(relay) != before
        (live / "relay.key").write_text("broken")
        assert "tls_key" in relay.wait_for("reload", done=False)["what"]
        assert presented(relay) != before


def test_tls_files_are_not_watched_when_that_is_off(tmp_path, certificate):
    with Relay(str(tmp_path), *certificate, tls_watch_seconds=0) as relay:
        os.utime(certificate[0])
        threading.Event().wait(2.5)
        assert not [line for line in relay.lines if line["event"] == "reload"]
        relay.signal(signal.SIGHUP)
        assert relay.wait_for("reload")["done"] is True
