"""A person at a terminal: starts a program on a pseudo terminal, waits for what it says, types."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from kit import LIMIT

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """What is shown is kept in text, without escape sequences."""

    def __init__(self, argv, env, columns=120, rows=60):
        self.argv, self.raw, self.read_to = [str(part) for part in argv], b"", 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.popen = subprocess.Popen(
            self.argv, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    @property
    def text(self):
        return ESCAPES.sub("", self.raw.decode("utf-8", "replace")).replace("\r\n", "\n")

    def pull(self, seconds):
        """Reads what is there, waiting at most so long; False when nothing came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.raw += os.read(self.master, 65536)
        return True

    def expect(self, pattern, limit=LIMIT):
        """Waits until the pattern comes after what was expected last; returns the match."""
        deadline = time.monotonic() + limit
        while True:
            match = re.compile(pattern).search(self.text, self.read_to)
            if match:
                self.read_to = match.end()
                return match
            ended = self.popen.poll() is not None
            came = self.pull(0 if ended else min(0.2, max(0, deadline - time.monotonic())))
            assert came or (not ended and time.monotonic() < deadline), f"no {pattern!r} in:\n{self.text}"

    def expect_raw(self, sequence, limit=LIMIT):
        """Waits for bytes that text does not show, anywhere."""
        deadline = time.monotonic() + limit
        while sequence not in self.raw:
            assert time.monotonic() < deadline, f"no {sequence!r} in:\n{self.raw!r}"
            self.pull(0.2)

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def press(self, byte):
        os.write(self.master, byte)

    def has_echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.before

    def wait(self, limit=LIMIT):
        """The exit code; everything said is in text."""
        deadline = time.monotonic() + limit
        while self.popen.poll() is None:
            assert time.monotonic() < deadline, f"still running:\n{self.text}"
            self.pull(0.1)
        while self.pull(0):
            pass
        assert "Sanitizer" not in self.text and "runtime error" not in self.text, self.text
        return self.popen.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self.master)
        os.close(self.slave)
