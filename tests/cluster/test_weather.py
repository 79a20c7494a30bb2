"""Everything that can go wrong goes wrong at random, for a while, under load: what was said arrives, once."""

import asyncio
import os
import random

import pytest

from clients import eventually
from pairs import Pair, long_script

NODES = 3
AT_ONCE = 30
SEED = os.environ.get("CR_SEED") or os.urandom(4).hex()


class Weather:
    """One misfortune after the other, each over before the next begins: several at once are more than is promised."""

    def __init__(self, cluster, chance):
        self.cluster, self.chance = cluster, chance
        self.kinds = [self.kill, self.replace, self.cut_way, self.hold_way, self.cut_devices, self.restart_engine, self.freeze_engine]

    async def one(self):
        kind = self.chance.choice(self.kinds)
        print(kind.__name__)
        await kind(self.chance.randrange(NODES))
        await asyncio.to_thread(eventually, lambda: all(node.readiness() == 200 for node in self.cluster.nodes.values()))
        await asyncio.sleep(self.chance.uniform(3.5, 5))

    async def kill(self, name):
        await asyncio.to_thread(self.cluster.kill, name)
        await asyncio.to_thread(self.cluster.begin, name)

    async def replace(self, name):
        self.cluster[name].drain()
        await asyncio.to_thread(self.cluster[name].drained)
        self.cluster.retire(name)
        await asyncio.to_thread(self.cluster.begin, name)

    async def cut_way(self, name):
        await asyncio.to_thread(self.cluster.ways[name].cut)

    async def hold_way(self, name):
        await asyncio.to_thread(self.cluster.ways[name].hold, "engine")
        await asyncio.sleep(self.chance.choice((0.3, 2, 4, 7)))
        await asyncio.to_thread(self.cluster.ways[name].hold)

    async def cut_devices(self, name):
        await asyncio.to_thread(self.cluster.balancer.refuse, name)
        await asyncio.sleep(1)
        await asyncio.to_thread(self.cluster.balancer.refuse)

    async def restart_engine(self, name):
        engine = self.cluster.engine
        if name:
            await asyncio.to_thread(engine.save)
        await asyncio.to_thread(engine.kill)
        if not name:
            engine.forget()
        await asyncio.sleep(self.chance.choice((0, 2, 5)))
        await asyncio.to_thread(engine.start)

    async def freeze_engine(self, _):
        self.cluster.engine.freeze()
        await asyncio.sleep(self.chance.choice((0.5, 3, 6)))
        self.cluster.engine.go_on()


async def live_through(cluster, misfortunes, chance):
    is_over, count = asyncio.Event(), 0
    door, weather = cluster.door(), Weather(cluster, chance)

    async def one_after_the_other(place):
        nonlocal count
        while not is_over.is_set():
            await Pair("%d/%d" % (place, count), (door, door), long_script(20, 4000), pause=0.1, may_lose_last_word=True).run(90)
            count += 1
    running = [asyncio.create_task(one_after_the_other(place)) for place in range(AT_ONCE)]
    try:
        for _ in range(misfortunes):
            await weather.one()
    finally:
        is_over.set()
    ends = await asyncio.gather(*running, return_exceptions=True)
    failed = [str(end) for end in ends if end]
    assert not failed, "seed %s: %d of %d\n%s" % (SEED, len(failed), count, "\n".join(failed[:4]))


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(6))
def test_what_was_said_arrives_whatever_the_weather(cluster, turn):
    print("seed", SEED)
    asyncio.run(live_through(cluster(NODES, has_ways=True), 12, random.Random("%s %d" % (SEED, turn))))
