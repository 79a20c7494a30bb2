"""What a service manager does for a relay: hands it sockets, hears what it says of itself, and starts the next one."""

import os
import queue
import socket
import subprocess
import tempfile
import threading
import time

from relaykit import PATIENCE, Relay

FIRST_FD = 3


def plain_program():
    """The relay without sanitizers, which make system calls that it refuses itself."""
    return os.environ.get("CR_CERTRELAYD_PLAIN") or os.environ.get("CR_CERTRELAYD", "certrelayd")


class Managed(Relay):
    """A relay that is started by a manager: with sockets (and their names), and what its environment adds."""

    def __init__(self, folder, *pair, sockets=(), names=None, program=None, environment=(), groups=None, **keys):
        self.sockets, self.names, self.program, self.environment = sockets, names, program, dict(environment)
        self.groups = groups
        super().__init__(folder, *pair, **keys)

    def start(self):
        return start(["--config", self.config], self.sockets, self.names, self.program, self.environment, self.groups)


def start(arguments, sockets=(), names=None, program=None, environment=(), groups=None):
    """The relay's process; its descriptors from 3 on are the sockets, as for sd_listen_fds(3)."""
    places = range(FIRST_FD, FIRST_FD + len(sockets))

    def hand_over():
        os.environ.update(environment)
        # Out of the way first, as a socket may be where another is to be.
        high = [os.dup2(one.fileno(), 100 + place) for place, one in zip(places, sockets)]
        for place, fd in zip(places, high):
            os.dup2(fd, place)
            os.close(fd)
        if sockets:
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
        if names:
            os.environ["LISTEN_FDNAMES"] = ":".join(names)

    return subprocess.Popen([program or os.environ.get("CR_CERTRELAYD", "certrelayd"), *arguments], text=True,
                            stderr=subprocess.PIPE, preexec_fn=hand_over, pass_fds=places, extra_groups=groups)


def listener(family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A socket that listens, as a socket unit makes it."""
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    made.listen(128)
    return made


class Ear:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, is_abstract=False):
        self.folder = tempfile.TemporaryDirectory()
        name = "certrelay-ear-%d-%d" % (os.getpid(), id(self)) if is_abstract else os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name if is_abstract else name)
        os.chmod(self.folder.name, 0o755)
        if not is_abstract:
            os.chmod(name, 0o777)
        self.name = "@" + name if is_abstract else name
        self.said = queue.Queue()
        self.heard = []
        self.is_over = False
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while True:
            text = self.socket.recv(4096).decode()
            if not text:
                return
            self.said.put(dict(line.split("=", 1) for line in text.split("\n")))

    def hear(self, *wanted, **fields):
        """The next message that has these names, and these values; those before it are passed over."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                message = self.said.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError("no %s %s, but %s" % (wanted, fields, self.heard)) from None
            self.heard.append(message)
            if all(name in message for name in wanted) and all(message.get(k) == v for k, v in fields.items()):
                return message

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", "\0" + self.name[1:] if self.name[0] == "@" else self.name)
        self.thread.join(PATIENCE)
        self.socket.close()
        self.folder.cleanup()
