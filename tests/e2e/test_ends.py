"""Every way a transfer can end is told in three parts, with its exit code, and leaves no half state; nobody waits in vain."""

import os
import signal
import subprocess

import pytest
from kit import Kit, assert_nothing_stored, contents, tree
from material import by_name
from peer import code as codes
from relays import Relay

pytestmark = pytest.mark.usefixtures("programs")
QUICK = ("--patience", "2")


@pytest.fixture
def material():
    return by_name("y-bank-115")


@pytest.fixture
def own_relay(tmp_path):
    """Makes relays with settings of their own, and kits for them."""
    made = []

    def make(**settings):
        folder = tmp_path / f"relay-{len(made)}"
        folder.mkdir()
        relay = Relay(folder, **settings)
        made.append(relay)
        kit = Kit(tmp_path, relay.url, relay.ca_file)
        made.append(kit)
        return relay, kit
    yield make
    for each in made:
        each.stop() if isinstance(each, Kit) else each.__exit__()


def wrong(code):
    """A well-formed code with the same nameplate and another secret."""
    nameplate, secret = codes.parse(code)
    return codes.make(nameplate, f"{(int(secret) + 1) % 10**7:07d}")


def test_a_number_that_nobody_waits_under(kit, material):
    kit.exporter(material.folder, material.password, code=codes.make("0007", "1234567")).fails("unavailable")


def test_a_mistyped_number_is_told_at_once_and_nothing_is_sent(kit, material):
    exporter = kit.exporter(material.folder, material.password, code="4821 7730 1945")
    exporter.fails("code-check-digit")
    assert "confirm" not in exporter.steps()


def test_a_number_that_expired(own_relay, material, tmp_path):
    _, kit = own_relay(wait_seconds=1, wait_max_seconds=1)
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    importer.fails("expired")
    kit.exporter(material.folder, material.password, code=code).fails("unavailable")


def test_a_new_number_is_offered_after_one_expired(own_relay, tmp_path):
    _, kit = own_relay(wait_seconds=1, wait_max_seconds=1)
    importer = kit.importer(tmp_path / "NPKI", attempts=2)
    first, second = importer.code(), importer.code(number=1)
    assert first != second
    importer.fails("expired")


def test_a_number_that_was_used(kit, material, tmp_path):
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    kit.exporter(material.folder, material.password, code=code).succeeds()
    importer.succeeds()
    kit.exporter(material.folder, material.password, code=code).fails("unavailable")


def test_a_number_that_is_in_use_is_refused_to_a_third_device(kit, material, tmp_path):
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    with kit.exporter(material.folder, material.password, code=wrong(code)) as guess:
        guess.fails("wrong-code")
    kit.exporter(material.folder, material.password, code=code).fails("unavailable")
    importer.fails("wrong-code")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_displayer_stops_while_it_waits(kit, material, tmp_path, number):
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    importer.kill(number)
    assert importer.wait() == 130, importer.story()
    assert (importer.error()["id"], importer.error()["exit"]) == ("interrupted", 130)
    kit.exporter(material.folder, material.password, code=code).fails("unavailable")


def test_the_other_device_stops_in_the_middle(kit, material, tmp_path, paused):
    importer, sender = paused(kit, tmp_path / "NPKI")
    sender.cancel()
    importer.fails("peer-cancelled")
    assert_nothing_stored(tmp_path / "NPKI")


def test_the_other_device_is_killed_in_the_middle(kit, material, tmp_path, paused):
    importer, sender = paused(kit, tmp_path / "NPKI", *QUICK)
    sender.vanish()
    importer.fails("peer-lost")
    assert_nothing_stored(tmp_path / "NPKI")


def test_this_device_is_stopped_in_the_middle(kit, tmp_path, paused):
    importer, sender = paused(kit, tmp_path / "NPKI")
    importer.kill(signal.SIGINT)
    assert importer.wait() == 130, importer.story()
    assert sender.end() == ("closed", 2)
    assert_nothing_stored(tmp_path / "NPKI")


def test_a_wrong_number_ends_on_both_devices_and_a_new_one_is_offered(kit, material, tmp_path):
    importer = kit.importer(tmp_path / "NPKI", attempts=2)
    first = importer.code()
    kit.exporter(material.folder, material.password, code=wrong(first)).fails("wrong-code")
    second = importer.code(number=1)
    assert importer.error()["id"] == "wrong-code" and importer.error()["exit"] == 80
    assert second != first
    kit.exporter(material.folder, material.password, code=second).succeeds()
    importer.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_wrong_number_uses_up_the_only_attempt(kit, material, tmp_path):
    exporter = kit.exporter(material.folder, material.password)
    kit.typing_importer(tmp_path / "NPKI", wrong(exporter.code())).fails("wrong-code")
    assert exporter.fails("wrong-code") and exporter.popen.returncode == 80
    assert_nothing_stored(tmp_path / "NPKI")


@pytest.mark.parametrize("what", ["senders", "receivers"])
def test_two_devices_that_want_the_same_are_told_and_the_number_is_not_said_to_be_wrong(kit, material, tmp_path, what):
    if what == "senders":
        shower = kit.exporter(material.folder, material.password)
        typist = kit.exporter(material.folder, material.password, code=shower.code())
    else:
        shower = kit.importer(tmp_path / "one")
        typist = kit.typing_importer(tmp_path / "two", shower.code())
    typist.fails("same-role")
    shower.fails("same-role")
    assert "new number" in shower.error()["todo"]
    assert_nothing_stored(tmp_path / "one")


