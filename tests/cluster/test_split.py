"""Pairs whose devices reach different relays: they meet, and nothing of the contract is different for them."""

import asyncio
import os

import pytest

from clients import skip_to, split
from device import Device
from lifekit import plain_program
from nodes import Cluster
from pairs import SHORT, TRANSFER, Pair, run_all
from programs import Transfer
from relaykit import ACKED, CLOSED, DELIVER, JOINED, PEER, REFUSED, RESUMED, TIME, make_certificate

SPLITS = pytest.mark.parametrize("displayer,typist", [(0, 1), (1, 0), (0, 0)], ids=["split", "split the other way", "on one"])


@SPLITS
def test_a_transfer(shared, displayer, typist):
    pair = Pair("one", (shared.door(displayer), shared.door(typist)))
    asyncio.run(pair.run())
    assert [device.connections for device in pair.devices] == [1, 1]


def test_many_at_once_wherever_the_balancer_sends_them(shared):
    door = shared.door()
    asyncio.run(run_all([Pair(number, (door, door), SHORT) for number in range(60)]))


def test_the_longest_frames_and_as_many_as_a_mailbox_carries(shared):
    script = [(1, 100), (0, 96)] + [(1, 65536)] * 14 + [(0, 65536)]
    asyncio.run(Pair("big", (shared.door(0), shared.door(1)), script).run())
    script = [(1, 100), (0, 96)] + [(0, 65536)] * 14 + [(1, 65536)]
    asyncio.run(Pair("big", (shared.door(0), shared.door(1)), script).run())


def test_more_than_a_mailbox_carries_is_refused_all_the_same(shared):
    displayer, typist, _ = split(shared)
    for seq in range(2, 18):
        typist.send(seq, bytes(65536))
    assert skip_to(typist, REFUSED)[1] == 6
    assert displayer.hear(DELIVER)[5:] == bytes(65536)


@pytest.mark.parametrize("receiver_shows", [True, False], ids=["import shows", "export shows"])
@pytest.mark.parametrize("receiver,sender", [(0, 1), (1, 0)])
def test_a_certificate_by_the_real_programs(shared, tmp_path, receiver, sender, receiver_shows):
    with Transfer(tmp_path / "x", shared.url(receiver), shared.url(sender), receiver_shows) as transfer:
        transfer.ends_well()


def test_the_same_with_relays_that_refuse_themselves_system_calls(tmp_path):
    with Cluster(2, program=plain_program(), seccomp="on") as two, \
            Transfer(tmp_path / "x", two.url(0), two.url(1)) as transfer:
        transfer.ends_well()


def test_the_same_with_tls(tmp_path):
    certificate, key = make_certificate(str(tmp_path))
    with Cluster(2, tls="on", tls_cert=certificate, tls_key=key) as two:
        urls = ["wss://localhost:%d/ws" % two.door(place) for place in (0, 1)]
        with Transfer(tmp_path / "x", *urls, ca_file=certificate) as transfer:
            transfer.ends_well()


# The contract, frame by frame


def test_a_carried_seat_is_told_the_same_frames_in_the_same_order(shared):
    displayer, typist, tokens = split(shared)
    typist.close()
    assert displayer.hear(PEER)[1] == 2
    for seq in range(1, 4):
        displayer.send(seq, b"frame %d" % seq)
    back = shared[1].client()
    back.resume(tokens[1], 0)
    assert back.hear(RESUMED)[3:] == b"\x01\0\0\0\x02"
    skip_to(back, PEER)
    for seq in range(1, 4):
        assert back.hear(DELIVER)[5:] == b"frame %d" % seq
    back.ack(3)
    assert skip_to(displayer, PEER)[1] == 1
    assert skip_to(displayer, ACKED)[1:] == b"\0\0\0\x03"


def test_a_seat_may_be_taken_over_by_way_of_another_node(shared):
    displayer, typist, tokens = split(shared)
    for place in (0, 1, 0):
        again = shared[place].client()
        again.resume(tokens[1], 0)
        again.hear(RESUMED)
        assert typist.closed_with() is None
        typist = again
    displayer.send(1, b"at last")
    assert skip_to(typist, DELIVER)[5:] == b"at last"


def test_the_displayer_too_may_come_back_by_way_of_another_node(shared):
    displayer, typist, tokens = split(shared)
    displayer.close()
    assert typist.hear(PEER)[1] == 2
    typist.send(2, b"while away")
    back = shared[1].client()
    back.resume(tokens[0], 1)
    back.hear(RESUMED)
    assert skip_to(back, DELIVER)[5:] == b"while away"


