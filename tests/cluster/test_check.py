"""certrelayd --check-config with an engine: each thing that may be wrong with it is said in words, within seconds, and nothing stays there."""

import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import kit as kits
from clients import eventually, first_answer
from engine import Engine, Talk, free_port
from nodes import Cluster
from relaykit import ALLOCATED
from test_keys import lifetimes

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 3
OTHERS = 5      # for a program under sanitizers to begin and end


@pytest.fixture(scope="module")
def engine():
    with Engine("127.0.0.1") as running:
        yield running


def check(where, password=None, **keys):
    """(exit code, what is said), of a relay that would be fine with another engine."""
    given = {"listen": "127.0.0.1:0", "tls": "off", "trusted_proxies": "127.0.0.1", "engine": where, **keys}
    given = {"CERTRELAYD_" + name.upper(): str(value) for name, value in given.items()}
    began = time.monotonic()
    done = subprocess.run([kits.CERTRELAYD, "--check-config"], env={"PATH": "/usr/bin:/bin", **given}, capture_output=True, text=True,
                          timeout=30, check=False, stdin=subprocess.DEVNULL)
    assert time.monotonic() - began < LONGEST + OTHERS
    assert done.stdout == "" and "Sanitizer" not in done.stderr, done
    assert password is None or password not in done.stderr
    return done.returncode, done.stderr


def wrong(where, code=78, **keys):
    """What is wrong with it; the sentence names the line of the configuration."""
    found, said = check(where, **keys)
    assert found == code, said
    assert said.splitlines()[-1].startswith("certrelayd: engine = %s: " % where), said
    return said


@pytest.fixture
def user(engine, tmp_path):
    """user(rights...): the keys for one who has these rights."""
    path = tmp_path / "password"
    path.write_text("hush-hush\n")

    def make(*rights):
        engine.ask("ACL", "SETUSER", "relay", "reset", "on", ">hush-hush", *rights)
        return {"engine_user": "relay", "engine_password_file": path, "password": "hush-hush"}
    yield make
    engine.ask("ACL", "DELUSER", "relay")


def least_rights():
    """As the documentation has them."""
    line, = re.findall(r"^ *user certrelay on \S+ (.*)$", (ROOT / "relay" / "CLUSTER.md").read_text(), re.M)
    return line.split()


def test_a_good_engine_is_checked_without_a_word_and_holds_nothing_then(engine):
    for where in ("unix:%s" % engine.path, "redis://127.0.0.1:%d" % engine.port, "redis://localhost:%d/3" % engine.port):
        assert check(where) == (0, "")
        assert engine.keys() == []


def test_the_least_rights_of_the_documentation_suffice_and_none_is_too_many(engine, user):
    rights = least_rights()
    where = "unix:%s" % engine.path
    assert check(where, **user(*rights)) == (0, "")
    for right in rights:
        if right.startswith("+") and right not in ("+hello", "+auth"):
            code, said = check(where, **user(*rights, right.replace("+", "-")))
            assert -1 not in lifetimes(engine).values(), right
            assert code == 78 or (code == 0 and "maxmemory-policy" in said and right == "+info"), (right, said)


def test_with_these_rights_nodes_work_together(tmp_path):
    (tmp_path / "password").write_text("hush-hush\n")
    with Engine() as own:
        own.ask("ACL", "SETUSER", "certrelay", "on", ">hush-hush", *least_rights())
        with Cluster(2, engine=own, engine_user="certrelay", engine_password_file=tmp_path / "password") as two:
            assert first_answer(two[0], b"\x01" + bytes(16))[0] == ALLOCATED
            for node in (two[0], two[1]):
                assert not [line for line in node.lines if line["level"] != "info" and line["event"] == "engine"]
        assert not own.ask("ACL", "LOG"), own.ask("ACL", "LOG")


