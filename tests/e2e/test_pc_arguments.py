"""What a person, or a script, can get wrong on the command line: told at once, and no secret is repeated."""

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.usefixtures("programs")
NOWHERE = "ws://127.0.0.1:1/ws"


def run(*arguments, limit=20, **options):
    return subprocess.run([os.environ["CR_CERTRELAY"], *map(os.fspath, arguments)], capture_output=True, timeout=limit,
                          stdin=subprocess.DEVNULL, **options)


@pytest.mark.parametrize("arguments", [
    ["export", "--passw=hunter2secret"], ["--password", "hunter2secret", "export"],
    ["export", "--password", "hunter2secret"], ["import", "--cod=hunter2secret"], ["--json", "export", "--code=hunter2secret"]])
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(arguments):
    done = run(*arguments)
    assert done.returncode == 64
    assert b"hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("option", ["--code-fd", "--password-fd"])
@pytest.mark.parametrize("number", [3, 4, 5, 63])
def test_a_descriptor_that_nobody_opened_is_told_at_once(option, number):
    command = ["import", "--enter-code"] if option == "--code-fd" else ["export", "--all"]
    done = run(*command, option, str(number), "--yes", "--no-input", "--relay", NOWHERE, "--json")
    assert done.returncode == 66
    assert json.loads(done.stdout.splitlines()[-1])["id"] == "secret-unreadable"


def test_a_configuration_that_is_no_file_is_told(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        done = run("--config", path, "list")
        assert done.returncode != 0 and str(path).encode() in done.stderr


def test_an_unreadable_name_makes_no_broken_json_and_moves_no_cursor(tmp_path):
    done = run("list", "--json", "--store", b"/nowhere\xff\x1b[2J")
    error = json.loads(done.stdout.decode())
    assert error["id"] == "not-found" and error["exit"] == done.returncode == 66
    assert b"\x1b" not in done.stderr
