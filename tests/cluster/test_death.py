"""kill -9 of relays, before and after every message of a transfer: the devices meet again elsewhere, and each frame arrives once."""

import asyncio
import itertools
import pathlib
import random
import tempfile

import pytest

from kit import all_at_once
from nodes import Cluster
from pairs import TRANSFER, Pair, all_steps, count_messages, long_script, run_all, until_midst
from programs import Transfer
from proxy import TO_CLIENT, TO_RELAY, CuttingProxy
from scenes import Scenes

SCENES = Scenes()
# Which nodes the displayer (whose node is the owner) and the typist are on; 0 and 1 die, 2 and 3 live.
PLACES = {"both devices on it": (0, 0), "the owner": (0, 2), "the other one": (2, 0), "both": (0, 1)}
LIMIT = 60


async def pause_everywhere(doors, number):
    """Pairs that stand still, each at another step of its transfer: [(pair, gate, task)]"""
    counts = await count_messages(doors)
    standing = []
    for at, (gate, gates) in enumerate(all_steps(counts)):
        pair = Pair("%s/%d" % (number, at), doors, TRANSFER, gates, may_lose_last_word=True)
        standing.append((pair, gate, asyncio.create_task(pair.run(LIMIT))))
    for _, gate, task in standing:
        reached = asyncio.create_task(gate.reached.wait())
        await asyncio.wait([reached, task], timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
    return standing


async def die_at_every_step(cluster):
    """{place: (pairs that stood still, failures)}"""
    standing = {name: await pause_everywhere([cluster.door(*dict.fromkeys((one, 2, 3))) for one in nodes], name)
                for name, nodes in PLACES.items()}
    await asyncio.to_thread(cluster.kill, 0, 1)
    outcome = {}
    for _, gate, _ in itertools.chain(*standing.values()):
        gate.open.set()
    for name, pairs in standing.items():
        ends = await asyncio.gather(*(task for _, _, task in pairs), return_exceptions=True)
        outcome[name] = sum(gate.reached.is_set() for _, gate, _ in pairs), [end for end in ends if isinstance(end, BaseException)]
    return outcome


@SCENES.add
def a_death_at_any_step_of_a_transfer_is_healed():
    with Cluster(4) as four:
        outcome = asyncio.run(die_at_every_step(four))
    told = []
    for place, (stood, failed) in outcome.items():
        assert stood > 70, place
        told += ["%s: %d of %d" % (place, len(failed), stood), *map(str, failed[:4])] if failed else []
    assert not told, "\n".join(told)


def spread_over(cluster, count, rounds, pause):
    door = cluster.door()
    return [Pair(number, (door, door), long_script(rounds, 2000), pause=pause, may_lose_last_word=True) for number in range(count)]


async def die_again_and_again(cluster, pairs, deaths):
    """One node after the other, each replaced at once, while the pairs talk."""
    running = asyncio.create_task(run_all(pairs, LIMIT + 10 * deaths))
    for death in range(deaths):
        await until_midst(pairs, random.uniform(0.1, 0.6) * (death + 1) / deaths)
        victim = death % len(cluster.nodes)
        await asyncio.to_thread(cluster.kill, victim)
        await asyncio.to_thread(cluster.begin, victim)
        if not running.done():
            await asyncio.sleep(4)      # longer than a lease: two deaths are no test of one
    await running
    assert sum(device.resumes for pair in pairs for device in pair.devices) > 0


@SCENES.add
def a_death_in_the_midst_of_many_transfers_is_healed():
    with Cluster(3) as three:
        asyncio.run(die_again_and_again(three, spread_over(three, 40, 20, 0.05), 1))


class Killer(CuttingProxy):
    """Kills nodes at a message, and cuts nothing itself."""

    def __init__(self, *arguments, kill, **keys):
        super().__init__(*arguments, **keys)
        self.kill = kill

    def is_cut(self, direction, is_message):
        if super().is_cut(direction, is_message):
            self.kill()
        return False


def real_programs(cluster, folder, nodes, victims, direction, index, before):
    """A transfer of the shipped programs whose nodes are killed at one message of the receiver."""
    receiver, sender = nodes
    with Killer(cluster.door(receiver, "last"), direction, index, before, kill=lambda: cluster.kill(*victims)) as killer, \
            Transfer(folder, killer.url, cluster.url(sender, "last")) as transfer:
        transfer.ends_well()
        assert killer.cuts == 1, "message %d never came" % index


REAL = [(0, TO_RELAY, 2), (1, TO_CLIENT, 3), (2, TO_RELAY, 4), (1, TO_CLIENT, 5), (0, TO_CLIENT, 4)]


@SCENES.add
def the_shipped_programs_come_through_too():
    """Per case two nodes of its own: the receiver's (0), the sender's (1), or both (2) die; one lives on for all."""
    def job(at):
        which, direction, index = REAL[at]
        nodes = 2 * at, 2 * at + 1
        victims = nodes if which == 2 else (nodes[which],)
        real_programs(many, folder / str(at), nodes, victims, direction, index, at % 2 == 0)

    with tempfile.TemporaryDirectory() as place, Cluster(2 * len(REAL) + 1) as many:
        folder = pathlib.Path(place)
        many.nodes["last"] = many.nodes.pop(2 * len(REAL))
        all_at_once([lambda at=at: job(at) for at in range(len(REAL))], len(REAL))


@pytest.mark.parametrize("scene", SCENES)
def test_death(ends, scene):
    ends(scene)


# Longer ones


@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
def test_a_death_in_the_very_moment_of_any_message_is_healed(place):
    """Nothing stands still before: the rest of the conversation is on its way."""
    async def one(number, gate, gates):
        four = await asyncio.to_thread(Cluster, 4)
        doors = [four.door(*dict.fromkeys((node, 2, 3))) for node in PLACES[place]]
        victims = {node for node in PLACES[place] if node < 2}
        gate.act = lambda: [four[victim].process.kill() for victim in victims]
        pair = Pair("%s/%d" % (place, number), doors, TRANSFER, gates, may_lose_last_word=True)
        try:
            await pair.run(LIMIT)
        finally:
            await asyncio.to_thread(four.kill, *victims)
            await asyncio.to_thread(four.stop)

    async def all_of_them():
        with Cluster(1) as calm:
            steps = list(all_steps(await count_messages((calm.door(), calm.door()))))
        turns = asyncio.Semaphore(6)

        async def in_turn(number, step):
            async with turns:
                await one(number, *step)
        ends = await asyncio.gather(*(in_turn(*each) for each in enumerate(steps)), return_exceptions=True)
        failed = [end for end in ends if end]
        assert not failed, "%d of %d\n%s" % (len(failed), len(ends), "\n".join(map(str, failed[:6])))
    asyncio.run(all_of_them())


@pytest.mark.soak
def test_many_deaths_in_the_midst_of_many_transfers_are_healed(cluster):
    three = cluster(3)
    asyncio.run(die_again_and_again(three, spread_over(three, 60, 300, 0.1), 12))


@pytest.mark.soak
@pytest.mark.parametrize("which", [0, 1, 2], ids=["the receiver's", "the sender's", "both"])
@pytest.mark.parametrize("direction", [TO_RELAY, TO_CLIENT])
def test_the_shipped_programs_come_through_at_every_message(tmp_path, which, direction):
    victims = (0, 1) if which == 2 else (which,)
    for index in range(1, 9):
        with Cluster(3) as three:
            three.nodes["last"] = three.nodes.pop(2)
            real_programs(three, tmp_path / str(index), (0, 1), victims, direction, index, index % 2 == 0)
