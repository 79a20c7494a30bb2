"""Two peers through a relay in Python: every pairing, refusals, and lost connections."""

import asyncio
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import certrelay_peer as peer  # noqa: E402
import make_transcript  # noqa: E402
from peer import code, messages, wire  # noqa: E402
from scripted_relay import ScriptedRelay  # noqa: E402

LIMIT = 20


async def both(showing, typing):
    """Runs show(announce) and type(code) together; the results, exceptions included."""
    found = asyncio.get_running_loop().create_future()
    one = asyncio.create_task(showing(lambda digits, plate: found.set_result(digits)))
    two = asyncio.create_task(typing(await found))
    return await asyncio.wait_for(asyncio.gather(one, two, return_exceptions=True), LIMIT)


def exchange(relay, showing, typing):
    return asyncio.run(both(showing, typing))


def test_a_bundle_arrives_when_the_receiver_shows():
    bundle = make_transcript.bundle("conversation")
    with ScriptedRelay() as relay:
        got, sent = exchange(relay, lambda announce: peer.receive_showing(relay.url, announce),
                             lambda digits: peer.send_by_code(relay.url, digits, bundle))
        assert (got, sent) == (bundle, None)
        assert ("typist", wire.DONE) in relay.moods
        assert {mood for _, mood in relay.moods} == {wire.DONE}


def test_a_bundle_arrives_when_the_sender_shows():
    bundle = make_transcript.bundle("conversation")
    with ScriptedRelay() as relay:
        sent, got = exchange(relay, lambda announce: peer.send_showing(relay.url, announce, bundle),
                             lambda digits: peer.receive_by_code(relay.url, digits))
        assert (got, sent) == (bundle, None)


def test_a_wrong_code_ends_on_both_sides_and_the_typist_proved_first():
    with ScriptedRelay() as relay:
        got, sent = exchange(
            relay, lambda announce: peer.receive_showing(relay.url, announce),
            lambda digits: peer.send_by_code(relay.url, code.make(digits[:4], "0000000"), []))
        assert got.why == "wrong code"
        assert (sent.why, sent.detail) == ("closed", wire.WRONG_CODE)
        assert [p[0] for p in relay.log("displayer")] == [2]


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_a_refusal_reaches_the_other_side(who):
    bundle = make_transcript.bundle("conversation")
    with ScriptedRelay() as relay:
        sender = {"consent": lambda hello: False} if who == "sender" else {}
        receiver = {"consent": lambda certs: False} if who == "receiver" else {}
        got, sent = exchange(relay, lambda announce: peer.receive_showing(relay.url, announce, **receiver),
                             lambda digits: peer.send_by_code(relay.url, digits, bundle, **sender))
        assert (got.why, got.detail) == (sent.why, sent.detail) == ("declined", messages.NO)


def test_another_hash_is_not_called_sent():
    bundle = make_transcript.bundle("conversation")
    with ScriptedRelay() as relay:
        got, sent = exchange(
            relay, lambda announce: peer.receive_showing(relay.url, announce, damage=lambda digest: bytes(32)),
            lambda digits: peer.send_by_code(relay.url, digits, bundle))
        assert sent.why == "hash"
        assert (got.why, got.detail) == ("closed", wire.ERROR)


@pytest.mark.parametrize("who", ["typist", "displayer"])
@pytest.mark.parametrize("index", range(1, 6))
def test_a_connection_cut_after_any_frame_is_taken_up_again(who, index):
    bundle = make_transcript.bundle("conversation")
    cuts = []

    async def cut(relay, mailbox, speaker, at):
        if (speaker, at) == (who, index) and not cuts:
            cuts.append(at)
            mailbox.seats[speaker].socket.transport.abort()

    with ScriptedRelay(after=cut) as relay:
        got, sent = exchange(relay, lambda announce: peer.receive_showing(relay.url, announce),
                             lambda digits: peer.send_by_code(relay.url, digits, bundle))
        assert (got, sent) == (bundle, None)
        assert cuts or (who, index) == ("displayer", 5)
