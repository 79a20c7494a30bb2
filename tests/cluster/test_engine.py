"""The engine goes away and comes back: pairs on one node go on, new mailboxes are refused in words, and all returns by itself."""

import asyncio
import os
import time

import pytest

from clients import eventually, first_answer, skip_to, split
from device import Wire, tcp
from engine import Engine
from nodes import Cluster
from pairs import SHORT, Pair, long_script, run_all
from relaykit import ALLOCATE, ALLOCATED, CLOSED, DELIVER, JOIN, JOINED, PEER, REFUSED, RESUME, RESUMED
from scenes import Scenes

BUSY, UNAVAILABLE = 8, 1
PEER_AWAY = 2
AWAY_MAX = 15       # seconds until a node must have noticed


class Fault:
    """One way for the engine to be away: how it goes, and how it comes back."""

    def __init__(self, name, go, come, keeps_data):
        self.name, self.go, self.come, self.keeps_data = name, go, come, keeps_data


def start_empty(engine):
    engine.forget()
    engine.start()


def kill_saved(engine):
    engine.save()
    engine.kill()


def fill(engine):
    engine.ask("CONFIG", "SET", "maxmemory", "1000")


def empty(engine):
    engine.ask("CONFIG", "SET", "maxmemory", "0")


FAULTS = [
    Fault("killed, and back without its data", Engine.kill, start_empty, False),
    Fault("killed, and back with its data", kill_saved, Engine.start, True),
    Fault("frozen", Engine.freeze, Engine.go_on, True),
    Fault("full", fill, empty, True),
]
SCENES = Scenes()
every_fault = SCENES.for_each([(fault.name, fault) for fault in FAULTS])


def is_told(node, message, *reasons):
    answer = first_answer(node, message)
    return answer if answer[0] == REFUSED and answer[1] in reasons else None


def is_away(node):
    return node.readiness() == 503


def is_back(cluster):
    return all(node.readiness() == 200 for node in cluster.nodes.values())


def meets(cluster):
    """Whether a pair that is split meets: in one attempt of its devices."""
    try:
        asyncio.run(Pair(os.urandom(4).hex(), (cluster.door(0), cluster.door(1)), SHORT).run(8))
        return True
    except AssertionError:
        return False


@every_fault
def pairs_on_one_node_go_on_and_new_mailboxes_are_refused_for_a_while(fault):
    with Cluster(2) as two:
        displayer, typist, _ = split(two, 0, 0)
        waits = two[0].client()
        nameplate = waits.allocate(os.urandom(16))
        fault.go(two.engine)
        eventually(lambda: is_away(two[0]) and is_away(two[1]), AWAY_MAX)
        seconds = set()
        for node in two.nodes.values():
            for message in (bytes([ALLOCATE]) + os.urandom(16), bytes([JOIN]) + os.urandom(16) + nameplate + b"hello"):
                answer = is_told(node, message, BUSY)
                assert answer, message
                seconds.add(int.from_bytes(answer[2:], "big"))
        assert seconds and all(1 <= each <= 10 for each in seconds), seconds
        for seq in range(2, 6):
            typist.send(seq, b"still here %d" % seq)
            assert skip_to(displayer, DELIVER)[5:] == b"still here %d" % seq
        assert all(node.get("/healthz")[0] == 200 for node in two.nodes.values())
        fault.come(two.engine)
        eventually(lambda: is_back(two))
        assert meets(two)


@every_fault
def mailboxes_from_before_are_found_by_all_nodes_afterwards(fault):
    """An engine without its data is told again what each node owns."""
    with Cluster(2) as two:
        tokens = os.urandom(16), os.urandom(16)
        waits = two[0].client()
        nameplate = waits.allocate(tokens[0])
        fault.go(two.engine)
        eventually(lambda: is_away(two[0]), AWAY_MAX)
        fault.come(two.engine)
        eventually(lambda: is_back(two))
        typist = two[1].client()

        def joins():
            typist.join(tokens[1], nameplate)
            return typist.hear()[0] != REFUSED
        eventually(joins)
        assert skip_to(waits, DELIVER)[5:] == b"hello"
        late = two[0].client()
        late.join(os.urandom(16), nameplate)
        assert late.hear(REFUSED)[1] == 1
        waits.close()
        back = two[1].client()
        back.resume(tokens[0], 1)
        back.hear(RESUMED)


