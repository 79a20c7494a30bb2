"""The relay when a device does not read, and when all are told at once: nothing grows without bound, nothing is lost."""

import os
import signal
import socket
import struct
import threading

import pytest

from relaykit import ACKED, CLOSED, DELIVER, GOING_AWAY, JOINED, PEER, Relay, make_certificate, pair

PAIRS = 24
PAYLOAD_BYTES = 65536
FRAMES = 15                 # with the one of the join the most that fits into a mailbox's life


@pytest.fixture(params=["tls", "plain"])
def relay(request, tmp_path, monkeypatch):
    # Under the address sanitizer, freed memory is not to count for long.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
    certificate = make_certificate(str(tmp_path)) if request.param == "tls" else ()
    with Relay(str(tmp_path), *certificate, address_queued_bytes=0) as running:
        yield running


def small_window(relay):
    """A client whose socket takes little at a time."""
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    tcp.settimeout(20)
    tcp.connect(("127.0.0.1", relay.port))
    relay.tcp = lambda: tcp
    try:
        return relay.client()
    finally:
        del relay.tcp


def resident_kb(relay):
    with open("/proc/%d/status" % relay.process.pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def crossed(relay):
    """A joined pair whose displayer reads nothing after ALLOCATED."""
    displayer, typist = small_window(relay), relay.client()
    typist.join(os.urandom(16), displayer.allocate(os.urandom(16)))
    typist.hear(JOINED)
    typist.hear(PEER)
    return displayer, typist


def fill(typist, payloads):
    for seq, payload in enumerate(payloads, 2):
        typist.send(seq, payload)
    typist.clock()          # all of it has been taken


def check(displayer, payloads):
    displayer.hear(PEER)
    displayer.hear(DELIVER)
    for seq, payload in enumerate(payloads, 2):
        assert displayer.hear(DELIVER)[1:] == struct.pack(">I", seq) + payload


def test_who_reads_late_gets_everything_whole_and_in_order(relay):
    displayer, typist = crossed(relay)
    payloads = [os.urandom(PAYLOAD_BYTES) for _ in range(FRAMES - 1)] + [os.urandom(1 + at * 7) for at in range(100)]
    fill(typist, payloads)
    check(displayer, payloads)
    displayer.ack(len(payloads) + 1)
    assert typist.hear(ACKED)[1:] == struct.pack(">I", len(payloads) + 1)
    typist.say_close(1)
    assert displayer.hear(PEER)[1] == 2
    assert displayer.hear(CLOSED) == bytes([CLOSED, 1])


def test_who_never_reads_costs_no_more_than_its_mailbox_holds(relay):
    before = resident_kb(relay)
    payload = os.urandom(PAYLOAD_BYTES)
    pairs = [crossed(relay) for _ in range(PAIRS)]
    for displayer, typist in pairs:
        fill(typist, [payload] * FRAMES)
        for _ in range(1000):
            displayer.send_frame(b"\x08")
        typist.clock()
    # The queue itself, one write that the library keeps, and what two connections cost; far from holding everything twice.
    bound_kb = PAIRS * (1024 + 2 * PAYLOAD_BYTES // 1024 + 100) + 12288
    assert resident_kb(relay) - before < bound_kb
    for displayer, typist in pairs:
        displayer.close()
        assert typist.hear(PEER)[1] == 2


def test_every_device_is_told_that_the_relay_is_going_away(relay):
    silent = [relay.client() for _ in range(20)]
    waiting = [relay.client() for _ in range(20)]
    for client in waiting:
        client.allocate(os.urandom(16))
    seated = [client for _ in range(20) for client in pair(relay)[:2]]
    choked, typist = crossed(relay)
    payloads = [os.urandom(PAYLOAD_BYTES)] * FRAMES
    fill(typist, payloads)
    relay.signal(signal.SIGTERM)
    relay.wait_for("draining")
    for client in silent + waiting + seated + [typist]:
        client.hear(GOING_AWAY)
    heard = [choked.hear()[0] for _ in range(2 + FRAMES + 1)]
    assert heard.count(GOING_AWAY) == 1 and heard.count(DELIVER) == FRAMES + 1


def test_many_pairs_at_once_keep_their_frames_apart(relay):
    """Frames of many connections leave in one go; each gets its own."""
    pairs = [pair(relay)[:2] for _ in range(16)]
    failures = []

    def talk(displayer, typist, mark):
        try:
            for seq in range(1, 40):
                text = b"%d:%d" % (mark, seq) * (seq * 5)
                displayer.send(seq, text)
                typist.send(seq + 1, text)
                for client, number in ((typist, seq), (displayer, seq + 1)):
                    assert client.hear(DELIVER)[1:] == struct.pack(">I", number) + text
        except Exception as error:      # told below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=talk, args=(*both, mark)) for mark, both in enumerate(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
