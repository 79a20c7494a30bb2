"""A day in the life of a relay, with something conspicuous in every place; and then the search for it."""

import json
import os
import re
import resource
import shutil
import signal
import ssl
import struct
import subprocess
import sys

import pytest

from relaykit import ACKED, DELIVER, JOINED, PATIENCE, PEER, REFUSED, RESUMED, Client, ends, make_certificate, request
from test_relay_network import enter, header, named, tcp
from test_relay_page import make_page
from watchkit import SAMPLE, Watched, hears_out, say_goodbye

NOBODY = 65534
ADDRESSES = ("198.51.100.77", "203.0.113.99", "2001:db8:77:88::1", "192.0.2.55")
TOKENS = [b"canarytoken-%04d" % number for number in range(8)]
AGENT = {"User_Agent": "canary-agent", "Origin": "https://canary-origin.example", "Cookie": "canary=cookie", "Referer": "https://canary-from/"}
FILES = b"canary-signCert.der canary-signPri.key cn=canary()0001,ou=canary"

# All that log lines and figures are made of; whoever adds something asks first whether it could be somebody's.
EVENTS = {
    "listening": {"on", "port", "tls", "name"}, "watched": {"on", "port"}, "library": {"name", "version", "note"}, "started": {"version"},
    "certificate": {"expires", "days", "what"}, "confined": {"root", "seccomp", "what", "user"}, "reload": {"done", "what"},
    "warning": {"what", "count", "mostly_one_address"}, "refused": {"reason", "count"},
    "mailbox": {"mood", "joined", "seconds", "tag"}, "draining": {"mailboxes", "seconds"}, "drained": {"mailboxes"}}
WORDS = {"reason": re.compile("[a-z-]{2,24}"), "mood": re.compile("[a-z-]{2,12}"), "tag": re.compile("[0-9a-f]{8}")}
LABELS = {
    "state": {"waiting", "joined"}, "mood": {"done", "cancelled", "wrong_code", "error", "expired"}, "joined": {"yes", "no"},
    "scope": {"address", "network", "all"}, "limit": {"connections", "allocations", "failed_joins", "bytes"}, "direction": {"in", "out"},
    "status": {"2xx", "3xx", "4xx", "5xx"}, "result": {"done", "failed", "right", "wrong"}}


