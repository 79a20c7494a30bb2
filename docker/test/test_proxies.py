"""Real transfers through nginx and Caddy in front of a real relay, with the sample configurations."""

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import urllib.request

import pytest

import hands
import proxies
import relays
from relaykit import ALLOCATE, ALLOCATED, CLOSED, REFUSED, Client

BELIEVED = {"trusted_proxies": "127.0.0.1", "allow_from": "127.0.0.7"}


class Stand:
    """A relay with a proxy in front."""

    def __init__(self, make, folder, **settings):
        self.port = hands.free_port()
        page = {"page": os.environ["CR_PAGE"]} if os.environ.get("CR_PAGE") else {}
        self.relay = relays.Relay(folder, **page, **settings)
        try:
            self.proxy = make(folder, self.port, self.relay.port)
        except BaseException:
            self.relay.__exit__()
            raise
        self.url, self.ca_file = "wss://localhost:%d/ws" % self.port, self.proxy.ca_file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.__exit__()
        self.relay.__exit__()

    def client(self, source="127.0.0.1", **headers):
        """A WebSocket through the proxy, from that address of the loopback."""
        tcp = socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))
        context = ssl.create_default_context(cafile=self.ca_file)
        client = Client(context.wrap_socket(tcp, server_hostname="localhost"))
        head = client.upgrade(Host="localhost:%d" % self.port, **headers)
        assert head.startswith("HTTP/1.1 101 "), head
        return client

    def may_allocate(self, *arguments, **headers):
        client = self.client(*arguments, **headers)
        client.send_frame(bytes([ALLOCATE]) + os.urandom(16))
        answer = client.hear(ALLOCATED, REFUSED)[0]
        client.close()
        return answer == ALLOCATED


@pytest.fixture(params=[proxies.Nginx, proxies.Caddy], ids=["nginx", "caddy"])
def proxy(request):
    return request.param


def test_a_certificate_moves_through_the_proxy_and_the_page_is_served(tmp_path, proxy):
    with Stand(proxy, tmp_path, trusted_proxies="127.0.0.1") as stand:
        hands.move(tmp_path / "a", stand.url, stand.ca_file)
        assert stand.relay.outcome()["mood"] == "done"
        hands.assert_page(stand.port, stand.ca_file)


def test_the_devices_address_arrives_and_one_that_it_makes_up_does_not(tmp_path, proxy):
    with Stand(proxy, tmp_path, **BELIEVED) as stand:
        assert stand.may_allocate("127.0.0.7")
        assert not stand.may_allocate("127.0.0.8")
        assert not stand.may_allocate("127.0.0.8", X_Forwarded_For="127.0.0.7")
        assert not stand.may_allocate("127.0.0.8", X_Forwarded_For="127.0.0.7, 127.0.0.7", Forwarded="for=127.0.0.7")
        assert stand.may_allocate("127.0.0.7", X_Forwarded_For="127.0.0.8")


def test_a_proxy_that_is_not_trusted_is_not_believed(tmp_path, proxy):
    with Stand(proxy, tmp_path, **{**BELIEVED, "trusted_proxies": "127.0.0.99"}) as stand:
        assert not stand.may_allocate("127.0.0.7")


def test_pings_pass_the_proxy_and_keep_a_silent_connection(tmp_path, proxy):
    with Stand(proxy, tmp_path, trusted_proxies="127.0.0.1", ping_seconds=4) as stand:
        client = stand.client()
        client.allocate(os.urandom(16))
        for _ in range(2):
            opcode, payload = client.frame()
            assert opcode == 9
            client.send_frame(payload, 10)
        assert client.clock() > 0


def test_a_mailbox_that_expires_is_told_through_the_proxy(tmp_path, proxy):
    with Stand(proxy, tmp_path, trusted_proxies="127.0.0.1", wait_seconds=1) as stand:
        client = stand.client()
        client.allocate(os.urandom(16))
        assert client.hear(CLOSED)[0] == CLOSED
        assert stand.relay.outcome()["mood"] == "expired"


# Several relays


class Shared:
    """Two relays with one engine behind Caddy; its health check's port is one for all, so each relay has an address of its own."""

    hosts = "127.0.0.1", "127.0.0.2"

    def __init__(self, folder, engine):
        self.port, self.watch_port, self.ends = hands.free_port(), hands.free_port(), contextlib.ExitStack()
        self.relays = []
        for host in self.hosts:
            (folder / host).mkdir()
            self.relays.append(self.ends.enter_context(relays.Relay(
                folder / host, listen=host + ":0", watch="%s:%d" % (host, self.watch_port), engine="unix:%s" % engine, trusted_proxies="127.0.0.1")))
        where = ["%s:%d" % (host, relay.port) for host, relay in zip(self.hosts, self.relays)]
        more = [("health_port 9464", "health_port %d" % self.watch_port)]
        self.proxy = self.ends.enter_context(proxies.Caddy(folder, self.port, 0, "Caddyfile.cluster", more, where))
        self.ca_file = self.proxy.ca_file

    client, may_allocate = Stand.client, Stand.may_allocate

    def figure(self, place, name):
        with urllib.request.urlopen("http://%s:%d/metrics" % (self.hosts[place], self.watch_port), timeout=10) as answer:
            return float(re.search(r"^certrelay_%s (\S+)" % name, answer.read().decode(), re.M)[1])


@pytest.fixture
def shared(tmp_path):
    if not shutil.which("redis-server"):
        pytest.skip("SKIP: no redis-server here")
    path = tmp_path / "engine.sock"
    with subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)],
                          stdout=subprocess.PIPE, text=True) as engine:
        try:
            assert any("eady to accept connections" in line for line in engine.stdout)
            two = Shared(tmp_path, path)
            with two.ends:
                yield two
        finally:
            engine.kill()


def test_caddy_leads_devices_to_both_relays_and_when_one_is_told_to_stop_to_the_other(shared):
    shared.relays[0].wait_for(lambda: shared.figure(0, "engine_up") == shared.figure(1, "engine_up") == 1)
    clients = [shared.client() for _ in range(6)]
    assert all(shared.figure(place, "connections") >= 2 for place in (0, 1))
    shared.relays[0].drain()
    assert all(shared.may_allocate() for _ in range(10)), "a newcomer was not led to the relay that is left"
    for client in clients:
        client.close()
