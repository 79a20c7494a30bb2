"""One relay in memory, one on Redis, and two on Redis with each pair split over both: the same load on each, side by side."""

import contextlib
import pathlib
import sys

from figures import median, ratio
from relay import task_ms

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "cluster"))

import engine  # noqa: E402

NAMES = {"memory": "memory", "redis": "Redis", "split": "Redis, pairs split"}


class Setting:
    """Relays, and where the displayers and the typists go."""

    def __init__(self, relays, engine_pid=None):
        self.relays, self.engine_pid = relays, engine_pid
        self.ports = "%d,%d" % (relays[0].port, relays[-1].port)

    def cpu_ms(self):
        """(of the relays, of the engine) so far."""
        tasks = pathlib.Path(f"/proc/{self.engine_pid}/task").iterdir() if self.engine_pid else ()
        return sum(relay.cpu_ms() for relay in self.relays), sum(map(task_ms, tasks))


def start(bench, stack):
    """{name: Setting}; each engine is its setting's own."""
    settings = {"memory": Setting([stack.enter_context(bench.relay(False))])}
    for name, count in (("redis", 1), ("split", 2)):
        redis = stack.enter_context(engine.Engine())
        relays = [stack.enter_context(bench.relay(False, engine=f"unix:{redis.path}")) for _ in range(count)]
        settings[name] = Setting(relays, redis.process.pid)
    return settings


def measure(bench, setting):
    """One run: what bench_load tells of rendezvous and hops, and what both cost."""
    sizes, before = bench.sizes, setting.cpu_ms()
    told = bench.json_of(bench.tool("load"), "pairs", setting.ports, sizes.pairs, sizes.at_once)
    after = setting.cpu_ms()
    hop = bench.json_of(bench.tool("load"), "hop", setting.ports, sizes.hops)
    return {"rate": told["met"] / told["seconds"], "pair_ms": told["median_ms"], "late_ms": told["late_ms"],
            "relay_ms": (after[0] - before[0]) / told["met"], "engine_ms": (after[1] - before[1]) / told["met"],
            "hop_us": hop["median_us"], "hop_late_us": hop["late_us"]}


# key, title, unit
FIGURES = (("rate", "rendezvous per second", "/s"), ("pair_ms", "a rendezvous takes", "ms"), ("late_ms", "99 of 100 take at most", "ms"),
           ("relay_ms", "processor time of the relays each", "ms"), ("engine_ms", "processor time of Redis each", "ms"),
           ("hop_us", "message hop, nothing else going on", "us"), ("hop_late_us", "99 of 100 take at most", "us"))


def tell(report, runs):
    def column(name, key):
        return [run[key] for run in runs[name]]

    def compared(name, key):
        return ratio(column(name, key), column("memory", key))
    report.row("", "", [*NAMES.values(), "Redis/memory", "split/memory"])
    for key, title, unit in FIGURES:
        values = {f"cluster_{name}_{key}": median(column(name, key)) for name in NAMES}
        values.update({f"cluster_{name}_{key}_ratio": compared(name, key) for name in ("redis", "split")})
        report.figures.update(values)
        report.row(title, unit, values.values())
    price = ratio(column("memory", "rate"), column("redis", "rate"))
    report.figure("cluster_rate_price", "rendezvous per second, memory / Redis", price, "", 2)
    more = [split - local for split, local in zip(column("split", "hop_us"), column("memory", "hop_us"))]
    report.figure("cluster_split_hop_more_us", "a split hop takes longer than a local one by", median(more), "us", 100, more)


def run(bench):
    sizes = bench.sizes
    bench.report.title(f"i. Several relays: {sizes.pairs} pairs, {sizes.at_once} at once, and {sizes.hops} hops of one pair; load and"
                       f" Redis on the same processors, without TLS, {bench.runs} runs")
    if engine.PROGRAM is None:
        bench.report.note("no redis-server here")
        return
    runs = {name: [] for name in NAMES}
    with contextlib.ExitStack() as stack:
        settings = start(bench, stack)
        for setting in settings.values():       # what the first pair of all sets up is not counted
            bench.json_of(bench.tool("load"), "pairs", setting.ports, 5, 1)
        for _ in range(bench.runs):
            for name, setting in settings.items():
                runs[name].append(measure(bench, setting))
    tell(bench.report, runs)
