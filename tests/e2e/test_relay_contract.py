"""The relay as devices and attackers meet it: over TCP and TLS, byte by byte."""

import asyncio
import os
import signal
import socket
import ssl
import struct
import time

import pytest
import websockets

from relaykit import (ACKED, ALLOCATED, CLOSED, DELIVER, GOING_AWAY, JOINED, PATIENCE, PEER, PROTOCOL, REFUSED, RESUMED,
                      Client, Relay, ends, make_certificate, pair, request)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="module")
def relay(certificate, tmp_path_factory):
    """One relay with TLS that all harmless tests share: whoever breaks it, breaks the rest."""
    with Relay(str(tmp_path_factory.mktemp("relay")), *certificate) as running:
        yield running


def start(tmp_path, certificate=(), **keys):
    return Relay(str(tmp_path), *certificate, **keys)


def still_serves(relay):
    client = relay.client()
    client.allocate(os.urandom(16))
    client.say_close()
    assert client.hear(CLOSED) == bytes([CLOSED, 1])
    client.close()


# The contract


def test_a_pair_moves_frames_both_ways_and_closes(relay):
    displayer, typist, _ = pair(relay)
    big = os.urandom(65536)
    typist.send(2, big)
    assert displayer.hear(DELIVER) == bytes([DELIVER]) + struct.pack(">I", 2) + big
    displayer.ack(2)
    assert typist.hear(ACKED)[1:] == struct.pack(">I", 2)
    displayer.send(1, b"x")
    assert typist.hear(DELIVER)[5:] == b"x"
    typist.say_close(1)
    assert typist.hear(CLOSED) == bytes([CLOSED, 1])
    assert typist.closed_with() == 1000
    displayer.hear(PEER)
    assert displayer.hear(CLOSED) == bytes([CLOSED, 1])
    displayer.say_close(1)
    displayer.hear(CLOSED)
    relay.wait_for("mailbox", mood="done")


def test_a_broken_connection_loses_nothing(relay):
    displayer, typist, tokens = pair(relay)
    displayer.close()
    assert typist.hear(PEER)[1] == 2
    for seq in range(2, 6):
        typist.send(seq, b"frame %d" % seq)
    back = relay.client()
    back.resume(tokens[0], 1)
    assert back.hear(RESUMED)[3:] == bytes([1]) + struct.pack(">I", 1)
    back.hear(ACKED)
    back.hear(PEER)
    for seq in range(2, 6):
        assert back.hear(DELIVER)[5:] == b"frame %d" % seq
    assert typist.hear(ACKED)[1:] == struct.pack(">I", 1)


def test_a_second_connection_takes_the_seat_over(relay):
    displayer, typist, tokens = pair(relay)
    again = relay.client()
    again.resume(tokens[0], 1)
    again.hear(RESUMED)
    assert displayer.closed_with() is None
    again.hear(ACKED)
    again.hear(PEER)
    again.send(1, b"me")
    while typist.hear(DELIVER, PEER, ACKED)[0] != DELIVER:
        pass


def test_unknown_and_taken_are_the_same_bytes(relay):
    displayer, other = relay.client(), relay.client()
    nameplate = displayer.allocate(os.urandom(16))
    first = relay.client()
    first.join(os.urandom(16), nameplate)
    first.hear(JOINED)
    other.join(os.urandom(16), nameplate)
    taken = other.hear(REFUSED)
    other.join(os.urandom(16), b"\x08\x05\xf5\xe0\xff")
    assert other.hear(REFUSED) == taken == bytes([REFUSED, 1, 0, 0])


def test_a_malformed_message_is_answered_and_the_connection_closed(relay):
    client = relay.client()
    client.send_frame(b"\xff")
    assert client.hear(REFUSED) == bytes([REFUSED, 7, 0, 0])
    assert client.closed_with() == 1000


def test_another_websocket_implementation_gets_along(relay):
    async def talk():
        context = ssl.create_default_context(cafile=relay.cert)
        address = "wss://localhost:%d/ws" % relay.port
        async with websockets.connect(address, ssl=context, subprotocols=[PROTOCOL], host="127.0.0.1",
                                      origin="https://anywhere.example") as ws:
            assert ws.subprotocol == PROTOCOL
            assert getattr(ws, "protocol", ws).extensions == []  # the package's newer interface keeps them there
            await ws.send(b"\x01" + os.urandom(16))
            assert (await ws.recv())[0] == ALLOCATED
            await ws.ping()
            await ws.send(b"\x07\x02")
            assert (await ws.recv()) == bytes([CLOSED, 2])

    asyncio.run(talk())


