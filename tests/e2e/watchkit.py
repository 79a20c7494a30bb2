"""A relay with a door for monitoring, and who reads there: what the tests of monitoring share."""

import contextlib
import re
import shutil
import socket
import subprocess
import time

from relaykit import CLOSED, PATIENCE, Relay, ends

PROMTOOL = shutil.which("promtool")
NO_PROMTOOL = "SKIP: no promtool here (Debian's package prometheus): nothing of this was checked"
SAMPLE = re.compile(r'(certrelay_\w+)(?:\{(.*)\})? (\S+)')


class Watched(Relay):
    """A relay whose door for monitoring is on a free port of the loopback."""

    def __init__(self, folder, *certificate, **keys):
        super().__init__(folder, *certificate, **{"watch": "127.0.0.1:0", **keys})
        self.watch_port = self.wait_for("watched")["port"]

    def knock(self):
        return socket.create_connection(("127.0.0.1", self.watch_port), PATIENCE)

    def asks(self, text):
        """Everything that is answered to these bytes."""
        with self.knock() as sock:
            with contextlib.suppress(OSError):
                sock.sendall(text)
            return ends(sock)

    def get(self, path, method="GET"):
        """(status, headers, body)"""
        head, _, body = self.asks(b"%s %s HTTP/1.1\r\nHost: x\r\n\r\n" % (method.encode(), path.encode())).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        return int(lines[0].split(" ")[1]), headers, body.decode()

    def figures(self):
        status, _, text = self.get("/metrics")
        assert status == 200
        return figures_of(text)

    def until(self, **wanted):
        """Waits until these figures are so; returns all."""
        deadline = time.monotonic() + PATIENCE
        while True:
            figures = self.figures()
            if all(figures["certrelay_" + name] == value for name, value in wanted.items()):
                return figures
            assert time.monotonic() < deadline, {name: figures["certrelay_" + name] for name in wanted}


def figures_of(text):
    return {name + ("{%s}" % labels if labels else ""): float(value) for name, labels, value in
            (SAMPLE.fullmatch(line).groups() for line in text.splitlines() if not line.startswith("#"))}


def changed(before, after):
    """What changed, and by how much; how long things took is not asked."""
    return {name[len("certrelay_"):]: after[name] - before[name] for name in after
            if after[name] != before[name] and not re.search(r"_bucket\{|_sum$", name)}


def say_goodbye(*clients, mood=1):
    """All close with the mood; returns how many frames they heard until the relay closed too."""
    for client in clients:
        client.say_close(mood)
    return sum(hears_out(client) for client in clients)


def hears_out(client):
    """How many frames come until the relay closes the connection in order; the last of them says CLOSED."""
    heard, last = 0, None
    while True:
        opcode, payload = client.frame()
        if opcode == 8:
            assert last == CLOSED
            client.send_frame(payload, 8)
            client.close()
            return heard
        if opcode == 2:
            heard, last = heard + 1, payload[0]


def promtool(*arguments, text=None):
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, timeout=PATIENCE * 3, check=False)
    return done.returncode, done.stdout + done.stderr
