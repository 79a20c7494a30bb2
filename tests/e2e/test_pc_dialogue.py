"""The dialogue of certrelay with a person: questions, secrets, Ctrl-C, languages, and never waiting for an answer that cannot come."""

import asyncio
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import kit as kits
import pytest
import websockets
from kit import CERTRELAY, contents
from material import BAD_FOLDER, VALID, by_name, renewed
from relays import Relay
from terminal import Terminal

pytestmark = pytest.mark.usefixtures("programs")
QR_LINE = b"\x1b[40;97m"


@pytest.fixture
def material():
    return by_name("y-bank-115")


@pytest.fixture
def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "LSAN_"))}
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", **kept}


@pytest.fixture
def person(environment):
    """person(words...): certrelay on a terminal of its own."""
    made = []

    def start(*words, **more):
        terminal = Terminal([CERTRELAY, *words], {**environment, **more.pop("env", {})}, **more)
        made.append(terminal)
        return terminal
    yield start
    for terminal in made:
        terminal.__exit__()


@pytest.fixture
def run(environment):
    """run(words...): certrelay without a terminal; its result."""
    def start(*words, env=None, **more):
        return subprocess.run([CERTRELAY, *map(str, words)], env={**environment, **(env or {})}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=30, **more)
    return start


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Passwords

