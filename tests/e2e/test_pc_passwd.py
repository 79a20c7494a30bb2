"""certrelay passwd: old, new twice, its rules, and copies in several places."""

import fcntl
import json
import os
import shutil

import pytest
from kit import tree
from material import with_km
from people import environment, material, person, run

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")
NEW = "Fresh!Word8042"


@pytest.fixture
def secret(tmp_path):
    def write(text):
        path = tmp_path / f"secret-{len(list(tmp_path.glob('secret-*')))}"
        path.write_text(text + "\n", encoding="utf-8")
        return path
    return write


def place(material, folder):
    """A copy of the certificate below folder, as NPKI has it."""
    home = folder / "NPKI" / "yessign" / "USER" / material.folder.name
    shutil.copytree(material.folder, home)
    return home


@pytest.fixture
def one(material, tmp_path):
    return place(material, tmp_path / "one")


@pytest.fixture
def opens(run, secret):
    """opens(folder, password): does it?"""
    def check(folder, password):
        result = run("verify", "--store", folder, "--password-file", secret(password), "--json")
        event = next(event for event in map(json.loads, result.stdout.splitlines()) if event["event"] == "verdict")
        return event["verdict"]["fault"] is None
    return check


def certificate(files):
    return {name: data for name, data in files.items() if name.lower().endswith(".der")}


def test_a_person_changes_it(person, one, material, opens):
    terminal = person("passwd", "--store", one)
    terminal.expect("It lies here:")
    terminal.expect("Password of .*:")
    assert not terminal.has_echo()
    terminal.type(material.password)
    terminal.expect("at least 10 characters")
    terminal.expect("New password:")
    assert not terminal.has_echo()
    terminal.type(NEW)
    terminal.expect("once more:")
    terminal.type(NEW)
    terminal.expect("Changed:")
    terminal.expect("keep the old password")
    assert terminal.wait() == 0 and terminal.is_restored()
    assert NEW not in terminal.text and material.password not in terminal.text
    assert opens(one, NEW) and not opens(one, material.password)


@pytest.mark.parametrize("word, why", [
    ("Ab1!Ab1", "fewer than 10"), ("A!c4" * 15, "more than 56"), ("한글!비밀번호123", "English keyboard"), ("Ab1! b2@cd", "space"),
    ("Ab1!cd2@e'", "which Korean programs refuse"), ("1!2@1!2@1!", "no letter"), ("a!b@a!b@c!", "no digit"), ("a1b2a1b2c4", "no sign"),
    ("Saaa!1xq42", "three times in a row"), ("xabc!1xq42", "follow each other"), ("x321!axq42", "follow each other")])
def test_each_rule_broken_is_named_and_the_new_one_is_asked_again(person, run, secret, one, material, word, why):
    before = tree(one)
    terminal = person("passwd", "--store", one)
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("New password:")
    terminal.type(word)
    terminal.expect(why)
    terminal.expect("New password:")
    terminal.press(b"\x03")
    assert terminal.wait() == 130
    result = run("passwd", "--store", one, "--password-file", secret(material.password), "--new-password-file", secret(word), "--json")
    assert result.returncode == 65 and json.loads(result.stdout.splitlines()[-1])["id"] == "new-password"
    assert why in result.stderr and word not in result.stdout + result.stderr
    assert tree(one) == before


def test_two_that_differ_are_asked_again_and_the_old_one_is_no_new_one(person, one, secret, run, opens, material):
    assert run("passwd", "--store", one, "--password-file", secret(material.password),
               "--new-password-file", secret(NEW)).returncode == 0
    terminal = person("passwd", "--store", one)
    terminal.expect("Password of .*:")
    terminal.type(NEW)
    terminal.expect("New password:")
    terminal.type(NEW)
    terminal.expect("It is the old password")
    terminal.expect("New password:")
    terminal.type("Other!Word8042")
    terminal.expect("once more:")
    terminal.type("Other!Word8043")
    terminal.expect("not the same")
    terminal.expect("New password:")
    terminal.press(b"\x03")
    assert terminal.wait() == 130 and opens(one, NEW)


