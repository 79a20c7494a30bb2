"""certrelay copy and backup: everything or nothing, byte for byte, and nothing replaced unasked."""

import os
import shutil
import subprocess

import pytest
from kit import CERTRELAY, contents, tree
from material import VALID, renewed
from people import environment, person, run
from shelf import error_id, events, put, shelf
from terminal import Terminal

__all__ = ["environment", "person", "run", "shelf"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture
def usb(tmp_path):
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def test_a_copy_is_the_same_byte_for_byte_and_found_again(run, shelf, usb):
    result = run("copy", "1", "--to", usb)
    assert result.returncode == 0 and "keeps its own password" in result.stderr
    assert contents(usb / "NPKI") == shelf.one.files()
    assert run("list", "--store", usb).returncode == 0
    assert result.stdout.strip().startswith(str(usb / "NPKI"))


def test_a_folder_named_npki_is_taken_as_it_is(run, shelf, usb):
    (usb / "NPKI").mkdir()
    assert run("copy", "1", "--to", usb / "NPKI").returncode == 0
    assert not (usb / "NPKI" / "NPKI").exists() and contents(usb / "NPKI") == shelf.one.files()


def test_a_second_copy_leaves_the_first_as_it_is(run, shelf, usb):
    run("copy", "1", "--to", usb)
    before = {path: path.stat().st_mtime_ns for path in usb.rglob("*")}
    result = run("copy", "1", "--to", usb)
    assert result.returncode == 0 and "left as it is" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in usb.rglob("*")} == before


def test_from_a_drive_to_this_computer(run, shelf, usb, tmp_path):
    put(shelf.pair, usb / "NPKI")
    result = run("copy", "--store", usb, "--to", tmp_path, "--json")
    assert result.returncode == 0
    assert tree(events(result, "stored")[0]["paths"][0]) == tree(shelf.pair.folder)


@pytest.mark.parametrize("words, name", [(("1", "--to", "missing"), "no-folder"), (("7", "--to", "."), "no-match"),
                                         (("1",), "need-input"), (("1", "--to", "password"), "no-folder")])
def test_what_cannot_be_done_is_told(run, shelf, tmp_path, words, name):
    result = run("copy", *words, "--json", cwd=tmp_path)
    assert result.returncode in (64, 66) and error_id(result) == name


def test_a_damaged_certificate_stops_all(run, shelf, usb, tmp_path):
    place = put(shelf.pair, shelf.root)
    (place / "signPri.key").unlink()
    result = run("copy", "1", "2", "--to", usb, "--json")
    assert result.returncode == 65 and error_id(result) == "no-key" and tree(usb) == {}


def test_a_folder_that_cannot_be_written_is_told(run, shelf, usb):
    (usb / "NPKI").write_text("a file in the way")
    result = run("copy", "1", "--to", usb, "--json")
    assert result.returncode == 73 and error_id(result) == "not-writable" and tree(usb) == {"NPKI": b"a file in the way"}


def test_an_older_one_is_replaced_after_a_question_and_kept(run, person, tmp_path, usb):
    pair = renewed()
    if not pair:
        pytest.skip("SKIP: no sample program")
    old, new = pair
    place = put(old, usb / "NPKI")
    common = ("copy", "1", "--store", new.folder, "--to", usb)
    result = run(*common, "--json")
    assert result.returncode == 73 and error_id(result) == "exists" and tree(place) == tree(old.folder)
    terminal = person(*common)
    terminal.expect(r"\[Y/n\]")
    terminal.type("n")
    assert terminal.wait() == 77 and tree(place) == tree(old.folder)
    result = run(*common, "--yes", "--json")
    assert result.returncode == 0 and tree(place) == tree(new.folder)
    assert tree(events(result, "backup")[0]["path"]) == tree(old.folder)


def test_a_person_is_asked_where_to(person, shelf, usb):
    terminal = person("copy", "1")
    terminal.expect(r"Where to\?")
    terminal.type("")
    terminal.expect(r"Where to\?")
    terminal.type("~/usb")
    assert terminal.wait() == 0 and contents(usb / "NPKI") == shelf.one.files()


def test_a_drive_that_is_plugged_in_is_offered_by_its_number(environment, shelf, tmp_path):
    probe = ["unshare", "-m", "sh", "-c", "mkdir -p /media/certrelay-test && mount -t tmpfs none /media/certrelay-test"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("SKIP: no mount of our own is possible here")
    where = "/media/certrelay-test"
    script = f'mount -t tmpfs none {where} && "$0" copy 1; code=$?; cp -r {where}/. "{tmp_path}/seen"; exit $code'
    try:
        with Terminal(["unshare", "-m", "sh", "-c", script, CERTRELAY], environment) as terminal:
            number = terminal.expect(rf"\n  (\d+)  {where}\n")[1]
            terminal.expect(r"Where to\?")
            terminal.type(number)
            assert terminal.wait() == 0
    finally:
        os.rmdir(where)
    assert contents(tmp_path / "seen") == shelf.one.files()


def test_a_backup_holds_everything(run, tmp_path, usb):
    count = 0
    for material in VALID:
        if "NPKI" in material.folder.parts and material.folder.is_dir():
            put(material, tmp_path / "NPKI")
            count += 1
    result = run("backup", usb, "--json")
    assert result.returncode == 0, result.stderr
    made = events(result, "backup")[0]
    assert made["copied"] == count and made["left_out"] == 0
    assert contents(made["path"]) == contents(tmp_path / "NPKI")
    again = events(run("backup", usb, "--json"), "backup")[0]
    assert again["path"] != made["path"] and contents(again["path"]) == contents(made["path"])


def test_a_backup_says_what_it_left_out(run, shelf, usb):
    place = put(shelf.pair, shelf.root)
    (place / "signPri.key").unlink()
    result = run("backup", usb)
    assert result.returncode == 0 and "left out" in result.stderr
    assert contents(result.stdout.strip()) == shelf.one.files()


@pytest.mark.parametrize("words, name", [(("missing",), "no-folder"), ((), "need-input"), (("a", "b"), "usage")])
def test_a_backup_into_nowhere_is_told(run, shelf, tmp_path, words, name):
    result = run("backup", *words, "--json", cwd=tmp_path)
    assert result.returncode in (64, 66) and error_id(result) == name


def test_a_backup_can_be_brought_back(run, shelf, usb, tmp_path):
    made = run("backup", usb).stdout.strip()
    shutil.rmtree(shelf.root)
    assert run("copy", "--store", made, "--to", tmp_path).returncode == 0
    assert contents(shelf.root) == shelf.one.files()


def test_korean_is_spoken(run, shelf, usb):
    assert "사본마다 비밀번호가 따로" in run("copy", "1", "--to", usb, "--lang", "ko").stderr
    assert "인증서 1개를 복사" in run("backup", usb, "--store", shelf.root, "--lang", "ko").stderr
