"""The relay when one device takes more than its part: of the queues, of the memory for unfinished messages, of others' numbers."""

import hashlib
import os
import signal
import socket
import subprocess
import time

import pytest

from relaykit import (CLOCK, CLOSED, DELIVER, JOIN, JOINED, PATIENCE, PEER, PROOF, PUZZLE, REFUSED, SEND, TIME, Relay, pair,
                      relay_program)


TOKEN, PLATE = 16, 5
FIRST_MAX = 1 + TOKEN + PLATE + 1024
BIG = 65000
NOBODYS = bytes([5, 0, 0, 0, 0])  # numbers begin with four digits


# Queues


def fill(relay, count):
    """A pair whose displayer acknowledges nothing while the typist sends long frames; returns what is said to the typist."""
    displayer, typist, _ = pair(relay)
    for seq in range(2, count + 2):
        typist.send(seq, bytes(BIG))
    typist.send_frame(bytes([CLOCK]))
    return displayer, typist, typist.hear(TIME, REFUSED)[0]


def test_who_fills_its_share_is_busy_and_another_address_is_not(tmp_path):
    with Relay(str(tmp_path), address_queued_bytes=200000) as relay:
        here = [fill(relay, 3)]
        assert here[0][2] == TIME
        here.append(fill(relay, 2))
        assert here[1][2] == REFUSED
        relay.wait_for("refused", reason="busy")
        relay.tcp = lambda: socket.create_connection(("127.0.0.1", relay.port), PATIENCE, ("127.0.0.2", 0))
        assert fill(relay, 2)[2] == TIME


# Unfinished messages


def test_the_first_message_is_short_and_the_next_may_be_long(tmp_path):
    with Relay(str(tmp_path)) as relay:
        displayer, typist = relay.client(), relay.client()
        nameplate = displayer.allocate(os.urandom(TOKEN))
        typist.join(os.urandom(TOKEN), nameplate, bytes(1024))
        typist.hear(JOINED)
        typist.send(2, bytes(65536))
        displayer.hear(PEER)
        assert len(displayer.hear(DELIVER)) == 5 + 1024
        assert len(displayer.hear(DELIVER)) == 5 + 65536


