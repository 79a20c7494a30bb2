"""certrelay doctor: each step of the way named, and what to do where it ends."""

import asyncio
import contextlib
import http.server
import re
import threading
import time

import pytest
import relays
from peer import wire
from people import environment, free_port, run
from scripted_relay import ScriptedRelay
from shelf import error_id, events, shelf

__all__ = ["environment", "run", "shelf"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


@pytest.fixture(scope="module")
def secure(programs, tmp_path_factory):
    """A relay with TLS, whose certificate is for localhost and nothing else."""
    with relays.Relay(tmp_path_factory.mktemp("secure"), tls=True) as running:
        yield running


@contextlib.contextmanager
def pages(status=200, kind="text/html; charset=utf-8", ahead=0):
    """A web server with one page; its clock is so many seconds ahead. The URL."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(b"<!doctype html>")

        def date_time_string(self, timestamp=None):
            return super().date_time_string(time.time() + ahead)

        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def findings(result):
    return {line["check"]: line["good"] for line in events(result, "check")}


def text_of(result, check):
    return next(line["text"] for line in events(result, "check") if line["check"] == check)


# This computer

def test_a_computer_that_can_do_it_is_told_so(run, shelf, relay):
    found = findings(run("doctor", "--relay", relay.url, "--json"))
    assert {found[each] for each in ("legacy", "clock", "folder", "certificates", "port", "relay")} == {True}


def test_without_certificates_that_is_no_fault(run, relay):
    result = run("doctor", "--relay", relay.url, "--json")
    assert result.returncode == 0 and findings(result)["certificates"] is None


def test_without_the_legacy_provider_it_says_what_to_install(run, relay, tmp_path):
    empty = tmp_path / "modules"
    empty.mkdir()
    env = {"OPENSSL_MODULES": str(empty)}
    result = run("doctor", "--relay", relay.url, "--json", env=env)
    assert result.returncode == 65 and error_id(result) == "no-legacy"
    assert findings(result)["legacy"] is False and findings(result)["relay"] is True
    words = run("doctor", "--relay", relay.url, env=env).stderr
    assert "legacy" in words and "Install it" in words
    assert "legacy" in run("doctor", "--relay", relay.url, "--lang", "ko", env=env).stderr


def test_a_folder_that_cannot_be_written_is_told(run, relay, tmp_path):
    (tmp_path / "NPKI").write_text("a file in the way")
    result = run("doctor", "--relay", relay.url, "--json")
    assert result.returncode == 73 and error_id(result) == "not-writable" and findings(result)["folder"] is False
    result = run("doctor", "--relay", relay.url, "--store", tmp_path / "none" / "NPKI", "--json")
    assert result.returncode == 73 and findings(result)["folder"] is False


def test_nothing_is_made_by_looking(run, relay, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert run("doctor", "--relay", relay.url).returncode == 0
    assert sorted(tmp_path.rglob("*")) == before


# The way to the relay

def test_each_step_to_a_relay_with_tls_is_named(run, secure):
    result = run("doctor", "--relay", secure.url, "--ca-file", secure.ca_file, "--json")
    found = findings(result)
    assert result.returncode == 0, result.stderr
    assert {found[each] for each in ("name", "port", "tls", "relay")} == {True}
    assert "localhost leads to" in text_of(result, "name") and str(secure.port) in text_of(result, "port")
    assert "localhost" in text_of(result, "tls")


@pytest.mark.parametrize("host, options, check, name", [
    ("localhost", (), "tls", "tls-untrusted"), ("127.0.0.1", ("ca",), "tls", "tls-name"),
    ("relay.invalid", ("ca",), "name", "relay-name")])
def test_the_step_that_fails_is_named(run, secure, host, options, check, name):
    trust = ("--ca-file", secure.ca_file) if options else ()
    result = run("doctor", "--relay", f"wss://{host}:{secure.port}/ws", *trust, "--json")
    assert result.returncode == 69 and error_id(result) == name
    assert findings(result)[check] is False and findings(result)["relay"] is False
    assert list(findings(result)).index(check) + 1 == list(findings(result)).index("relay")


def test_a_closed_port_is_named(run):
    result = run("doctor", "--relay", f"ws://127.0.0.1:{free_port()}/ws", "--json")
    assert result.returncode == 69 and error_id(result) == "relay-refused" and findings(result)["port"] is False


def test_no_tls_where_tls_is_expected_is_named(run, relay):
    result = run("doctor", "--relay", relay.url.replace("ws://", "wss://"), "--json")
    assert result.returncode == 69 and error_id(result) == "tls" and findings(result)["tls"] is False


def test_a_server_that_is_no_relay_is_named(run, relay):
    result = run("doctor", "--relay", relay.url.replace("/ws", "/other"), "--json")
    assert result.returncode == 76 and error_id(result) == "not-a-relay"
    assert findings(result)["port"] is True and findings(result)["relay"] is False


def test_a_missing_ca_file_is_told(run, secure):
    result = run("doctor", "--relay", secure.url, "--ca-file", "/nonexistent", "--json")
    assert result.returncode == 66 and error_id(result) == "ca-file" and findings(result)["relay"] is False


@pytest.fixture(scope="module")
def lame(programs, tmp_path_factory):
    """A relay whose engine is away."""
    folder = tmp_path_factory.mktemp("lame")
    with relays.Relay(folder, engine="unix:%s/none" % folder) as running:
        yield running


def test_a_relay_whose_engine_is_away_is_told_apart_from_one_that_is_not_there(run, lame):
    result = run("doctor", "--relay", lame.url, "--json")
    assert result.returncode == 75 and error_id(result) == "relay-busy"
    found = findings(result)
    assert found["relay"] is True and found["mailboxes"] is False and "engine is away" in text_of(result, "mailboxes")


def test_that_is_said_in_both_languages_and_how_long_to_wait(run, lame):
    with pages() as url:
        english, korean = (run("doctor", "--relay", lame.url, "--page", url, "--lang", each) for each in ("en", "ko"))
    assert "cannot take new mailboxes now" in english.stdout and "page for phones is there" in english.stdout
    assert re.search(r"asks to wait [2-5] seconds", english.stderr) and "engine" in english.stderr
    assert "지금은 새 사서함을 열 수 없습니다" in korean.stdout and "저장 엔진" in korean.stderr


class Answers(ScriptedRelay):
    """Says the same to whatever is asked."""

    def __init__(self, *answers):
        super().__init__()
        self.answers, self.asked = answers, []

    async def serve(self, socket, _path=None):
        async for message in socket:
            self.asked.append(wire.parse(message, wire.DEVICE_SAYS)[0])
            await asyncio.gather(*map(socket.send, self.answers))


def refused(reason):
    return wire.frame(wire.REFUSED, reason=reason, retry_after=7)


def test_a_relay_that_can_take_mailboxes_is_asked_and_opens_none(run):
    with Answers(refused(wire.GONE)) as scripted:
        result = run("doctor", "--relay", scripted.url, "--json")
    assert result.returncode == 0 and "mailboxes" not in findings(result)
    assert scripted.asked == [wire.RESUME]


@pytest.mark.parametrize("answers", [[refused(wire.TOO_MANY)], [refused(wire.DRAINING), refused(wire.BUSY)], [b"\xff"], []], ids=range(4))
def test_a_relay_that_refuses_for_another_reason_or_says_nothing_of_it_is_no_failure(run, answers):
    with Answers(*answers) as scripted:
        result = run("doctor", "--relay", scripted.url, "--json")
    assert result.returncode == 0 and findings(result)["relay"] is True and "mailboxes" not in findings(result)


def test_what_is_said_before_the_refusal_is_passed_over(run):
    with Answers(wire.frame(wire.GOING_AWAY, seconds=5), refused(wire.BUSY)) as scripted:
        result = run("doctor", "--relay", scripted.url, "--json")
    assert result.returncode == 75 and findings(result)["mailboxes"] is False


# The page for phones

def test_a_page_that_is_there_is_found(run, relay):
    with pages() as url:
        result = run("doctor", "--relay", relay.url, "--page", url, "--json")
    assert result.returncode == 0 and findings(result)["page"] is True and findings(result)["relay-clock"] is True


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 200, "kind": "text/plain"}, {"status": 200, "kind": None}])
def test_what_is_no_page_is_told_and_is_no_failure(run, relay, answer):
    with pages(**answer) as url:
        result = run("doctor", "--relay", relay.url, "--page", url, "--json")
    assert result.returncode == 0 and findings(result)["page"] is None and "Phones need" in text_of(result, "page")


def test_a_page_whose_server_is_down_is_told(run, relay):
    result = run("doctor", "--relay", relay.url, "--page", f"http://127.0.0.1:{free_port()}/", "--json")
    assert result.returncode == 0 and findings(result)["page"] is None and "not running" in text_of(result, "page")


@pytest.mark.parametrize("ahead, word", [(86400, "behind"), (-7200, "ahead")])
def test_a_clock_that_differs_from_the_servers_is_told(run, relay, ahead, word):
    with pages(ahead=ahead) as url:
        result = run("doctor", "--relay", relay.url, "--page", url, "--json")
    assert findings(result)["relay-clock"] is False and word in text_of(result, "relay-clock")


def test_a_page_without_tls_elsewhere_is_not_asked(run, relay):
    result = run("doctor", "--relay", relay.url, "--page", "http://page.invalid/", "--json")
    assert result.returncode == 0 and findings(result)["page"] is None


def test_korean_is_spoken(run, relay):
    with pages() as url:
        words = run("doctor", "--relay", relay.url, "--page", url, "--lang", "ko").stdout
    assert "휴대폰용 페이지가 있습니다" in words and "중계 서버가 /ws에서 응답합니다" in words
