"""certrelay convert: PKCS#12 files made and read, by our program and by OpenSSL's."""

import shutil
import subprocess

import pytest
from kit import contents, tree
from people import environment, person, run
from shelf import error_id, events, put, shelf

__all__ = ["environment", "person", "run", "shelf"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")
NEW = "other!Pass7261"


def openssl(path, password, *words):
    """What OpenSSL says about a PKCS#12 file: its result, with text of both streams together."""
    done = subprocess.run(["openssl", "pkcs12", "-in", path, "-passin", f"pass:{password}", "-info", "-nodes", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def test_a_file_opens_in_openssl_with_its_new_password_only(run, shelf, tmp_path):
    file = tmp_path / "new.p12"
    result = run("convert", "1", "--to", "p12", "--output", file, "--password-file", shelf.password,
                 "--new-password-file", shelf.secret("new", NEW))
    assert result.returncode == 0 and result.stdout.strip() == str(file)
    assert "Hometax" in result.stderr and "key store" in result.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    code, text = openssl(file, NEW)
    assert code == 0 and "3-KeyTripleDES" in text and "BEGIN PRIVATE KEY" in text
    assert "1.2.410.200004.10.1.1.3" in text        # the value R went along
    assert openssl(file, shelf.one.password)[0] != 0


def test_modern_is_aes_and_is_said_to_fail_on_older_devices(run, shelf, tmp_path):
    file = tmp_path / "new.p12"
    result = run("convert", "1", "--modern", "--output", file, "--password-file", shelf.password)
    assert result.returncode == 0 and "Older phones" in result.stderr
    code, text = openssl(file, shelf.one.password)
    assert code == 0 and "AES-256-CBC" in text and "sha256" in text


def test_there_and_back_keeps_certificates_and_keys(run, shelf, tmp_path):
    put(shelf.pair, tmp_path / "from")
    file, to = tmp_path / "new.p12", tmp_path / "to"
    password = shelf.secret("pair", shelf.pair.password)
    assert run("convert", "1", "--store", tmp_path / "from", "--output", file, "--password-file", password).returncode == 0
    result = run("convert", file, "--store", to, "--password-file", password, "--json")
    assert result.returncode == 0
    path = events(result, "stored")[0]["paths"][0]
    names = {name.lower(): data for name, data in tree(path).items()}
    before = {name.lower(): data for name, data in tree(shelf.pair.folder).items()}
    assert sorted(names) == sorted(before)
    assert all(names[name] == before[name] for name in names if name.endswith(".der"))
    assert run("verify", "1", "--store", to, "--password-file", password).returncode == 0


def test_pem_is_read_too(run, shelf, tmp_path):
    file, pem = tmp_path / "new.p12", tmp_path / "new.pem"
    run("convert", "1", "--output", file, "--password-file", shelf.password)
    text = subprocess.run(["openssl", "pkcs12", "-in", file, "-passin", f"pass:{shelf.one.password}", "-passout",
                           f"pass:{NEW}", "-aes256"], capture_output=True, check=True, timeout=30).stdout
    pem.write_bytes(text)
    result = run("convert", pem, "--to", "npki", "--store", tmp_path / "to", "--password-file", shelf.secret("new", NEW))
    assert result.returncode == 0, result.stderr
    assert (shelf.place / "signCert.der").read_bytes() in contents(tmp_path / "to")


def test_a_file_that_is_there_is_not_replaced_unasked(run, person, shelf, tmp_path):
    file = tmp_path / "mine.p12"
    file.write_text("mine")
    common = ("convert", "1", "--output", file, "--password-file", shelf.password)
    result = run(*common, "--json")
    assert result.returncode == 73 and error_id(result) == "output-exists" and file.read_text() == "mine"
    terminal = person(*common)
    terminal.expect(r"mine.p12 is there already. Replace it\? \[y/N\]")
    terminal.type("")
    assert terminal.wait() == 77 and file.read_text() == "mine"
    assert run(*common, "--yes").returncode == 0
    assert openssl(file, shelf.one.password)[0] == 0
    assert [path.name for path in tmp_path.glob("mine*")] == ["mine.p12"]


@pytest.mark.parametrize("words, name", [
    (("1", "--to", "pdf"), "bad-format"), (("1", "--to", "npki"), "same-format"), (("9",), "no-match"),
    (("nobody.p12",), "no-file"), (("1", "--output", "/nonexistent/x.p12"), "no-folder")])
def test_what_cannot_be_done_is_told(run, shelf, words, name):
    result = run("convert", *words, "--password-file", shelf.password, "--json")
    assert result.returncode != 0 and error_id(result) == name


def test_a_wrong_password_makes_no_file(run, shelf, tmp_path):
    file = tmp_path / "new.p12"
    result = run("convert", "1", "--output", file, "--password-file", shelf.secret("wrong", "wrong!Pass1"), "--json")
    assert result.returncode == 65 and error_id(result) == "wrong-password" and not file.exists()


def test_a_weak_new_password_makes_no_file(run, shelf, tmp_path):
    file = tmp_path / "new.p12"
    result = run("convert", "1", "--output", file, "--password-file", shelf.password, "--new-password-file",
                 shelf.secret("weak", "1234"), "--json")
    assert result.returncode == 65 and error_id(result) == "new-password" and not file.exists()


@pytest.mark.parametrize("junk", [b"", b"<html>", b"\x30\x82\x01\x00" + b"\0" * 40])
def test_a_file_that_is_no_certificate_is_told(run, shelf, tmp_path, junk):
    file, to = tmp_path / "junk.p12", tmp_path / "to"
    file.write_bytes(junk)
    result = run("convert", file, "--store", to, "--password-file", shelf.password, "--json")
    assert result.returncode in (65, 66) and error_id(result) and not to.exists()


def test_a_person_types_the_new_password_twice(person, shelf, tmp_path):
    file = tmp_path / "new.p12"
    terminal = person("convert", "1", "--output", file)
    terminal.expect("certificate:")
    assert not terminal.has_echo()
    terminal.type(shelf.one.password)
    terminal.expect(r"another password\? \[y/N\]")
    terminal.type("y")
    terminal.expect("New password:")
    terminal.type(NEW)
    terminal.expect("once more:")
    terminal.type(NEW + "x")
    terminal.expect("not the same")
    terminal.expect("New password:")
    terminal.type(NEW)
    terminal.expect("once more:")
    terminal.type(NEW)
    assert terminal.wait() == 0 and terminal.is_restored()
    assert NEW not in terminal.text and shelf.one.password not in terminal.text
    assert openssl(file, NEW)[0] == 0


def test_a_person_without_any_certificate_can_name_a_file(run, person, shelf, tmp_path):
    file, to = tmp_path / "new.p12", tmp_path / "NPKI"
    run("convert", "1", "--output", file, "--password-file", shelf.password)
    shutil.rmtree(to)
    terminal = person("convert")
    terminal.expect(r"Which file\?")
    terminal.type("~/missing.p12")
    terminal.expect("No certificate matches")
    terminal.expect(r"Which file\?")
    terminal.type("~/new.p12")
    terminal.expect("certificate:")
    terminal.type(shelf.one.password)
    terminal.expect(r"another password\? \[y/N\]")
    terminal.type("")
    assert terminal.wait() == 0
    assert (shelf.one.folder / "signCert.der").read_bytes() in contents(to)


def test_a_person_can_pick_a_certificate_by_its_number(person, shelf, tmp_path):
    terminal = person("convert", "--output", tmp_path / "new.p12")
    terminal.expect(r"Which one\?")
    terminal.type("4")
    terminal.expect(r"Which one\?")
    terminal.type("1")
    terminal.expect("certificate:")
    terminal.type(shelf.one.password)
    terminal.expect(r"another password\? \[y/N\]")
    terminal.type("")
    assert terminal.wait() == 0 and openssl(tmp_path / "new.p12", shelf.one.password)[0] == 0


def test_ctrl_c_at_the_password_leaves_nothing(person, shelf, tmp_path):
    terminal = person("convert", "1", "--output", tmp_path / "new.p12")
    terminal.expect("certificate:")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130 and terminal.is_restored()
    assert not (tmp_path / "new.p12").exists()


def test_without_a_name_the_file_is_named_after_its_owner(run, shelf, tmp_path):
    result = run("convert", "1", "--password-file", shelf.password, cwd=tmp_path)
    assert result.returncode == 0 and result.stdout.strip().endswith(".p12")
    assert (tmp_path / result.stdout.strip()).is_file()
    again = run("convert", "1", "--password-file", shelf.password, "--json", cwd=tmp_path)
    assert again.returncode == 73 and error_id(again) == "output-exists"


def test_the_copy_that_is_there_is_replaced_only_when_told(run, shelf, tmp_path):
    file = tmp_path / "new.p12"
    run("convert", "1", "--output", file, "--password-file", shelf.password)
    before = tree(shelf.place)
    common = ("convert", file, "--to", "npki", "--password-file", shelf.password)
    result = run(*common, "--json")
    assert result.returncode == 73 and error_id(result) == "exists" and tree(shelf.place) == before
    result = run(*common, "--yes", "--json")
    assert result.returncode == 0 and "It is the same certificate" in result.stderr
    assert tree(events(result, "backup")[0]["path"]) == before
    assert tree(shelf.place) != before
    assert run("verify", "1", "--password-file", shelf.password).returncode == 0


def test_korean_is_spoken(run, shelf, tmp_path):
    result = run("convert", "1", "--output", tmp_path / "a.p12", "--password-file", shelf.password, "--lang", "ko")
    assert result.returncode == 0 and "홈택스" in result.stderr and "비밀번호를 따로" in result.stderr


def test_without_the_legacy_provider_the_reason_is_told(run, shelf, tmp_path):
    empty = tmp_path / "modules"
    empty.mkdir()
    result = run("convert", "1", "--output", tmp_path / "a.p12", "--password-file", shelf.password, "--json",
                 env={"OPENSSL_MODULES": str(empty)})
    assert result.returncode == 65 and error_id(result) == "no-legacy" and not (tmp_path / "a.p12").exists()


def test_a_neighbour_s_file_is_not_touched_when_one_is_replaced(run, shelf, tmp_path):
    (tmp_path / "a.p12").write_bytes(b"old")
    (tmp_path / "a.p12.new").write_bytes(b"somebody's")
    result = run("convert", "1", "--output", tmp_path / "a.p12", "--yes", "--password-file", shelf.password)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "a.p12.new").read_bytes() == b"somebody's"
    assert openssl(tmp_path / "a.p12", shelf.one.password)[0] == 0