@pytest.mark.parametrize("pieces", [1, 2, 20])
def test_a_first_message_longer_than_any_handshake_is_refused(tmp_path, pieces):
    with Relay(str(tmp_path)) as relay:
        displayer, typist = relay.client(), relay.client()
        message = bytes([JOIN]) + os.urandom(TOKEN) + displayer.allocate(os.urandom(TOKEN)) + bytes(1025)
        assert len(message) == FIRST_MAX + 1
        step = -(-len(message) // pieces)
        for at in range(0, len(message), step):
            typist.send_frame(message[at:at + step], 0 if at else 2, at + step >= len(message))
        assert typist.closed_with(False) == 1009


def test_a_long_first_message_is_refused_before_it_is_there(tmp_path):
    with Relay(str(tmp_path)) as relay:
        client = relay.client()
        client.send_frame(bytes([JOIN]), claim=65558)
        assert client.closed_with(False) == 1009


def test_a_message_that_finds_no_room_is_refused_whole_and_taken_later(tmp_path):
    with Relay(str(tmp_path), max_queued_bytes=131072) as relay:
        holder = relay.client()
        holder.allocate(os.urandom(TOKEN))
        holder.send_frame(bytes([SEND]) + bytes(BIG), is_final=False)
        holder.send_frame(b"", 9)
        assert holder.frame()[0] == 10
        displayer, typist, _ = pair(relay)
        payload = os.urandom(BIG)
        typist.send(2, payload)
        assert typist.hear(REFUSED)[1] == 8
        message = bytes([SEND]) + (2).to_bytes(4, "big") + payload
        typist.send_frame(message[:40000], 2, False)
        typist.send_frame(message[40000:], 0, True)
        assert typist.hear(REFUSED)[1] == 8
        holder.close()
        while True:
            typist.send(2, payload)
            typist.send_frame(bytes([CLOCK]))
            if typist.hear(TIME, REFUSED)[0] == TIME:
                break
            typist.hear(TIME)
        assert displayer.hear(DELIVER)[5:] == payload


def test_a_message_of_empty_pieces_is_malformed(tmp_path):
    with Relay(str(tmp_path)) as relay:
        client = relay.client()
        client.send_frame(b"", 2, False)
        client.send_frame(b"", 0, True)
        assert client.hear(REFUSED)[1] == 7


# Numbers of others


def test_who_joins_one_mailbox_after_the_other_has_to_pay(tmp_path):
    with Relay(str(tmp_path), address_failed_joins=5) as relay:
        answers = []
        for _ in range(6):
            displayer, typist = relay.client(), relay.client()
            typist.join(os.urandom(TOKEN), displayer.allocate(os.urandom(TOKEN)))
            answers.append(typist.hear(JOINED, PUZZLE)[:2])
            typist.close()
        assert [answer[0] for answer in answers] == [JOINED] * 5 + [PUZZLE]
        assert answers[5][1] == 14


def test_who_pays_and_fails_eight_times_as_often_is_stopped(tmp_path):
    with Relay(str(tmp_path), address_failed_joins=1) as relay:
        client, prices = relay.client(), []
        for _ in range(8):
            answer, bits = client.join_paying(os.urandom(TOKEN), NOBODYS)
            assert answer[:2] == bytes([REFUSED, 1])
            prices.append(bits)
        assert prices[0] == 0 and all(14 <= bits <= 17 for bits in prices[1:]) and prices[7] >= 16
        client.join(os.urandom(TOKEN), NOBODYS)
        answer = client.hear(REFUSED)
        assert answer[1] == 4 and 0 < int.from_bytes(answer[2:4], "big") <= 60


def test_an_office_whose_transfers_end_well_goes_on(tmp_path):
    with Relay(str(tmp_path), address_failed_joins=2) as relay:
        for _ in range(8):
            displayer, typist, _tokens = pair(relay)
            for client in (typist, displayer):
                client.say_close(1)
                while client.hear()[0] != CLOSED:
                    pass


def test_wrong_numbers_of_one_address_are_limited(tmp_path):
    with Relay(str(tmp_path), address_failed_joins=3) as relay:
        client = relay.client()
        for wanted in (0, 0, 0, 14, 14):
            answer, bits = client.join_paying(os.urandom(16), b"\x04\0\0\0\x01")
            assert (answer[:2], bits) == (bytes([REFUSED, 1]), wanted)


def test_a_wrong_proof_ends_the_connection_and_a_right_one_for_another_device_too(tmp_path):
    with Relay(str(tmp_path), address_failed_joins=1) as relay:
        mine, other = b"m" * 16, b"o" * 16
        relay.client().join_paying(mine, b"\x04\0\0\0\x01")
        for say in (lambda client, puzzle: client.send_frame(bytes([PROOF]) + wrong_solution(puzzle, mine)),
                    lambda client, puzzle: client.prove(puzzle, other)):
            client = relay.client()
            client.join(mine, b"\x04\0\0\0\x01")
            say(client, client.hear(PUZZLE))
            client.join(mine, b"\x04\0\0\0\x01")
            assert client.hear(REFUSED)[1] == 7
            client.closed_with()


def wrong_solution(puzzle, token):
    """A count that does not even begin well."""
    for count in range(9):
        text = b"certrelay-join" + puzzle[2:10] + token + count.to_bytes(8, "big")
        if hashlib.sha256(text).digest()[0] != 0:
            return count.to_bytes(8, "big")
    raise AssertionError


# Standard streams


def free_port():
    with socket.socket() as here:
        here.bind(("127.0.0.1", 0))
        return here.getsockname()[1]


def is_listening(port):
    with socket.socket() as here:
        return here.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("closed", [(2,), (0, 1, 2)], ids=str)
def test_with_standard_streams_closed_it_ends_in_order(tmp_path, closed):
    port = free_port()
    config = tmp_path / "relay.ini"
    config.write_text("listen = 127.0.0.1:%d\ntls = off\n" % port)

    def close():
        for fd in closed:
            os.close(fd)

    process = subprocess.Popen([relay_program(), "--config", str(config)], preexec_fn=close)
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_listening(port):
            assert process.poll() is None and time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
