"""certrelay verify: every check by its own line, every fault by its own message, and a number that is never shown."""

import contextlib
import json
import os
import shutil
import subprocess

import pytest
from kit import CERTRELAY, handed
from material import BAD, BAD_FOLDER, FIXTURES, VALID
from people import environment, material, person, run

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture
def secret(tmp_path):
    """secret(text): a file that holds it."""
    def write(text, encoding="utf-8"):
        path = tmp_path / f"secret-{len(list(tmp_path.glob('secret-*')))}"
        path.write_bytes(text.encode(encoding) + b"\n")
        return path
    return write


def verdict(result):
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(event["schema"] == 1 for event in events)
    return next((event["verdict"] for event in events if event["event"] == "verdict"), None), events[-1]


def manifest():
    if not (FIXTURES / "manifest.json").exists():
        pytest.skip(f"SKIP: no shared fixtures at {FIXTURES}")
    return json.loads((FIXTURES / "manifest.json").read_text(encoding="utf-8"))["users"]


@pytest.mark.parametrize("each", VALID, ids=repr)
def test_every_sample_opens_with_its_password(run, secret, each):
    result = run("verify", "--store", each.folder, "--password-file", secret(each.password), "--json")
    read, last = verdict(result)
    assert read["fault"] is None and read["keys"] and not any(key["fault"] for key in read["keys"])
    assert read["owner_number"] == "not-asked" and read["revocation"] == "not-checked"
    state = read["certificate"]["state"]
    assert result.returncode == (0 if state in ("valid", "renew-soon") else 65)
    if state in ("expired", "not-yet"):
        assert last["id"] == f"cert-{state}"


def test_what_the_manifest_says_of_keys_is_seen(run, secret):
    for user in manifest():
        path, password = FIXTURES / user["dir"], user["password"]
        number = user["idn"] or "8001011234567"
        result = run("verify", "--store", path, "--password-file", secret(password), "--number-file", secret(number), "--json")
        read, _ = verdict(result)
        assert read["random"] == ("present" if user["R"] else "none"), user["id"]
        assert read["owner_number"] == ("same" if user["R"] else "unknown"), user["id"]
        sign = read["keys"][0]
        assert sign["form"] == user["key_form"].removeprefix("sig: ").split(",")[0]
        assert sign["is_cp949"] == (user.get("password_encoding") == "cp949")


@pytest.mark.parametrize("number, told, code", [
    ("8001011234568", "number-other", 65), ("800101-1234567", None, 0), ("80010112345", "number-malformed", 64),
    ("not a number", "number-malformed", 64)])
def test_a_number_is_the_owners_or_is_not(run, secret, number, told, code):
    user = next(user for user in manifest() if user["id"] == "y-bank-115")
    result = run("verify", "--store", FIXTURES / user["dir"], "--password-file", secret(user["password"]),
                 "--number-file", secret(number), "--json")
    _, last = verdict(result)
    assert result.returncode == code and last.get("id") == told
    assert number not in result.stdout + result.stderr


@pytest.mark.skipif(not BAD_FOLDER, reason="SKIP: no broken samples")
@pytest.mark.parametrize("name, told", BAD.items())
def test_each_fault_has_its_own_message(run, secret, material, name, told):
    result = run("verify", "--store", BAD_FOLDER / name, "--password-file", secret(material.password), "--json")
    _, last = verdict(result)
    assert last["event"] == "error" and last["id"] == told and result.returncode == last["exit"] == 65
    for part in ("what", "why", "todo"):
        assert last[part] in result.stderr


def test_harmless_bytes_behind_a_key_are_told(run, secret, material):
    if not BAD_FOLDER or not (BAD_FOLDER / "key-trailing").exists():
        pytest.skip("SKIP: no such sample")
    result = run("verify", "--store", BAD_FOLDER / "key-trailing", "--password-file", secret(material.password))
    assert result.returncode == 0 and "! signPri.key: bytes that mean nothing" in result.stdout