def test_a_waiting_mailbox_expires_and_its_device_is_told(tmp_path):
    with start(tmp_path, wait_seconds=1) as relay:
        client = relay.client()
        nameplate = client.allocate(os.urandom(16))
        assert client.hear(CLOSED) == bytes([CLOSED, 5])
        assert client.closed_with() == 1000
        other = relay.client()
        other.join(os.urandom(16), nameplate)
        assert other.hear(REFUSED)[1] == 1
        relay.wait_for("mailbox", mood="expired", joined=False)


# The upgrade


@pytest.mark.parametrize("changes", [
    {"Upgrade": "h2c", "HTTP2_Settings": "AAMAAABkAAQCAAAAAAIAAAAA", "Connection": "Upgrade, HTTP2-Settings"},
    {"Upgrade": "foo"},
    {"Upgrade": "websocket2"},
    {"Upgrade": "web"},
    {"Upgrade": "x" * 300},
    {"Upgrade": ""},
    {"drop": ("Upgrade",)},
    {"method": "POST"},
    {"method": "POST", "Content_Length": "5"},
    {"method": "PUT"},
    {"method": "HEAD"},
    {"method": "DELETE"},
    {"method": "OPTIONS"},
    {"method": "CONNECT", "path": "localhost:443"},
    {"method": "BREW"},
    {"path": "/"},
    {"path": "/wsx"},
    {"path": "/ws/"},
    {"path": "/w"},
    {"path": "/ws/../other"},
    {"Sec_WebSocket_Version": "8"},
    {"Sec_WebSocket_Version": "130"},
    {"drop": ("Sec-WebSocket-Version",)},
    {"Sec_WebSocket_Protocol": "certrelay.v2"},
    {"Sec_WebSocket_Protocol": "certrelay.v1x, chat"},
    {"drop": ("Sec-WebSocket-Protocol",)},
    {"drop": ("Sec-WebSocket-Key",)},
    {"drop": ("Connection",)},
    {"Content_Length": "10"},
    {"Content_Length": "-1"},
    {"Transfer_Encoding": "chunked"},
], ids=str)
def test_any_upgrade_but_ours_is_refused(relay, changes):
    sock = relay.connect()
    sock.sendall(request(**changes).encode("latin-1") + b"body!")
    assert b" 101 " not in ends(sock)
    still_serves(relay)


def test_a_list_with_our_protocol_in_it_is_let_in(relay):
    client = relay.client(Sec_WebSocket_Protocol="chat, certrelay.v1")
    client.allocate(os.urandom(16))


