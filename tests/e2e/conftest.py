"""Fixtures of the end-to-end tests: the shipped programs, a relay of their own, and clients that are always ended."""

import asyncio
import os
import pathlib
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop")]

import certrelay_peer as peer  # noqa: E402
import kit as kits  # noqa: E402
import relays  # noqa: E402
from peer import wire  # noqa: E402
from peer.messages import SENDER  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a minute")


@pytest.fixture(scope="session")
def programs():
    """Skips where the programs were not built."""
    for path in (kits.CERTRELAY, kits.CERTRELAYD):
        if not os.access(path, os.X_OK):
            pytest.skip("SKIP: CR_CERTRELAY and CR_CERTRELAYD name no programs")


@pytest.fixture(scope="module")
def relay(programs, tmp_path_factory):
    """A real relay without TLS on the loopback, shared by a module's tests."""
    with relays.Relay(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture
def kit(relay, tmp_path):
    """Clients for the module's relay."""
    made = kits.Kit(tmp_path, relay.url)
    yield made
    made.stop()


class PausedSender:
    """A Python sender that has confirmed the code, said HELLO, and then does nothing until it is told to."""

    def __init__(self, url):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.device = peer.Device(SENDER, url)

    def call(self, coroutine, limit=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit)

    def confirm(self, code):
        self.call(self.device.type_code(code))
        self.call(self.device.take_hello())

    def cancel(self):
        self.call(self.device.link.close(wire.CANCELLED))

    def vanish(self):
        """As if killed: the connection is gone and never comes back."""
        async def drop():
            self.device.link.task.cancel()
            if self.device.link.socket is not None:
                self.device.link.socket.transport.abort()
        self.call(drop())

    def end(self):
        """("closed", mood), as the relay told it."""
        try:
            return self.call(self.device.next_frame())
        except peer.Ended as ended:
            return ended.why, ended.detail

    def stop(self):
        if self.device.link.task is not None:
            self.vanish()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


@pytest.fixture
def paused():
    """paused(kit, store, options...): an importer in the middle of a transfer, and the sender it waits for."""
    made = []

    def start(kit, store, *options):
        importer = kit.importer(store, *options)
        code = importer.code()
        sender = PausedSender(kit.url)
        made.append(sender)
        sender.confirm(code)
        importer.event("device")
        return importer, sender
    yield start
    for sender in made:
        sender.stop()
