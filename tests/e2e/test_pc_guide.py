"""certrelay alone as a menu, certificates that were renewed, and help about certificates."""

import json
import pathlib
import re
import shutil

import pytest
from material import make_samples, renewed
from people import environment, material, person, run
from test_pc_list import certificates, width

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def samples(programs):
    return make_samples()


# The menu

def choose(terminal, text):
    """Types the number that stands before the text."""
    number = terminal.expect(rf"\n +(\d+)  [^\n]*{text}")[1]
    terminal.expect(r"Number \(0 to|번호 \(0~")
    terminal.type(number)


def test_everything_can_be_chosen_by_its_number(person, samples):
    terminal = person("--store", samples / "NPKI", columns=80)
    choose(terminal, "Show the certificates")
    terminal.expect("Valid until")
    choose(terminal, "Show all that one")
    terminal.expect(r"Which one\?")
    terminal.type("1")
    terminal.expect("Serial number")
    choose(terminal, "Check a certificate")
    terminal.expect("password locks nothing")
    terminal.expect(r"Which one\?")
    terminal.type("1")
    terminal.expect("Password of .*:")
    terminal.type("npki!Test2026")
    terminal.expect("the password opens it")
    choose(terminal, "When a certificate expires")
    terminal.expect("Password forgotten")
    terminal.expect(r"Number \(0 to")
    terminal.type("0")
    assert terminal.wait() == 0


def test_a_failure_leads_back_to_the_menu(person, tmp_path):
    terminal = person("--store", tmp_path)
    choose(terminal, "Show the certificates")
    terminal.expect("No certificate was found")
    terminal.expect("What shall be done")
    terminal.type("x")
    terminal.expect("type one of the numbers")
    terminal.press(b"\x04")
    assert terminal.wait() == 66


def test_the_password_is_changed_by_following_the_menu(person, run, samples, tmp_path):
    user = json.loads((samples / "manifest.json").read_text(encoding="utf-8"))["users"][0]
    shutil.copytree(samples / user["dir"], tmp_path / "NPKI" / "yessign" / "USER" / pathlib.Path(user["dir"]).name)
    terminal = person("--store", tmp_path / "NPKI", "--lang", "ko")
    choose(terminal, "비밀번호 바꾸기")
    terminal.expect("인증서의 비밀번호:")
    terminal.type(user["password"])
    terminal.expect("10자 이상")
    terminal.expect("새 비밀번호:")
    terminal.type("Fresh!Word8042")
    terminal.expect("한 번 더:")
    terminal.type("Fresh!Word8042")
    terminal.expect("바꿈:")
    terminal.expect(r"번호 \(0~")
    terminal.type("0")
    assert terminal.wait() == 0


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_menu_fits_80_columns_and_moves_no_cursor(person, samples, language):
    terminal = person("--store", samples / "NPKI", "--lang", language, columns=80, env={"TERM": "dumb"})
    terminal.expect(r"\n +0  ")
    terminal.expect(r"\(0.*\):")
    terminal.type("0")
    assert terminal.wait() == 0
    assert all(width(line) <= 80 for line in terminal.text.splitlines())
    assert b"\x1b" not in terminal.raw.replace(b"\x1b[K", b"") and terminal.text.count("\n 1") <= 4


# Renewal

@pytest.fixture
def both(tmp_path):
    """The old certificate and the new one of the same name, in two places of one folder."""
    pair = renewed()
    if not pair:
        pytest.skip("SKIP: no sample program")
    for material, name in zip(pair, ("old", "new")):
        shutil.copytree(material.folder, tmp_path / "both" / name / "NPKI" / "yessign" / "USER" / material.folder.name)
    return tmp_path / "both", pair


def test_a_renewed_certificate_is_told_wherever_the_new_one_lies(run, both):
    root, _ = both
    read = certificates(run("list", "--store", root, "--json"))
    old, new = sorted(read, key=lambda each: each["not_before"])
    assert (old["renewed_by"], new["renewed_by"]) == (new["number"], None)
    result = run("list", "--store", root)
    assert f"number {new['number']} is newer" in result.stderr
    assert "on your other devices too" in result.stderr and "certrelay export" in result.stderr


def test_one_certificate_in_two_places_is_no_renewal(run, material, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(material.folder, tmp_path / "store" / name)
    read, = certificates(run("list", "--store", tmp_path / "store", "--json"))
    assert read["renewed_by"] is None


def test_sending_an_old_one_warns_and_storing_a_new_one_says_what_is_next(kit, person, relay, both, tmp_path):
    _, (old, new) = both
    store = tmp_path / "target" / "NPKI"
    shutil.copytree(old.folder, store / "yessign" / "USER" / old.folder.name)
    receiver = person("import", "--store", store, "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = kit.exporter(new.folder, new.password, code=number)
    receiver.expect("Replace the older one")
    receiver.type("y")
    receiver.expect("on your other devices too")
    assert receiver.wait() == 0
    sender.succeeds()


def test_sending_the_old_one_of_two_warns(person, relay, both):
    root, (old, _) = both
    terminal = person("export", "--store", root, "--relay", relay.url)
    terminal.expect(r"Which one\?")
    older = min(range(2), key=lambda at: re.findall(r"\d{4}-\d\d-\d\d", terminal.text)[at]) + 1
    terminal.type(str(older))
    terminal.expect("It has been renewed")
    terminal.expect("Password of .*:")
    terminal.type(old.password)
    terminal.press(b"\x03")
    terminal.wait()


# Help

@pytest.mark.parametrize("language, words", [
    ("en", ("Renewing", "30 days before", "Password forgotten", "Issued again", "Lost or stolen", "타기관 인증서 등록",
            "In bank apps", "never ask you to send")),
    ("ko", ("갱신", "30일 전", "비밀번호를 잊었을 때", "재발급", "분실", "타기관", "은행 앱", "요구하지 않습니다"))])
def test_help_certificates_answers_the_questions(run, language, words):
    result = run("help", "certificates", "--lang", language)
    assert result.returncode == 0
    for word in words:
        assert word in result.stdout, word
    assert "http" not in result.stdout


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("topic", ["certificates", "list", "show", "verify", "passwd", "export"])
def test_help_fits_80_columns(person, language, topic):
    terminal = person("help", topic, "--lang", language, columns=80)
    assert terminal.wait() == 0
    long = [line for line in terminal.text.splitlines() if width(line) > 80]
    assert not long, long


def test_help_names_exit_code_10(run):
    assert "exit code 10" in run("help", "list").stdout


def test_help_of_nothing_known_is_refused(run):
    assert run("help", "nothing").returncode == 64
