"""A node that is cut off, not dead: it reaches devices but not the engine, or the reverse. Nothing comes twice, or to a stranger."""

import asyncio
import contextlib
import os

import pytest

from clients import eventually, first_answer, skip_to
from engine import Engine
from networks import FarFromDevices, FarFromEngine, why_not
from nodes import Cluster
from pairs import Pair, long_script, run_all, until_midst
from relaykit import DELIVER, JOIN, JOINED, REFUSED, RESUMED
from scenes import Scenes

LONGER_THAN_A_LEASE = 5
NO_NETWORKS = why_not()
WAYS = ["swallowed", "refused", "network"]
SCENES = Scenes()
every_way = SCENES.for_each([(way, way) for way in WAYS])


class Cut:
    """Two nodes, of which 0 can be cut off from something, and healed."""

    def __init__(self, cluster, off, heal):
        self.cluster, self.off, self.heal = cluster, off, heal


@contextlib.contextmanager
def from_engine(way):
    if way == "network":
        with a_network(FarFromEngine) as network, Engine(network.here) as engine, Cluster(2, engine=engine, networks={0: network}) as two:
            yield Cut(two, network.cut, network.heal)
        return
    with Cluster(2, has_ways=True) as two:
        road = two.ways[0]
        off, heal = (road.hold, road.hold) if way == "swallowed" else (road.refuse, road.refuse)
        yield Cut(two, lambda: off("engine"), heal)


@contextlib.contextmanager
def from_devices(way):
    if way == "network":
        with a_network(FarFromDevices) as network, Cluster(2, networks={0: network}) as two:
            yield Cut(two, network.cut, network.heal)
        return
    with Cluster(2) as two:
        yield Cut(two, lambda: None, lambda: None)


def a_network(kind):
    if NO_NETWORKS:
        pytest.skip("SKIP: " + NO_NETWORKS)
    return kind()


def pairs_on(cluster, count):
    """Split one way, the other way, and both devices on the node that is cut off; all may go to the other."""
    here, there = cluster.door(0, 1), cluster.door(1, 0)
    doors = [(here, there), (there, here), (here, here)]
    return [Pair(number, doors[number % 3], long_script(12, 2000), pause=0.05) for number in range(count)]


async def in_the_midst(cut, count, happens):
    pairs = pairs_on(cut.cluster, count)
    running = asyncio.create_task(run_all(pairs, 60))
    await until_midst(pairs)
    await happens()
    await running
    return pairs


@every_way
def cut_off_from_the_engine_and_its_devices_go_elsewhere(way):
    """The balancer hears that it is not ready. All end well while it is still cut off; it has nothing to say to it afterwards."""
    with from_engine(way) as cut:
        async def happens():
            await asyncio.to_thread(cut.off)
            await asyncio.to_thread(eventually, lambda: cut.cluster[0].readiness() == 503)
            await asyncio.to_thread(cut.cluster.balancer.refuse, 0)
        asyncio.run(in_the_midst(cut, 18, happens))
        assert cut.cluster[0].readiness() == 503
        cut.heal()
        eventually(lambda: cut.cluster[0].readiness() == 200)
        cut.cluster.balancer.refuse()
        asyncio.run(run_all(pairs_on(cut.cluster, 6)))
        # The other may keep a mailbox for its life: of a pair of which one device heard of the end before the cut, and the other did not.
        cut.cluster[0].until(**{'mailboxes{state="waiting"}': 0, 'mailboxes{state="joined"}': 0})


@every_way
def cut_off_from_the_engine_and_its_devices_stay(way):
    """Their mailboxes are another node's when it comes back; they are led there."""
    with from_engine(way) as cut:
        async def happens():
            await asyncio.to_thread(cut.off)
            await asyncio.sleep(LONGER_THAN_A_LEASE)
            await asyncio.to_thread(cut.heal)
        asyncio.run(in_the_midst(cut, 18, happens))
        eventually(lambda: cut.cluster[0].readiness() == 200)


@every_way
def cut_off_from_the_engine_it_lets_nobody_into_what_is_anothers_now(way):
    with from_engine(way) as cut:
        two, tokens = cut.cluster, (os.urandom(16), os.urandom(16))
        displayer = two[0].client()
        nameplate = displayer.allocate(tokens[0])
        cut.off()
        eventually(lambda: two[0].readiness() == 503)

        def joins():
            """As long as it is not known that the owner is away, nobody can say who it is."""
            typist = two[1].client()
            typist.join(tokens[1], nameplate, b"mine")
            with contextlib.suppress(EOFError):
                return typist if typist.hear()[0] == JOINED else None
        typist = eventually(joins)
        for node in two.nodes.values():
            assert first_answer(node, bytes([JOIN]) + os.urandom(16) + nameplate + b"a stranger's")[0] == REFUSED
        cut.heal()
        displayer.closed_with()         # it was told by no means what is not so: nothing but the end

        def comes_back():
            back = two[0].client()
            back.resume(tokens[0], 0)
            with contextlib.suppress(EOFError):
                return back if back.hear()[0] == RESUMED else None
        back = eventually(comes_back)
        assert skip_to(back, DELIVER)[5:] == b"mine"
        back.send(1, b"well met")
        assert skip_to(typist, DELIVER)[5:] == b"well met"


@every_way
def cut_off_from_its_devices_they_meet_by_way_of_the_other(way):
    """It is still the owner, and alive: the other node leads them to it."""
    with from_devices(way) as cut:
        two = cut.cluster

        async def happens():
            await asyncio.to_thread(cut.off)
            lose = two.balancer.lose if way != "refused" else two.balancer.refuse
            await asyncio.to_thread(lose, 0)
        asyncio.run(in_the_midst(cut, 18, happens))
        cut.heal()
        assert two[0].readiness() == 200


@pytest.mark.parametrize("scene", SCENES)
def test_a_node_that_is(ends, scene):
    ends(scene)


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
def test_cut_off_again_and_again(way):
    with from_engine(way) as cut:
        async def happens():
            for turn in range(8):
                await asyncio.to_thread(cut.off)
                await asyncio.sleep(0.5 + turn % 4 * 1.5)
                await asyncio.to_thread(cut.heal)
                await asyncio.sleep(1)
        for _ in range(3):
            asyncio.run(in_the_midst(cut, 60, happens))
