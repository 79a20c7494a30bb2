"""A certrelayd of our own on a free port of the loopback, and what it costs in processor time and memory."""

import ctypes
import itertools
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

NUMBERS = itertools.count(1)
PR_SET_PDEATHSIG = 1
START_SECONDS = 20
CROWD = """
max_connections = {connections}
max_mailboxes = {connections}
max_queued_bytes = 268435456
address_connections = 0
address_allocations = 0
address_failed_joins = 0
address_queued_bytes = 0
"""


def die_with_parent():
    """For preexec_fn: a relay never outlives the bench, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def make_certificate(folder):
    """ca.pem, and relay.pem with relay.key for localhost."""
    folder = pathlib.Path(folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", 2, "-subj", "/CN=bench authority", "-keyout", folder / "ca.key",
            "-out", folder / "ca.pem")
    openssl("req", *key, "-subj", "/CN=localhost", "-keyout", folder / "relay.key", "-out", folder / "relay.csr")
    (folder / "relay.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", folder / "relay.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-days", 2, "-extfile", folder / "relay.ext", "-out", folder / "relay.pem")


def task_ms(task):
    """Nanoseconds where the kernel counts them, else clock ticks."""
    try:
        return int((task / "schedstat").read_text().split()[0]) / 1e6
    except FileNotFoundError:
        user, system = (task / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) * 1e3 / os.sysconf("SC_CLK_TCK")


class Relay:
    """with Relay(...) as relay: relay.port"""

    def __init__(self, program, folder, has_tls, connections=1000, limits=CROWD, **keys):
        self.program, self.folder, self.has_tls = str(program), pathlib.Path(folder), has_tls
        self.name = f"relay-{next(NUMBERS)}"
        self.config = self.folder / f"{self.name}.ini"
        tls = f"tls_cert = {folder}/relay.pem\ntls_key = {folder}/relay.key\n" if has_tls else "tls = off\n"
        self.config.write_text("listen = 127.0.0.1:0\n" + tls + limits.format(connections=connections) +
                               "".join(f"{key} = {value}\n" for key, value in keys.items()))

    def __enter__(self):
        self.log = open(self.folder / f"{self.name}.log", "wb+")
        self.popen = subprocess.Popen([self.program, "--config", self.config], stdin=subprocess.DEVNULL,
                                      stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)
        try:
            self.port = self.find_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def find_port(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            text = self.told()
            found = re.search(r'"listening".*?"port": ?(\d+)', text)
            if found:
                return int(found.group(1))
            if self.popen.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError(f"{self.program} did not start:\n{self.told()}")

    def told(self):
        return (self.folder / f"{self.name}.log").read_text(errors="replace")

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.log.close()

    @property
    def url(self):
        return f"{'wss' if self.has_tls else 'ws'}://localhost:{self.port}/ws"

    def cpu_ms(self):
        """Processor time of all its threads so far."""
        return sum(map(task_ms, pathlib.Path(f"/proc/{self.popen.pid}/task").iterdir()))

    def rss_kb(self, field="VmRSS"):
        status = pathlib.Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status).group(1))


class Holder:
    """Devices that wait in mailboxes while the with block runs."""

    def __init__(self, program, relay, count):
        self.argv = [program, "hold", relay.port, count] + (["tls"] if relay.has_tls else [])
        self.count = count

    def __enter__(self):
        self.popen = subprocess.Popen(list(map(str, self.argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = first_line(self.popen, 120)
        if line != f"held {self.count}":
            self.__exit__()
            raise RuntimeError(f"{self.argv}: {line!r}")
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.stdout.close()
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class Attacker:
    """siege.py at work while the with block runs."""

    def __init__(self, attack, relay):
        self.argv = [sys.executable, str(pathlib.Path(__file__).with_name("siege.py")), attack, str(relay.port)]

    def __enter__(self):
        self.popen = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        line = first_line(self.popen, 120)
        if line != "ready":
            self.__exit__()
            raise RuntimeError(f"{self.argv}: {line!r}")
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.stdin.close()
        self.popen.stdout.close()
        self.popen.wait()


class Delay:
    """A proxy to the relay with so many milliseconds of round trip."""

    def __init__(self, program, port, round_trip_ms):
        self.argv = [str(program), str(port), str(int(round_trip_ms * 500))]

    def __enter__(self):
        self.popen = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(first_line(self.popen, 20))
        return self

    __exit__ = Holder.__exit__


def first_line(popen, seconds):
    """"" when none comes in time. Byte by byte, so that nothing after it is lost."""
    deadline, line, fd = time.monotonic() + seconds, b"", popen.stdout.fileno()
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        byte = os.read(fd, 1) if ready else b""
        if not byte:
            return ""
        line += byte
    return line.decode().strip()
