"""The dialogue of certrelay with a person: questions, secrets, Ctrl-C, and what each side is told."""

import pathlib
import re
import shutil
import signal

import kit as kits
import pytest
from kit import contents
from material import BAD_FOLDER, VALID, by_name, renewed
from people import environment, material, person, run
from relays import Relay

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")
QR_LINE = b"\x1b[40;97m"


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


@pytest.mark.parametrize("words, rows, is_drawn", [(PAGE, 60, True), (PAGE, 22, False), ((), 60, False),
                                                   ((*PAGE, "--qr"), 24, True), (("--qr",), 24, True)])
def test_a_qr_code_is_drawn_where_it_serves_a_phone_and_leaves_the_number_in_sight(
        person, relay, tmp_path, words, rows, is_drawn):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", relay.url, *words, columns=80, rows=rows)
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    terminal.expect("left")
    assert ("scan this" in terminal.text) == is_drawn
    assert (QR_LINE in terminal.raw) == is_drawn


@pytest.fixture(scope="module")
def tls_relay(programs, tmp_path_factory):
    with Relay(tmp_path_factory.mktemp("tls"), tls=True) as running:
        yield running


def rows_from(text, mark):
    """How many rows of a terminal are taken from the line that matches to the end."""
    lines = text.split("\n")
    return len(lines) - next(at for at, line in enumerate(lines) if re.search(mark, line))


@pytest.mark.parametrize("rows", [60, 24])
def test_the_relays_own_page_is_shown_as_a_qr_code_with_the_number_on_one_screen(person, tls_relay, tmp_path, rows):
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", tls_relay.url, "--ca-file", tls_relay.ca_file,
                      columns=80, rows=rows)
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    terminal.expect("left")
    assert "\n  https://localhost:%d/\n" % tls_relay.port in terminal.text
    assert QR_LINE in terminal.raw
    assert rows_from(terminal.text, "scan this") <= rows


@pytest.mark.parametrize("rows", [60, 24])
def test_who_sends_sees_the_pages_address_and_code_first(person, tls_relay, material, rows):
    terminal = person("export", "--store", material.folder, "--relay", tls_relay.url, "--ca-file", tls_relay.ca_file,
                      columns=80, rows=rows)
    terminal.expect("Password of .*:")
    terminal.type(material.password)
    terminal.expect("Number shown on the other device:")
    assert "\n  https://localhost:%d/\n" % tls_relay.port in terminal.text
    assert QR_LINE in terminal.raw
    assert rows_from(terminal.text, "scan this") <= rows


def test_the_page_may_be_turned_off(person, tls_relay, tmp_path):
    (tmp_path / "c.ini").write_text("page = off\n")
    terminal = person("import", "--store", tmp_path / "NPKI", "--relay", tls_relay.url, "--ca-file", tls_relay.ca_file,
                      "--config", tmp_path / "c.ini")
    terminal.expect(r"\n    \d{4} \d{4} \d{4}\n")
    assert QR_LINE not in terminal.raw and "https://" not in terminal.text
    assert "On the other computer" in terminal.text


def test_only_a_qr_code_needs_no_page_and_becomes_a_link_where_it_does_not_fit(person, relay, tmp_path):
    words = ("import", "--store", tmp_path / "NPKI", "--relay", relay.url, "--qr-only")
    high, low = person(*words), person(*words, columns=80, rows=20)
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
