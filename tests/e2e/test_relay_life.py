"""The relay under a service manager: what it says of itself, sockets that outlive it, its drain, and what it gives up."""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

from lifekit import Ear, Managed, listener, plain_program, start
from relaykit import (ACKED, DELIVER, GOING_AWAY, PATIENCE, REFUSED, Client, ends, make_certificate, pair)

DRAINING = 5  # the contract's reason


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


def told(ear, **more):
    return {"environment": {"NOTIFY_SOCKET": ear.name, **more}}


def status_of(relay):
    with open("/proc/%d/status" % relay.process.pid, encoding="ascii") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


def only(arguments, **how):
    """A relay that is to end by itself: its exit code, and what it said."""
    process = start(arguments, **how)
    try:
        said = process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said


def config_of(tmp_path, **keys):
    path = tmp_path / "life.ini"
    path.write_text("".join("%s = %s\n" % item for item in {"tls": "off", "page": "off", **keys}.items()))
    return str(path)


# What it says of itself


@pytest.mark.parametrize("is_abstract", [False, True], ids=["path", "abstract"])
def test_it_is_ready_when_connections_are_answered(tmp_path, is_abstract):
    with Ear(is_abstract) as ear, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        with Managed(str(tmp_path), listen="127.0.0.1:%d" % port, **told(ear)) as relay:
            assert re.fullmatch(r"0 mailboxes, 0 connections", ear.hear(READY="1")["STATUS"])
            relay.client().close()


def test_what_failed_to_start_is_never_ready(tmp_path):
    with Ear() as ear, listener() as other:
        config = config_of(tmp_path, listen="127.0.0.1:%d" % other.getsockname()[1])
        code, _ = only(["--config", config], **told(ear))
        assert code == 71
        assert ear.said.empty()


def test_a_reload_is_announced_and_ended(tmp_path, certificate):
    with Ear() as ear, Managed(str(tmp_path), *certificate, **told(ear)) as relay:
        ear.hear("READY")
        relay.signal(signal.SIGHUP)
        assert int(ear.hear(RELOADING="1")["MONOTONIC_USEC"]) > 0
        ear.hear(READY="1")
        relay.wait_for("reload", done=True)


def test_a_reload_that_fails_is_ended_too(tmp_path, certificate):
    files = [shutil.copy(path, tmp_path) for path in certificate]
    with Ear() as ear, Managed(str(tmp_path), *files, **told(ear)) as relay:
        ear.hear("READY")
        os.unlink(files[1])
        relay.signal(signal.SIGHUP)
        ear.hear(RELOADING="1")
        ear.hear(READY="1")
        relay.wait_for("reload", done=False)


def test_the_watchdog_hears_the_loop_again_and_again(tmp_path):
    with Ear() as ear, Managed(str(tmp_path), **told(ear, WATCHDOG_USEC="100000")):
        for _ in range(5):
            ear.hear(WATCHDOG="1")


def test_without_a_watchdog_none_is_fed(tmp_path):
    with Ear() as ear:
        with Managed(str(tmp_path), **told(ear, WATCHDOG_USEC="100000", WATCHDOG_PID="1")) as relay:
            ear.hear("READY")
            relay.client().close()
        ear.hear("STOPPING")
        assert not [message for message in ear.heard if "WATCHDOG" in message]


def test_the_status_counts_and_names_nobody(tmp_path):
    with Ear() as ear, Managed(str(tmp_path), **told(ear, WATCHDOG_USEC="100000")) as relay:
        displayer, typist, _ = pair(relay)
        said = ear.hear(STATUS="1 mailboxes, 2 connections")
        assert set(said) == {"STATUS"}
        for client in (displayer, typist):
            client.close()
        ear.hear(STATUS="1 mailboxes, 0 connections")
        for message in ear.heard:
            assert re.fullmatch(r"(Draining: )?\d+ mailboxes, \d+ connections", message.get("STATUS", "0 mailboxes, 0 connections"))


def test_a_drain_asks_for_time_again_and_again(tmp_path):
    with Ear() as ear, Managed(str(tmp_path), drain_seconds=3600, **told(ear, WATCHDOG_USEC="100000")) as relay:
        displayer, typist, _ = pair(relay)
        relay.signal(signal.SIGTERM)
        for _ in range(3):
            said = ear.hear(STOPPING="1")
            assert 1000000 <= int(said["EXTEND_TIMEOUT_USEC"]) <= 60000000
            assert said["STATUS"] == "Draining: 1 mailboxes, 2 connections"
        for client in (displayer, typist):
            client.say_close()
        assert relay.wait() == 0


def test_without_a_manager_it_runs_as_before(tmp_path):
    with Managed(str(tmp_path), environment={"NOTIFY_SOCKET": "/nonexistent/notify", "WATCHDOG_USEC": "100000"}) as relay:
        relay.client().close()


