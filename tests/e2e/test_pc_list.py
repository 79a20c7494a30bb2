"""certrelay list and show: what they say of every sample, expiry for cron, JSON, and calendars."""

import datetime
import json
import subprocess
import unicodedata

import pytest
from kit import CERTRELAY
from material import FIXTURES, make_samples
from people import environment, person, run

__all__ = ["environment", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")
KST = datetime.timezone(datetime.timedelta(hours=9))
KEY_FORM = {"gpki": "1.15"}


def today():
    return datetime.datetime.now(KST).date()


@pytest.fixture(scope="module")
def samples(programs):
    return make_samples()


@pytest.fixture(params=["samples", "shared"])
def root(request, samples):
    """Each set of samples with a manifest.json."""
    if request.param == "samples":
        return samples
    if not (FIXTURES / "manifest.json").exists():
        pytest.skip(f"SKIP: no shared fixtures at {FIXTURES}")
    return FIXTURES


def users(root):
    return json.loads((root / "manifest.json").read_text(encoding="utf-8"))["users"]


def certificates(result):
    """The certificates of --json's lines; each line has a schema."""
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(event["schema"] == 1 for event in events)
    return [event["certificate"] for event in events if event["event"] == "certificate"]


def width(text):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


# What is said

def check(user, read):
    same = {"subject": "subject", "serial": "serial", "policy": "policy", "real_name": "owner",
            "not_before": "not_before", "not_after": "not_after"}
    for expected, own in same.items():
        if expected in user:
            assert read[own] == user[expected], (user["id"], own)
    assert read["key"]["form"] == KEY_FORM.get(user["id"], user["key_form"]), user["id"]
    assert read["key"]["iterations"] == user.get("iterations", read["key"]["iterations"])
    if "issuer" in user:
        assert f"cn={read['issuer_cn']}," in user["issuer"]
    if "km" in user:
        assert read["km"]["serial"] == user["km"]["serial"] and read["km"]["policy"] == user["km"]["policy"]
        assert read["km_key"]["form"] == user["km"]["key_form"]
    assert read["revocation"] == "not-checked"
    assert len(read["identity"]) == 64


def check_days(read):
    """By another reckoning than the program's."""
    first, last = (seconds(read[name]).astimezone(KST).date() for name in ("not_before", "not_after"))
    assert (read["first_day"], read["last_day"]) == (str(first), str(last))
    left = (last - today()).days
    now = datetime.datetime.now(KST)
    state = "expired" if now > seconds(read["not_after"]) else "not-yet" if now < seconds(read["not_before"]) \
        else "renew-soon" if left <= 30 else "valid"
    assert read["state"] == state
    assert read["days_left"] == left


@pytest.mark.parametrize("command", ["list", "show"])
def test_every_value_of_the_manifest_is_told(run, root, command):
    for user in users(root):
        result = run(command, "--store", root / user["dir"], "--json")
        assert result.returncode == 0, result.stderr
        read, = certificates(result)
        check(user, read)
        check_days(read)


def test_a_whole_set_is_listed_with_its_broken_ones_last(run, root):
    read = certificates(run("list", "--store", root, "--json"))
    assert [each["number"] for each in read] == list(range(1, len(read) + 1))
    assert {user["serial"] for user in users(root) if "serial" in user} <= {each.get("serial") for each in read}
    faults = [each.get("fault") for each in read]
    assert any(faults) and all(faults[faults.index(next(filter(None, faults))):])
    for name in ("no-key", "no-cert", "damaged-cert", "damaged-key"):
        assert name in faults


def test_a_pkcs12_says_that_it_is_closed(run, root):
    path = next((root / "p12").glob("*.p12"))
    read, = certificates(run("show", "--store", path, "--json"))
    assert read["kind"] == "pkcs12" and "not_after" not in read
    assert "certrelay verify" in run("show", "--store", path).stdout


def test_an_old_name_in_euc_kr_comes_out_right(run, root):
    user = next((user for user in users(root) if "euckr" in user["id"]), None)
    if not user:
        pytest.skip("this set has no EUC-KR name")
    assert user["real_name"] in run("show", "--store", root / user["dir"]).stdout


def test_an_unknown_use_is_shown_as_its_number(run, root):
    user = next((user for user in users(root) if user["id"] == "y-unknown-oid"), None)
    if not user:
        pytest.skip("this set has no unknown policy")
    assert user["policy"] in run("list", "--store", root / user["dir"]).stdout


@pytest.mark.parametrize("language, words", [
    ("ko", ("용도", "발급기관", "금융결제원", "유효기간", "한국 시각", "일련번호", "폐지 여부")),
    ("en", ("Use", "Issuer", "KFTC", "Valid", "Korean time", "Serial number", "Revocation was not checked"))])
def test_show_tells_all_in_the_persons_language(run, samples, language, words):
    user = users(samples)[0]
    result = run("show", "--store", samples / user["dir"], "--lang", language)
    for word in (*words, user["serial"], user["subject"], user["policy"], str(samples / user["dir"])):
        assert word in result.stdout + result.stderr, word
    assert "Sanitizer" not in result.stderr


def test_columns_line_up_by_their_width_on_the_screen(run, root):
    lines = [line for line in run("list", "--store", root / "NPKI", "--lang", "ko").stdout.splitlines()]
    heads = ("용도", "발급기관", "만료일", "상태")
    starts = [width(lines[0][:lines[0].index(head)]) for head in heads]
    assert len(lines) > 5
    for line in lines[1:]:
        at, columns = 0, {}
        for letter in line:
            columns[at] = letter
            at += width(letter)
        for start in starts:
            assert columns[start] != " " and columns.get(start - 1, " ") == " ", line


def test_nothing_is_wider_than_a_terminal_of_80_columns_but_paths(person, samples):
    for language in ("ko", "en"):
        terminal = person("list", "--store", samples / "NPKI", "--lang", language, columns=80)
        assert terminal.wait() == 0
        for line in terminal.text.splitlines():
            assert width(line) <= 80 or "/" in line, line


def test_several_are_shown_one_below_the_other(run, samples):
    assert [each["number"] for each in certificates(run("show", "2", "1", "--store", samples, "--json"))] == [2, 1]
    assert run("show", "99", "--store", samples).returncode == 66
    result = run("show", "--store", samples)
    assert result.returncode == 66 and "--cert" not in result.stdout


def test_a_person_is_asked_which_one(person, samples):
    terminal = person("show", "--store", samples)
    terminal.expect(r"Which one\?")
    terminal.type("2")
    terminal.expect("Serial number")
    assert terminal.wait() == 0


# For cron

@pytest.fixture(scope="module")
def soon(programs):
    """Samples of another day, of which some expire within 20 days: (root, days left by serial)."""
    root = make_samples("--now", str(today() - datetime.timedelta(245)))
    left = {user["serial"]: (seconds(user["not_after"]).astimezone(KST).date() - today()).days for user in users(root)}
    assert any(0 <= days <= 20 for days in left.values())
    return root, left


@pytest.mark.parametrize("days", [0, 20, 200, 2000])
def test_those_that_expire_within_days_are_told_with_an_exit_code_of_their_own(run, soon, days):
    root, left = soon
    result = run("list", "--expiring", days, "--store", root / "NPKI", "--json")
    expected = {serial for serial, each in left.items() if 0 <= each <= days}
    assert {each["serial"] for each in certificates(result)} == expected
    assert result.returncode == (10 if expected else 0)
    if expected:
        assert json.loads(result.stdout.splitlines()[-1])["id"] == "expiring"


def test_nothing_is_said_where_nothing_expires(run, samples):
    valid = next(user for user in users(samples) if user["expect"] == "valid")
    result = run("list", "--expiring", "30", "--store", samples / valid["dir"])
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_the_numbers_are_those_of_the_whole_list(run, soon):
    root, _ = soon
    every = {each["serial"]: each["number"] for each in certificates(run("list", "--store", root / "NPKI", "--json"))}
    for each in certificates(run("list", "--expiring", "20", "--store", root / "NPKI", "--json")):
        assert each["number"] == every[each["serial"]]


def test_what_is_told_can_be_read(run, soon):
    root, _ = soon
    result = run("list", "--expiring", "20", "--store", root / "NPKI")
    assert "left, renew it" in result.stdout and "Renew each" in result.stderr and result.returncode == 10


# Calendars

def unfold(text):
    return text.replace("\r\n ", "").split("\r\n")


def raw_calendar(environment, root, *words):
    return subprocess.run([CERTRELAY, "list", "--ics", "--store", str(root / "NPKI"), *words], env=environment,
                          capture_output=True, check=True, timeout=30).stdout


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_calendar_keeps_to_its_rules(environment, root, language):
    raw = raw_calendar(environment, root, "--lang", language)
    assert raw.count(b"\n") == raw.count(b"\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    lines = unfold(raw.decode())
    living = [user for user in users(root) if "not_after" in user
              and seconds(user["not_after"]) >= datetime.datetime.now(KST)]
    assert lines.count("BEGIN:VEVENT") == len(living) == lines.count("TRIGGER:-P30D") == lines.count("TRIGGER:-P7D")
    assert len({line for line in lines if line.startswith("UID:")}) == len(living)
    days = sorted(line.partition(":")[2] for line in lines if line.startswith("DTSTART;VALUE=DATE:"))
    assert days == sorted(seconds(user["not_after"]).astimezone(KST).strftime("%Y%m%d") for user in living)


def test_a_calendar_of_another_time_has_the_same_uids(environment, samples):
    first, second = (unfold(raw_calendar(environment, samples).decode()) for _ in range(2))
    assert [line for line in first if line.startswith("UID:")] == [line for line in second if line.startswith("UID:")]


def test_a_calendar_goes_to_a_file_and_replaces_it_only_when_told(run, person, samples, tmp_path):
    file, words = tmp_path / "last days.ics", ("list", "--store", samples / "NPKI", "--output")
    result = run(*words, file)
    assert result.returncode == 0 and result.stdout == "" and "BEGIN:VCALENDAR" in file.read_text()
    file.write_text("mine")
    assert run(*words, file).returncode == 73 and file.read_text() == "mine"
    terminal = person(*words, file)
    terminal.expect("Replace it")
    terminal.type("n")
    assert terminal.wait() == 77 and file.read_text() == "mine"
    assert run(*words, file, "--yes").returncode == 0 and "END:VCALENDAR" in file.read_text()
    assert run(*words, tmp_path / "none" / "x.ics").returncode == 73
    assert sorted(path.name for path in tmp_path.iterdir() if "ics" in path.name) == ["last days.ics"]


def test_a_calendar_with_nothing_in_it_is_not_written(run, samples, tmp_path):
    expired = next(user for user in users(samples) if "expired" in user["expect"])
    result = run("show", "--output", tmp_path / "x.ics", "--store", samples / expired["dir"])
    assert result.returncode == 66 and not (tmp_path / "x.ics").exists()
