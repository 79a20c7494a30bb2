"""What monitoring is told of several relays: each figure moves when its cause does, and on the node that it is about."""

import os

from clients import eventually, first_answer, split
from relaykit import ALLOCATE, RESUME, RESUMED


def figure(node, name):
    return node.figures()["certrelay_" + name]


def becomes(node, name, value):
    eventually(lambda: figure(node, name) == value)


def carried(node):
    return tuple(figure(node, 'carried_devices{direction="%s"}' % way) for way in ("in", "out"))


def answer(node, message):
    """The type of the first frame; None where the connection was dropped, as it is when the owner is just gone."""
    try:
        return first_answer(node, message)[0]
    except EOFError:
        return None


def test_a_carried_device_is_counted_on_both_nodes_while_it_is_there(cluster):
    two = cluster(2)
    assert carried(two[0]) == carried(two[1]) == (0, 0)
    displayer, typist, _ = split(two)
    assert (carried(two[0]), carried(two[1])) == ((1, 0), (0, 1))
    other, another, _ = split(two, owner=1, edge=0)
    assert (carried(two[0]), carried(two[1])) == ((1, 1), (1, 1))
    typist.close()
    eventually(lambda: (carried(two[0]), carried(two[1])) == ((0, 1), (1, 0)))
    for client in (displayer, other, another):
        client.close()
    eventually(lambda: carried(two[0])[1] == carried(two[1])[0] == 0)


def test_the_engine_is_up_answers_and_is_counted_when_it_comes_again(cluster):
    two = cluster(2)
    first_answer(two[0], bytes([ALLOCATE]) + os.urandom(16))
    before = two[0].figures()
    assert before["certrelay_engine_up"] == 1 and 0 < before["certrelay_engine_round_trip_seconds"] < 10
    assert before["certrelay_engine_reconnects_total"] == 0
    two.engine.kill()
    becomes(two[0], "engine_up", 0)
    two.engine.start()
    becomes(two[0], "engine_up", 1)
    assert figure(two[0], "engine_reconnects_total") > 0


def test_a_mailbox_that_goes_on_elsewhere_is_counted_where_it_does(cluster):
    three = cluster(3)
    displayer, _, tokens = split(three)
    three.kill(0)
    displayer.close()
    eventually(lambda: answer(three[2], bytes([RESUME]) + tokens[0] + bytes(4)) == RESUMED)
    assert figure(three[2], "mailboxes_adopted_total") == 1
    assert figure(three[1], "mailboxes_adopted_total") == 0
    eventually(lambda: figure(three[1], "inbox_cuts_total") == 1)


def test_a_message_that_nobody_can_read_is_counted_and_a_missing_one_too(cluster):
    two = cluster(2)
    _, _, tokens = split(two)
    assert [figure(node, name) for node in (two[0], two[1]) for name in ("envelopes_strange_total", "inbox_holes_total")] == [0] * 4
    number = (1 << 40).to_bytes(8, "big")
    for inbox in two.engine.keys("*:in:*"):
        other, = (key for key in two.engine.keys("*:in:*") if key != inbox)
        sender = bytes.fromhex(other.rsplit(b":", 1)[1].decode())
        two.engine.ask("XADD", inbox, "*", "e", b"\x01" + sender + number + b"\x01\xee" + bytes(8))
    for node in (two[0], two[1]):
        becomes(node, "inbox_holes_total", 1)
    for inbox in two.engine.keys("*:in:*"):
        two.engine.ask("XADD", inbox, "*", "e", b"\x01" + os.urandom(8) + (1).to_bytes(8, "big") + b"\x01\xee" + bytes(8))
    for node in (two[0], two[1]):
        eventually(lambda node=node: figure(node, "envelopes_strange_total") >= 1)