def test_a_password_is_not_echoed_and_the_terminal_is_as_before(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    assert not terminal.has_echo()
    terminal.type(material.password)
    terminal.expect("password opens the certificate")
    assert terminal.is_restored()
    assert material.password not in terminal.text
    terminal.press(b"\x03")
    assert terminal.wait() == 130


def test_a_wrong_password_is_asked_again_without_a_limit(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    for _ in range(5):
        terminal.expect("Password of .*:")
        terminal.type("not this one")
        terminal.expect("does not open the certificate")
    terminal.expect("Password of .*:")
    terminal.press(b"\x03")
    assert terminal.wait() == 130
    assert "not this one" not in terminal.text
    assert terminal.is_restored()
    assert "Connected" not in terminal.text


def test_the_second_try_may_be_right(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    terminal.type("not this one")
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("Number shown on the other device:")


@pytest.mark.skipif(BAD_FOLDER is None, reason="SKIP: no broken samples here")
def test_a_damaged_certificate_is_told_before_any_password_is_asked_for(person, relay):
    terminal = person("export", "--store", BAD_FOLDER / "key-truncated", "--relay", relay.url)
    assert terminal.wait() == 65
    assert "damaged" in terminal.text and "Password of" not in terminal.text


def test_ctrl_c_at_the_password_restores_the_terminal(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    terminal.press(b"\x03")
    assert terminal.wait() == 130
    assert terminal.is_restored()


def test_the_end_of_input_at_the_password_is_no_endless_question(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    terminal.press(b"\x04")
    assert terminal.wait() == 66
    assert terminal.is_restored()
    assert "input ended" in terminal.text and "no terminal" not in terminal.text


# Numbers

def test_a_mistyped_number_is_told_at_once_and_asked_again(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("Number shown on the other device:")
    terminal.type("4821 7730 1945")
    terminal.expect("typing mistake")
    terminal.expect("Number shown on the other device:")
    terminal.type("12ab")
    terminal.expect("not a digit")
    terminal.expect("Number shown on the other device:")


def test_ctrl_c_while_the_number_is_asked_for(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url)
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("Number shown on the other device:")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130
    assert "Nothing was sent" in terminal.text and "used up" not in terminal.text
    assert terminal.is_restored()


def test_ctrl_c_before_a_number_came_claims_no_number(person, relay, tmp_path):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, "--enter-code")
    terminal.expect("Number shown on the other device:")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130
    assert "Nothing was stored" in terminal.text and "used up" not in terminal.text
    assert terminal.text.count("topped") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_too(person, relay, tmp_path, number):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    terminal.expect(r"\d{4} \d{4} \d{4}")
    terminal.popen.send_signal(number)
    assert terminal.wait(10) == 130
    assert "used up, and nothing was stored" in terminal.text


PAGE = ("--page", "https://page.example/")


def test_the_number_is_shown_large_below_its_qr_code_with_the_time_left(person, relay, tmp_path):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, *PAGE)
    terminal.expect("scan this:\n\n.*█.*\n.*█")
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    terminal.expect(r"2:5\d left")
    terminal.type("e")
    terminal.expect(r"(3:00|2:5\d) left")
    terminal.expect_raw(b"\x1b[A\r\x1b[K")        # the line before is not left behind
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130


@pytest.mark.parametrize("words, rows, is_drawn", [(PAGE, 60, True), (PAGE, 24, False), ((), 60, False),
                                                   ((*PAGE, "--qr"), 24, True), (("--qr",), 24, True)])
def test_a_qr_code_is_drawn_where_it_serves_a_phone_and_leaves_the_number_in_sight(
        person, relay, tmp_path, words, rows, is_drawn):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, *words, columns=80, rows=rows)
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    terminal.expect("left")
    assert ("scan this" in terminal.text) == is_drawn
    assert (QR_LINE in terminal.raw) == is_drawn


def test_only_a_qr_code_needs_no_page_and_becomes_a_link_where_it_does_not_fit(person, relay, tmp_path):
    words = ("import", "--store", tmp_path / "NPKI", "--relay", relay.url, "--qr-only")
    high, low = person(*words), person(*words, columns=80, rows=24)
    high.expect("left")
    low.expect("left")
    assert QR_LINE in high.raw and "key=" not in high.text
    assert QR_LINE not in low.raw and "key=" in low.text.replace("\n", "")


def test_the_time_left_stays_one_line_in_a_narrow_window(person, relay, tmp_path):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, columns=30)
    terminal.expect(r"2:5\d left")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130
    lines = re.findall(rb"\r\x1b\[K(\d:\d\d left[^\r\n^]*)", terminal.raw)   # ^C is echoed
    assert lines and all(len(line) <= 29 for line in lines)


def test_each_screen_tells_what_to_do_on_the_other_device(person, relay, material, tmp_path):
    store = ("--store", tmp_path / "NPKI", "--relay", relay.url)
    person("import", *store).expect(r"choose 1 \(send\), or run: certrelay export")
    person("import", *store, "--enter-code").expect("certrelay export --show-code")
    for words, text in (((), r"choose 2 \(receive\), or run: certrelay import"), (("--show-code",), "import --enter-code")):
        sender = person("export", "--store", material.folder, "--relay", relay.url, *words)
        sender.expect("Password of .*:")
        sender.type(material.password)
        sender.expect(text)


def test_the_relay_is_named(person, relay, tmp_path):
    person("import", "--store", tmp_path / "NPKI", "--relay", relay.url).expect(r"Connected to the relay \(127\.0\.0\.1\)")


def test_a_window_too_narrow_gets_no_torn_qr_code(person, relay, tmp_path):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, columns=30)
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130
    assert "█" not in terminal.text


# Whole transfers between two people

def carry(person, relay, material, store, more=(), answers=("y", "y")):
    """Both terminals after the answers; None: the question has come, and is not answered."""
    receiver = person("import", "--store", store, "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url, "--name", "old PC", *more)
    sender.expect("Password of .*:")
    sender.type(material.password)
    sender.expect("Number shown on the other device:")
    sender.type(number)
    sender.expect(r"shall the certificate be sent to it\? \[y/N\]")
    sender.type(answers[0])
    if answers[0] == "y":
        receiver.expect(r"Store it on this computer\? \[Y/n\]")
        if answers[1] is not None:
            receiver.type(answers[1])
    return receiver, sender


def test_two_people_move_a_certificate(person, relay, material, tmp_path):
    receiver, sender = carry(person, relay, material, tmp_path / "NPKI")
    assert receiver.wait() == 0 and sender.wait() == 0, receiver.text + sender.text
    assert contents(tmp_path / "NPKI") == material.files()
    assert "old PC" in receiver.text
    assert "never ask you to send a certificate" in sender.text
    assert "Sent. The other device has stored it" in sender.text
    assert receiver.is_restored() and sender.is_restored()


def test_the_sender_says_no(person, relay, material, tmp_path):
    receiver, sender = carry(person, relay, material, tmp_path / "NPKI", answers=("n", None))
    assert sender.wait() == 77 and receiver.wait() == 77
    assert not contents(tmp_path / "NPKI")
    assert "Nothing was sent" in sender.text and "Nothing was sent" in receiver.text
    assert "stored there" not in receiver.text and "is away" not in receiver.text


def test_no_answer_is_a_no_for_the_sender(person, relay, material, tmp_path):
    receiver, sender = carry(person, relay, material, tmp_path / "NPKI", answers=("", None))
    assert sender.wait() == 77 and receiver.wait() == 77


def test_the_receiver_says_no(person, relay, material, tmp_path):
    receiver, sender = carry(person, relay, material, tmp_path / "NPKI", answers=("y", "n"))
    assert receiver.wait() == 77 and sender.wait() == 77
    assert "Sent." not in sender.text
    assert "Nothing was stored" in receiver.text and "Nothing was sent" not in receiver.text + sender.text
    assert not contents(tmp_path / "NPKI")


def test_what_was_typed_before_the_consent_could_be_read_is_no_consent(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url)
    sender.expect("Password of .*:")
    sender.type(material.password)
    sender.expect("Number shown on the other device:")
    sender.type(f"{number}\ny\ny")
    sender.expect("shall the certificate be sent")
    sender.type("n")
    assert sender.wait() == 77 and receiver.wait() == 77
    assert not contents(tmp_path / "NPKI")


def test_what_was_typed_before_the_offer_could_be_read_stores_nothing(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url)
    sender.expect("Password of .*:")
    sender.type(material.password)
    sender.expect("Number shown on the other device:")
    sender.type(number)
    receiver.expect("Waiting until its user agrees")
    receiver.type("y")
    sender.expect("shall the certificate be sent")
    sender.type("perhaps\ny")
    sender.expect("answer y or n")
    sender.type("y")
    receiver.expect("Store it on this computer")
    receiver.type("n")
    assert receiver.wait() == 77 and sender.wait() == 77
    assert not contents(tmp_path / "NPKI")


def test_a_sender_whose_certificate_has_left_is_told_to_look(person, relay, material, tmp_path):
    receiver, sender = carry(person, relay, material, tmp_path / "NPKI", more=("--patience", "3"), answers=("y", None))
    receiver.popen.kill()
    sender.expect("is away")
    assert sender.wait() == 75
    assert "may have been stored there" in sender.text and "Look on the other device" in sender.text
    assert "new number" not in sender.text


def test_a_sender_whose_certificate_has_not_left_is_not(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url, "--patience", "3", "--attempts", "1")
    sender.expect("Password of .*:")
    sender.type(material.password)
    sender.expect("Number shown on the other device:")
    sender.type(number)
    sender.expect("shall the certificate be sent")
    receiver.popen.kill()
    assert sender.wait() == 75
    assert "may have been stored" not in sender.text


def test_time_that_ran_out_after_the_certificate_left_is_told_so_too(person, material, tmp_path):
    with Relay(tmp_path, joined_seconds=3) as relay:
        kit = kits.Kit(tmp_path, relay.url)
        receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
        number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
        sender = kit.exporter(material.folder, material.password, code=number)
        sender.fails("expired")
        assert sender.error()["uncertain"] is True
        assert "Nothing was sent" not in "\n".join(sender.err)
        kit.stop()


# What is here already

OLD_AND_NEW = renewed()


@pytest.mark.skipif(OLD_AND_NEW is None, reason="SKIP: no sample program here")
@pytest.mark.parametrize("here, comes, relation, preset", [(0, 1, "is older than the one that arrived", "Y/n"),
                                                           (1, 0, "is NEWER than the one that arrived", "y/N")])
def test_a_certificate_of_the_same_name_is_compared_and_kept_as_a_backup(
        person, relay, tmp_path, here, comes, relation, preset):
    store = tmp_path / "NPKI"
    kit = kits.Kit(tmp_path, relay.url)
    first = kit.importer(store)
    kit.exporter(OLD_AND_NEW[here].folder, OLD_AND_NEW[here].password, code=first.code()).succeeds()
    first.succeeds()
    receiver = person("import", "--store", store, "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = kit.exporter(OLD_AND_NEW[comes].folder, OLD_AND_NEW[comes].password, code=number)
    receiver.expect("of this name is here already")
    receiver.expect(r"here: .*\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d\n.*arrived: .*\d{4}-\d\d-\d\d to")
    receiver.expect(relation)
    receiver.expect(rf"keep it as a backup\? \[{preset}\]")
    receiver.type("y")
    backup = receiver.expect(r"before is kept in (/.*\.bak-\d{8})\n")[1]
    assert receiver.wait() == 0
    sender.succeeds()
    assert contents(backup) == OLD_AND_NEW[here].files()
    assert contents(store) == sorted(OLD_AND_NEW[here].files() + OLD_AND_NEW[comes].files())


def test_nothing_to_write_is_said_only_when_all_are_here(person, relay, tmp_path):
    both = [each for each in VALID if each.password == VALID[0].password and "expired" not in each.name
            and each.folder.is_dir()][:2]
    for each in both:
        shutil.copytree(each.folder, tmp_path / "from" / "NPKI" / "x" / "USER" / each.name)
    kit = kits.Kit(tmp_path, relay.url)
    for certs, question in ((("1",), "Store it on this computer"), (("1", "2"), "Store it on this computer"),
                            (("1", "2"), "nothing needs to be written")):
        receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
        number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
        sender = kit.exporter(tmp_path / "from", VALID[0].password, code=number, certs=certs)
        receiver.expect(question)
        receiver.type("y")
        assert receiver.wait() == 0
        sender.succeeds()


@pytest.mark.parametrize("store, why", [("/nonexistent/NPKI", "No such file or directory"), ("/etc/hostname", "Not a directory")])
def test_a_place_that_cannot_be_written_is_told_before_a_number_is_shown(run, relay, store, why):
    result = run("import", "--yes", "--json", "--store", store, "--relay", relay.url)
    assert result.returncode == 73
    assert f"{store}: {why}" in result.stderr
    assert '"id":"not-writable"' in result.stdout and "step" not in result.stdout


def test_ctrl_c_at_the_consent_sends_nothing(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url)
    sender.expect("Password of .*:")
    sender.type(material.password)
    sender.expect("Number shown on the other device:")
    sender.type(number)
    sender.expect("shall the certificate be sent")
    sender.press(b"\x03")
    assert sender.wait(10) == 130
    assert "nothing was stored on the other device" in sender.text
    assert receiver.wait() == 75
    assert not contents(tmp_path / "NPKI")


def test_the_sender_shows_the_number(person, relay, material, tmp_path):
    sender = person("export", "--store", material.folder, "--relay", relay.url, "--show-code")
    sender.expect("Password of .*:")
    sender.type(material.password)
    number = sender.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, "--enter-code")
    receiver.expect("Number shown on the other device:")
    receiver.type(number)
    sender.expect("shall the certificate be sent")
    sender.type("y")
    receiver.expect("Store it on this computer")
    receiver.type("")
    assert receiver.wait() == 0 and sender.wait() == 0
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_used_up_number_is_replaced_at_once(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url)
    first = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    wrong = person("export", "--store", material.folder, "--relay", relay.url)
    wrong.expect("Password of .*:")
    wrong.type(material.password)
    wrong.expect("Number shown")
    wrong.type(other_secret(first))
    receiver.expect("numbers did not match")
    receiver.expect(r"Show a new number\? \[Y/n\]")
    receiver.type("")
    second = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    wrong.expect(r"Type another number\? \[Y/n\]")
    wrong.type("y")
    wrong.expect("Number shown")
    wrong.type(second)
    wrong.expect("shall the certificate be sent")
    wrong.type("y")
    receiver.expect("Store it")
    receiver.type("y")
    assert receiver.wait() == 0 and wrong.wait() == 0
    assert contents(tmp_path / "NPKI") == material.files()


def other_secret(number):
    from peer import code as codes
    nameplate, secret = codes.parse(number)
    return codes.make(nameplate, f"{(int(secret) + 1) % 10**7:07d}")


def test_a_link_can_be_pasted_instead_of_the_number(relay, material, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    sender = kit.exporter(material.folder, material.password, "--qr-only")
    link = sender.event(lambda event: event["event"] == "code")["link"]
    assert "code=" not in link
    receiver = kit.typing_importer(tmp_path / "NPKI", link)
    receiver.succeeds()
    sender.succeeds()
    assert contents(tmp_path / "NPKI") == material.files()


def test_a_certificate_is_picked_from_a_list(person, relay, material, tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / "from" / "NPKI" / "x" / "USER" / name
        folder.mkdir(parents=True)
        source = by_name("y-bank-115") if name == "one" else by_name("kica-univ-km", 1)
        for path in pathlib.Path(source.folder).iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    terminal = person("export", "--store", tmp_path / "from", "--relay", relay.url)
    terminal.expect("Which one")
    terminal.type("9")
    terminal.expect("No certificate matches")
    terminal.expect("Which one")
    terminal.type("2")
    terminal.expect("Password of")


# Languages

@pytest.mark.parametrize("env, words", [({"LC_ALL": "ko_KR.UTF-8"}, ()), ({"LC_ALL": "", "LANG": "ko_KR.eucKR"}, ()),
                                        ({"LC_ALL": "C"}, ("--lang", "ko")), ({"LC_ALL": "en_US.UTF-8"}, ("--lang=ko",))])
def test_korean_is_spoken_where_no_korean_locale_is_installed(run, env, words):
    result = run("import", *words, env=env)
    assert result.returncode == 64
    assert "중계 서버가 정해지지 않았습니다." in result.stderr


@pytest.mark.parametrize("env, words", [({"LC_ALL": "C"}, ()), ({"LC_ALL": "en_US.UTF-8"}, ()),
                                        ({"LC_ALL": "ko_KR.UTF-8"}, ("--lang", "en")),
                                        ({"LC_ALL": "ko_KR.UTF-8", "LANGUAGE": "en"}, ())])
def test_english_is_spoken_otherwise(run, env, words):
    assert "No relay is set." in run("import", *words, env=env).stderr


def test_a_korean_dialogue_takes_korean_answers(person, relay, material, tmp_path):
    receiver = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, "--lang", "ko")
    number = receiver.expect(r"\n    (\d{4} \d{4} \d{4})\n")[1]
    sender = person("export", "--store", material.folder, "--relay", relay.url, env={"LC_ALL": "ko_KR.UTF-8"})
    sender.expect("인증서의 비밀번호:")
    sender.type(material.password)
    sender.expect("상대 기기에 보이는 번호:")
    sender.type(number)
    sender.expect("은행·검찰·금융감독원")
    sender.expect("보낼까요")
    sender.type("예")
    receiver.expect("저장할까요")
    receiver.type("ㅛ")
    assert receiver.wait() == 0 and sender.wait() == 0


# Without a person

@pytest.mark.parametrize("words, missing", [
    (("--yes", "--cert", "1", "--code-file", "/dev/null"), "secret-unreadable"),
    (("--yes", "--cert", "1", "--show-code", "--password-file", "/dev/null"), "secret-unreadable"),
    (("--yes", "--cert", "1"), "need-input"),
    (("--yes", "--cert", "1", "--show-code"), "need-input"),
    (("--cert", "1", "--show-code", "--password-file", "/etc/hostname"), "need-input"),
])
def test_nothing_is_asked_where_nobody_can_answer(run, relay, material, words, missing):
    result = run("export", "--store", material.folder, "--relay", relay.url, "--json", *words)
    assert result.returncode == 66
    assert f'"id":"{missing}"' in result.stdout


def test_no_input_does_not_ask_on_a_terminal_either(person, relay, material):
    terminal = person("export", "--store", material.folder, "--relay", relay.url, "--no-input", "--show-code")
    assert terminal.wait(10) == 66


def test_certrelay_alone_asks_what_to_do(person, relay, material):
    terminal = person(env={"CERTRELAY_URL": relay.url})
    terminal.expect("What shall be done")
    terminal.expect("Number")
    terminal.type("7")
    terminal.expect("type 1, 2 or 3")
    terminal.expect("Number")
    terminal.type("2")
    terminal.expect(r"\d{4} \d{4} \d{4}")
    terminal.press(b"\x03")
    assert terminal.wait(10) == 130


def test_certrelay_alone_takes_a_relay(person, relay):
    terminal = person("-r", relay.url)
    terminal.expect("What shall be done")
    terminal.type("2")
    terminal.expect(r"\d{4} \d{4} \d{4}")


def test_certrelay_alone_asks_for_the_relay_and_offers_to_keep_it(person, relay, tmp_path):
    config = tmp_path / ".config" / "certrelay" / "config.ini"
    terminal = person()
    terminal.expect("What shall be done")
    terminal.type("2")
    terminal.expect("Address of the relay")
    terminal.type("ftp://x")
    terminal.expect("address is not understood")
    terminal.expect("Address of the relay")
    terminal.type(relay.url)
    terminal.expect(rf"in {config}\? \[Y/n\]")
    terminal.type("")
    terminal.expect(r"\d{4} \d{4} \d{4}")
    assert config.read_text() == f"relay = {relay.url}\n"
    assert config.stat().st_mode & 0o777 == 0o600
    again = person()
    again.expect("What shall be done")
    again.type("2")
    again.expect(r"\d{4} \d{4} \d{4}")
    assert "Address of the relay" not in again.text


def test_an_address_that_shall_not_be_kept_is_not(person, relay, tmp_path):
    terminal = person()
    terminal.expect("What shall be done")
    terminal.type("1")
    terminal.expect("Address of the relay")
    terminal.type(relay.url)
    terminal.expect("Keep this address")
    terminal.type("n")
    terminal.expect("No certificate was found")
    assert not (tmp_path / ".config").exists()


def test_certrelay_alone_without_a_terminal_explains_itself(run):
    result = run()
    assert result.returncode == 64 and "export" in result.stdout


@pytest.mark.parametrize("words, name, text", [
    (("list", "--lang", "fr"), "bad-lang", "lang = fr"),
    (("list", "--config", "/nonexistent.ini"), "config-missing", "--config /nonexistent.ini: No such file or directory"),
    (("import", "--relay"), "option-no-value", "--relay"),
    (("import", "--attempts", "x"), "option-number", "--attempts"),
    (("import", "--patience", "0"), "bad-patience", "patience = 0"),
    (("import", "--qr", "--no-qr"), "option-clash", "exclude each other"),
])
def test_each_mistake_has_its_own_words(run, words, name, text):
    result = run("--json", *words)
    assert f'"id":"{name}"' in result.stdout
    assert text in result.stderr


def test_the_option_whose_file_cannot_be_read_is_named(run, relay, material, tmp_path):
    common = ("export", "--yes", "--store", material.folder, "--relay", relay.url)
    result = run(*common, "--code-file", "/nonexistent")
    assert result.returncode == 66 and "--code-file /nonexistent: No such file or directory" in result.stderr
    result = run(*common, "--show-code", "--password-file", tmp_path)
    assert result.returncode == 66 and f"--password-file {tmp_path}: Is a directory" in result.stderr


@pytest.mark.parametrize("words", [("exprot",), ("export", "--yess"), ("list", "--relay", "x"), ("export", "surplus"),
                                   ("import", "--attempts", "x"), ("export", "--all", "--cert", "1"),
                                   ("import", "--relay", "ftp://x"), ("import", "--patience", "0"), ("import", "--relay"), ("help", "foo")])
def test_mistakes_of_usage_exit_64(run, words):
    assert run(*words).returncode == 64


def test_a_password_on_the_command_line_is_refused_and_not_repeated(run):
    result = run("export", "--password=hunter2")
    assert result.returncode == 64
    assert "hunter2" not in result.stdout + result.stderr and "--password-file" in result.stderr


@pytest.mark.parametrize("words", [("help",), ("--help",), ("export", "--help"), ("help", "import"), ("--version",),
                                   ("--lang", "ko", "help")])
def test_help_is_data(run, words):
    result = run(*words)
    assert result.returncode == 0 and result.stdout and not result.stderr


def test_a_relay_that_is_down_is_told_within_seconds(run, tmp_path):
    began = time.monotonic()
    result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"ws://127.0.0.1:{free_port()}/ws", "--patience", "2")
    assert result.returncode == 69 and "not running" in result.stderr
    assert time.monotonic() - began < 15


def test_a_name_that_does_not_exist_is_told(run, tmp_path):
    result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", "wss://relay.invalid/ws")
    assert result.returncode == 69 and "name was not found" in result.stderr


def test_doctor_finds_a_relay_and_misses_one(run, relay):
    assert run("doctor", "--relay", relay.url).returncode == 0
    result = run("doctor", "--relay", f"ws://127.0.0.1:{free_port()}/ws")
    assert result.returncode == 69 and "✗" in result.stdout and "not running" in result.stderr


@pytest.mark.parametrize("words, code, todo", [((), 64, "Give --relay"), (("--relay", "ftp://x"), 64, "looks like")])
def test_doctor_says_what_to_do_about_a_missing_relay(run, words, code, todo):
    result = run("doctor", *words)
    assert result.returncode == code and "✗" in result.stdout and todo in result.stderr
    assert '"check":"relay","good":false' in run("doctor", "--json", *words).stdout


def test_json_says_the_same_in_every_language(run, material):
    lines = [run("list", "--store", material.folder, "--json", "--lang", lang).stdout for lang in ("ko", "en")]
    assert lines[0] == lines[1]
    assert all(f'"{key}":' in lines[0] for key in ("issuer_ko", "issuer_en", "use_ko", "use_en"))


def test_a_list_in_a_narrow_window_has_two_lines_for_each(person, material):
    wide, narrow = (person("list", "--store", material.folder, columns=columns) for columns in (200, 60))
    assert wide.wait() == 0 and narrow.wait() == 0
    assert re.search(r"\n1  .*\d{4}-\d\d-\d\d", wide.text)
    assert re.search(r"\n1  .*\n {5}\S.*\d{4}-\d\d-\d\d", narrow.text)


# Pipes that break, descriptors that are closed

@pytest.mark.parametrize("words, stream", [(("--json",), "stdout"), ((), "stderr")])
def test_nobody_reading_any_more_ends_it_in_order(environment, relay, material, tmp_path, words, stream):
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
    process = subprocess.Popen([CERTRELAY, "import", "--yes", "--store", tmp_path / "NPKI", "--relay", relay.url, *words],
                               env=environment, stdin=subprocess.DEVNULL, **pipes)
    pipe, said = getattr(process, stream), ""
    while not re.search(r"\d{4} ?\d{4} ?\d{4}", said):
        said += os.read(pipe.fileno(), 4096).decode()
    number = re.search(r"\d{4} ?\d{4} ?\d{4}", said)[0]
    pipe.close()
    assert process.wait(10) == 130
    kit = kits.Kit(tmp_path, relay.url)
    kit.exporter(material.folder, material.password, code=number).fails("unavailable")
    kit.stop()


def test_a_head_on_the_data_leaves_the_dialogue_alone(environment, relay, material, tmp_path):
    words = f"'{CERTRELAY}' import --yes --store '{tmp_path}/NPKI' --relay {relay.url} | head -1"
    process = subprocess.Popen(["sh", "-c", words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    number = next(line for line in process.stderr if re.fullmatch(r" +\d{4} \d{4} \d{4}\n", line)).strip()
    kit = kits.Kit(tmp_path, relay.url)
    kit.exporter(material.folder, material.password, code=number).succeeds()
    kit.stop()
    out, err = process.communicate(timeout=20)
    assert out.startswith("/") and "Sanitizer" not in err
    assert contents(tmp_path / "NPKI") == material.files()


@pytest.mark.parametrize("closed, words, stream", [("<&- >&-", (), "stderr"), ("2>&-", ("--json",), "stdout")])
def test_closed_descriptors_are_not_taken_by_sockets(environment, relay, material, tmp_path, closed, words, stream):
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$@" {closed}', "sh", CERTRELAY, "import", "--yes", "--store", tmp_path / "NPKI", "--relay",
         relay.url, *words], env=environment, stdin=subprocess.DEVNULL, text=True, **pipes)
    number = next(found for line in getattr(process, stream) for found in re.findall(r"\d{4} ?\d{4} ?\d{4}", line))
    descriptors = {"<&- >&-": (0, 1), "2>&-": (2,)}[closed]
    if os.geteuid() == 0:       # the program lets nobody else look
        assert {os.readlink(f"/proc/{process.pid}/fd/{each}") for each in descriptors} == {"/dev/null"}
    kit = kits.Kit(tmp_path, relay.url)
    kit.exporter(material.folder, material.password, code=number).succeeds()
    kit.stop()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert contents(tmp_path / "NPKI") == material.files()


# TLS

def make_dated(folder, begins, ends):
    """A self-signed certificate for localhost valid between two dates, as a relay's."""
    cert, key = folder / "dated.pem", folder / "dated.key"
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nserial={folder}/serial\n"
        "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n"
        "basicConstraints=CA:true\n[req]\ndistinguished_name=n\n[n]\n")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    openssl("req", "-config", folder / "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-keyout", key, "-out", folder / "dated.csr")
    openssl("ca", "-batch", "-selfsign", "-notext", "-config", folder / "ca.cnf", "-keyfile", key, "-in",
            folder / "dated.csr", "-startdate", begins, "-enddate", ends, "-out", cert)
    return cert, key


class TlsOnly:
    """Answers a TLS handshake with a certificate; nothing else."""

    def __init__(self, cert, key, host="127.0.0.1"):
        self.port = free_port()
        self.popen = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"{host}:{self.port}", "-cert", cert, "-key", key, "-www"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.popen.stdout:
            if b"ACCEPT" in line:
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()


@pytest.mark.parametrize("begins, ends, name", [("20200101000000Z", "20210101000000Z", "tls-expired"),
                                                ("20980101000000Z", "20990101000000Z", "tls-not-yet"),
                                                ("20200101000000Z", "20990101000000Z", "not-a-relay")])
def test_a_certificate_out_of_date_makes_the_clock_a_suspect(run, tmp_path, begins, ends, name):
    cert, key = make_dated(tmp_path, begins, ends)
    with TlsOnly(cert, key) as server:
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"wss://localhost:{server.port}/ws", "--ca-file",
                     cert, "--json")
    assert f'"id":"{name}"' in result.stdout
    assert ("This computer's clock says" in result.stderr) == (name != "not-a-relay")


