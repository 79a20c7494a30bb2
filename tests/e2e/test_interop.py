"""A device written from PROTOCOL.md alone, in Python, against the shipped client through the shipped relay."""

import asyncio

import certrelay_peer as peer
import pytest
from kit import assert_nothing_stored, contents
from material import by_name, with_km
from peer import code as codes
from peer import messages
from peer.messages import RECEIVER, SENDER
from peer.session import LONG

pytestmark = pytest.mark.usefixtures("programs")
LIMIT = 60


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, LIMIT))


def files_of(bundle):
    return sorted(data for cert in bundle for _, data in cert["files"])


def test_the_peer_types_and_sends(kit, relay, tmp_path):
    material = with_km()
    importer = kit.importer(tmp_path / "NPKI")
    run(peer.send_by_code(relay.url, importer.code(), material.bundle()))
    importer.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_the_peer_types_and_receives(kit, relay):
    material = with_km()
    exporter = kit.exporter(material.folder, material.password)
    got = run(peer.receive_by_code(relay.url, exporter.code()))
    exporter.succeeds()
    assert files_of(got) == material.files()
    assert got[0]["owner"] and got[0]["not_after"] > got[0]["not_before"]


def test_the_peer_shows_and_receives(kit, relay):
    material = by_name("y-bank-115")
    started = []
    got = run(peer.receive_showing(
        relay.url, lambda digits, plate: started.append(
            kit.exporter(material.folder, material.password, code=codes.show(digits)))))
    started[0].succeeds()
    assert files_of(got) == material.files()


def test_the_peer_shows_and_sends(kit, relay, tmp_path):
    material = by_name("y-bank-115")
    started = []
    run(peer.send_showing(
        relay.url, lambda digits, plate: started.append(kit.typing_importer(tmp_path / "NPKI", digits)),
        material.bundle()))
    started[0].succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


@pytest.mark.parametrize("only", [True, False], ids=["qr only", "digits too"])
def test_the_peer_opens_the_link_and_uses_its_long_secret(kit, relay, tmp_path, only):
    material = by_name("y-bank-115")
    importer = kit.importer(tmp_path / "NPKI", *(["--qr-only"] if only else []))
    link = importer.event("code")["link"]
    invitation = codes.parse_invitation(link)
    assert invitation["role"] == SENDER and invitation["key"] is not None
    assert (invitation["secret"] is None) == only
    device = peer.Device(SENDER, relay.url)
    run(device.run(device.type(invitation["nameplate"], invitation["key"], LONG),
                   device.send_bundle(material.bundle())))
    importer.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_the_client_opens_the_peers_link(kit, relay, tmp_path):
    material = by_name("y-bank-115")
    key, started = bytes(range(16)), []

    def announce(digits, plate):
        link = codes.make_invitation("https://page.example/", "receive", plate=plate, relay=relay.url, key=key)
        started.append(kit.typing_importer(tmp_path / "NPKI", link))
    device = peer.Device(SENDER, relay.url)
    run(device.run(device.show(announce, key=key, digits=False), device.send_bundle(material.bundle())))
    started[0].succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_the_clients_device_name_and_program_arrive(kit, relay, tmp_path):
    importer = kit.importer(tmp_path / "NPKI", "--name", "거실 컴퓨터")
    device = peer.Device(SENDER, relay.url)
    run(device.run(device.type_code(importer.code()), device.send_bundle(by_name("y-bank-115").bundle())))
    importer.succeeds()
    assert device.peer_hello["name"] == "거실 컴퓨터" and device.peer_hello["role"] == RECEIVER
    assert importer.event("device")["name"] == "Python peer"


def test_a_peer_that_stored_something_else_is_not_believed(kit, relay):
    material = by_name("y-bank-115")
    exporter = kit.exporter(material.folder, material.password)
    with pytest.raises(peer.Ended) as ended:
        run(peer.receive_by_code(relay.url, exporter.code(), damage=lambda digest: bytes(32)))
    assert (ended.value.why, ended.value.detail) == ("closed", 4)
    exporter.fails("mismatch")


def test_a_peer_that_says_no_is_heard(kit, relay, tmp_path):
    importer = kit.importer(tmp_path / "NPKI")
    with pytest.raises(peer.Ended, match="declined"):
        run(peer.send_by_code(relay.url, importer.code(), [], consent=lambda hello: False))
    importer.fails("peer-declined")
    assert_nothing_stored(tmp_path / "NPKI")


@pytest.mark.parametrize("label,spoil", [
    ("cert cut off", lambda files: [(1, files[0][1][:-20]), *files[1:]]),
    ("no key", lambda files: files[:1]),
    ("html", lambda files: [(1, b"<html>"), *files[1:]]),
])
def test_a_peer_that_sends_what_is_no_certificate_is_refused(kit, relay, tmp_path, label, spoil):
    bundle = by_name("y-bank-115").bundle()
    bundle[0]["files"] = spoil(bundle[0]["files"])
    importer = kit.importer(tmp_path / "NPKI")
    with pytest.raises(peer.Ended) as ended:
        run(peer.send_by_code(relay.url, importer.code(), bundle))
    assert (ended.value.why, ended.value.detail) == ("declined", messages.DAMAGED)
    importer.fails()
    assert_nothing_stored(tmp_path / "NPKI")


@pytest.mark.parametrize("path", ["../../evil", "/etc/evil", "\x1b[2J evil", "\u202egnp.exe"])
def test_the_peers_texts_become_no_path_and_move_no_cursor(kit, relay, tmp_path, path):
    material = by_name("y-bank-115")
    bundle = material.bundle()
    bundle[0].update(owner=path, issuer=path, use=path)
    importer = kit.importer(tmp_path / "in" / "NPKI") if (tmp_path / "in").mkdir() is None else None
    run(peer.send_by_code(relay.url, importer.code(), bundle))
    importer.succeeds()
    assert contents(tmp_path / "in") == material.files()
    shown = "\n".join(importer.out + importer.err)
    assert "\x1b" not in shown and "\u202e" not in shown
    assert not any("evil" in str(each) for each in tmp_path.rglob("*"))


def test_a_peer_that_guesses_is_told_nothing_and_both_hear_of_it(kit, relay, tmp_path):
    importer = kit.importer(tmp_path / "NPKI")
    nameplate, secret = codes.parse(importer.code())
    guess = codes.make(nameplate, f"{(int(secret) + 1) % 10**7:07d}")
    with pytest.raises(peer.Ended) as ended:
        run(peer.send_by_code(relay.url, guess, by_name("y-bank-115").bundle()))
    assert (ended.value.why, ended.value.detail) == ("closed", 3)
    importer.fails("wrong-code")


def test_a_displayer_that_guesses_never_gets_a_record(kit, relay):
    material = by_name("y-bank-115")
    started = []

    def announce(digits, plate):
        started.append(kit.exporter(material.folder, material.password,
                                    code=codes.make(plate, f"{(int(digits[-8:-1]) + 1) % 10**7:07d}")))
    device = peer.Device(RECEIVER, relay.url)
    with pytest.raises(peer.Ended, match="wrong code"):
        run(device.run(device.show(announce)))
    started[0].fails("wrong-code")
    assert device.link.seen == 2        # START and CONFIRM, no RECORD