@every_fault
def split_pairs_come_through_by_themselves(fault):
    """They are in the midst of it when the engine goes, and some begin while it is away."""
    with Cluster(2) as two:

        async def through_it():
            doors = two.door(0, 1), two.door(1, 0)
            pairs = [Pair(number, doors[:: 1 - 2 * (number % 2)], long_script(12, 3000), pause=0.05) for number in range(20)]
            running = asyncio.create_task(run_all(pairs, 60))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(fault.go, two.engine)
            late = asyncio.create_task(run_all([Pair("late%d" % number, doors, SHORT) for number in range(10)], 60))
            await asyncio.sleep(4)
            await asyncio.to_thread(fault.come, two.engine)
            await asyncio.gather(running, late)
        asyncio.run(through_it())
        eventually(lambda: is_back(two))


@SCENES.add
def a_short_pause_of_the_engine_is_not_noticed_by_devices():
    with Cluster(2, has_ways=True) as two:

        async def pause():
            pairs = [Pair(number, (two.door(0), two.door(1)), long_script(8, 3000), pause=0.05) for number in range(10)]
            running = asyncio.create_task(run_all(pairs))
            for way in two.ways.values():
                await asyncio.sleep(0.2)
                await asyncio.to_thread(way.hold, "engine")
                await asyncio.sleep(0.5)
                await asyncio.to_thread(way.hold)
            await running
            assert all(device.connections == 1 for pair in pairs for device in pair.devices)
        asyncio.run(pause())


@SCENES.add
def a_connection_to_the_engine_that_is_cut_again_and_again_loses_nothing():
    with Cluster(2, has_ways=True) as two:

        async def cut():
            pairs = [Pair(number, (two.door(0), two.door(1)), long_script(10, 3000), pause=0.05) for number in range(20)]
            running = asyncio.create_task(run_all(pairs))
            for turn in range(8):
                await asyncio.sleep(0.25)
                await asyncio.to_thread(two.ways[turn % 2].cut)
            await running
        asyncio.run(cut())


@SCENES.add
def a_dead_engine_is_asked_now_and_then_and_costs_nothing():
    with Cluster(2, has_ways=True) as two:
        two.engine.kill()
        eventually(lambda: is_away(two[0]) and is_away(two[1]), AWAY_MAX)
        asked = [way.taken for way in two.ways.values()]
        used = [node.cpu_seconds() for node in two.nodes.values()]
        began = time.monotonic()
        eventually(lambda: all(way.taken > before for way, before in zip(two.ways.values(), asked)), 10)
        time.sleep(max(0, 4 - (time.monotonic() - began)))      # the time in which a storm would show
        passed = time.monotonic() - began
        for way, before in zip(two.ways.values(), asked):
            assert way.taken - before < 10 * passed
        for node, before in zip(two.nodes.values(), used):
            assert node.cpu_seconds() - before < passed / 4
        two.engine.start()
        eventually(lambda: is_back(two))


@SCENES.add
def a_flood_of_devices_while_the_engine_is_frozen_is_answered_and_bounded():
    """More questions than a node keeps; each is answered, none is kept for ever."""
    with Cluster(2) as two:
        before = resident_kb(two[0])
        two.engine.freeze()

        async def flood():
            async def one():
                wire = await Wire.open(tcp(two[0].port))
                for _ in range(3):
                    wire.write(bytes([RESUME]) + os.urandom(16) + bytes(4))
                    answer = await asyncio.wait_for(wire.read(), 20)
                    assert answer[:2] == bytes([REFUSED, BUSY]), answer
                wire.close()
            await asyncio.gather(*(one() for _ in range(400)))
        asyncio.run(flood())
        assert resident_kb(two[0]) - before < 65536
        two.engine.go_on()
        eventually(lambda: is_back(two))
        assert meets(two)