@pytest.mark.skipif(not socket.has_ipv6, reason="SKIP: no IPv6 here")
@pytest.mark.parametrize("names, name", [("IP:::1", "not-a-relay"), ("IP:::2", "tls-name"), ("DNS:localhost", "tls-name")])
def test_a_relay_by_its_ipv6_address_must_prove_just_that(run, tmp_path, names, name):
    cert, key = tmp_path / "six.pem", tmp_path / "six.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "2", "-subj", "/CN=six", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    with TlsOnly(cert, key, "[::1]") as server:
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"wss://[::1]:{server.port}/ws", "--ca-file",
                     cert, "--json")
    assert f'"id":"{name}"' in result.stdout


def test_nothing_turns_verification_off(run, tmp_path):
    cert, key = make_dated(tmp_path, "20200101000000Z", "20990101000000Z")
    with TlsOnly(cert, key) as server:
        url = f"wss://localhost:{server.port}/ws"
        assert '"id":"tls-untrusted"' in run("import", "--yes", "--relay", url, "--json").stdout
        for word in ("--insecure", "-k", "--no-verify"):
            assert run("import", "--relay", url, word).returncode == 64


def test_a_name_too_long_is_cut_between_characters(relay, material, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    importer = kit.importer(tmp_path / "NPKI", "--name", "\x1b[31m" + "컴퓨터" * 100)
    exporter = kit.exporter(material.folder, material.password, code=importer.code())
    name = exporter.event("device")["name"]
    exporter.succeeds()
    importer.succeeds()
    assert name == ("\ufffd[31m" + "컴퓨터" * 100).encode()[:128].decode("utf-8", "ignore")


@pytest.mark.parametrize("subprotocols", [None, ["another.v1"]])
def test_a_websocket_that_does_not_speak_our_protocol_is_no_relay(run, tmp_path, subprotocols):
    started, stop, port = threading.Event(), threading.Event(), []

    async def serve():
        async def greet(socket):
            await socket.wait_closed()
        async with websockets.serve(greet, "127.0.0.1", 0, subprotocols=subprotocols) as server:
            port.append(server.sockets[0].getsockname()[1])
            started.set()
            await asyncio.get_running_loop().run_in_executor(None, stop.wait)
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"ws://127.0.0.1:{port[0]}/ws")
    finally:
        stop.set()
        thread.join()
    assert result.returncode == 76 and "is not a relay" in result.stderr


def test_secrets_are_in_no_argument_environment_or_core(relay, material, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    sender = kit.exporter(material.folder, material.password)
    code = sender.code()
    proc = pathlib.Path("/proc") / str(sender.popen.pid)
    seen = (proc / "cmdline").read_bytes()
    assert material.password.encode() not in seen and code.encode() not in seen
    assert "Max core file size        0" in (proc / "limits").read_text()
    sender.kill(signal.SIGINT)
    assert sender.wait() == 130


def test_waiting_costs_no_processor_time(relay, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    importer = kit.importer(tmp_path / "NPKI")
    importer.code()
    fields = pathlib.Path(f"/proc/{importer.popen.pid}/stat")
    def ticks():
        return sum(map(int, fields.read_text().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    with pytest.raises(kits.Late):
        importer.event("never", limit=2)
    assert ticks() - before <= 20
    importer.kill(signal.SIGINT)
    importer.wait()