def test_a_wrong_old_password_changes_nothing(run, secret, one, material):
    before = tree(one)
    result = run("passwd", "--store", one, "--password-file", secret("wrong"), "--new-password-file", secret(NEW), "--json")
    assert result.returncode == 65 and json.loads(result.stdout.splitlines()[-1])["id"] == "wrong-password"
    assert tree(one) == before


def test_both_keys_change_and_certificates_stay(run, secret, opens, tmp_path):
    material = with_km()
    if not material:
        pytest.skip("SKIP: no certificate with a key-management pair")
    one = place(material, tmp_path / "km")
    before = tree(one)
    assert run("passwd", "--store", one, "--password-file", secret(material.password),
               "--new-password-file", secret(NEW)).returncode == 0
    after = tree(one)
    assert certificate(before) == certificate(after) and len(after) == 4
    assert all(before[name] != after[name] for name in before if name not in certificate(before))
    assert opens(one, NEW)


def test_the_form_stays_unless_it_is_asked_for(run, secret, one, material):
    def form():
        read = json.loads(run("show", "--store", one, "--json").stdout)["certificate"]["key"]
        return read["form"], read["iterations"]

    def change(old, new, *words):
        result = run("passwd", "--store", one, "--password-file", secret(old), "--new-password-file", secret(new), *words)
        assert result.returncode == 0, result.stderr
        return result
    before = form()
    change(material.password, NEW)
    assert form() == before
    warned = change(NEW, NEW + "x", "--strong", "--yes")
    assert "may not read the key" in warned.stderr
    assert form() == ("PBES2/seed/sha256", 600000)
    change(NEW + "x", NEW, "--common")
    assert form() == ("1.15", 2048)


def test_strong_asks_first(person, run, secret, one, material):
    before = tree(one)
    terminal = person("passwd", "--store", one, "--strong")
    terminal.expect("may not read the key")
    terminal.expect(r"Go on with --strong\?")
    terminal.type("n")
    assert terminal.wait() == 77 and tree(one) == before
    result = run("passwd", "--store", one, "--strong", "--password-file", secret(material.password), "--new-password-file", secret(NEW))
    assert result.returncode == 66 and tree(one) == before


def test_a_backup_is_kept_when_asked_for(run, secret, one, material, opens):
    result = run("passwd", "--store", one, "--keep-backup", "--password-file", secret(material.password),
                 "--new-password-file", secret(NEW))
    assert result.returncode == 0 and "needs only the old password" in result.stderr
    assert any(".bak-" in str(path) for path in one.parent.rglob("*"))
    assert opens(one, NEW)


@pytest.fixture
def three(material, tmp_path):
    root = tmp_path / "three"
    return root, [place(material, root / name) for name in "abc"]


def test_all_places_are_named_and_the_person_decides(person, three, material, opens):
    root, places = three
    terminal = person("passwd", "--store", root, columns=250)
    terminal.expect("It lies here:")
    for each in places:
        assert str(each) in terminal.text or terminal.expect(str(each).replace("(", r"\(").replace(")", r"\)"))
    terminal.expect("in all these places")
    terminal.type("y")
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    for question in ("New password:", "once more:"):
        terminal.expect(question)
        terminal.type(NEW)
    assert terminal.wait() == 0
    assert terminal.text.count("\nChanged: ") == 3
    assert all(opens(each, NEW) for each in places)


def test_only_the_first_place_is_changed_when_told_so(run, secret, three, material, opens):
    root, places = three
    words = ("passwd", "--store", root, "--password-file", secret(material.password), "--new-password-file", secret(NEW), "--json")
    result = run(*words)
    assert result.returncode == 66 and "--everywhere, --only-here" in result.stderr
    assert all(opens(each, material.password) for each in places)
    result = run(*words, "--only-here")
    assert result.returncode == 0
    assert sorted(opens(each, NEW) for each in places) == [False, False, True]
    assert sum('"event":"changed"' in line for line in result.stdout.splitlines()) == 1


