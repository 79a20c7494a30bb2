"""Languages, usage, help and doctor of certrelay, and an output that nobody reads."""

import os
import re
import subprocess
import time

import kit as kits
import pytest
from kit import CERTRELAY, contents
from people import environment, free_port, material, person, run

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


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
    terminal.type("77")
    terminal.expect("type one of the numbers")
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
