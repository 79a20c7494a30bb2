"""Limits that hold across nodes: who guesses nameplates on one pays for it on all."""

import os

from clients import eventually, skip_to, split
from relaykit import DELIVER, JOINED, PUZZLE, REFUSED
from test_relay_network import enter, named

FREE, PRICED = REFUSED, PUZZLE
GUESS = b"\x08\x05\xf5\xe0\xff"


def guess(node, address="192.0.2.7"):
    """Whether a join of a number that nobody has is answered to this address, or first asked work for."""
    client = enter(named(node, address))
    client.join(os.urandom(16), GUESS)
    answer = client.hear(REFUSED, PUZZLE)[0]
    client.close()
    return answer


def start(cluster, count=2, **keys):
    return cluster(count, trusted_proxies="127.0.0.1", **keys)


def test_who_guesses_on_one_node_pays_on_all(cluster):
    three = start(cluster, 3, address_failed_joins=6, network_factor=1)
    for _ in range(6):
        assert guess(three[0]) == FREE
    assert guess(three[0]) == PRICED
    for place in (1, 2):
        eventually(lambda place=place: guess(three[place]) == PRICED)
        assert guess(three[place], "198.51.100.9") == FREE
    split(three, 1, 2)


def test_who_spreads_the_guesses_over_addresses_of_a_network_and_over_nodes_pays(cluster):
    """Each of four addresses stays below its own limit on each node; their network does not."""
    two = start(cluster, 2, address_failed_joins=10, network_factor=2)
    for number in range(20):
        guess(two[number % 2], "192.0.2.%d" % (1 + number % 4))
    eventually(lambda: guess(two[0], "192.0.2.99") == PRICED and guess(two[1], "192.0.2.98") == PRICED)
    assert guess(two[0], "192.0.3.1") == FREE


def test_the_limit_of_all_addresses_is_one_for_all_nodes(cluster):
    two = start(cluster, 2, address_failed_joins=0, all_failed_joins=40)
    for number in range(40):
        guess(two[0], "10.%d.0.1" % number)
    eventually(lambda: guess(two[1], "172.16.0.1") == PRICED)


def test_a_pair_that_pays_meets_on_any_nodes(cluster):
    two = start(cluster, 2, address_failed_joins=3, network_factor=1)
    for _ in range(3):
        guess(two[0], "127.0.0.1")
    eventually(lambda: guess(two[1], "127.0.0.1") == PRICED)
    displayer = enter(named(two[0], "127.0.0.1"))
    nameplate = displayer.allocate(os.urandom(16))
    answer, bits = enter(named(two[1], "127.0.0.1")).join_paying(os.urandom(16), nameplate)
    assert answer[0] == JOINED and bits >= 14
    skip_to(displayer, DELIVER)


def test_pairs_that_end_well_on_any_nodes_spend_nothing(cluster):
    two = start(cluster, 2, address_failed_joins=3, network_factor=1)
    for number in range(8):
        displayer, typist, _ = split(two, number % 2, 1 - number % 2)
        for client in (typist, displayer):
            client.say_close(1)
            client.closed_with()
    split(two)
