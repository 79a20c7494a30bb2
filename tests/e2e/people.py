"""A person at certrelay: on a terminal of its own, or without one."""

import os
import socket
import subprocess

import pytest
from kit import CERTRELAY
from material import by_name
from terminal import Terminal


@pytest.fixture
def material():
    return by_name("y-bank-115")


@pytest.fixture
def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "LSAN_"))}
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", **kept}


@pytest.fixture
def person(environment):
    """person(words...): certrelay on a terminal of its own."""
    made = []

    def start(*words, **more):
        terminal = Terminal([CERTRELAY, *words], {**environment, **more.pop("env", {})}, **more)
        made.append(terminal)
        return terminal
    yield start
    for terminal in made:
        terminal.__exit__()


@pytest.fixture
def run(environment):
    """run(words...): certrelay without a terminal; its result."""
    def start(*words, env=None, **more):
        return subprocess.run([CERTRELAY, *map(str, words)], env={**environment, **(env or {})}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=30, **more)
    return start


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
