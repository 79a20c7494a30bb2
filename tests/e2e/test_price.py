"""Too many joins fail behind one address and its neighbours: whoever floods is asked for work, and honest devices there pay without a word."""

import asyncio
import itertools
import os
import socket
import threading

import certrelay_peer as peer
import pytest
from kit import Kit, contents
from material import by_name
from relaykit import JOINED, PATIENCE, PUZZLE, REFUSED, request
from watchkit import Watched

pytestmark = pytest.mark.usefixtures("programs")
LIMIT = 5
NEIGHBOURS = ["127.0.0.%d" % number for number in range(1, 10)]
NOBODYS = bytes([5, 0, 0, 0, 0])  # numbers begin with four digits


def connect(relay, address):
    """A client at that address; all of them are in one /24."""
    relay.tcp = lambda: socket.create_connection(("127.0.0.1", relay.port), PATIENCE, (address, 0))
    return relay.client()


def join(client):
    client.join(os.urandom(16), NOBODYS)
    return client.hear(REFUSED, PUZZLE, JOINED)


class Flood(threading.Thread):
    """Spends what all neighbours may, then goes on asking, and never works."""

    def __init__(self, relay):
        super().__init__(daemon=True)
        self.clients = [connect(relay, address) for address in NEIGHBOURS]
        self.answers, self.is_over = [], threading.Event()
        for client in self.clients:
            for _ in range(LIMIT + 1):
                self.answers.append(join(client))
        self.start()

    def run(self):
        for client in itertools.cycle(self.clients):
            if self.is_over.is_set():
                return
            self.answers.append(join(client))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        for client in self.clients:
            client.close()


@pytest.fixture
def relay(tmp_path):
    folder = tmp_path / "relay"
    folder.mkdir()
    with Watched(str(folder), address_failed_joins=LIMIT, network_factor=8) as running:
        running.url = "ws://127.0.0.1:%d/ws" % running.port
        yield running


@pytest.fixture
def kit(relay, tmp_path):
    made = Kit(tmp_path, relay.url)
    yield made
    made.stop()


def said(client):
    """What a person was told: the talk, and the steps."""
    return client.steps(), [event["event"] for event in client.events() if event["event"] not in ("peer", "time")]


def move(kit, store, material):
    importer = kit.importer(store)
    exporter = kit.exporter(material.folder, material.password, code=importer.code())
    exporter.succeeds()
    importer.succeeds()
    assert contents(store) == material.files()
    return said(importer), said(exporter)


def test_the_flooder_is_asked_for_a_price_and_an_honest_pair_there_notices_nothing(relay, kit, tmp_path):
    material = by_name("y-bank-115")
    usual = move(kit, tmp_path / "usual", material)
    with Flood(relay) as flood:
        assert move(kit, tmp_path / "flooded", material) == usual
        figures = relay.figures()
    kinds = [answer[0] for answer in flood.answers]
    assert set(kinds[:LIMIT]) == {REFUSED} and kinds.count(REFUSED) <= 8 * LIMIT and PUZZLE in kinds
    assert all(answer[1] == 1 for answer in flood.answers if answer[0] == REFUSED)
    assert all(14 <= answer[1] <= 15 for answer in flood.answers if answer[0] == PUZZLE)
    assert figures['certrelay_proofs_total{result="right"}'] == 1 and figures['certrelay_proofs_total{result="wrong"}'] == 0
    assert figures['certrelay_limit_hits_total{scope="network",limit="failed_joins"}'] > 0


def test_a_typing_receiver_pays_like_a_typing_sender(relay, kit, tmp_path):
    material = by_name("y-bank-115")
    with Flood(relay):
        exporter = kit.exporter(material.folder, material.password)
        importer = kit.typing_importer(tmp_path / "NPKI", exporter.code())
        exporter.succeeds()
        importer.succeeds()
        assert relay.figures()['certrelay_proofs_total{result="right"}'] == 1
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_device_written_from_the_protocol_alone_pays_too(relay, kit, tmp_path):
    material = by_name("y-bank-115")
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    with Flood(relay):
        asyncio.run(asyncio.wait_for(peer.send_by_code(relay.url, code, material.bundle()), 60))
        importer.succeeds()
        assert relay.figures()['certrelay_proofs_total{result="right"}'] == 1
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_wrong_number_is_told_as_ever_where_it_has_a_price(relay, kit):
    material = by_name("y-bank-115")
    with Flood(relay):
        kit.exporter(material.folder, material.password, code="9999 1234 5670").fails("unavailable", "code-check-digit")
