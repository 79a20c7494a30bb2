"""Fixtures of the cluster's tests: several of the shipped relays with a real engine, always ended."""

import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "interop")]

import engine  # noqa: E402
import kit as kits  # noqa: E402
import nodes  # noqa: E402
import scenes  # noqa: E402

IS_SOAK = os.environ.get("CR_SOAK") == "1"


def pytest_configure(config):
    # Told to end, it ends what it has started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.addinivalue_line("markers", "soak: runs with CR_SOAK=1 only")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("soak") and not IS_SOAK:
            item.add_marker(pytest.mark.skip(reason="SKIP: a long one, for make soak-cluster"))


@pytest.fixture(scope="session", autouse=True)
def programs():
    """Skips where there is nothing to test, or nothing to test it with."""
    if not os.access(kits.CERTRELAYD, os.X_OK):
        pytest.skip("SKIP: CR_CERTRELAYD names no program")
    if engine.PROGRAM is None:
        pytest.skip("SKIP: no redis-server here (Debian's package redis-tools)")


@pytest.fixture
def cluster():
    """cluster(count, keys...): it is ended with the test."""
    made = []

    def start(count=2, **keys):
        made.append(nodes.Cluster(count, **keys))
        return made[-1]
    yield start
    for each in made:
        each.stop()


@pytest.fixture(scope="module")
def ends(request):
    """How each scene of the module that was asked for ends (scenes.py)."""
    wanted = [item.callspec.params["scene"] for item in request.session.items
              if item.module is request.module and hasattr(item, "callspec") and "scene" in item.callspec.params]
    playing = scenes.Ends(request.module.SCENES, wanted)
    yield playing
    playing.stop()


@pytest.fixture(scope="module")
def shared():
    """Two nodes that a module's harmless tests share."""
    with nodes.Cluster(2) as running:
        yield running