def resident_kb(node):
    with open("/proc/%d/status" % node.process.pid, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@SCENES.add
def a_failover_to_a_replica_is_healed():
    with Engine("127.0.0.1") as primary, Engine("127.0.0.1") as replica:
        replica.ask("REPLICAOF", "127.0.0.1", primary.port)
        eventually(lambda: b"master_link_status:up" in replica.ask("INFO", "replication"))
        with Cluster(2, has_ways=True, engine=primary) as two:

            async def fail_over():
                pairs = [Pair(number, (two.door(0), two.door(1)), long_script(12, 3000), pause=0.05) for number in range(20)]
                running = asyncio.create_task(run_all(pairs, 60))
                await asyncio.sleep(0.4)
                await asyncio.to_thread(primary.kill)
                await asyncio.sleep(1)
                await asyncio.to_thread(replica.ask, "REPLICAOF", "NO", "ONE")
                two.engine = replica
                await running
            asyncio.run(fail_over())
            eventually(lambda: is_back(two))
            assert meets(two)


@SCENES.add
def a_node_may_be_started_before_its_engine():
    """It is not ready, refuses in words, and begins to work once the engine is there."""
    with Engine() as engine:
        engine.kill()
        with Cluster(2, engine=engine) as two:
            assert is_away(two[0])
            assert is_told(two[0], bytes([ALLOCATE]) + os.urandom(16), BUSY)
            engine.start()
            eventually(lambda: is_back(two))
            assert first_answer(two[1], bytes([ALLOCATE]) + os.urandom(16))[0] == ALLOCATED


def joins(node, nameplate):
    """(the first answer, the client)"""
    client = node.client()
    client.join(os.urandom(16), nameplate)
    return client.hear(JOINED, REFUSED), client


def ends_well(*clients):
    for client in clients:
        client.say_close()
    for client in clients:
        assert skip_to(client, CLOSED)[1] == 1


def away_from_its_engine(two):
    """A third node refuses where the two go on alone."""
    plain = two.begin("plain", engine_local="off")
    eventually(lambda: is_back(two))
    two.engine.kill()
    eventually(lambda: all(map(is_away, two.nodes.values())), AWAY_MAX)
    return plain


@SCENES.add
def without_their_engine_nodes_make_mailboxes_of_their_own_when_told_to():
    with Cluster(2, engine_local="on") as two:
        before = two[0].client()
        shared = before.allocate(os.urandom(16))
        plain = away_from_its_engine(two)
        token = os.urandom(16)
        here, there = two[0].client(), two[1].client()
        mine, theirs = here.allocate(token), there.allocate(os.urandom(16))
        assert shared[0] == 4 and mine[0] == theirs[0] == 8 and mine != theirs
        assert two[0].wait_for("new_mailboxes")["state"] == "local"
        assert is_told(plain, bytes([ALLOCATE]) + os.urandom(16), BUSY)
        assert joins(plain, mine)[0][:2] == bytes([REFUSED, BUSY])
        assert joins(two[1], mine)[0][:2] == bytes([REFUSED, UNAVAILABLE])
        assert joins(two[0], shared)[0][:2] == bytes([REFUSED, BUSY])
        asyncio.run(Pair("alone", (two.door(0), two.door(0)), SHORT).run(8))
        stays, goes, _ = split(two, 0, 0)
        goes.close()
        assert skip_to(stays, PEER)[1] == PEER_AWAY
        assert stays.clock() > 0        # nobody could have taken its mailbox over: it need not come again
        assert two[0].figures()["certrelay_mailboxes_local_total"] == 3 and is_away(two[0])

        two.engine.start()
        eventually(lambda: is_back(two))
        late = two[1].client()
        assert late.allocate(os.urandom(16))[0] == two[0].client().allocate(os.urandom(16))[0] == 4
        assert two[0].wait_for("new_mailboxes", 2)["state"] == "shared"
        assert two[0].figures()["certrelay_mailboxes_local_total"] == 3
        assert meets(two)
        assert joins(two[1], mine)[0][:2] == bytes([REFUSED, UNAVAILABLE])
        answer, typist = joins(two[0], mine)
        assert answer[0] == JOINED
        assert skip_to(here, DELIVER)[5:] == b"hello"
        here.close()
        here = two[0].client()
        here.resume(token, 1)
        here.hear(RESUMED)
        typist.send(2, b"still here")
        assert skip_to(here, DELIVER)[5:] == b"still here"
        here.ack(2)
        ends_well(typist, here)
        answer, typist = joins(two[1], theirs)
        assert answer[0] == JOINED
        answer, typist = joins(two[1], shared)
        assert answer[0] == JOINED and skip_to(before, DELIVER)[5:] == b"hello"
        assert "certrelay_mailboxes_local_total" in plain.figures()
        assert not [line for line in plain.lines if line["event"] == "new_mailboxes"]


@SCENES.add
def a_node_that_drains_lets_its_own_mailboxes_end():
    """No other could go on with them."""
    with Cluster(1, engine_local="on", drain_seconds=20) as one:
        one.engine.kill()
        eventually(lambda: is_away(one[0]), AWAY_MAX)
        displayer, typist, _ = split(one, 0, 0)
        one[0].drain()
        one[0].wait_for("draining")
        time.sleep(3)           # longer than a mailbox that is handed over has
        typist.send(2, b"still here")
        assert skip_to(displayer, DELIVER)[5:] == b"still here"
        displayer.ack(2)
        ends_well(typist, displayer)
        one[0].drained()


@pytest.mark.parametrize("scene", SCENES)
def test_engine(ends, scene):
    ends(scene)