# Sockets that are handed over


def port_of(door):
    return door.getsockname()[1]


def test_sockets_that_are_handed_over_take_the_place_of_listen(tmp_path):
    with listener() as door, listener() as more, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port_of(free)
        free.close()
        with Managed(str(tmp_path), sockets=[door, more], names=["web", "more"], listen="127.0.0.1:%d" % port) as relay:
            lines = [line for line in relay.lines if line["event"] == "listening"]
            assert [(line["on"], line["name"], line["port"]) for line in lines] == \
                [("systemd", "web", port_of(door)), ("systemd", "more", port_of(more))]
            for relay.port in (port_of(door), port_of(more)):
                relay.client().close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), PATIENCE)


def test_listen_systemd_says_which_lines_they_stand_for(tmp_path):
    config = tmp_path / "both"
    config.mkdir()
    with listener() as door, Managed(str(config), sockets=[door], listen="systemd\nlisten = 127.0.0.1:0") as relay:
        ports = [line["port"] for line in relay.lines if line["event"] == "listening"]
        assert ports[0] == port_of(door) and len(ports) == 2
        for relay.port in ports:
            relay.client().close()


def test_a_path_that_is_handed_over_is_served_and_stays(tmp_path):
    path = str(tmp_path / "socket")
    with listener(socket.AF_UNIX, path) as door:
        with Managed(str(tmp_path), sockets=[door], listen="systemd"):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(path)
                assert Client(sock).upgrade().startswith("HTTP/1.1 101 ")
        assert os.path.exists(path), "it is the manager's"


def test_both_kinds_of_addresses_come_through_one_socket(tmp_path):
    with contextlib.ExitStack() as open_:
        try:
            door = open_.enter_context(socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True))
        except (OSError, ValueError):
            pytest.skip("SKIP: no IPv6 here")
        # Whoever comes by IPv4 is known by that address, and not as a stranger in an IPv6 network.
        relay = open_.enter_context(Managed(str(tmp_path), sockets=[door], allow_from="127.0.0.0/8"))
        relay.client().allocate(os.urandom(16))


def test_listen_systemd_without_a_socket_is_explained(tmp_path):
    config = config_of(tmp_path, listen="systemd")
    code, said = only(["--config", config])
    assert code == 78
    assert "listen = systemd: no socket was handed over" in said
    code, said = only(["--config", config, "--check-config"])
    assert code == 0, said


def test_what_is_handed_over_and_does_not_listen_is_refused(tmp_path):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        code, said = only(["--config", config_of(tmp_path, listen="127.0.0.1:0")], sockets=[deaf])
        assert code == 78
        assert "descriptor 3 is no socket that listens" in said


def test_what_is_meant_for_another_process_is_not_taken(tmp_path):
    with Managed(str(tmp_path), environment={"LISTEN_PID": "1", "LISTEN_FDS": "1"}) as relay:
        assert relay.wait_for("listening")["on"] == "127.0.0.1:0"


class Crowd:
    """Connects without a pause until it is told to stop; whoever is refused is remembered."""

    def __init__(self, port):
        self.port, self.failures, self.count = port, [], 0
        self.is_over = threading.Event()
        self.sockets = []
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self._come)
        self.thread.start()

    def _come(self):
        while not self.is_over.wait(0.005):
            try:
                sock = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            except OSError as error:
                self.failures.append(error)
                return
            self.sockets.append(sock)
            with self.news:
                self.count += 1
                self.news.notify_all()

    def wait(self, more):
        """Until so many more have come."""
        with self.news:
            wanted = self.count + more
            assert self.news.wait_for(lambda: self.count >= wanted or self.failures, PATIENCE)

    def stop(self):
        self.is_over.set()
        self.thread.join()
        for sock in self.sockets:
            sock.close()


def test_one_relay_follows_another_and_no_connection_is_refused(tmp_path):
    with listener() as door, contextlib.ExitStack() as running:
        old = running.enter_context(Managed(str(tmp_path), sockets=[door], drain_seconds=60))
        displayer, typist, _ = pair(old)
        crowd = Crowd(port_of(door))
        running.callback(crowd.stop)
        crowd.wait(3)
        old.signal(signal.SIGTERM)
        old.wait_for("draining")
        crowd.wait(10)  # between the two: they wait
        between = Client(socket.create_connection(("127.0.0.1", port_of(door)), PATIENCE))
        new = running.enter_context(Managed(str(tmp_path), sockets=[door]))
        crowd.wait(10)

        # Who came between the two is the new one's, and so are new mailboxes.
        assert between.upgrade().startswith("HTTP/1.1 101 ")
        between.allocate(os.urandom(16))
        for client in pair(new)[:2]:
            client.say_close()
        new.wait_for("mailbox", mood="done")

        # What ran on the old one goes on to its end.
        assert old.process.poll() is None
        typist.send(1, b"after the next one has come")
        assert typist.hear(ACKED, GOING_AWAY)
        assert displayer.hear(DELIVER, GOING_AWAY)
        for client in (displayer, typist):
            client.say_close()
        old.wait_for("mailbox", mood="done")
        assert old.wait() == 0
        assert not [line for line in new.lines if line.get("reason") == "draining"]
        crowd.stop()
        assert not crowd.failures, crowd.failures
        assert crowd.count >= 23


