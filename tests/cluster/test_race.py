"""Nameplates are one thing for all nodes: one joiner, no two mailboxes of the same number, and none that has not rested."""

import asyncio
import os
from collections import Counter

import pytest

from clients import skip_to
from conftest import IS_SOAK
from device import Wire, tcp
from nodes import Cluster
from relaykit import ALLOCATE, ALLOCATED, CLOSED, JOIN, JOINED, REFUSED

NODES = 4


@pytest.fixture(scope="module")
def four():
    with Cluster(NODES) as running:
        yield running


async def opened(cluster, count, nodes=range(NODES)):
    """So many connections that have said nothing, spread over the nodes."""
    return await asyncio.gather(*(Wire.open(tcp(cluster[nodes[number % len(nodes)]].port)) for number in range(count)))


async def told(wire, *kinds):
    while (message := await asyncio.wait_for(wire.read(), 20))[0] not in kinds:
        pass
    return message


async def race(cluster, joiners):
    """Everybody joins the same mailbox at once; what each was told first."""
    displayer, = await opened(cluster, 1)
    displayer.write(bytes([ALLOCATE]) + os.urandom(16))
    nameplate = (await told(displayer, ALLOCATED))[1:6]
    wires = await opened(cluster, joiners)
    for wire in wires:
        wire.write(bytes([JOIN]) + os.urandom(16) + nameplate + b"me")
    answers = await asyncio.gather(*(told(wire, JOINED, REFUSED) for wire in wires))
    for wire in [displayer, *wires]:
        wire.close()
    return Counter(answer[0] if answer[0] == JOINED else answer for answer in answers)


def test_of_many_who_join_over_all_nodes_exactly_one_is_let_in(four):
    for _ in range(10 if IS_SOAK else 2):
        answers = asyncio.run(race(four, 1000 if IS_SOAK else 200))
        assert answers.pop(JOINED) == 1
        assert set(answers) == {bytes([REFUSED, 1, 0, 0])}


def test_one_who_says_it_twice_over_two_nodes_is_one_joiner(four):
    displayer = four[0].client()
    nameplate, token = displayer.allocate(os.urandom(16)), os.urandom(16)
    first, again = four[1].client(), four[2].client()
    first.join(token, nameplate)
    first.hear(JOINED)
    again.join(token, nameplate)
    again.hear(JOINED)
    stranger = four[3].client()
    stranger.join(os.urandom(16), nameplate)
    assert stranger.hear(REFUSED)[1] == 1


async def allocate_many(cluster, count, nodes=range(NODES)):
    """The numbers of so many mailboxes that were open at the same time; all are closed again."""
    wires = await opened(cluster, count, nodes)
    for wire in wires:
        wire.write(bytes([ALLOCATE]) + os.urandom(16))
    plates = [(await told(wire, ALLOCATED))[1:6] for wire in wires]
    for wire in wires:
        wire.write(b"\x07\x02")
    for wire in wires:
        await told(wire, CLOSED)
        wire.close()
    return plates


def test_no_two_mailboxes_of_all_nodes_have_the_same_number(four):
    plates = asyncio.run(allocate_many(four, 400))
    assert len(set(plates)) == 400


def test_numbers_get_longer_when_a_tenth_of_the_clusters_is_in_use(four):
    """1000 of four digits are a tenth; no node has more than a quarter of them."""
    plates = asyncio.run(allocate_many(four, 1200))
    lengths = Counter(plate[0] for plate in plates)
    assert len(set(plates)) == 1200
    assert set(lengths) == {4, 5} and lengths[4] <= 1000 + NODES


def test_numbers_are_not_the_lowest_free_ones_and_not_in_a_row(four):
    plates = [int.from_bytes(plate[1:], "big") for plate in asyncio.run(allocate_many(four, 60))]
    assert max(plates) > 5000
    assert sum(abs(b - a) < 10 for a, b in zip(plates, plates[1:])) < 10


def test_a_used_number_rests_on_all_nodes(cluster):
    """Nearly a tenth of all numbers was used by one node; the other gives out none of them."""
    two = cluster(2, rest_seconds=600)
    used = set()
    for _ in range(3):
        used |= set(asyncio.run(allocate_many(two, 300, (0,))))
    assert len(used) == 900
    assert not used & set(asyncio.run(allocate_many(two, 300, (1,))))


def test_a_number_that_was_taken_stays_taken_when_its_joiner_has_left(four):
    displayer, joiner = four[0].client(), four[1].client()
    nameplate = displayer.allocate(os.urandom(16))
    joiner.join(os.urandom(16), nameplate)
    joiner.hear(JOINED)
    joiner.say_close(2)
    skip_to(joiner, CLOSED)
    for place in range(NODES):
        late = four[place].client()
        late.join(os.urandom(16), nameplate)
        assert late.hear(REFUSED)[1] == 1
