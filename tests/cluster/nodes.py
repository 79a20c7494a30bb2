"""Several certrelayd with one engine, and the balancer in front of them."""

import tempfile

from balancer import Balancer, Forwarder, Loop
from clients import eventually
from engine import Engine
from lifekit import start
from watchkit import Watched

GENEROUS = {"rest_seconds": 0, "drain_seconds": 2}
BAD_SIGNS = ("Sanitizer", "runtime error", "not json")


class Node(Watched):
    """One relay of the cluster; its death may be part of the test."""

    def __init__(self, folder, program=None, **keys):
        self.program, self.is_ended = program, False
        super().__init__(folder, **keys)

    def start(self):
        return start(["--config", self.config], program=self.program)

    def _read(self):
        super()._read()
        self.process.wait()
        with self.news:         # who waits for a line hears that none will come
            self.news.notify_all()

    @property
    def address(self):
        """Where the balancer finds it."""
        return self.port

    def kill(self):
        """kill -9, as when its machine loses power."""
        self.is_ended = True
        self.process.kill()
        self.wait()

    def drain(self):
        """SIGTERM: it ends by itself."""
        self.process.terminate()

    def drained(self):
        code = self.wait()
        self.is_ended = True
        assert code == 0, "exit code %d:\n%s" % (code, "".join(self.raw))

    def stop(self):
        """SIGTERM twice; an end that it should not have come to, before or now, and a word of a sanitizer are errors."""
        if not self.is_ended:
            self.is_ended = True
            assert self.process.poll() is None, "it has ended by itself:\n" + "".join(self.raw)
            self.__exit__(None, None, None)
        self.process.stderr.close()
        text = "".join(self.raw)
        assert not any(sign in text for sign in BAD_SIGNS), text

    def readiness(self):
        return self.get("/readyz")[0]


class Cluster:
    """count nodes called 0, 1, 2...; each reaches the engine by a way of its own (ways[n]) that can be cut or held.

    networks: {name: the network that settles the node in itself}."""

    def __init__(self, count=2, has_ways=False, engine=None, program=None, has_engine=True, networks=None, **keys):
        self.folder = tempfile.TemporaryDirectory(prefix="certrelay-nodes-")
        self.keys, self.program, self.has_engine = {**GENEROUS, **keys}, program, has_engine
        self.networks = networks or {}
        self.engine, self.is_own_engine = engine, engine is None and has_engine
        self.nodes, self.ended, self.ways, self.loop = {}, [], {}, None
        self.balancer = Balancer(lambda: {name: node.address for name, node in list(self.nodes.items())})
        try:
            self.build(count, has_ways)
        except BaseException:
            self.stop()
            raise

    def build(self, count, has_ways):
        if self.is_own_engine:
            self.engine = Engine()
        if has_ways:
            self.loop = Loop()
            for name in range(count):
                self.ways[name] = Forwarder(self.loop, lambda: [("engine", str(self.engine.path))])
                self.ways[name].listen(self.folder.name + "/way%d" % name)
        for name in range(count):
            self.begin(name)
        if self.has_engine and self.engine.is_up():     # else devices would be told to come again
            eventually(lambda: all(node.readiness() == 200 for node in self.nodes.values()))

    def begin(self, name, **keys):
        path = self.folder.name + "/way%d" % name if self.ways else self.engine.path if self.has_engine else None
        own = {"engine": "unix:%s" % path} if path else {}
        keys = {**own, **self.keys, **keys}
        network = self.networks.get(name)
        self.nodes[name] = network.settle(self, **keys) if network else Node(self.folder.name, self.program, **keys)
        return self.nodes[name]

    def __getitem__(self, name):
        return self.nodes[name]

    def retire(self, name):
        """It takes no part any more; the balancer knows."""
        node = self.nodes.pop(name)
        self.ended.append(node)
        return node

    def kill(self, *names):
        """kill -9 of all of them at the same moment."""
        for name in names:
            self.nodes[name].process.kill()
        for name in names:
            self.retire(name).kill()

    def door(self, *preferred):
        """The port of a balancer that leads to these nodes, as long as they live."""
        return self.balancer.door(*preferred)

    def url(self, *preferred):
        return "ws://127.0.0.1:%d/ws" % self.door(*preferred)

    def stop(self):
        self.balancer.stop()
        problems = []
        for node in [*self.nodes.values(), *self.ended]:
            try:
                node.stop()
            except AssertionError as error:
                problems.append(error)
        for way in self.ways.values():
            way.stop()
        if self.loop:
            self.loop.stop()
        if self.is_own_engine and self.engine:
            self.engine.stop()
        self.folder.cleanup()
        if problems:
            raise problems[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
