"""Real transfers through nginx and Caddy in front of a real relay, with the sample configurations."""

import os
import socket
import ssl

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
