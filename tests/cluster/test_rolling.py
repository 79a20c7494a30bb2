"""All nodes are replaced, one by one, under load: no transfer is lost, and no device is refused anything it would give up for."""

import asyncio
import pathlib
import tempfile

import pytest

from conftest import IS_SOAK
from nodes import Cluster
from pairs import Pair, long_script, run_all, until_midst
from programs import Transfer
from scenes import Scenes

SCENES = Scenes()
AT_ONCE = 50
NODES = 3


async def replace_all(cluster, rounds=1):
    """SIGTERM, the end of the process, and the next one in its place."""
    for _ in range(rounds):
        for name in list(cluster.nodes):
            old = cluster[name]
            old.drain()
            await asyncio.to_thread(old.drained)
            cluster.retire(name)
            await asyncio.to_thread(cluster.begin, name)
            await asyncio.sleep(0.3)


async def transfers_without_end(cluster, is_over):
    """AT_ONCE pairs at any moment until it is over; all that came through."""
    done, door = [], cluster.door()

    async def one_after_the_other(place):
        while not is_over.is_set():
            pair = Pair("%d/%d" % (place, len(done)), (door, door), long_script(10, 3000), pause=0.1)
            await pair.run(60)
            done.append(pair)
    await asyncio.gather(*(one_after_the_other(place) for place in range(AT_ONCE)))
    return done


async def under_load(cluster):
    is_over = asyncio.Event()
    running = asyncio.create_task(transfers_without_end(cluster, is_over))
    await asyncio.sleep(0.5)
    try:
        await replace_all(cluster, 4 if IS_SOAK else 1)
    finally:
        is_over.set()
    return await running


@SCENES.add
def no_transfer_is_lost_and_none_that_begins_is_refused():
    with Cluster(NODES) as cluster:
        done = asyncio.run(under_load(cluster))
    assert len(done) > AT_ONCE
    assert sum(device.resumes for pair in done for device in pair.devices) > AT_ONCE / 4


@SCENES.for_each([("import shows", True), ("export shows", False)])
def the_shipped_programs_wait_for_their_person_through_it(receiver_shows):
    """The number is shown before all nodes are replaced, and typed afterwards."""
    with tempfile.TemporaryDirectory() as folder, Cluster(2) as two, \
            Transfer(pathlib.Path(folder) / "x", two.url(), two.url(), receiver_shows, is_waiting=True) as transfer:
        asyncio.run(replace_all(two))
        transfer.go_on()
        transfer.ends_well()


@SCENES.add
def a_node_that_ends_hands_its_mailboxes_on_at_once():
    """Nobody waits for a lease to run out: the node gives it up itself."""
    async def hand_on(two):
        pairs = [Pair(number, (two.door(0, 1), two.door(1)), long_script(15, 500), pause=0.1) for number in range(10)]
        running = asyncio.create_task(run_all(pairs))
        await until_midst(pairs)
        two[0].drain()
        await asyncio.to_thread(two[0].drained)
        assert len(two.engine.keys("*:node:*")) == 1
        two.retire(0)
        await running
    with Cluster(2) as two:
        asyncio.run(hand_on(two))


@pytest.mark.parametrize("scene", SCENES)
def test_rolling(ends, scene):
    ends(scene)
