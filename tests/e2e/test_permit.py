"""A relay that opens mailboxes for its organisation only: by permit, by network, and after a reload."""

import os
import signal
import subprocess

import pytest
from kit import CERTRELAYD, Kit, contents
from material import by_name
from relaykit import ALLOCATED, REFUSED, Relay

pytestmark = pytest.mark.usefixtures("programs")
ONE, TWO, WRONG = "spring-Yq7vN2pLx0", "autumn-Zr8wM3qKy1", "winter-As9xP4rJz2"


class Organisation:
    """A relay with a file of permits, and clients that show what is in theirs."""

    def __init__(self, folder, *permits, **settings):
        self.folder, self.file = folder, folder / "permits"
        self.write(*permits)
        relay_folder = folder / "relay"
        relay_folder.mkdir()
        self.relay = Relay(str(relay_folder), permits_file=str(self.file), **settings)
        self.kit = Kit(folder, "ws://127.0.0.1:%d/ws" % self.relay.port)

    def write(self, *lines, mode=0o600):
        self.file.write_text("".join(line + "\n" for line in lines))
        self.file.chmod(mode)

    def reload(self, is_done=True):
        before = sum(line["event"] == "reload" for line in self.relay.lines)
        self.relay.signal(signal.SIGHUP)
        self.relay.wait_for("reload", before + 1)
        line = [line for line in self.relay.lines if line["event"] == "reload"][before]
        assert line["done"] is is_done, line
        return line

    def permit_file(self, permit, name="mine"):
        path = self.folder / name
        path.write_text(permit + "\n")
        return path

    def importer(self, store, permit=None, *more):
        options = ("--permit-file", self.permit_file(permit)) if permit is not None else ()
        return self.kit.importer(store, *options, *more)

    def allocate(self, permit):
        client = self.relay.client()
        client.send_frame(b"\x01" + os.urandom(16) + permit.encode())
        return client.hear(ALLOCATED, REFUSED)[:2]

    def may(self, permit):
        answer = self.allocate(permit)
        assert answer[0] == ALLOCATED or answer == bytes([REFUSED, 9])
        return answer[0] == ALLOCATED

    def is_silent(self):
        """Neither permits nor guesses are in the log."""
        log = "".join(self.relay.raw)
        assert not any(permit in log for permit in (ONE, TWO, WRONG)), log


@pytest.fixture
def organisation(tmp_path):
    made = []

    def make(*permits, **settings):
        made.append(Organisation(tmp_path, *permits, **settings))
        return made[-1]
    yield make
    for each in made:
        each.kit.stop()
        each.is_silent()
        each.relay.__exit__(None, None, None)


def test_who_shows_a_permit_gets_a_number_and_whoever_types_it_needs_none(organisation, tmp_path):
    material = by_name("y-bank-115")
    its = organisation("# of 2026", ONE)
    importer = its.importer(tmp_path / "NPKI", ONE)
    its.kit.exporter(material.folder, material.password, code=importer.code()).succeeds()
    importer.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


@pytest.mark.parametrize("permit", [None, WRONG], ids=["none", "wrong"])
def test_without_the_right_permit_it_is_told_what_to_do(organisation, tmp_path, permit):
    its = organisation(ONE)
    importer = its.importer(tmp_path / "NPKI", permit)
    importer.fails("relay-forbidden")
    error = importer.error()
    assert error["exit"] == 77 and "--enter-code" in error["todo"] and "--permit-file" in error["todo"]
    assert WRONG not in importer.story()


def test_the_configuration_file_names_the_permit_and_the_typist_does_not_read_it(organisation, tmp_path):
    material = by_name("y-bank-115")
    its = organisation(ONE)
    config = tmp_path / ".config" / "certrelay" / "config.ini"
    config.parent.mkdir(parents=True)
    config.write_text("permit_file = %s\n" % its.permit_file(ONE))
    importer = its.importer(tmp_path / "NPKI")
    code = importer.code()
    its.permit_file("bad")
    its.kit.exporter(material.folder, material.password, code=code).succeeds()
    importer.succeeds()


