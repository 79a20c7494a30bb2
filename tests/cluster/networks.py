"""A node in a network namespace of its own, where that is permitted: its one link to this machine can be taken down."""

import os
import socket
import subprocess

from nodes import Node
from relaykit import PATIENCE, relay_program

COUNTER = iter(range(1, 200))


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False)


class Network:
    """here and there are the addresses of the two ends."""

    def __init__(self):
        number = next(COUNTER)
        self.name, self.link = "certrelay-%d-%d" % (os.getpid(), number), "cr%d-%d" % (os.getpid() % 100000, number)
        block = "10.%d.%d" % (200 + os.getpid() % 50, number)
        self.here, self.there = block + ".1", block + ".2"
        for words in (("netns", "add", self.name), ("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name),
                      ("addr", "add", self.here + "/30", "dev", self.link), ("link", "set", self.link, "up"),
                      ("-n", self.name, "link", "set", "lo", "up"), ("-n", self.name, "link", "set", "eth0", "up"),
                      ("-n", self.name, "addr", "add", self.there + "/30", "dev", "eth0")):
            done = run("ip", *words)
            if done.returncode != 0:
                self.stop()
                raise OSError(done.stderr)

    def cut(self):
        """Packets are lost from now on, without a word."""
        assert run("ip", "-n", self.name, "link", "set", "eth0", "down").returncode == 0

    def heal(self):
        assert run("ip", "-n", self.name, "link", "set", "eth0", "up").returncode == 0

    def stop(self):
        run("ip", "link", "del", self.link)
        run("ip", "netns", "del", self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def why_not():
    """A reason, or None where a program can live in a network of its own."""
    try:
        with Network() as network:
            done = run("ip", "netns", "exec", network.name, "true")
    except FileNotFoundError:
        return "no program ip here (Debian's package iproute2)"
    except OSError as error:
        return "no network namespaces here: %s" % str(error).strip()
    return None if done.returncode == 0 else "no network namespaces here: " + done.stderr.strip()


class Inhabitant(Node):
    """A relay within a network; devices may come by that, or by a socket in the folder, whatever becomes of the network."""

    def __init__(self, network, is_near, folder, **keys):
        self.network, self.is_near, self.path = network, is_near, "%s/%s" % (folder, network.name)
        super().__init__(folder, **{"listen": "%s:0\nlisten = unix:%s" % (network.there, self.path),
                                    "watch": "unix:%s.watch" % self.path, **keys})

    def start(self):
        return subprocess.Popen(["ip", "netns", "exec", self.network.name, relay_program(), "--config", self.config],
                                stderr=subprocess.PIPE, text=True)

    @property
    def address(self):
        return self.path if self.is_near else (self.network.there, self.port)

    def knock(self):
        return by_path(self.path + ".watch")

    def tcp(self):
        return by_path(self.path)


def by_path(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(path)
    return sock


class FarFromEngine(Network):
    """What lives here reaches the engine by the network, and is reached beside it."""

    def settle(self, cluster, **keys):
        keys["engine"] = "redis://%s:%d" % (self.here, cluster.engine.port)
        return Inhabitant(self, True, cluster.folder.name, **keys)


class FarFromDevices(Network):
    """The reverse."""

    def settle(self, cluster, **keys):
        return Inhabitant(self, False, cluster.folder.name, **keys)