def test_a_check_asks_for_all_that_the_other_scripts_do():
    """Else a right might be missing that the check does not miss."""
    found = {path.name: set(re.findall(r"redis\.p?call\('(\w+)'|try\('(\w+)'", path.read_text())) for path in (ROOT / "relay" / "lua").glob("*.lua")}
    commands = {name: {a or b for a, b in pairs} for name, pairs in found.items()}
    assert len(commands) > 8
    for name, used in commands.items():
        assert used <= commands["check.lua"], name


def test_where_nobody_is_is_told(tmp_path):
    assert "cannot be reached now (" in wrong("unix:%s" % (tmp_path / "none"), 69)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        said = wrong("redis://127.0.0.1:%d" % closed.getsockname()[1], 69)
    assert "refused" in said and "a relay would start" in said
    assert "cannot be reached" in wrong("redis://engine.invalid", 69)


def test_a_password_that_is_wrong_or_missing_is_told(engine, user, tmp_path):
    where = "unix:%s" % engine.path
    keys = user("allkeys", "allcommands")
    assert check(where, **keys) == (0, "")
    keys["engine_password_file"].write_text("another\n")
    assert "does not let this relay in" in wrong(where, **keys) and "WRONGPASS" in wrong(where, **keys)
    engine.ask("CONFIG", "SET", "requirepass", "hush-hush")
    try:
        assert "NOAUTH" in wrong(where)
    finally:
        talk = Talk(engine.path)
        talk("AUTH", "hush-hush")
        talk("CONFIG", "SET", "requirepass", "")
        talk.close()


@pytest.mark.parametrize("rights, word", [
    (("~certrelay:*", "+@all", "-script"), "script"), (("~certrelay:*", "+@all", "-evalsha"), "evalsha"),
    (("~certrelay:*", "+@all", "-xread"), "xread"), (("~certrelay:*", "+@all", "-zadd"), "certrelay:: "),
    (("~other:*", "+@all"), "certrelay:: ")], ids=lambda value: value if isinstance(value, str) else "")
def test_a_right_that_is_missing_is_told(engine, user, rights, word):
    said = wrong("unix:%s" % engine.path, **user(*rights))
    assert word in said and ("NOPERM" in said or "can't" in said or "permission" in said), said
    eventually(lambda: engine.keys() == [])


def test_another_prefix_is_what_is_tried(engine, user):
    keys = user("~mine:*", "+@all")
    assert check("unix:%s" % engine.path, engine_prefix="mine:", **keys) == (0, "")
    assert "mine2:" in wrong("unix:%s" % engine.path, engine_prefix="mine2:", **keys)


@pytest.mark.parametrize("limit, policy, code", [("0", "noeviction", 0), ("100mb", "noeviction", 0), ("0", "volatile-lru", 0),
                                                 ("100mb", "volatile-lru", 78), ("100mb", "allkeys-random", 78)])
def test_an_engine_that_throws_mailboxes_away_is_told(engine, limit, policy, code):
    for name, value in (("maxmemory", limit), ("maxmemory-policy", policy)):
        engine.ask("CONFIG", "SET", name, value)
    try:
        found, said = check("unix:%s" % engine.path)
    finally:
        engine.ask("CONFIG", "SET", "maxmemory", 0, "maxmemory-policy", "noeviction")
    assert found == code and (("is %s, which" % policy in said) == (policy != "noeviction")), said


def test_a_full_engine_is_told(engine):
    engine.ask("CONFIG", "SET", "maxmemory", 1)
    try:
        assert "OOM" in wrong("unix:%s" % engine.path)
    finally:
        engine.ask("CONFIG", "SET", "maxmemory", 0)


def test_a_replica_is_told(engine):
    with Engine("127.0.0.1") as replica:
        replica.ask("REPLICAOF", "127.0.0.1", engine.port)
        assert "is a replica" in wrong("unix:%s" % replica.path)


def test_a_cluster_is_told():
    with Engine("127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", str(free_port("127.0.0.1"))) as other:
        assert "is a Redis Cluster" in wrong("unix:%s" % other.path)