# The drain


def refusal_of(client):
    client.send_frame(bytes([1]) + os.urandom(16))
    while True:
        answer = client.hear()
        if answer[0] == REFUSED:
            return answer[1]
        assert answer[0] == GOING_AWAY, answer


def test_a_drain_refuses_new_mailboxes_and_lets_running_ones_finish(tmp_path):
    with Managed(str(tmp_path), drain_seconds=60) as relay:
        displayer, typist, _ = pair(relay)
        early = relay.client()
        relay.signal(signal.SIGTERM)
        relay.wait_for("draining", mailboxes=1)
        assert refusal_of(early) == DRAINING
        assert refusal_of(relay.client()) == DRAINING
        relay.wait_for("refused", reason="draining")
        for client in (displayer, typist):
            client.say_close()
        assert relay.wait() == 0
        relay.wait_for("drained", mailboxes=0)


def test_a_drain_ends_at_its_limit(tmp_path):
    with Managed(str(tmp_path), drain_seconds=1) as relay:
        displayer, typist, _ = pair(relay)
        relay.signal(signal.SIGTERM)
        assert relay.wait() == 0
        relay.wait_for("drained", mailboxes=1)
        for client in (displayer, typist):
            ends(client.sock)


def test_a_second_sigterm_ends_at_once(tmp_path):
    with Managed(str(tmp_path), drain_seconds=3600) as relay:
        clients = pair(relay)[:2]
        relay.signal(signal.SIGTERM)
        relay.wait_for("draining")
        assert relay.process.poll() is None
        relay.signal(signal.SIGTERM)
        assert relay.wait() == 0
        relay.wait_for("drained", mailboxes=1)
        for client in clients:
            client.close()


# What it gives up


def test_it_gains_no_privileges(tmp_path):
    with Managed(str(tmp_path)) as relay:
        assert status_of(relay)["NoNewPrivs"] == "1"


@pytest.mark.parametrize("mode", ["on", "log", "off"])
def test_system_calls_are_refused_as_configured(tmp_path, mode):
    with Managed(str(tmp_path), program=plain_program(), seccomp=mode) as relay:
        assert status_of(relay)["Seccomp"] == ("0" if mode == "off" else "2")
        assert relay.wait_for("confined")["seccomp"] == mode
        relay.client().close()


def test_by_default_they_are_refused(tmp_path):
    with Managed(str(tmp_path), program=plain_program()) as relay:
        assert status_of(relay)["Seccomp"] == "2"


def test_a_wrong_word_for_it_is_refused(tmp_path):
    code, said = only(["--config", config_of(tmp_path, listen="127.0.0.1:0", seccomp="maybe"), "--check-config"])
    assert code == 78
    assert "seccomp must be on, log or off" in said


def traced(tmp_path, relay_keys, do):
    """Does something with a relay under strace; the calls after it was confined, whose list refused none of them."""
    trace = str(tmp_path / "trace")
    tracer = tmp_path / "tracer"
    tracer.write_text('#!/bin/sh\nexec strace -D -f -o %s %s "$@"\n' % (trace, plain_program()))
    tracer.chmod(0o755)
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        pytest.skip("SKIP: strace is not there, or may not trace")
    with Managed(str(tmp_path), *relay_keys.pop("pair", ()), program=str(tracer), **relay_keys) as relay:
        do(relay)
    calls = pathlib.Path(trace).read_text(encoding="utf-8").split("SECCOMP_SET_MODE_FILTER, 0, {len=")
    assert len(calls) > 1, "it was not confined"
    return calls[-1]