@pytest.mark.parametrize("text", ["", "short", "two words here", "x" * 65, "허가코드허가코드"], ids=["empty", "short", "space", "long", "hangul"])
def test_a_file_that_holds_no_permit_is_refused_before_anything_is_sent(organisation, tmp_path, text):
    its = organisation(ONE)
    importer = its.importer(tmp_path / "NPKI", text)
    importer.fails("permit-unreadable")
    assert importer.error()["exit"] == 66 and (not text or text not in importer.story())
    its.kit.importer(tmp_path / "NPKI", "--permit-file", tmp_path / "missing").fails("permit-unreadable")


def test_permits_follow_each_other_by_reload(organisation):
    its = organisation(ONE)
    assert (its.may(ONE), its.may(TWO), its.may(WRONG), its.may("")) == (True, False, False, False)
    its.write(ONE, TWO)
    its.reload()
    assert (its.may(ONE), its.may(TWO), its.may(WRONG)) == (True, True, False)
    its.write("# the old one is gone", TWO)
    its.reload()
    assert (its.may(ONE), its.may(TWO)) == (False, True)


def test_what_is_broken_at_a_reload_leaves_the_permits_before(organisation):
    its = organisation(ONE)
    for lines, what in (((ONE, "two words"), "line 2"), (("# none",), "no permit")):
        its.write(*lines)
        assert what in its.reload(False)["what"]
        assert (its.may(ONE), its.may(TWO)) == (True, False)
    its.file.unlink()
    assert "No such file" in its.reload(False)["what"]
    assert its.may(ONE)


def test_a_permit_or_the_network_suffices(organisation):
    its = organisation(ONE, allow_from="127.0.0.2", trusted_proxies="127.0.0.1")

    def named(address, permit):
        client = its.relay.client(X_Forwarded_For=address)
        client.send_frame(b"\x01" + os.urandom(16) + permit.encode())
        return client.hear(ALLOCATED, REFUSED)[0] == ALLOCATED
    assert [named("127.0.0.2", ""), named("127.0.0.2", WRONG), named("127.0.0.3", ONE)] == [True] * 3
    assert [named("127.0.0.3", ""), named("127.0.0.3", WRONG)] == [False] * 2


def test_whom_a_proxy_does_not_name_is_not_of_the_organisation(organisation):
    its = organisation(ONE, allow_from="127.0.0.0/8", trusted_proxies="127.0.0.1")

    def said(forwarded, permit=""):
        client = its.relay.client(**({"X_Forwarded_For": forwarded} if forwarded is not None else {}))
        client.send_frame(b"\x01" + os.urandom(16) + permit.encode())
        return client.hear(ALLOCATED, REFUSED)[0] == ALLOCATED
    assert said("127.0.0.2") and said(None, ONE) and said("unknown", ONE)
    assert not any(said(forwarded) for forwarded in (None, "unknown", "192.0.2.1, unknown", "192.0.2.1"))


def test_guessing_is_slow(organisation):
    its = organisation(ONE, address_allocations=3)
    assert [its.allocate(WRONG) for _ in range(3)] == [bytes([REFUSED, 9])] * 3
    assert its.allocate(ONE) == bytes([REFUSED, 4])
    assert its.allocate("") == bytes([REFUSED, 9])


def check(tmp_path, lines, mode=0o600):
    permits, config = tmp_path / "permits", tmp_path / "check.ini"
    permits.write_text("".join(line + "\n" for line in lines))
    permits.chmod(mode)
    config.write_text("listen = 127.0.0.1:0\ntls = off\npage = off\npermits_file = %s\n" % permits)
    return subprocess.run([CERTRELAYD, "--config", str(config), "--check-config"], capture_output=True, text=True, timeout=60)


def test_check_config_names_the_line_and_not_what_stands_there(tmp_path):
    done = check(tmp_path, ["# ok", ONE, "hidden secret", TWO])
    assert done.returncode == 78 and "permits: line 3 " in done.stderr
    assert "hidden" not in done.stderr and ONE not in done.stderr
    done = check(tmp_path, [ONE])
    assert done.returncode == 0 and "permits_file" not in done.stderr


def test_a_file_that_everybody_can_read_is_warned_of(organisation, tmp_path):
    done = check(tmp_path, [ONE], 0o644)
    assert done.returncode == 0 and "everybody on this machine can read it" in done.stderr
    its = organisation(ONE)
    its.write(ONE, mode=0o644)
    its.reload()
    its.relay.wait_for("warning", what="permits_file = %s: everybody on this machine can read it; take that away (chmod o-r)" % its.file)
