"""The rig itself, on one relay without an engine: that its devices come through cuts, and that they would tell if something were wrong."""

import asyncio

import pytest

from device import Device, Failed, Gate
from nodes import Cluster
from pairs import TRANSFER, Pair, all_steps, count_messages, run_all


@pytest.fixture(scope="module")
def alone():
    with Cluster(1, has_engine=False) as running:
        yield running


def test_a_transfer_passes_the_balancer(alone):
    door = alone.door()
    asyncio.run(Pair("plain", (door, door)).run())


def test_one_cut_at_any_message_is_healed(alone):
    async def cut_everywhere():
        doors = alone.door(), alone.door()
        counts = await count_messages(doors)
        assert all(each >= 10 for of_seat in counts for each in of_seat.values())
        pairs = []
        for number, (gate, gates) in enumerate(all_steps(counts)):
            pair = Pair(number, doors, gates=gates)
            seat = gates.index(gate)
            gate.act = lambda pair=pair, seat=seat: pair.devices[seat].wire.close()
            pairs.append(pair)
        await run_all(pairs)
        assert sum(pair.devices[0].resumes + pair.devices[1].resumes > 0 for pair in pairs) > len(pairs) / 2

    asyncio.run(cut_everywhere())


def test_a_dead_node_is_passed_over():
    with Cluster(2, has_engine=False) as two:
        door = two.door(0)
        two.kill(0)
        asyncio.run(Pair("survivor", (door, door)).run())


@pytest.mark.parametrize("message", [b"\x83\0\0\0\x02x", b"\x84\0\0\0\x01", b"\x85\0\1\0\0\0\0\x01", b"\x42"],
                         ids=["a gap", "ACKED too far", "RESUMED out of place", "unknown"])
def test_a_device_notices_a_relay_that_breaks_the_contract(message):
    async def talk():
        device = Device(0)
        device.is_answered = device.is_seated = True
        with pytest.raises(Failed):
            device.hear(message)
    asyncio.run(talk())


def test_another_pairs_payload_would_be_noticed():
    async def talk():
        pair = Pair("mine", (0, 0))
        pair.devices[0].is_answered = True
        pair.devices[0].heard_mood = pair.devices[1].heard_mood = 1
        pair.devices[0].heard = [Pair("yours", (0, 0)).items[1][0]] + pair.items[1][1:]
        pair.devices[1].heard = pair.items[0]
        with pytest.raises(AssertionError):
            pair.check()
    asyncio.run(talk())


def test_a_gate_stops_at_its_message_and_not_before(alone):
    async def stop():
        door, gate = alone.door(), Gate("out", 3, True)
        pair = Pair("gate", (door, door), TRANSFER, (None, gate))
        running = asyncio.create_task(pair.run())
        await asyncio.wait_for(gate.reached.wait(), 20)
        assert gate.counts["out"] == 3
        gate.open.set()
        await running
    asyncio.run(stop())
