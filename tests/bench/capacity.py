#!/usr/bin/python3
"""From people to machines: what a deadline asks of relays whose costs were measured.

    capacity.py FIGURES.json        as bench.py --json writes it

Each assumption has a name below. The busiest hour is played through second by second, so that what is open at once is counted and not
estimated; everything else is multiplication."""

import json
import math
import pathlib
import random
import sys

NEEDS = ("plain_cpu_ms", "tls_cpu_ms", "relay_tls_mb", "mailbox_tls_kb")    # what bench.py measures
CLUSTER = ("cluster_split_relay_ms", "cluster_split_engine_ms")             # and, where it has an engine to measure with
PEOPLE = (1_000, 100_000, 1_000_000, 20_000_000)

BUSIEST_DAY = 0.30          # of a week's transfers: the last day before the deadline
BUSIEST_HOUR = 0.15         # of that day's
BURST = 2.0                 # the busiest minute against the mean of its hour
ATTEMPTS = 1.3              # numbers shown for each transfer that succeeds: mistyped, expired, given up
TYPING_SECONDS = (25, 0.7)  # from the number shown to the number typed: median, and sigma of its logarithm
JOINED_SECONDS = (15, 0.5)  # from there to both gone: consent, saving
LIFE_SECONDS = 180          # a number nobody types
COMES_BACK = 0.5            # more connections: phones whose page was asleep
BUSY = 0.5                  # how much of a core may be in use in the busiest minute
CORES, MEMORY_MB = 2, 2048  # of one machine, of which half the memory is the relay's
SPARE = 1                   # machines that may be down
SAMPLES = 60_000            # transfers that are played through at most; more people are scaled


def weight(second):
    """How busy a second of the hour is, 1 on average: it rises to the burst at the end."""
    return 2 - BURST + 2 * (BURST - 1) * second / 3600


def spend(dice, median_sigma, most):
    median, sigma = median_sigma
    return min(most, dice.lognormvariate(math.log(median), sigma))


def play(transfers, seed=1):
    """(mailboxes, connections) open at once at most, for so many attempts within the busiest hour."""
    dice, played = random.Random(seed), min(int(transfers), SAMPLES)
    changes = []
    for _ in range(played):
        start = next(at for at in iter(lambda: dice.uniform(0, 3600), None) if dice.uniform(0, BURST) < weight(at))
        typed = start + spend(dice, TYPING_SECONDS, LIFE_SECONDS)
        over = typed + spend(dice, JOINED_SECONDS, 600)
        changes += [(start, 1, 1), (typed, 0, 1), (over, -1, -2)]
    mailboxes = connections = most_mailboxes = most_connections = 0
    for _, mailbox, connection in sorted(changes):
        mailboxes, connections = mailboxes + mailbox, connections + connection
        most_mailboxes, most_connections = max(most_mailboxes, mailboxes), max(most_connections, connections)
    scale = transfers / played if played else 0
    return math.ceil(most_mailboxes * scale), math.ceil(most_connections * scale)


def need(people, figures):
    """What so many people ask of relays with TLS in the week of a deadline, each of them once."""
    attempts = people * BUSIEST_DAY * BUSIEST_HOUR * ATTEMPTS
    mailboxes, connections = play(attempts)
    rate = attempts / 3600 * BURST
    cpu = rate * figures["tls_cpu_ms"] / 1000 * (1 + COMES_BACK)
    memory_mb = figures["relay_tls_mb"] + connections * figures["mailbox_tls_kb"] / 1024
    machines = max(math.ceil(cpu / (CORES * BUSY)), math.ceil(memory_mb / (MEMORY_MB / 2)))
    return {"people": people, "rate": rate, "mailboxes": mailboxes, "connections": connections, "cores": cpu, "memory_mb": memory_mb,
            "machines": machines + SPARE, **split(rate, figures)}


def split(rate, figures):
    """The cores when every pair is on two relays; TLS costs the same there."""
    if not all(key in figures for key in CLUSTER):
        return {"split": None, "engine": None}
    relay_ms = figures["cluster_split_relay_ms"] + figures["tls_cpu_ms"] - figures["plain_cpu_ms"]
    return {"split": rate * relay_ms / 1000 * (1 + COMES_BACK), "engine": rate * figures["cluster_split_engine_ms"] / 1000}


def cell(value):
    return "not measured" if value is None else f"{value:.2g}"


def table(figures):
    """Lines of Markdown."""
    yield ("| people, each once in the week | numbers shown a second, busiest minute | mailboxes at once | connections at once | cores | memory | machines | "
           "all pairs split: cores of relays | of the engine |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for people in PEOPLE:
        one = need(people, figures)
        yield (f"| {people:,} | {one['rate']:.3g} | {one['mailboxes']:,} | {one['connections']:,} | {one['cores']:.2g} | "
               f"{one['memory_mb']:.0f} MB | {one['machines']} | {cell(one['split'])} | {cell(one['engine'])} |")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(table(json.loads(pathlib.Path(sys.argv[1]).read_text()))))


if __name__ == "__main__":
    main()