def test_nobody_agrees_where_nobody_can_be_asked(kit, material, tmp_path):
    importer = kit.importer(tmp_path / "NPKI")
    exporter = kit.exporter(material.folder, material.password, code=importer.code(), yes=False)
    assert exporter.fails() in ("need-input", "declined")
    kit.stop()
    assert_nothing_stored(tmp_path / "NPKI")


def test_the_relay_is_killed_while_a_number_waits(own_relay, tmp_path):
    relay, kit = own_relay()
    importer = kit.importer(tmp_path / "NPKI", *QUICK)
    importer.code()
    relay.kill()
    importer.fails("relay-lost", "relay-refused", "unreachable")


def test_the_relay_is_killed_in_the_middle(own_relay, tmp_path, paused):
    relay, kit = own_relay()
    importer, sender = paused(kit, tmp_path / "NPKI", *QUICK)
    relay.kill()
    importer.fails("relay-lost")
    assert_nothing_stored(tmp_path / "NPKI")


def test_no_relay_is_there(own_relay, tmp_path):
    relay, kit = own_relay()
    relay.kill()
    relay.popen.wait()
    client = kit.importer(tmp_path / "NPKI", *QUICK)
    client.fails("relay-refused")
    assert client.popen.returncode == 69


def test_the_relay_starts_again_and_has_forgotten(own_relay, tmp_path):
    relay, kit = own_relay()
    importer = kit.importer(tmp_path / "NPKI", "--patience", "20")
    importer.code()
    relay.kill()
    relay.popen.wait()
    importer.event("offline")
    own_relay(port=relay.port)
    importer.fails("relay-lost")


def test_a_draining_relay_finishes_what_runs_and_takes_nothing_new(own_relay, material, tmp_path):
    relay, kit = own_relay(drain_seconds=60)
    importer = kit.importer(tmp_path / "NPKI")
    code = importer.code()
    relay.drain()
    importer.wait_for(lambda: any("restart" in line for line in importer.err))
    late = kit.importer(tmp_path / "late", *QUICK)
    late.fails("relay-draining", "relay-refused", "relay-hung-up", "unreachable")
    kit.exporter(material.folder, material.password, code=code).succeeds()
    importer.succeeds()
    assert relay.wait() == 0


def test_a_full_relay_says_so(own_relay, tmp_path):
    _, kit = own_relay(max_mailboxes=1)
    kit.importer(tmp_path / "one").code()
    late = kit.importer(tmp_path / "two")
    late.fails("relay-full")
    assert late.popen.returncode == 75


def test_too_many_new_numbers_of_one_address_are_refused(own_relay, tmp_path):
    _, kit = own_relay(address_allocations=1)
    kit.importer(tmp_path / "one").code()
    kit.importer(tmp_path / "two").fails("relay-too-many")


def test_a_relay_that_nobody_vouches_for_is_not_spoken_to(own_relay, tmp_path):
    _, kit = own_relay(tls=True)
    kit.ca_file = None
    kit.importer(tmp_path / "NPKI").fails("tls-untrusted")


def test_a_relay_of_another_name_is_not_spoken_to(own_relay, tmp_path):
    relay, kit = own_relay(tls=True)
    kit.importer(tmp_path / "NPKI", url=relay.url.replace("localhost", "127.0.0.1")).fails("tls-name")


def test_a_transfer_over_tls(own_relay, material, tmp_path):
    _, kit = own_relay(tls=True)
    importer = kit.importer(tmp_path / "NPKI")
    kit.exporter(material.folder, material.password, code=importer.code()).succeeds()
    importer.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_plain_relay_elsewhere_is_refused(kit, tmp_path):
    kit.importer(tmp_path / "NPKI", url="ws://relay.example/ws").fails("plain-relay")


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small tmpfs; skips when that is not allowed."""
    places = []

    def mount(options):
        place = tmp_path / "mounted"
        place.mkdir()
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "none", place], capture_output=True, check=False).returncode:
            pytest.skip("SKIP: mounting needs root")
        places.append(place)
        return place
    yield mount
    for place in places:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("options,ids", [
    ("size=4k,nr_inodes=64", ("no-space",)), ("size=1m,nr_inodes=5", ("no-space",)),
])
def test_a_store_that_cannot_take_it_refuses_and_holds_nothing(kit, material, tmp_path, mounted, options, ids):
    store = mounted(options)
    importer = kit.importer(store / "NPKI")
    exporter = kit.exporter(material.folder, material.password, code=importer.code())
    importer.fails(*ids)
    assert importer.popen.returncode == 73
    assert importer.error()["detail"] == f"{store}/NPKI: No space left on device"
    exporter.fails("peer-refused")
    assert tree(store) == {} and not list(store.rglob("*.tmp*")), sorted(store.rglob("*"))


def test_a_store_that_cannot_be_written_is_told_before_a_number_is_shown(kit, mounted):
    store = mounted("ro,size=1m")
    importer = kit.importer(store / "NPKI")
    importer.fails("read-only")
    assert importer.error()["detail"] == f"{store}/NPKI: Read-only file system"
    assert not importer.steps() and importer.popen.returncode == 73
