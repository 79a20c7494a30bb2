#!/usr/bin/python3
"""Measures the built programs on this machine and compares the figures with their aims.

    bench.py BUILD [--runs N] [--only a,b,c,d,e,f,g,h,i,j] [--quick] [--no-peers]

Figures are medians over the runs, quartiles beside them; what is compared is run in turn, and compared within each run. Loopback
only."""

import sys

sys.dont_write_bytecode = True      # nothing is left in the source tree

import argparse
import contextlib
import functools
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile

import capacity
import cluster
import shelves
import transfer
from figures import Report, median, ratio, slope
from peers import Peers
import siege
from relay import Attacker, Delay, Holder, Relay, make_certificate

ROUND_TRIPS_MS = (0, 25, 50)
PEER_RUNS_MAX = 5           # of slow ones
LIFE_SECONDS = 1800

# As the relay comes; but one address plays all honest devices, and in a crowd everybody is let in.
BESIEGED = "max_connections = {connections}\naddress_allocations = 0\n"
BESIEGED_OPEN = BESIEGED + "address_connections = 0\n"

PEER_NAMES = {"william": "wormhole-william", "magic": "magic-wormhole"}


def memory_folder(otherwise):
    """A temporary folder that costs no disk's time, where there is such a place."""
    place = pathlib.Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="certrelay-bench-", dir=place if os.access(place, os.W_OK) else otherwise)


class Sizes:
    """How much of everything."""

    def __init__(self, quick):
        self.exchanges = 3 if quick else 101
        self.pairs, self.pairs_tls, self.at_once = (20, 10, 4) if quick else (2000, 300, 16)
        self.hops = 50 if quick else 3000
        self.held = 20 if quick else 1000
        self.crowd = 30 if quick else 15000
        self.fresh_relays = 1 if quick else 5
        self.besieged = 4 if quick else 100
        self.attacks = ("pings",) if quick else tuple(siege.ATTACKS)
        self.shelves = (25, 200) if quick else (250, 2000)
        self.scans = 1 if quick else 5


