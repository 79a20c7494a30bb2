"""The connection is cut before and after every message, on either side: the transfer completes by itself."""

import ssl

import pytest
from kit import Kit, Late, all_at_once, contents
from material import by_name
from proxy import TO_CLIENT, TO_RELAY, CuttingProxy
from relays import Relay

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.slow]
SIDES = ("importer", "exporter")


def transfer(folder, relay, proxies, importer_shows=True):
    """A transfer with each side behind its proxy; byte-identical, or an AssertionError with both stories."""
    folder.mkdir()
    material, store = by_name("y-bank-115"), folder / "NPKI"
    kit = Kit(folder, relay.url, relay.ca_file)
    through = {side: proxy.tls_url if relay.ca_file else proxy.url for side, proxy in proxies.items()}
    urls = {side: through.get(side, relay.url) for side in SIDES}
    try:
        if importer_shows:
            importer = kit.importer(store, url=urls["importer"])
            exporter = kit.exporter(material.folder, material.password, code=importer.code(), url=urls["exporter"])
        else:
            exporter = kit.exporter(material.folder, material.password, url=urls["exporter"])
            importer = kit.typing_importer(store, exporter.code(), url=urls["importer"])
        codes = importer.wait(), exporter.wait()
        cuts = [(side, proxy.direction, proxy.index, proxy.before) for side, proxy in proxies.items()]
        assert codes == (0, 0), f"{cuts}\n{importer.story()}\n{exporter.story()}"
        assert contents(store) == material.files(), cuts
        assert "unheard" not in importer.story(), f"{cuts}\n{importer.story()}\n{exporter.story()}"
    finally:
        kit.stop()


@pytest.fixture(scope="module")
def counted(relay, tmp_path_factory):
    """How many messages pass in each direction on each side, when nothing is cut."""
    counts = {}
    for shows in (True, False):
        with CuttingProxy(relay.port) as one, CuttingProxy(relay.port) as two:
            transfer(tmp_path_factory.mktemp("count") / "x", relay, {"importer": one, "exporter": two}, shows)
            counts[shows] = {"importer": dict(one.counts), "exporter": dict(two.counts)}
    return counts


@pytest.mark.parametrize("importer_shows", [True, False], ids=["import shows", "export shows"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("direction", [TO_RELAY, TO_CLIENT])
@pytest.mark.parametrize("side", SIDES)
def test_one_cut_at_any_message_is_healed(tmp_path, relay, counted, side, direction, before, importer_shows):
    count = counted[importer_shows][side][direction]
    assert count >= 6

    def job(index):
        with CuttingProxy(relay.port, direction, index, before) as proxy:
            transfer(tmp_path / str(index), relay, {side: proxy}, importer_shows)
            # The last messages may be fewer than counted: acknowledgements of one read can be one.
            assert proxy.cuts == 1 or index > count - 3, f"message {index} never came"
    all_at_once([lambda i=i: job(i) for i in range(1, count + 1)])


@pytest.mark.parametrize("crumb", [1, 2, 7])
def test_bytes_may_come_one_by_one(tmp_path, relay, crumb):
    with CuttingProxy(relay.port, crumb=crumb) as one, CuttingProxy(relay.port, crumb=crumb) as two:
        transfer(tmp_path / "x", relay, {"importer": one, "exporter": two})
        assert one.connections == two.connections == 1


def test_both_sides_cut_at_the_same_time_is_healed(tmp_path, relay, counted):
    def job(index):
        with CuttingProxy(relay.port, TO_RELAY, index) as one, CuttingProxy(relay.port, TO_RELAY, index) as two:
            transfer(tmp_path / str(index), relay, {"importer": one, "exporter": two})
    most = min(counted[True][side][TO_RELAY] for side in SIDES)
    all_at_once([lambda i=i: job(i) for i in range(1, most + 1)])


@pytest.mark.parametrize("direction", [TO_RELAY, TO_CLIENT])
@pytest.mark.parametrize("side", SIDES)
def test_a_cut_anywhere_in_the_bytes_of_tls_is_healed(tmp_path, side, direction):
    """After the first connection was made: the first sixth of all bytes, or third, where handshakes carry ML-KEM keys (OpenSSL 3.5)."""
    first = 5 if ssl.OPENSSL_VERSION_INFO < (3, 5) else 10
    folder = tmp_path / "relay"
    folder.mkdir()
    with Relay(folder, tls=True) as relay:
        with CuttingProxy(relay.port, at_byte=10**9) as proxy:
            transfer(tmp_path / "whole", relay, {side: proxy})
            total = proxy.bytes[direction]

        def job(at_byte):
            with CuttingProxy(relay.port, direction, at_byte=at_byte) as proxy:
                transfer(tmp_path / str(at_byte), relay, {side: proxy})
                assert proxy.cuts == 1 or at_byte > total * 0.9
        all_at_once([lambda n=n: job(n * total // 30) for n in range(first, 30)])


@pytest.mark.parametrize("direction", [TO_RELAY, TO_CLIENT])
@pytest.mark.parametrize("at_byte", [0, 1, 100, 400, 700])
def test_a_first_connection_that_is_cut_is_told_at_once(tmp_path, direction, at_byte):
    """Nothing has begun yet, so nobody is kept waiting."""
    with Relay(tmp_path, tls=True) as relay, CuttingProxy(relay.port, direction, at_byte=at_byte) as proxy:
        kit = Kit(tmp_path, proxy.tls_url, relay.ca_file)
        importer = kit.importer(tmp_path / "NPKI")
        try:
            importer.fails("tls", "relay-hung-up", limit=10)
            assert importer.popen.returncode == 69 and importer.steps() == []
        except Late:                # so few bytes were left that the upgrade was through
            assert importer.code() and at_byte > 400
        finally:
            kit.stop()
