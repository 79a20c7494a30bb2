"""A redis-server of our own on a unix socket, and as much of its protocol as the tests speak."""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 20
# The last has the server in it, and is that by its name: Debian's redis-tools, which starts no service.
PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server") or shutil.which("redis-check-rdb")


class EngineError(Exception):
    """The engine answered with an error."""


class Talk:
    """One connection to the engine."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def __call__(self, *words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self.answer()

    def answer(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the engine has closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise EngineError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return rest


class Engine:
    """redis-server without persistence; `path` is its socket. With a port it listens on the address, too."""

    def __init__(self, host=None, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="certrelay-engine-"))
        self.path, self.host, self.options = self.folder / "redis.sock", host, options
        self.port = free_port(host) if host else 0
        self.process = None
        self.start()

    def start(self):
        bind = ["--bind", self.host, "--protected-mode", "no"] if self.host else []
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), *bind, "--unixsocket", str(self.path), "--save", "", "--appendonly", "no",
             "--repl-diskless-sync-delay", "0", "--dir", str(self.folder), *self.options], executable=PROGRAM, stdout=subprocess.DEVNULL, cwd=self.folder)
        deadline = time.monotonic() + PATIENCE
        while not self.is_up():
            assert time.monotonic() < deadline and self.process.poll() is None, "redis-server does not start"
            time.sleep(0.01)

    def is_up(self):
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, EngineError):
            return False

    def ask(self, *words):
        talk = Talk(self.path)
        try:
            return talk(*words)
        finally:
            talk.close()

    def kill(self):
        """As when its machine loses power."""
        self.go_on()
        self.process.kill()
        self.process.wait()
        self.path.unlink(missing_ok=True)

    def save(self):
        """What is in it now will be there after the next start."""
        self.ask("SAVE")

    def forget(self):
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def freeze(self):
        """It takes connections and commands, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def keys(self, pattern="*"):
        return sorted(self.ask("KEYS", pattern))

    def everything(self):
        """Every key and all that is in it, as one text of bytes."""
        talk = Talk(self.path)
        readers = {b"string": ("GET",), b"hash": ("HGETALL",), b"zset": ("ZRANGE", 0, -1), b"set": ("SMEMBERS",),
                   b"list": ("LRANGE", 0, -1), b"stream": ("XRANGE", "-", "+")}
        out = []
        try:
            for key in talk("KEYS", "*"):
                command, *rest = readers.get(talk("TYPE", key), ("PTTL",))
                out += [key, flat(talk(command, key, *rest))]
        finally:
            talk.close()
        return b"\n".join(out)

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def flat(value):
    if isinstance(value, list):
        return b" ".join(map(flat, value))
    return value if isinstance(value, bytes) else str(value).encode()


def free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]