class Day:
    """What happened, and what may be found of it nowhere."""

    def __init__(self, relay):
        self.relay, self.numbers = relay, set()

    def proxied(self, address, **headers):
        """A device behind the trusted proxy at 127.0.0.1."""
        client = Client(self.relay.connect())
        assert client.upgrade(X_Forwarded_For=address, **AGENT, **headers).startswith("HTTP/1.1 101 ")
        return client

    def allocate(self, client, token):
        nameplate = client.allocate(token)
        self.numbers.add(str(int.from_bytes(nameplate[1:], "big")).zfill(nameplate[0]))
        return nameplate

    def pair(self, tokens=TOKENS[:2]):
        displayer, typist = self.proxied(ADDRESSES[0]), enter(named(self.relay, ADDRESSES[1]), **AGENT)
        typist.join(tokens[1], self.allocate(displayer, tokens[0]), b"canary-hello")
        for client, types in ((typist, (JOINED, PEER)), (displayer, (PEER, DELIVER))):
            for kind in types:
                client.hear(kind)
        return displayer, typist

    def transfers(self):
        displayer, typist = self.pair()
        typist.send(2, FILES)
        displayer.hear(DELIVER)
        displayer.sock.close()
        typist.hear(PEER)
        displayer = self.proxied(ADDRESSES[2])
        displayer.resume(TOKENS[0], 1)
        displayer.hear(RESUMED)
        displayer.ack(2)
        typist.hear(ACKED)
        say_goodbye(displayer, typist)

    def goes_wrong(self):
        for mood in (2, 3, 4):
            say_goodbye(*self.pair((os.urandom(16), os.urandom(16))), mood=mood)
        waits = self.proxied(ADDRESSES[2])
        self.allocate(waits, TOKENS[2])
        assert hears_out(waits) == 1
        for number in range(5):
            guesser = self.proxied(ADDRESSES[1])
            guesser.join(TOKENS[3], b"\x04" + struct.pack(">I", 1000 + number), FILES)
            guesser.hear(REFUSED)
        broken = self.proxied(ADDRESSES[0])
        broken.send_frame(b"\xffcanary-nonsense")
        broken.hear(REFUSED)
        text = self.proxied(ADDRESSES[0])
        text.send_frame(b"canary-text", opcode=1)
        text.closed_with()

    def strangers(self):
        lying = tcp(self.relay, "127.0.0.2")
        lying.sendall(header(ADDRESSES[3]))
        assert ends(lying) == b""
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        with context.wrap_socket(self.relay.tcp(), server_hostname="canary-name.example") as sock:
            sock.sendall(request("/canary-path?canary-query", X_Forwarded_For=ADDRESSES[3], **AGENT).encode())
            ends(sock)
        for text in (b"GET /canary-page?canary-query HTTP/1.1\r\nHost: canary-host\r\nUser-Agent: canary-agent\r\n\r\n",
                     b"canary-garbage\r\n\r\n", b"POST /canary-post HTTP/1.1\r\nContent-Length: 6\r\n\r\ncanary"):
            sock = self.relay.connect()
            sock.sendall(text)
            ends(sock)
        plain = self.relay.tcp()
        plain.sendall(b"GET /canary-plain HTTP/1.1\r\n\r\n")
        ends(plain)
        self.relay.asks(b"GET /canary-door?canary HTTP/1.1\r\nUser-Agent: canary-agent\r\n\r\n")

    def passes(self):
        self.transfers()
        self.goes_wrong()
        self.strangers()
        self.relay.signal(signal.SIGHUP)
        self.relay.wait_for("reload")
        self.relay.wait_for("mailbox", 5)
        return self.relay.get("/metrics")[2]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("relay")
    page = make_page(tmp_path_factory.mktemp("page"))
    with Watched(str(folder), *make_certificate(str(folder)), page=str(page), trusted_proxies="127.0.0.1", wait_seconds=5,
                 address_failed_joins=50) as relay:
        lived = Day(relay)
        files = snapshot(folder), snapshot(os.getcwd())
        lived.figures = lived.passes()
        lived.wrote = re.search(r"^write_bytes: (\d+)", proc(relay, "io"), re.M)[1]
        # The first three are whatever it was started with.
        lived.open = [os.readlink("/proc/%d/fd/%s" % (relay.process.pid, fd))
                      for fd in os.listdir("/proc/%d/fd" % relay.process.pid) if int(fd) > 2]
        assert files == (snapshot(folder), snapshot(os.getcwd()))
    lived.log = "".join(relay.raw)
    yield lived


def snapshot(folder):
    return sorted((entry.name, entry.stat().st_size) for entry in os.scandir(folder))


def proc(relay, name):
    with open("/proc/%d/%s" % (relay.process.pid, name), encoding="ascii") as file:
        return file.read()


def test_the_day_had_all_in_it(day):
    for sample in ('outcomes_total{mood="done",joined="yes"} 1', 'outcomes_total{mood="wrong_code",joined="yes"} 1',
                   'outcomes_total{mood="expired",joined="no"} 1', 'refusals_total{reason="unavailable"} 5', "resumes_total 1",
                   'refusals_total{reason="malformed"} 1', 'refusals_total{reason="text"} 1', "tls_handshake_failures_total 1"):
        assert "certrelay_%s\n" % sample in day.figures, sample
    assert "certrelay_forwarded_disbelieved_total 0" not in day.figures
    assert '"event":"refused"' in day.log and len(day.numbers) >= 5