# Engines that are not there to be started


class MadeUp:
    """A server that answers what it is told to: a bytes for each command, in order, then nothing."""

    def __init__(self, *answers):
        self.answers, self.door = answers, socket.create_server(("127.0.0.1", 0))
        self.where = "redis://127.0.0.1:%d" % self.door.getsockname()[1]
        self.guests = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                guest, _ = self.door.accept()
                self.guests.append(guest)
                guest.recv(1)
                guest.sendall(b"".join(self.answers))
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.door.shutdown(socket.SHUT_RDWR)
        for each in (self.door, *self.guests):
            each.close()


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text.encode())


def hello(version, mode="standalone", role="master"):
    words = ["server", "redis", "version", version, "mode", mode, "role", role]
    return b"*%d\r\n" % len(words) + b"".join(map(bulk, words))


def looked(ahead=0, memory="# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n", error=""):
    return b"*3\r\n" + bulk(str(int(time.time()) + ahead)) + bulk(memory) + bulk(error)


GREETING = (bulk("0" * 40), b"+OK\r\n")
NIL = b"*-1\r\n"


def test_the_made_up_engine_is_good_where_it_says_what_a_real_one_does():
    for version in ("6.2.0", "7.0.15", "10.0", "8.1.1"):
        with MadeUp(*GREETING, hello(version), looked(), NIL) as good:
            assert check(good.where) == (0, "")


@pytest.mark.parametrize("version", ["5.0.3", "6.0.16", "3.2", "2.8.24"])
def test_an_engine_that_is_too_old_is_told(version):
    with MadeUp(*GREETING, hello(version), looked(), NIL) as old:
        said = wrong(old.where)
        assert "version " + version.rpartition(".")[0] in said or version in said
        assert "6.2 or newer" in said


def test_one_that_is_older_than_the_question_is_told():
    with MadeUp(*GREETING, b"-ERR unknown command `HELLO`, with args beginning with: \r\n", looked(), NIL) as old:
        assert "older than 6.2" in wrong(old.where)


@pytest.mark.parametrize("ahead, word", [(3600, "ahead of"), (-3600, "behind"), (1, "")])
def test_a_clock_that_differs_is_told_and_is_no_fault(ahead, word):
    with MadeUp(*GREETING, hello("7.0.0"), looked(ahead), NIL) as other:
        code, said = check(other.where)
    assert code == 0 and (word in said if word else said == ""), said


def test_an_engine_that_does_not_tell_of_its_memory_is_no_fault():
    with MadeUp(*GREETING, hello("7.0.0"), looked(memory=""), NIL) as other:
        code, said = check(other.where)
    assert code == 0 and "noeviction" in said and said.startswith("certrelayd: warning: ")


@pytest.mark.parametrize("answers", [(), GREETING[:1], GREETING, (*GREETING, hello("7.0.0")), (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
                                     (*GREETING, b"+?\r\n" * 3), (b":1\r\n" * 9,), (*GREETING, b"*1\r\n" * 50)], ids=range(8))
def test_one_that_is_silent_or_no_engine_is_told_in_time(answers):
    with MadeUp(*answers) as other:
        code, said = check(other.where)
    assert code in (69, 78) and "engine = " in said, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_check_can_be_stopped(number):
    given = {"CERTRELAYD_LISTEN": "127.0.0.1:0", "CERTRELAYD_TLS": "off", "PATH": "/usr/bin:/bin"}
    with MadeUp() as silent, subprocess.Popen([kits.CERTRELAYD, "--check-config"], env={**given, "CERTRELAYD_ENGINE": silent.where},
                                              stderr=subprocess.PIPE, text=True) as checking:
        eventually(lambda: silent.guests)
        checking.send_signal(number)
        said = checking.communicate(timeout=30)[1]
        assert checking.returncode == 69 and "Sanitizer" not in said, said