def test_a_copy_with_another_password_is_told_of_and_stays(run, secret, three, material, opens):
    root, places = three
    words = ("passwd", "--store", root, "--password-file", secret(material.password), "--new-password-file", secret(NEW))
    assert run(*words, "--only-here").returncode == 0
    result = run("passwd", "1", "--store", root, "--password-file", secret(NEW), "--new-password-file", secret("Third!Word8042"),
                 "--everywhere") if opens(places[0], NEW) else None
    if result is None:
        pytest.skip("the first entry is another place")
    assert "with a password of its own, stays as it is" in result.stderr


def test_one_place_that_fails_leaves_the_others_changed_and_is_told(run, secret, three, material, opens):
    root, places = three
    listed = json.loads(run("show", "--store", root, "--json").stdout)["certificate"]
    last = next(each for each in places if str(each) == listed["other_places"][-1])
    key = next(path for path in last.iterdir() if path.name.lower() == "signpri.key")
    words = ["passwd", "--store", str(root), "--everywhere", "--password-file", secret(material.password),
             "--new-password-file", secret(NEW), "--json"]
    other = os.open(last.parents[2], os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)      # another program stores there
    try:
        result = run(*words)
    finally:
        os.close(other)
    assert json.loads(result.stdout.splitlines()[-1])["id"] == "some-unchanged"
    assert str(last) in result.stderr and key.exists() and opens(last, material.password)
    assert sum(opens(each, NEW) for each in places) == 2


def test_only_one_at_a_time(run, tmp_path, material):
    place(material, tmp_path / "two")
    result = run("passwd", "1", "2", "--store", tmp_path / "two", "--json")
    assert result.returncode in (64, 66)


def test_places_that_were_changed_together_stay_one_certificate(run, material, secret, tmp_path):
    store = tmp_path / "store"
    for name in ("yessign", "other"):
        shutil.copytree(material.folder, store / "NPKI" / name / "USER" / material.folder.name)
    result = run("passwd", "--store", store, "--everywhere", "--password-file", secret(material.password),
                 "--new-password-file", secret(NEW), "--json")
    assert result.returncode == 0
    assert [json.loads(line)["event"] for line in result.stdout.splitlines()] == ["changed", "changed", "done"]
    one, other = (tree(store / "NPKI" / name) for name in ("yessign", "other"))
    assert one == other and one != tree(material.folder.parent.parent)
    found = [json.loads(line) for line in run("list", "--store", store, "--json").stdout.splitlines()]
    assert len(found) == 1 and len(found[0]["certificate"]["other_places"]) == 1
    result = run("remove", "--store", store, "--place", "2", "--yes")
    assert result.returncode == 0       # the other place has the very same files


def test_a_place_that_lacks_a_key_is_changed_as_well(run, secret, tmp_path, opens):
    pair = with_km()
    if not pair:
        pytest.skip("SKIP: no sample with two keys")
    store = tmp_path / "store"
    for name in ("KICA", "other"):
        shutil.copytree(pair.folder, store / "NPKI" / name / "USER" / pair.folder.name)
    for path in (store / "NPKI" / "other").rglob("km*"):
        path.unlink()
    result = run("passwd", "--store", store, "--everywhere", "--password-file", secret(pair.password),
                 "--new-password-file", secret(NEW))
    assert result.returncode == 0, result.stderr
    for name in ("KICA", "other"):
        assert opens(store / "NPKI" / name, NEW) and not opens(store / "NPKI" / name, pair.password)
    keys = [path.read_bytes() for path in sorted((store / "NPKI").rglob("signPri.key"))]
    assert len(keys) == 2 and keys[0] == keys[1]
