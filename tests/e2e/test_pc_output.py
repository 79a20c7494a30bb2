"""What certrelay writes: to files that are none, to a full disk, and with options that would do nothing."""

import os
import re
import stat
import subprocess
import unicodedata

import pytest
from kit import CERTRELAY
from people import environment, person, run
from shelf import error_id, shelf

__all__ = ["environment", "person", "run", "shelf"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")

FULL = "/dev/full"


@pytest.fixture
def pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("words", [("list", "--ics"), ("show", "1", "--ics"), ("convert", "1", "--to", "p12")])
def test_what_is_no_file_is_not_replaced_by_one(run, shelf, pipe, words):
    more = ("--password-file", shelf.password) if words[0] == "convert" else ()
    result = run(*words, "--output", pipe, "--yes", *more)
    assert result.returncode == 73 and "Something else than a file" in result.stderr
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_that_a_link_leads_to_may_be_replaced(run, shelf, tmp_path):
    (tmp_path / "old.p12").write_bytes(b"old")
    (tmp_path / "link.p12").symlink_to("old.p12")
    result = run("convert", "1", "--output", tmp_path / "link.p12", "--yes", "--password-file", shelf.password)
    assert result.returncode == 0 and (tmp_path / "link.p12").stat().st_size > 1000
    assert (tmp_path / "old.p12").read_bytes() == b"old"


def into(path, environment, *words):
    with open(path, "w", encoding="utf-8") as out:
        return subprocess.run([CERTRELAY, *words], env=environment, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.PIPE, text=True, timeout=30)


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("list", "--ics"), ("show", "1"), ("help",), ("help", "--man"),
                                   ("--version",)])
@pytest.mark.skipif(not os.path.exists(FULL), reason="SKIP: no /dev/full here")
def test_an_output_that_is_lost_is_told(environment, shelf, words):
    result = into(FULL, environment, *words)
    assert result.returncode == 73 and "could not be written" in result.stderr


@pytest.mark.skipif(not os.path.exists(FULL), reason="SKIP: no /dev/full here")
def test_a_failure_keeps_its_own_code_when_the_output_is_lost_too(environment, shelf):
    assert into(FULL, environment, "show", "77", "--json").returncode == 66


@pytest.mark.parametrize("words", [("list",), ("list", "--ics"), ("help", "--man")])
def test_a_reader_that_has_seen_enough_is_no_failure(environment, shelf, words):
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run([CERTRELAY, *words], env=environment, stdin=subprocess.DEVNULL, stdout=writer,
                            stderr=subprocess.PIPE, text=True, timeout=30)
    os.close(writer)
    assert result.returncode == 0 and "written" not in result.stderr


@pytest.mark.parametrize("option, to", [("--strong", "p12"), ("--modern", "npki"), ("--sign-only", "npki")])
def test_an_option_that_would_do_nothing_is_refused(run, shelf, tmp_path, option, to):
    file = tmp_path / "a.p12"
    if to == "npki":
        run("convert", "1", "--output", file, "--password-file", shelf.password)
    which = ("1", "--output", file) if to == "p12" else (file, "--store", tmp_path / "to")
    result = run("convert", *which, option, "--password-file", shelf.password, "--json")
    assert result.returncode == 64 and error_id(result) == "option-idle"
    assert file.exists() == (to == "npki") and not (tmp_path / "to").exists()


@pytest.mark.parametrize("name", ["none.p12", "./no/such", "none.PFX", "none.pem"])
def test_a_file_that_is_missing_is_called_so(run, shelf, tmp_path, name):
    result = run("convert", name, "--json", cwd=tmp_path)
    assert result.returncode == 66 and error_id(result) == "no-file"


def test_a_word_that_is_no_file_s_name_is_a_certificate_s(run, shelf):
    assert error_id(run("convert", "nobody", "--json")) == "no-match"


COMMANDS = ("export", "import", "list", "show", "verify", "passwd", "convert", "copy", "backup", "remove", "doctor", "help")


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_keeps_its_columns_and_ends_its_lines(run, command, lang):
    lines = run(command, "--help", "--lang", lang).stdout.splitlines()
    assert not [line for line in lines if line != line.rstrip()]
    options = [line for line in lines if re.match(r"  (-\w, |    )--", line)]
    assert len(options) > 6
    alone = 0
    for line in options:
        left, gap, text = re.match(r"(  .{4}--[^ ]+(?: [^ ]+)?)( *)(.*)", line).groups()
        assert not text or width(left + gap) == 29, line
        alone += not text
    assert alone == len([line for line in lines if line.startswith(" " * 29)])


def width(text):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def test_strong_is_as_many_rounds_wherever_it_is_told(run, shelf, tmp_path):
    texts = [run(command, "--help").stdout for command in ("passwd", "convert")]
    assert all("600,000 rounds" in text for text in texts)
    file = tmp_path / "a.p12"
    run("convert", "1", "--output", file, "--password-file", shelf.password)
    assert run("convert", file, "--strong", "--store", tmp_path / "to", "--password-file", shelf.password).returncode == 0
    assert "600000 rounds" in run("show", "1", "--store", tmp_path / "to").stdout


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="SKIP: no folder that nobody may write")
def test_a_folder_that_takes_no_file_is_no_matter_of_the_store(run, shelf):
    result = run("convert", "1", "--output", "/proc/self/a.p12", "--password-file", shelf.password, "--json")
    assert result.returncode == 73 and error_id(result) == "output-failed"
    assert "--store" not in result.stderr and "--output" in result.stderr