def test_a_wrong_password_from_a_file_is_final(run, secret, material):
    result = run("verify", "--store", material.folder, "--password-file", secret("not this one"), "--json")
    read, last = verdict(result)
    assert result.returncode == 65 and last["id"] == "wrong-password" and read["fault"] == "wrong-password"
    assert "not this one" not in result.stdout + result.stderr


def test_secrets_come_by_descriptors_too(environment, material):
    with contextlib.ExitStack() as stack:
        password = stack.enter_context(handed(material.password))
        result = subprocess.run([CERTRELAY, "verify", "--store", str(material.folder), "--password-fd", str(password)],
                                env=environment, capture_output=True, text=True, pass_fds=(password,), timeout=30)
    assert result.returncode == 0, result.stderr
    assert "the password opens it" in result.stdout


def test_a_person_is_asked_until_the_password_is_right(person, material):
    terminal = person("verify", "--store", material.folder)
    terminal.expect("Password of .*:")
    assert not terminal.has_echo()
    terminal.type("wrong")
    terminal.expect("does not open the certificate")
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("✓ signPri.key: the password opens it")
    terminal.expect("it is the key of this certificate")
    terminal.expect("Revocation was not checked")
    assert terminal.wait() == 0 and terminal.is_restored()
    assert material.password not in terminal.text


def test_a_number_is_asked_for_without_echo(person, material):
    terminal = person("verify", "--store", material.folder, "--number")
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("compared here, on this computer")
    terminal.expect(r"Resident \(13 digits\)")
    assert not terminal.has_echo()
    terminal.type("8001011234567")
    terminal.expect("certificate was issued for")
    terminal.wait()
    assert "8001011234567" not in terminal.text


@pytest.mark.parametrize("words", [("--number", "8001011234567"), ("--number", "800101-1234567"), ("--password", "x")])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(run, material, words):
    result = run("verify", "--store", material.folder, "--json", *words)
    assert result.returncode == 64 and json.loads(result.stdout)["id"] == "secret-option"
    assert words[1] == "x" or words[1] not in result.stdout + result.stderr


def test_a_number_behind_an_equals_sign_is_not_repeated(run, material):
    result = run("verify", "--store", material.folder, "--number=8001011234567")
    assert result.returncode == 64 and "8001011234567" not in result.stdout + result.stderr


def test_several_are_judged_one_by_one_and_the_first_fault_counts(run, secret, tmp_path, material):
    if not BAD_FOLDER:
        pytest.skip("SKIP: no broken samples")
    shutil.copytree(material.folder, tmp_path / "store" / "good")
    shutil.copytree(BAD_FOLDER / "pair-mismatch", tmp_path / "store" / "bad")
    result = run("verify", "1", "2", "--store", tmp_path / "store", "--password-file", secret(material.password), "--json")
    assert result.returncode == 65
    assert sum('"event":"verdict"' in line for line in result.stdout.splitlines()) == 2


def test_a_chain_is_complete_missing_or_broken(run, secret, material, tmp_path):
    answer = {}
    for name, folder in (("complete", material.folder), ("missing", tmp_path / "alone")):
        if name == "missing":
            shutil.copytree(material.folder, folder)
        read, _ = verdict(run("verify", "--store", folder, "--password-file", secret(material.password), "--json"))
        answer[name] = read["keys"][0]["chain"]
    assert answer == {"complete": "complete", "missing": "missing"}


def test_nobody_is_asked_without_a_terminal(run, material):
    result = run("verify", "--store", material.folder, "--json")
    assert result.returncode == 66 and json.loads(result.stdout)["id"] == "need-input"


def test_it_changes_nothing(run, secret, material):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in material.folder.rglob("*")}
    run("verify", "--store", material.folder, "--password-file", secret(material.password))
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in material.folder.rglob("*")}
    assert os.listdir(material.folder)