def test_unknown_expired_and_taken_are_the_same_bytes_on_every_node(shared):
    waits = shared[0].client()
    nameplate = waits.allocate(os.urandom(16))
    first = shared[1].client()
    first.join(os.urandom(16), nameplate)
    first.hear(JOINED)
    answers = set()
    for place in (0, 1):
        for wanted in (nameplate, b"\x08\x05\xf5\xe0\xff"):
            late = shared[place].client()
            late.join(os.urandom(16), wanted)
            answers.add(late.hear(REFUSED))
    assert answers == {bytes([REFUSED, 1, 0, 0])}


def test_a_join_without_a_payload_takes_no_seat_by_way_of_another_node(shared):
    waits, hasty, typist = shared[0].client(), shared[1].client(), shared[1].client()
    nameplate = waits.allocate(os.urandom(16))
    hasty.join(os.urandom(16), nameplate, b"")
    assert hasty.hear(REFUSED)[1] == 7
    typist.join(os.urandom(16), nameplate)
    typist.hear(JOINED)


def test_an_unknown_token_is_gone_on_every_node(shared):
    for place in (0, 1):
        stranger = shared[place].client()
        stranger.resume(os.urandom(16), 0)
        assert stranger.hear(REFUSED)[1] == 2


@pytest.mark.parametrize("place", [0, 1])
def test_allocate_again_with_the_same_token_finds_the_mailbox_from_any_node(shared, place):
    token = os.urandom(16)
    first, again = shared[0].client(), shared[place].client()
    nameplate = first.allocate(token)
    assert again.allocate(token) == nameplate
    assert first.closed_with() is None
    typist = shared[1 - place].client()
    typist.join(os.urandom(16), nameplate)
    typist.hear(JOINED)
    assert skip_to(again, DELIVER)[5:] == b"hello"


def test_a_carried_device_asks_for_the_time_and_for_more_of_it(shared):
    displayer, typist, tokens = split(shared)
    displayer.close()
    typist.hear(PEER)
    back = shared[1].client()
    back.resume(tokens[0], 1)
    back.hear(RESUMED)
    for device in (back, typist):
        device.send_frame(b"\x08")
        heard = skip_to(device, TIME)
        assert 590 <= int.from_bytes(heard[1:], "big") <= 600


@pytest.mark.parametrize("mood", [1, 2, 3, 4])
@pytest.mark.parametrize("first", [0, 1], ids=["the owner's device first", "the carried one first"])
def test_each_mood_reaches_the_other_after_all_that_was_said(shared, first, mood):
    devices = split(shared)[:2]
    closer, other = devices[first], devices[1 - first]
    closer.send(1 + first, b"last words")
    closer.say_close(mood)
    assert skip_to(closer, CLOSED)[1] == mood and closer.closed_with() == 1000
    skip_to(other, DELIVER)
    other.ack(1 + first)
    assert skip_to(other, CLOSED)[1] == mood
    other.say_close(mood)
    assert other.hear(CLOSED)[1] == mood and other.closed_with() == 1000


def test_a_waiting_mailbox_expires_for_a_device_that_came_back_by_way_of_another_node(cluster):
    two = cluster(2, wait_seconds=2)
    token = os.urandom(16)
    first = two[0].client()
    nameplate = first.allocate(token)
    back = two[1].client()
    back.resume(token, 0)
    back.hear(RESUMED)
    assert skip_to(back, CLOSED)[1] == 5
    late = two[1].client()
    late.join(os.urandom(16), nameplate)
    assert late.hear(REFUSED)[1] == 1


def test_a_device_that_reads_nothing_costs_its_owner_only_what_a_mailbox_may_hold(shared):
    """More than a link's window: the rest waits with the owner, and all of it arrives once the device reads."""
    async def slow():
        pair = Pair("slow", (shared.door(0), shared.door(1)), [(1, 100), (0, 96)] + [(0, 60000)] * 12 + [(1, 10)])
        typist = pair.devices[1]
        reading, started = asyncio.Event(), asyncio.Event()
        read = Device.next_message

        async def next_message():
            if typist.is_answered and typist.heard:
                started.set()
                await reading.wait()
            return await read(typist)
        typist.next_message = next_message
        running = asyncio.create_task(pair.run())
        await asyncio.wait_for(started.wait(), 20)
        for _ in range(20):     # others go on meanwhile
            await Pair("beside", (shared.door(0), shared.door(1)), SHORT).run()
        reading.set()
        await running
    asyncio.run(slow())


def test_the_whole_conversation_leaves_nothing_behind(cluster):
    two = cluster(2)
    asyncio.run(run_all([Pair(number, (two.door(number % 2), two.door(1)), TRANSFER) for number in range(6)]))
    for node in two.nodes.values():
        node.until(**{'mailboxes{state="waiting"}': 0, 'mailboxes{state="joined"}': 0})
    assert two.engine.keys("*:tk:*") == []
    for key in two.engine.keys("*:mb:*"):       # for a while it is known that they were
        assert not {b"t0", b"t1", b"owner"} & set(two.engine.ask("HGETALL", key)), key
