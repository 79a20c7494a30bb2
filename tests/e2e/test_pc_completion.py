"""Completion in shells: the real scripts, asked what they would offer."""

import re
import shutil
import subprocess

import pytest
from people import environment, run

__all__ = ["environment", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")

ASK = """
source "$1"; shift
COMP_WORDS=(certrelay "$@"); COMP_CWORD=$#
_certrelay certrelay "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(run, tmp_path):
    def write(shell):
        path = tmp_path / f"certrelay.{shell}"
        path.write_text(run("help", "--completion", shell).stdout, encoding="utf-8")
        return path
    return write


@pytest.fixture
def offers(script, environment, tmp_path):
    """offers(words...): what bash completes for the last of these words."""
    path = script("bash")
    (tmp_path / "a file").write_text("")
    (tmp_path / "a folder").mkdir()

    def ask(*words):
        done = subprocess.run(["bash", "-c", ASK, "bash", path, *words], env=environment, cwd=tmp_path, capture_output=True,
                              text=True, timeout=20)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return [line for line in done.stdout.split("\n") if line]
    return ask


def commands(run):
    return re.findall(r"^  ([a-z]+) ", run("--help").stdout.split("Commands:")[1].split("\n\n")[0], re.MULTILINE)


def options(run, *words):
    return re.findall(r"^  (?:-.,|   ) (--[a-z-]+)", run(*words, "--help").stdout, re.MULTILINE)


def test_bash_registers_the_function(script, environment):
    done = subprocess.run(["bash", "-c", 'source "$1"; complete -p certrelay', "bash", script("bash")], env=environment,
                          capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "complete -F _certrelay certrelay" and not done.stderr


def test_all_commands_are_offered(offers, run):
    assert offers("") == commands(run)
    assert offers("ex") == ["export"]
    assert offers("--lang", "ko", "imp") == ["import"]
    assert offers("help", "do") == ["doctor"]


def test_each_command_offers_exactly_its_options(offers, run):
    for command in commands(run):
        assert sorted(offers(command, "--")) == sorted(set(options(run, command))), command


def test_files_folders_and_words_are_offered_where_they_belong(offers):
    assert sorted(offers("export", "--password-file", "a")) == ["a file", "a folder"]
    assert offers("import", "--store", "a") == ["a folder"]
    assert offers("import", "--store", "=", "a") == ["a folder"]
    assert offers("import", "--lang", "") == ["ko", "en"]
    assert offers("import", "--lang", "=") == ["ko", "en"]
    assert offers("convert", "1", "--to", "") == ["p12", "npki"]
    assert offers("copy", "1", "--to", "a") == ["a folder"]


@pytest.mark.parametrize("words", [("export", "--password-fd", ""), ("export", "--cert", ""), ("export", "--code-fd", ""),
                                   ("import", "--name", ""), ("show", ""), ("remove", "")])
def test_nothing_is_guessed_about_certificates_and_secrets(offers, words):
    assert offers(*words) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_shell_offers_a_secret_as_an_option(script, shell):
    text = script(shell).read_text(encoding="utf-8")
    assert re.search(r"(--|-l )password-file\b", text)
    assert not re.search(r"(--|-l )(password|code)(?![a-z-])", text)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_can_read_its_script(script, shell):
    if not shutil.which(shell):
        pytest.skip(f"SKIP: {shell} is not installed")
    done = subprocess.run([shell, "-n", script(shell)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and not done.stderr


def test_fish_offers_commands_and_options(script, environment, run):
    if not shutil.which("fish"):
        pytest.skip("SKIP: fish is not installed")

    def ask(line):
        done = subprocess.run(["fish", "--private", "-c", f"source {script('fish')}; complete -C '{line}'"], env=environment,
                              capture_output=True, text=True, timeout=30)
        assert not done.stderr, done.stderr
        return [each.split("\t")[0] for each in done.stdout.splitlines()]
    assert sorted(ask("certrelay ")) == sorted(commands(run))
    assert set(options(run, "convert")) <= set(ask("certrelay convert --"))
    assert sorted(ask("certrelay convert 1 --to ")) == ["npki", "p12"]


ZSH = """
zpty z zsh -f -i
zpty -w z 'autoload -U compinit; compinit -u -d {dump}; source {script}; PS1=; zstyle ":completion:*" list-prompt ""'
zpty -w z 'print READ''Y'
zpty -r z said '*READY*'
zpty -w -n z $'certrelay {words}\\t\\t'
while ! zpty -t z; do :; done
zpty -r z said '*{wanted}*' && print -r -- "$said"
zpty -d z
"""


@pytest.mark.parametrize("words, wanted", [("convert --mod", "ern"), ("exp", "ort"), ("convert --to np", "ki")])
def test_zsh_completes_commands_options_and_values(script, environment, tmp_path, words, wanted):
    if not shutil.which("zsh"):
        pytest.skip("SKIP: zsh is not installed")
    program = ZSH.format(dump=tmp_path / "dump", script=script("zsh"), words=words, wanted=wanted)
    done = subprocess.run(["zsh", "-f", "-c", "zmodload zsh/zpty\n" + program], env=environment, capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert wanted in done.stdout and "command not found" not in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("words", [("--completion", "tcsh"), ("--completion",), ("nonsense", "--man")])
def test_another_shell_or_command_is_told(run, words):
    result = run("help", *words)
    assert result.returncode == 64 and not result.stdout