def test_nothing_of_anybody_is_in_the_log_or_in_the_figures(day):
    own = '"event":"(?:listening|watched)"'
    log = "".join(line for line in day.log.splitlines(True) if not re.search(own, line))
    secrets = ["canary", "signCert", "agent", "127.0.0", "::1", *ADDRESSES, *(address.rsplit(".", 1)[0] for address in ADDRESSES)]
    secrets += [token.hex() for token in TOKENS]
    for text in (log, day.figures):
        for secret in secrets:
            assert secret.lower() not in text.lower(), secret
        for token in TOKENS:
            assert token.decode() not in text
    for line in log.splitlines():
        words = json.loads(line)
        for number in day.numbers:
            assert number not in [str(value) for name, value in words.items() if name not in ("time", "tag")], words


def test_log_lines_are_made_of_known_fields_and_words(day):
    for line in day.log.splitlines():
        words = json.loads(line)
        assert set(words) - {"time", "level", "event"} <= EVENTS[words["event"]], words
        assert words["level"] in ("info", "warning", "error")
        for name, value in words.items():
            assert name not in WORDS or WORDS[name].fullmatch(value), words


def test_figures_have_known_labels_only(day):
    for line in day.figures.splitlines():
        if line.startswith("#"):
            continue
        name, labels, _ = SAMPLE.fullmatch(line).groups()
        if name == "certrelay_build_info":
            continue
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
            known = LABELS.get(label)
            assert value in known if known else (label == "le" and re.fullmatch(r"\d+|\+Inf", value) or
                                                 label == "reason" and re.fullmatch("[a-z_]{2,24}", value)), line


def test_nothing_is_written_to_disk(day):
    assert day.wrote == "0"
    for path in day.open:
        assert re.match(r"(socket|pipe|anon_inode):|/dev/(null|urandom)$", path), path


# Memory


@pytest.fixture
def crashing(tmp_path, monkeypatch):
    """A relay in the middle of a transfer that may leave core files, as far as the system lets it."""
    folder = tmp_path / "here"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0:detect_leaks=0")
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    keys = {"user": "nobody"} if os.geteuid() == 0 else {}
    relay = Watched(str(tmp_path), *make_certificate(str(tmp_path)), trusted_proxies="127.0.0.1", **keys)
    try:
        _displayer, typist = Day(relay).pair()
        typist.send(2, FILES)
        yield relay, folder
        for client in (_displayer, typist):
            client.close()
    finally:
        relay.process.kill()
        relay.process.wait()
        resource.setrlimit(resource.RLIMIT_CORE, before)


def as_user(*command):
    """Runs it as the user that the relay is."""
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 3, check=False,
                          user=NOBODY if os.geteuid() == 0 else None)


def reads(pid, name):
    return as_user(sys.executable, "-c", "open('/proc/%d/%s', 'rb').read(1)" % (pid, name)).returncode == 0


def aborted(pid):
    """Whether a process that is told to abort left a core."""
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    return os.WCOREDUMP(status)


def test_a_crash_leaves_no_core(crashing):
    relay, folder = crashing
    control = subprocess.Popen(["sleep", "60"])
    if not aborted(control.pid):
        pytest.skip("SKIP: nothing leaves a core here, so it cannot be shown that the relay is the one that does not")
    control.returncode = -signal.SIGABRT
    for core in folder.iterdir():
        core.unlink()
    assert "Max core file size        0                    0" in proc(relay, "limits")
    assert not aborted(relay.process.pid)
    assert not list(folder.iterdir())


def test_another_process_of_the_same_user_reads_nothing_of_its_memory(crashing):
    relay, folder = crashing
    control = subprocess.Popen(["sleep", "60"], user=NOBODY if os.geteuid() == 0 else None)
    try:
        assert reads(control.pid, "environ")
        for name in ("environ", "mem", "maps"):
            assert not reads(relay.process.pid, name), name
        if shutil.which("gcore"):
            done = as_user("gcore", "-o", str(folder / "core"), str(relay.process.pid))
            assert done.returncode != 0 and not list(folder.iterdir()), done
    finally:
        control.kill()
        control.wait()
