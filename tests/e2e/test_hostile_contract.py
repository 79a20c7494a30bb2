"""A relay that breaks its own contract: the clients end with an error that the person sees, or go on unharmed."""

import pytest
from hostile import Pair
from kit import Late, contents
from peer import wire
from scripted_relay import DISPLAYER, ScriptedRelay

pytestmark = pytest.mark.usefixtures("programs")
REPLIES = (wire.ALLOCATED, wire.JOINED, wire.PEER, wire.ACKED, wire.DELIVER)


def garble(kind, change):
    """Applies change(frame) -> frames to every frame of a kind."""
    return lambda seat, frame: change(frame) if frame[0] == kind else [frame]


def whole_pair(folder, showing, garbling):
    """A pair through a garbling relay; its displayer may never come to show a code."""
    with ScriptedRelay(garble=garbling) as relay:
        pair = Pair(folder, showing, relay)
        shower = None
        try:
            pair.show()
            pair.type()
            pair.end()
        except Late:
            shower = pair.importer or pair.exporter
            assert pair.importer is None or pair.exporter is None, pair.story("late")
            shower.wait(0.1)
        finally:
            pair.kit.stop()
        return pair, shower


def assert_nothing_came_of_it(pair, shower, *ids):
    clients = [shower] if shower else [pair.importer, pair.exporter]
    assert contents(pair.store) == []
    for client in clients:
        assert client.popen.returncode != 0, client.story()
    assert any(client.error()["id"] in ids for client in clients), "\n".join(each.story() for each in clients)


@pytest.mark.parametrize("showing", ["import", "export"])
@pytest.mark.parametrize("kind", REPLIES)
@pytest.mark.parametrize("change", [
    lambda frame: [frame[:-1]], lambda frame: [frame[:1]], lambda frame: [b""], lambda frame: [b"\x90" + frame[1:]],
    lambda frame: [b"\x01" + frame[1:]],
], ids=["cut off", "type only", "empty", "unknown", "a device's"])
def test_a_malformed_frame_of_the_relay_is_no_relay(tmp_path, showing, kind, change):
    if kind == wire.DELIVER and len(change(b"\x83\0\0\0\1xy")[0]) == 6:
        pytest.skip("a payload cut off is the session's matter")
    pair, shower = whole_pair(tmp_path, showing, garble(kind, change))
    assert_nothing_came_of_it(pair, shower, "relay-protocol", "tampered", "not-a-relay")


@pytest.mark.parametrize("showing", ["import", "export"])
def test_a_gap_in_the_deliveries_is_an_error_of_the_relay(tmp_path, showing):
    def skip(frame):
        return [frame[:1] + (int.from_bytes(frame[1:5], "big") + 1).to_bytes(4, "big") + frame[5:]]
    pair, shower = whole_pair(tmp_path, showing, garble(wire.DELIVER, skip))
    assert_nothing_came_of_it(pair, shower, "relay-protocol", "tampered")


@pytest.mark.parametrize("showing", ["import", "export"])
@pytest.mark.parametrize("kind", [wire.DELIVER, wire.ACKED, wire.PEER])
def test_a_frame_said_twice_with_the_same_number_changes_nothing(tmp_path, showing, kind):
    pair, shower = whole_pair(tmp_path, showing, garble(kind, lambda frame: [frame, frame]))
    assert shower is None and (pair.received, pair.sent) == (0, 0), pair.story("twice")
    assert contents(pair.store) == pair.material.files()


@pytest.mark.parametrize("showing", ["import", "export"])
def test_an_acknowledgement_of_what_was_never_sent_is_no_success(tmp_path, showing):
    pair, shower = whole_pair(tmp_path, showing, garble(wire.ACKED, lambda frame: [b"\x84\xff\xff\xff\xff"]))
    if shower is None and pair.sent == 0:
        assert contents(pair.store) == pair.material.files()
    else:
        assert_nothing_came_of_it(pair, shower, "relay-protocol", "tampered")


@pytest.mark.parametrize("showing", ["import", "export"])
@pytest.mark.parametrize("reason", range(1, 10))
def test_every_refusal_in_the_middle_ends_or_is_healed(tmp_path, showing, reason):
    told = []

    def refuse(seat, frame):
        if frame[0] != wire.DELIVER or told:
            return [frame]
        told.append(reason)
        return [wire.frame(wire.REFUSED, reason=reason, retry_after=1), frame]
    pair, shower = whole_pair(tmp_path, showing, refuse)
    stored = contents(pair.store)
    assert shower is None and stored in ([], pair.material.files()), pair.story(f"refused {reason}")
    assert (pair.sent == 0) == (stored != []), pair.story(f"refused {reason}")
    if reason == wire.BUSY:
        assert (pair.sent, pair.received) == (0, 0), pair.story("busy")


@pytest.mark.parametrize("showing,kind", [("import", wire.ALLOCATED), ("export", wire.ALLOCATED), ("import", wire.JOINED)])
@pytest.mark.parametrize("instead", [[], [wire.frame(wire.GOING_AWAY, seconds=1)]], ids=["nothing", "going away"])
def test_a_relay_that_never_answers_is_not_waited_for(tmp_path, showing, kind, instead):
    pair, shower = whole_pair(tmp_path, showing, garble(kind, lambda frame: instead))
    assert_nothing_came_of_it(pair, shower, "relay-lost", "unreachable", "relay-draining", "relay-protocol", "peer-lost")


def puzzle(bits):
    return wire.frame(wire.PUZZLE, bits=bits, salt=bytes(8))


@pytest.mark.parametrize("showing", ["import", "export"])
@pytest.mark.parametrize("kind", [wire.ALLOCATED, wire.JOINED, wire.DELIVER, wire.PEER])
def test_work_of_more_than_22_bits_is_refused_and_so_is_any_out_of_turn(tmp_path, showing, kind):
    bits = 23 if kind == wire.JOINED else 8
    pair, shower = whole_pair(tmp_path, showing, garble(kind, lambda frame: [puzzle(bits)]))
    assert_nothing_came_of_it(pair, shower, "relay-protocol")


def test_a_relay_that_asks_for_work_and_never_answers_it_is_not_waited_for(tmp_path):
    def only_work(seat, frame):
        if seat.who == DISPLAYER:
            return [frame]
        return [puzzle(10)] if frame[0] == wire.JOINED else []
    pair, shower = whole_pair(tmp_path, "import", only_work)
    assert_nothing_came_of_it(pair, shower, "relay-lost")


def test_two_puzzles_at_once_are_no_relay(tmp_path):
    pair, shower = whole_pair(tmp_path, "import", garble(wire.JOINED, lambda frame: [puzzle(22), puzzle(22)]))
    assert_nothing_came_of_it(pair, shower, "relay-protocol")