def test_deflate_is_not_negotiated(relay):
    client = Client(relay.connect())
    head = client.upgrade(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    assert head.startswith("HTTP/1.1 101 ")
    assert "sec-websocket-extensions" not in head.lower()
    client.allocate(os.urandom(16))


def test_a_compressed_frame_without_negotiation_ends_the_connection(relay):
    client = relay.client()
    client.sock.sendall(b"\xc2\x81\0\0\0\0x")
    assert client.closed_with() != 1000


@pytest.mark.parametrize("flood", ["headers", "uri", "endless"])
def test_too_much_header_is_refused(relay, flood):
    sock = relay.connect()
    if flood == "headers":
        text = request(**{"X_%d" % i: "y" * 20 for i in range(500)})
    elif flood == "uri":
        text = request(path="/ws" + "a" * 20000)
    else:
        text = "GET /ws HTTP/1.1\r\nHost: " + "a" * 100000
    try:
        sock.sendall(text.encode())
        got = ends(sock)
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        got = b""
    assert b" 101 " not in got
    still_serves(relay)


def test_a_plain_request_is_answered_404_and_closed(relay):
    sock = relay.connect()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert ends(sock).startswith(b"HTTP/1.1 404 ")


# TLS


def test_alpn_is_http_1_1_only(relay):
    assert relay.connect(alpn=("h2", "http/1.1")).selected_alpn_protocol() == "http/1.1"
    try:
        assert relay.connect(alpn=("h2",)).selected_alpn_protocol() is None
    except ssl.SSLError:
        pass


def test_tls_1_1_is_refused_and_1_2_is_not(relay):
    def handshake(version):
        context = ssl.create_default_context(cafile=relay.cert)
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        return context.wrap_socket(relay.tcp(), server_hostname="localhost").version()

    assert handshake(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert handshake(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.warns(DeprecationWarning), pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(ssl.TLSVersion.TLSv1_1)


def test_old_ciphers_are_refused(relay):
    context = ssl.create_default_context(cafile=relay.cert)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(relay.tcp(), server_hostname="localhost")


def test_plain_text_on_the_tls_port_is_closed(relay):
    sock = relay.tcp()
    sock.sendall(request().encode())
    assert b" 101 " not in ends(sock)
    still_serves(relay)


def test_a_renewed_certificate_is_loaded_and_a_broken_one_is_not(tmp_path, certificate):
    cert, key = str(tmp_path / "live.crt"), str(tmp_path / "live.key")

    def install(source_cert, source_key):
        for source, target in ((source_cert, cert), (source_key, key)):
            with open(source, "rb") as read, open(target, "wb") as write:
                write.write(read.read())

    def serial():
        context = ssl._create_unverified_context()
        with context.wrap_socket(relay.tcp()) as sock:
            return sock.getpeercert(True)

    install(*certificate)
    with start(tmp_path, (cert, key)) as relay:
        staying = relay.client()
        old = serial()
        with open(key, "w", encoding="ascii") as out:
            out.write("not a key\n")
        relay.signal(signal.SIGHUP)
        relay.wait_for("reload", done=False)
        assert serial() == old
        install(*make_certificate(str(tmp_path), "renewed"))
        relay.signal(signal.SIGHUP)
        relay.wait_for("reload", done=True)
        assert serial() != old
        staying.allocate(os.urandom(16))


# Frames that no device sends


@pytest.mark.parametrize("claim", [65559, 1 << 30, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_a_frame_over_the_limit_is_refused_at_its_first_chunk(relay, claim):
    client = relay.client()
    client.allocate(os.urandom(16))
    client.send_frame(b"\x03" + bytes(1000), claim=claim)
    assert client.closed_with(False) in ((1009,) if claim < 1 << 63 else (1009, 1002, None))
    still_serves(relay)


def test_a_message_in_pieces_is_put_together(relay):
    displayer, typist, _ = pair(relay)
    message = b"\x03" + struct.pack(">I", 2) + os.urandom(9000)
    typist.send_frame(message[:1], 2, False)
    for at in range(1, 9000, 1000):
        typist.send_frame(message[at:at + 1000], 0, False)
    typist.send_frame(message[9001:], 0, True)
    assert displayer.hear(DELIVER)[1:] == message[1:]


def test_pieces_that_add_up_to_too_much_are_refused(relay):
    client = relay.client()
    client.allocate(os.urandom(16))
    client.send_frame(bytes(40000), 2, False)
    client.send_frame(bytes(40000), 0, False)
    assert client.closed_with(False) == 1009


def test_endless_empty_pieces_are_refused(relay):
    client = relay.client()
    client.send_frame(b"\x03", 2, False)
    for _ in range(1100):
        client.send_frame(b"", 0, False)
    assert client.closed_with(False) == 1009


def test_text_is_refused(relay):
    client = relay.client()
    client.send_frame(b"hello", 1)
    assert client.closed_with() == 1003


def test_a_flood_of_questions_does_not_grow_the_relay(relay):
    client = relay.client()
    client.allocate(os.urandom(16))
    for _ in range(5000):
        client.send_frame(b"\x08")
    assert client.clock() > 0


# Silence, limits and the end


def test_a_silent_connection_is_closed(tmp_path):
    with start(tmp_path, silent_seconds=1) as relay:
        assert relay.client().closed_with() is None
        seated = relay.client()
        seated.allocate(os.urandom(16))
        assert seated.clock() > 0


def test_who_never_speaks_http_is_closed(relay):
    sock = relay.tcp()
    sock.sendall(b"\x16")
    ends(sock)


def test_pings_are_sent_and_who_does_not_answer_is_dropped(tmp_path):
    with start(tmp_path, ping_seconds=1) as relay:
        client = relay.client()
        client.allocate(os.urandom(16))
        pings = 0
        try:
            while True:
                opcode, _ = client.frame()
                pings += opcode == 9
        except (EOFError, ConnectionResetError):
            pass
        assert pings == 2


def test_a_half_closed_connection_is_let_go_and_its_seat_is_kept(relay):
    displayer, typist, tokens = pair(relay)
    socket.socket.shutdown(displayer.sock, socket.SHUT_WR)
    assert typist.hear(PEER)[1] == 2
    back = relay.client()
    back.resume(tokens[0], 1)
    back.hear(RESUMED)


def test_one_address_has_so_many_connections_and_no_more(tmp_path):
    with start(tmp_path, address_connections=3) as relay:
        here = [relay.client() for _ in range(3)]
        assert ends_at_once(relay)
        here[0].close()
        relay.wait_for("refused", reason="address-connections")
        until(lambda: not ends_at_once(relay))
        here[1].allocate(os.urandom(16))


def ends_at_once(relay):
    """True when a newcomer is closed without an answer."""
    sock = relay.tcp()
    try:
        sock.sendall(request().encode())
        return sock.recv(100) == b""
    except ConnectionResetError:
        return True
    finally:
        sock.close()


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline


def test_at_the_cap_newcomers_wait_and_the_relay_rests(tmp_path):
    with start(tmp_path, max_connections=4, silent_seconds=60) as relay:
        here = [relay.client() for _ in range(4)]
        waiting = [relay.tcp() for _ in range(8)]
        for sock in waiting:
            sock.sendall(request().encode())
        relay.wait_for("refused", reason="connections")
        spent = relay.cpu_seconds()
        for client in here:
            client.allocate(os.urandom(16))
        until_passed = time.monotonic() + 1.5
        while time.monotonic() < until_passed:
            here[0].clock()
            time.sleep(0.05)
        assert relay.cpu_seconds() - spent < 0.75, "it spins"
        here[0].close()
        waiting[0].settimeout(PATIENCE)
        assert waiting[0].recv(100).startswith(b"HTTP/1.1 101 ")


def test_sigterm_drains(tmp_path, certificate):
    with start(tmp_path, certificate, drain_seconds=30) as relay:
        displayer, typist, _ = pair(relay)
        relay.signal(signal.SIGTERM)
        assert 1 <= struct.unpack(">H", displayer.hear(GOING_AWAY)[1:])[0] <= 30
        typist.hear(GOING_AWAY)
        newcomer = relay.client()
        newcomer.hear(GOING_AWAY)
        newcomer.send_frame(b"\x01" + os.urandom(16))
        assert newcomer.hear(REFUSED)[1] == 5
        typist.send(2, b"still")
        assert displayer.hear(DELIVER)[5:] == b"still"
        typist.say_close(1)
        displayer.say_close(1)
        assert relay.wait() == 0
        relay.wait_for("drained", mailboxes=0)


def test_the_drain_has_an_end(tmp_path):
    with start(tmp_path, drain_seconds=1) as relay:
        _pair = pair(relay)
        relay.signal(signal.SIGTERM)
        assert relay.wait() == 0
        relay.wait_for("drained", mailboxes=1)


def test_a_second_sigterm_stops_at_once(tmp_path):
    with start(tmp_path, drain_seconds=3600) as relay:
        _pair = pair(relay)
        relay.signal(signal.SIGTERM)
        relay.wait_for("draining")
        relay.signal(signal.SIGTERM)
        assert relay.wait() == 0


def test_the_log_is_json_and_holds_nothing_of_the_devices(tmp_path, certificate):
    with start(tmp_path, certificate) as relay:
        token = b"canarytokencanar"
        client = Client(relay.connect())
        client.upgrade(User_Agent="canary-agent", Origin="https://canary-origin.example", X_Forwarded_For="198.51.100.77")
        nameplate = client.allocate(token)
        other = relay.client()
        other.join(os.urandom(16), nameplate, b"canary-payload")
        other.hear(JOINED)
        Client(relay.connect()).upgrade(path="/canary-path", User_Agent="canary-agent")
        client.say_close(3)
        other.say_close(3)
        relay.wait_for("mailbox", mood="wrong-code")
        digits = str(int.from_bytes(nameplate[1:], "big")).zfill(nameplate[0])
    text = "".join(line for line in relay.raw if '"listening"' not in line)
    assert not [line for line in relay.lines if line["event"] == "not json"]
    for secret in ("canary", token.hex(), "198.51", "127.0.0.1", "::1", '"%s"' % digits, ":%s," % digits):
        assert secret not in text