class Bench:
    def __init__(self, build, runs, quick, has_peers):
        self.build, self.runs, self.has_peers = build, runs, has_peers
        self.sizes, self.report = Sizes(quick), Report(has_aims=not quick)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="certrelay-bench-"))
        make_certificate(self.folder)

    def tool(self, name):
        return self.build / "tests" / f"bench_{name}"

    def relay(self, has_tls, connections=1000, **keys):
        return Relay(self.build / "relay/certrelayd", self.folder, has_tls, connections, **keys)

    def json_of(self, *argv):
        result = subprocess.run(list(map(str, argv)), check=True, stdout=subprocess.PIPE, timeout=200)
        return json.loads(result.stdout)

    @functools.cached_property
    def devices(self):
        return transfer.Devices(self.build, self.folder, self.folder / "ca.pem")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # a
    def whole_transfer(self):
        report, devices = self.report, self.devices
        report.title(f"a. Whole transfer of a certificate of {devices.bytes} bytes, process starts included, {self.runs} runs")
        times = {"tls": [], "memory": [], "plain": [], "william": [], "magic": []}
        with contextlib.ExitStack() as stack:
            in_memory = devices.storing_in(pathlib.Path(stack.enter_context(memory_folder(self.folder))))
            tls, plain = stack.enter_context(self.relay(True)), stack.enter_context(self.relay(False))
            peers = stack.enter_context(Peers(self.folder, devices.bytes)) if self.has_peers else None
            for _ in range(self.runs):
                times["tls"].append(transfer.move(devices, tls.url))
                times["memory"].append(transfer.move(in_memory, tls.url))
                times["plain"].append(transfer.move(devices, plain.url))
                for which in ("william", "magic") if peers else ():
                    times[which].append(peers.move(which))
        self.tell_transfers(times)

    def tell_transfers(self, times):
        report = self.report
        parts = {"code": 0, "sent": 1, "both": 2}
        ours = {part: [run[at] for run in times["tls"]] for part, at in parts.items()}
        report.figure("code_ms", "until the number is shown", median(ours["code"]), "ms", None, ours["code"])
        report.figure("sent_ms", "until the sender says sent", median(ours["sent"]), "ms", 25, ours["sent"])
        report.figure("both_ms", "until both have exited", median(ours["both"]), "ms", 25, ours["both"])
        for which, name in (("memory", "stored in memory instead of on this disk"), ("plain", "without TLS")):
            for part in ("sent", "both"):
                values = [run[parts[part]] for run in times[which]]
                report.figure(f"{part}_{which}_ms", f"{name}: {part}", median(values), "ms", None, values)
        for which, name in PEER_NAMES.items():
            self.tell_peer(which, name, times[which], ours)

    def tell_peer(self, which, name, theirs, ours):
        if not theirs or None in theirs:
            self.report.note(f"{name} is not here, or cannot run here: make bench-peers installs it")
            return
        for at, part in enumerate(("sent", "both")):
            values = [run[at] for run in theirs]
            self.report.figure(f"{which}_{part}_ms", f"{name}, without TLS: {part}", median(values), "ms", None, values)
            self.report.figure(f"{which}_{part}_ratio", f"ours with TLS / {name}: {part}", ratio(ours[part], values), "",
                               0.35)

    # b
    def round_trips(self):
        report, devices, runs = self.report, self.devices, []
        report.title(f"b. Round trips between a device and the relay, with TLS: slope of the time over {ROUND_TRIPS_MS} ms, "
                     f"{self.runs} runs")
        with contextlib.ExitStack() as stack:
            relay = stack.enter_context(self.relay(True))
            delays = [stack.enter_context(Delay(self.tool("delay"), relay.port, ms)) for ms in ROUND_TRIPS_MS]
            for _ in range(self.runs):
                runs.append([transfer.move(devices, f"wss://localhost:{delay.port}/ws") for delay in delays])
        for at, (key, name, aim) in enumerate((("code", "until the number is shown", None),
                                               ("sent", "until the sender says sent", 9),
                                               ("both", "until both have exited", None))):
            slopes = [slope([(ms, times[at]) for ms, times in zip(ROUND_TRIPS_MS, run)]) for run in runs]
            report.figure(f"{key}_round_trips", name, median(slopes), "trips", aim, slopes)
        after = [slope([(ms, times[1] - times[0]) for ms, times in zip(ROUND_TRIPS_MS, run)]) for run in runs]
        report.figure("typed_round_trips", "from the number entered to sent", median(after), "trips", None, after)
        report.note("the TCP handshake is one of them: in its place the proxy holds a client's first bytes one round trip longer")
        if self.has_peers:
            self.peer_round_trips()

    def peer_round_trips(self):
        runs = {"william": [], "magic": []}
        with contextlib.ExitStack() as stack:
            peers = stack.enter_context(Peers(self.folder, self.devices.bytes))
            if not peers.has["mailbox"]:
                return
            delays = [stack.enter_context(Delay(self.tool("delay"), peers.mailbox.port, ms)) for ms in ROUND_TRIPS_MS]
            for _ in range(min(self.runs, PEER_RUNS_MAX)):
                for which, done in runs.items():
                    done.append([peers.move(which, "shown", delay.port) for delay in delays])
        for which, done in runs.items():
            slopes = [slope([(ms, times[0]) for ms, times in zip(ROUND_TRIPS_MS, run)]) for run in done if None not in run]
            self.report.figure(f"{which}_round_trips", f"{PEER_NAMES[which]}, without TLS: sent", median(slopes),
                               "trips", None, slopes)
        self.report.note("theirs: the receiver starts when the code is shown; their direct connection is not delayed")

    # c
    def memory(self):
        report, devices, peaks = self.report, self.devices, []
        report.title("c. Memory (resident set, shared library pages included)")
        with self.relay(True) as relay:
            for _ in range(self.runs):
                peaks.append(transfer.peaks_kb(devices, relay.url) / 1024)
        report.figure("client_mb", "peak of a client, the larger of both", median(peaks), "MB", 10, peaks)
        for has_tls, key, name, aim in ((False, "plain", "without TLS", 4.5), (True, "tls", "with TLS", 19)):
            seen = [self.relay_memory(has_tls) for _ in range(self.sizes.fresh_relays)]
            idle, own, each = ([one[at] for one in seen] for at in range(3))
            report.figure(f"relay_{key}_mb", f"relay, idle, {name}", median(idle), "MB", 5, idle)
            report.figure(f"relay_{key}_own_mb", f"relay, idle, {name}: its own pages", median(own), "MB", None, own)
            report.figure(f"mailbox_{key}_kb", f"relay, per waiting mailbox, {name}", median(each), "KB", aim, each)

    def relay_memory(self, has_tls):
        """(MB idle, MB of its own, KB for each waiting mailbox) of a fresh relay."""
        count = self.sizes.held
        with self.relay(has_tls, count + 100) as relay:
            idle, own = relay.rss_kb(), relay.rss_kb("RssAnon")
            self.load(relay, 5)     # what the first connection of all sets up is not counted for each
            before = relay.rss_kb()
            with Holder(self.tool("load"), relay, count):
                return idle / 1024, own / 1024, (relay.rss_kb() - before) / count

    # d
    def rendezvous(self):
        crowd = min(self.sizes.crowd, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 2000)
        self.report.title(f"d. Rendezvous, {self.sizes.at_once} pairs at once, {self.runs} runs")
        runs = {name: [] for name in ("plain", "crowded", "tls")}
        with contextlib.ExitStack() as stack:
            relays = {name: stack.enter_context(self.relay(name == "tls", crowd + 1000)) for name in runs}
            stack.enter_context(Holder(self.tool("load"), relays["crowded"], crowd))
            for _ in range(self.runs):
                for name, relay in relays.items():
                    runs[name].append(self.load(relay))
        for name, title, aim in (("plain", "without TLS", 0.2), ("crowded", f"without TLS, {crowd} idle connections", 0.2),
                                 ("tls", "with TLS", None)):
            self.tell_rendezvous(name, title, aim, runs)

    def load(self, relay, count=None):
        count = count or (self.sizes.pairs_tls if relay.has_tls else self.sizes.pairs)
        tls = ["tls"] if relay.has_tls else []
        before = relay.cpu_ms()
        told = self.json_of(self.tool("load"), "pairs", relay.port, count, self.sizes.at_once, *tls)
        return {**told, "cpu_ms": (relay.cpu_ms() - before) / told["met"], "rate": told["met"] / told["seconds"]}

    def tell_rendezvous(self, name, title, aim, runs):
        def column(key):
            return [run[key] for run in runs[name]]
        report = self.report
        report.figure(f"{name}_cpu_ms", f"{title}: relay's CPU each", median(column("cpu_ms")), "ms", aim, column("cpu_ms"))
        report.figure(f"{name}_rate", f"{title}: per second, the load on the same CPUs", median(column("rate")), "/s", None,
                      column("rate"))
        report.figure(f"{name}_late_ms", f"{title}: 99 of 100 take at most", median(column("late_ms")), "ms", None,
                      column("late_ms"))
        if name == "crowded":
            report.figure("crowded_ratio", "CPU with the crowd / without",
                          ratio(column("cpu_ms"), [run["cpu_ms"] for run in runs["plain"]]))

    # e
    def exchange(self):
        told = [self.json_of(self.tool("pake"), self.sizes.exchanges) for _ in range(self.runs)]
        self.report.title(f"e. Computing alone, both devices in one process, {self.runs} x {self.sizes.exchanges} runs")
        for key, name, aim in (("exchange_ms", "key exchange", 0.3), ("transfer_ms", "whole transfer, nothing stored", None)):
            values = [one[key] for one in told]
            self.report.figure(key, name, median(values), "ms", aim, values)

    # f
    def page(self):
        self.report.title("f. The phone page: packed sizes, and times in Chromium from a server on this machine")
        if not (self.build / "page/index.html").exists():
            self.report.note("the page was not built")
            return
        tree = self.build / "js"
        result = subprocess.run(["node", "tests/bench/page.mjs", str(self.build), str(self.runs)], check=True, cwd=tree, timeout=200,
                                stdout=subprocess.PIPE, env={**os.environ, "NODE_PRESERVE_SYMLINKS": "1", "NODE_PRESERVE_SYMLINKS_MAIN": "1"})
        told, native = json.loads(result.stdout), self.json_of(self.tool("pake"), self.sizes.exchanges)
        for key, name, unit, aim in (("core_raw_kb", "the session as WebAssembly", "KB", None),
                                     ("core_br_kb", "the same, packed", "KB", None),
                                     ("first_load_kb", "first load, packed", "KB", 60),
                                     ("whole_kb", "all that is ever loaded but the QR reader, packed", "KB", None),
                                     ("core_load_ms", "core: fetched and compiled", "ms", None),
                                     ("start_ms", "until the page shows itself", "ms", None),
                                     ("exchange_ms", "key exchange, both devices", "ms", None)):
            self.report.figure(f"page_{key}", name, told[key], unit, aim)
        self.report.figure("page_exchange_ratio", "key exchange in the browser / native", told["exchange_ms"] / native["exchange_ms"])

    # g
    def shelves(self):
        few, many = self.sizes.shelves
        self.report.title(f"g. Finding the certificates of a folder, native, {self.runs} x {self.sizes.scans} runs")
        times = {few: [], many: []}
        with memory_folder(self.folder) as place:
            filled = {count: shelves.fill(pathlib.Path(place) / str(count), self.devices.sample, count) for count in times}
            for _ in range(self.runs):
                for count, folder in filled.items():
                    times[count].append(shelves.entry_us(self.tool("scan"), folder, count, self.sizes.scans))
        for count, values in times.items():
            self.report.figure(f"scan_{count}_us", f"each of {count} certificates", median(values), "us", None, values)
        self.report.figure("scan_ratio", f"each of {many} / each of {few}", ratio(times[many], times[few]), "", 1.5)

    # h
    def sieges(self):
        report, count = self.report, self.sizes.besieged
        report.title(f"h. {count} honest pairs, four at once, while one /24 attacks; each after as many without an attack")
        for attack in self.sizes.attacks:
            limits = BESIEGED_OPEN if attack == "crowd" else BESIEGED
            with self.relay(attack in siege.ON_TLS, 12000, limits=limits) as relay:
                calm = self.honest(relay, count)
                with Attacker(attack, relay):
                    pressed = self.honest(relay, count)
                name = f"{attack}: {pressed['met']} of {count} pairs met; 99 of 100 within"
                report.figure(f"siege_{attack.replace(' ', '_')}_ms", name, pressed["late_ms"], "ms")
                report.figure(f"siege_{attack.replace(' ', '_')}_ratio", "    median with / without", pressed["median_ms"] / calm["median_ms"])
                report.figure(f"siege_{attack.replace(' ', '_')}_mb", "    memory of the relay", relay.rss_kb() / 1024, "MB")

    def honest(self, relay, count):
        return self.json_of(self.tool("load"), "pairs", relay.port, count, 4, *(["tls"] if relay.has_tls else []))

    # j
    def capacity(self):
        missing = [key for key in capacity.NEEDS if key not in self.report.figures]
        self.report.title("j. What a deadline asks of relays with these costs (relay/CAPACITY.md)")
        if missing:
            self.report.note("needs parts c and d of the same run")
            return
        print("\n".join(capacity.table(self.report.figures)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", default="a,b,c,d,e,f,g,h,i,j")
    parser.add_argument("--quick", action="store_true", help="a single small run, to see that everything works")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", help="also write the figures to this file")
    arguments = parser.parse_args()
    bench = Bench(arguments.build, 1 if arguments.quick else arguments.runs, arguments.quick, not arguments.no_peers)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("bench: it took too long"))
    signal.alarm(LIFE_SECONDS)
    parts = {"a": bench.whole_transfer, "b": bench.round_trips, "c": bench.memory, "d": bench.rendezvous, "e": bench.exchange,
             "f": bench.page, "g": bench.shelves, "h": bench.sieges, "i": functools.partial(cluster.run, bench),
             "j": bench.capacity}
    try:
        for name in arguments.only.split(","):
            parts[name]()
        bench.report.end()
    finally:
        bench.close()
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(bench.report.figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