def test_nothing_that_it_does_is_on_no_list(tmp_path, certificate):
    """TLS, the page, both loaded again by signal and by themselves, a path, a proxy's header, a watch, a drain."""
    files = [shutil.copy(path, tmp_path) for path in certificate]
    page, path = tmp_path / "page", str(tmp_path / "socket")
    page.mkdir()
    (page / "index.html").write_text("<html>page</html>")

    def do(relay):
        for client in pair(relay)[:2]:
            client.say_close()
        with relay.connect() as browser:
            browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"<html>page</html>" in ends(browser)
        with socket.socket(socket.AF_UNIX) as proxy:
            proxy.connect(path)
            proxy.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 1, 127, 0, 0, 1, 1, 2, 3, 4]) + b"x")
        relay.signal(signal.SIGHUP)
        relay.wait_for("reload", done=True)
        make_certificate(str(tmp_path), "relay")
        relay.wait_for("reload", 2, done=True)
        ear.hear(WATCHDOG="1")

    with Ear() as ear:
        calls = traced(tmp_path, {"pair": files, "page": str(page), "listen": "127.0.0.1:0\nlisten = unix:%s" % path,
                                  "tls_watch_seconds": 1, "drain_seconds": 1, **told(ear, WATCHDOG_USEC="500000")}, do)
    for needed in ("accept4(", "openat(", "getdents64(", "sendto(", "unlink"):
        assert needed in calls, needed
    assert "ENOSYS" not in calls, [line for line in calls.splitlines() if "ENOSYS" in line]
    assert not re.search(r"^\d+ +(socket|connect|bind|execve|clone|clone3|fork)\(", calls, re.M)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="SKIP: only root can become another user")


@contextlib.contextmanager
def files_for(certificate, mode):
    """A copy of certificate and key that others find, and may read by mode."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        files = [shutil.copy(path, folder) for path in certificate]
        for path, bits in zip(files, (0o644, mode)):
            os.chmod(path, bits)
        yield files


@needs_root
def test_root_is_given_up_for_the_configured_user(tmp_path, certificate):
    nobody = pwd.getpwnam("nobody")
    with files_for(certificate, 0o644) as files:
        with Managed(str(tmp_path), *files, program=plain_program(), user="nobody", groups=[1, 2]) as relay:
            said = status_of(relay)
            assert said["Uid"].split() == [str(nobody.pw_uid)] * 4
            assert said["Gid"].split() == [str(nobody.pw_gid)] * 4
            assert said["Groups"].strip() == ""
            assert set(said["CapEff"]) == set(said["CapPrm"]) == {"0"}
            assert relay.wait_for("confined", root=False)
            assert not [line for line in relay.lines if line["event"] == "warning"]
            for client in pair(relay)[:2]:
                client.close()
            relay.signal(signal.SIGHUP)
            relay.wait_for("reload", done=True)


@needs_root
def test_a_key_that_only_root_reads_is_warned_of_and_served(tmp_path, certificate):
    with files_for(certificate, 0o600) as files:
        keys = {"user": "nobody", "listen": "127.0.0.1:0", "tls": "on", "tls_cert": files[0], "tls_key": files[1]}
        code, said = only(["--config", config_of(tmp_path, **keys), "--check-config"], program=plain_program())
        assert code == 0
        assert re.search(r"warning: tls_key = \S+: Permission denied, for user = nobody: .*group", said), said
        with Managed(str(tmp_path), *files, program=plain_program(), user="nobody") as relay:
            assert "for user = nobody" in relay.wait_for("warning")["what"]
            relay.client().close()
            relay.signal(signal.SIGHUP)
            assert "Permission denied" in relay.wait_for("reload", done=False)["what"]
            relay.client().close()


@needs_root
def test_root_without_a_user_is_told_in_the_log(tmp_path):
    with Managed(str(tmp_path)) as relay:
        assert "user" in relay.wait_for("confined", root=True)["what"]


@needs_root
@pytest.mark.parametrize("user, why", [("no-such-user-here", "no such user"), ("root", "is root")])
def test_a_user_that_cannot_be_is_refused(tmp_path, user, why):
    config = config_of(tmp_path, listen="127.0.0.1:0", user=user)
    for arguments in (["--config", config], ["--config", config, "--check-config"]):
        code, said = only(arguments)
        assert code == 78
        assert "user = %s: " % user in said and why in said


def test_only_root_can_become_another_user(tmp_path):
    if os.geteuid() == 0 and subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", plain_program(), "--version"],
                                            check=False, capture_output=True).returncode:
        pytest.skip("SKIP: the program is where another user cannot run it")
    how = ["setpriv", "--reuid", "nobody", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run([*how, plain_program()], check=False, capture_output=True, text=True, timeout=PATIENCE,
                          env={**os.environ, "CERTRELAYD_LISTEN": "127.0.0.1:0", "CERTRELAYD_TLS": "off",
                               "CERTRELAYD_PAGE": "off", "CERTRELAYD_USER": "daemon"})
    assert done.returncode == 78
    failed, = [line for line in map(json.loads, done.stderr.splitlines()) if line["event"] == "failed"]
    assert "user = daemon: only root can become another user" in failed["what"]
