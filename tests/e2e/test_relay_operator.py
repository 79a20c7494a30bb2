"""The relay as its operator meets it: the command line, the configuration, and what is said when it cannot start."""

import contextlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from relaykit import PATIENCE, Relay, make_certificate, relay_program

NOBODY = 65534
PLUGINS = pathlib.Path("/usr/lib")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(str(tmp_path_factory.mktemp("tls")))


def run(*arguments, with_=(), user=None, **environment):
    given = {name: value for name, value in os.environ.items() if not name.startswith("CERTRELAYD_")}
    try:
        return subprocess.run([*with_, relay_program(), *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              user=user, stdin=subprocess.DEVNULL, env={**given, **environment}, check=False)
    except subprocess.TimeoutExpired as late:
        pytest.fail("it runs:\n%s" % late.stderr)


def write_config(tmp_path, **keys):
    path = tmp_path / "relay.ini"
    values = {"listen": "127.0.0.1:0", **keys}
    path.write_text("".join("%s = %s\n" % item for item in values.items() if item[1] is not None))
    return str(path)


def refused(config, **how):
    """Neither a start nor a check takes the configuration, and both say the same; returns what."""
    checked = run("--config", config, "--check-config", **how)
    assert checked.returncode == 78, checked
    assert checked.stderr.startswith("certrelayd: "), checked
    started = run("--config", config, **how)
    assert started.returncode == 78, started
    said = checked.stderr.splitlines()[-1][len("certrelayd: "):]
    failed = [json.loads(line) for line in started.stderr.splitlines() if line.startswith("{")]
    assert said in [line["what"] for line in failed if line["event"] == "failed"] or started.stderr == checked.stderr
    return said


# The command line


def test_version_and_help_say_what_it_is():
    assert "libwebsockets " in run("--version").stdout
    assert "max_queued_bytes" in run("--help").stdout


@pytest.mark.parametrize("arguments", [("--nonsense",), ("word",), ("--config",), ("--version=1",)], ids=str)
def test_a_wrong_argument_is_answered_with_the_whole_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 64
    assert done.stdout == ""
    for option in ("--config FILE", "--check-config", "--print-config", "--version", "--help"):
        assert re.search(r"^  %s  +\w" % option, done.stderr, re.M), done.stderr
    assert not done.stderr.rstrip().endswith(":"), "something is announced and does not follow"


def test_help_has_a_line_for_each_key_with_default_and_range():
    text = run("--help").stdout
    for line in (r"listen +needed +HOST:PORT", r"path +/ws ", r"tls +on +on or off ", r"tls_cert +needed",
                 r"wait_seconds +180 +1 to 1800 ", r"address_connections +256 +0 to 1000000 "):
        assert re.search("^  %s" % line, text, re.M), line
    printed = run("--print-config").stdout
    for key in re.findall(r"^#? ?(\w+) = ", printed, re.M):
        assert re.search("^  %s " % key, text, re.M), key


def test_the_sample_in_help_works(tmp_path, certificate):
    text = run("--help").stdout
    sample = re.findall(r"^ +((?:listen|tls_cert|tls_key) = .+)$", text, re.M)
    assert len(sample) == 3
    text = "\n".join(sample) + "\n"
    for name, path in zip(("tls_cert", "tls_key"), certificate):
        text = re.sub("(?m)^%s = .*" % name, "%s = %s" % (name, path), text)
    config = tmp_path / "sample.ini"
    config.write_text(text)
    assert run("--config", str(config), "--check-config").returncode == 0


def test_help_says_what_a_proxy_means_for_the_limits():
    assert re.search(r"proxy.*share.*address_", run("--help").stdout, re.S)


def test_help_says_what_an_address_and_a_network_are_and_whom_a_proxy_may_speak_for():
    text = " ".join(run("--help").stdout.split())
    assert re.search(r"An address is [^.]*/64; a network is [^.]*/24 [^.]*/48\.", text), text
    assert re.search(r"X-Forwarded-For[^.]*trusted_proxies", text), text


def test_the_default_configuration_prints_as_a_template(tmp_path):
    done = run("--print-config")
    assert done.returncode == 0
    assert re.search(r"^# listen = \S+:443$", done.stdout, re.M)
    assert re.search(r"^# tls_cert = /", done.stdout, re.M)
    assert "\nwait_seconds = 180\n" in done.stdout
    template = tmp_path / "template.ini"
    template.write_text(done.stdout)
    assert run("--config", str(template), "--print-config").stdout == done.stdout
    assert "rest_seconds = 5\n" in run("--print-config", CERTRELAYD_REST_SECONDS="5").stdout


def test_a_wrong_configuration_does_not_start_and_says_where(tmp_path):
    config = tmp_path / "c.conf"
    config.write_text("tls = off\n\nwait_secnds = 3\n")
    for mode in ((), ("--check-config",), ("--print-config",)):
        done = run("--config", str(config), *mode)
        assert done.returncode == 78
        assert "%s:3: wait_secnds is unknown" % config in done.stderr


def test_what_is_out_of_its_range_is_told_the_range(tmp_path):
    assert "wait_seconds is out of its range (1 to 1800)" in refused(write_config(tmp_path, wait_seconds=0))


def test_a_good_configuration_is_checked_without_a_word(tmp_path, certificate):
    config = write_config(tmp_path, tls_cert=certificate[0], tls_key=certificate[1])
    done = run("--config", config, "--check-config")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Where it listens


def test_without_listen_it_does_not_start_and_shows_the_line_to_write(tmp_path, certificate):
    said = refused(write_config(tmp_path, listen=None, tls_cert=certificate[0], tls_key=certificate[1]))
    assert "listen = 0.0.0.0:443" in said


def test_a_port_that_a_relay_has_is_not_shared(tmp_path):
    with Relay(str(tmp_path)) as relay:
        listen = "127.0.0.1:%d" % relay.port
        done = run("--config", write_config(tmp_path, listen=listen, tls="off"))
        assert done.returncode == 71
        failed = json.loads(done.stderr.splitlines()[-1])
        assert failed["event"] == "failed"
        assert failed["what"] == "listen = %s: another program has this port (Address already in use)" % listen
        assert '"started"' not in done.stderr
        for _ in range(4):
            client = relay.client()
            client.allocate(os.urandom(16))
            client.close()


def test_a_port_that_another_program_shares_out_is_not_taken(tmp_path):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = "127.0.0.1:%d" % other.getsockname()[1]
        done = run("--config", write_config(tmp_path, listen=listen, tls="off"))
        assert done.returncode == 71
        assert "another program has this port" in done.stderr


def test_a_relay_that_ended_leaves_its_port_free_at_once(tmp_path):
    with Relay(str(tmp_path)) as relay:
        port = relay.port
        client = relay.client()
    client.close()
    with Relay(str(tmp_path), listen="127.0.0.1:%d" % port) as relay:
        assert relay.port == port
        relay.client()


def test_an_address_of_another_machine_is_named(tmp_path):
    done = run("--config", write_config(tmp_path, listen="192.0.2.1:0", tls="off"))
    assert done.returncode == 71
    assert "listen = 192.0.2.1:0: this machine does not have this address" in done.stderr


def test_a_host_that_nobody_knows_is_named_with_its_cause(tmp_path):
    config = tmp_path / "relay.ini"
    config.write_text("tls = off\nlisten = 127.0.0.1:0\nlisten = 1.2.3.4.5:443\n")
    said = refused(str(config))
    assert re.fullmatch(r"listen = 1\.2\.3\.4\.5:443: .*(not known|resolution).*", said), said


def test_the_same_address_twice_is_refused(tmp_path):
    config = tmp_path / "relay.ini"
    config.write_text("tls = off\nlisten = 127.0.0.1:8443\nlisten = 127.0.0.1:8443\n")
    assert ":3: listen is given twice" in refused(str(config))


def test_too_many_connections_for_the_limit_of_files_are_told_both(tmp_path):
    limit = ("prlimit", "--nofile=500:500", "--")
    config = write_config(tmp_path, tls="off", max_connections=900)
    if os.geteuid() == 0:
        limit = ("setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource", *limit)
    done = run("--config", config, "--check-config", with_=limit)
    if done.returncode == 127:
        pytest.skip("SKIP: %s" % done.stderr)
    assert done.returncode == 78
    assert re.search(r"max_connections = 900 needs 964 open files.*500", done.stderr), done.stderr


# TLS files


def garbage_in_pem(path):
    """A PEM file whose frame is right and whose content is not."""
    lines = pathlib.Path(path).read_text().splitlines()
    return "\n".join([lines[0], *["AAAA"] * 9, lines[-1]]) + "\n"


@pytest.mark.parametrize("key", ["tls_cert", "tls_key"])
@pytest.mark.parametrize("content, cause", [
    (None, "No such file or directory"),
    ("folder", "is not a file"),
    ("", "holds no"),
    ("garbage\n", "holds no"),
    (b"\x30\x82\x01\x00" + bytes(300), "holds no"),
    ("other", "holds no"),
], ids=["missing", "folder", "empty", "text", "der", "the other one"])
def test_a_file_that_is_not_what_it_should_be_is_named(tmp_path, certificate, key, content, cause):
    files = dict(zip(("tls_cert", "tls_key"), certificate))
    path = tmp_path / "file.pem"
    if content == "folder":
        path.mkdir()
    elif content == "other":
        shutil.copy(files["tls_key" if key == "tls_cert" else "tls_cert"], path)
    elif content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    files[key] = str(path)
    said = refused(write_config(tmp_path, **files))
    assert said.startswith("%s = %s: " % (key, path)), said
    assert cause in said


@pytest.mark.parametrize("which", [0, 1], ids=["tls_cert", "tls_key"])
def test_a_damaged_file_is_told_in_the_words_of_the_library(tmp_path, certificate, which):
    files = list(certificate)
    files[which] = str(tmp_path / "damaged.pem")
    pathlib.Path(files[which]).write_text(garbage_in_pem(certificate[which]))
    said = refused(write_config(tmp_path, tls_cert=files[0], tls_key=files[1]))
    assert "tls_cert = %s and tls_key = %s" % tuple(files) in said
    assert re.search(r"damaged\.pem' .*error:", said), said


def test_a_key_of_another_certificate_is_refused(tmp_path, certificate):
    _, other = make_certificate(str(tmp_path), "other")
    said = refused(write_config(tmp_path, tls_cert=certificate[0], tls_key=other))
    assert "tls_key = %s" % other in said
    assert "mismatch" in said


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(tmp_path, certificate):
    for name, options in (("new", ("pkcs8", "-topk8")), ("old", ("ec", "-aes256"))):
        locked = str(tmp_path / name)
        subprocess.run(["openssl", *options, "-in", certificate[1], "-passout", "pass:hush", "-out", locked],
                       check=True, capture_output=True)
        config = write_config(tmp_path, tls_cert=certificate[0], tls_key=locked)
        assert refused(config).startswith("tls_key = %s: is locked with a password" % locked)
        assert said_on_terminal("--config", config) == b""


def said_on_terminal(*arguments):
    """What the program writes on the terminal that it was started from, its own output apart."""
    pid, terminal = pty.fork()
    if pid == 0:
        with open(os.devnull, "r+b", buffering=0) as null:
            for fd in range(3):
                os.dup2(null.fileno(), fd)
        os.execv(relay_program(), [relay_program(), *arguments])
    text = b""
    with contextlib.suppress(OSError):
        while True:
            text += os.read(terminal, 1000)
            os.write(terminal, b"\n")
    os.close(terminal)
    os.waitpid(pid, 0)
    return text


def test_a_key_that_may_not_be_read_is_named(certificate):
    with tempfile.TemporaryDirectory() as folder:
        files = [shutil.copy(path, folder) for path in certificate]
        os.chmod(folder, 0o755)
        os.chmod(files[0], 0o644)
        os.chmod(files[1], 0o600 if os.geteuid() == 0 else 0)
        try:
            done = run("--check-config", user=NOBODY if os.geteuid() == 0 else None, CERTRELAYD_LISTEN="127.0.0.1:0",
                       CERTRELAYD_TLS_CERT=files[0], CERTRELAYD_TLS_KEY=files[1])
        except PermissionError:
            pytest.skip("SKIP: the program is where another user cannot run it")
        assert done.returncode == 78
        assert "tls_key = %s: Permission denied" % files[1] in done.stderr


def test_a_library_without_its_plugin_names_the_package(tmp_path):
    plugin = next(PLUGINS.glob("**/libwebsockets-evlib_uv.so"), None)
    hide = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', str(plugin))
    if plugin is None or subprocess.run([*hide, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("SKIP: no plugin to hide, or no right to hide it")
    # The library forgets to free what it has seen in the folder of its plugins.
    said = refused(write_config(tmp_path, tls="off"), with_=hide, ASAN_OPTIONS="detect_leaks=0")
    assert "libwebsockets-evlib-uv" in said
    assert "tls" not in said.lower()


def test_sighup_with_a_bad_pair_logs_the_reason(tmp_path, certificate):
    files = [shutil.copy(path, tmp_path) for path in certificate]
    _, other = make_certificate(str(tmp_path), "other")
    with Relay(str(tmp_path), *files) as relay:
        shutil.copy(other, files[1])
        relay.signal(signal.SIGHUP)
        assert "mismatch" in relay.wait_for("reload", done=False)["what"]
        os.unlink(files[1])
        relay.signal(signal.SIGHUP)
        assert "%s: No such file" % files[1] in relay.wait_for("reload", 2, done=False)["what"]
        shutil.copy(certificate[1], files[1])
        relay.signal(signal.SIGHUP)
        assert "what" not in relay.wait_for("reload", done=True)


def test_sighup_without_tls_says_so(tmp_path):
    with Relay(str(tmp_path)) as relay:
        relay.signal(signal.SIGHUP)
        assert relay.wait_for("reload", done=False)["what"] == "tls is off: there is nothing to load"


def test_signals_while_it_ends_do_not_kill_it(tmp_path):
    with Relay(str(tmp_path)) as relay:
        while relay.process.poll() is None:
            relay.signal(signal.SIGTERM)
            relay.signal(signal.SIGHUP)
        assert relay.wait() == 0
        relay.wait_for("drained")


# What the log says at the start


def test_behind_a_proxy_the_limits_by_address_are_warned_of_once(tmp_path):
    with Relay(str(tmp_path), address_connections=256, address_failed_joins=20) as relay:
        what = [line["what"] for line in relay.lines if line["event"] == "warning"]
        assert len(what) == 1
        assert "address_connections" in what[0] and "address_failed_joins" in what[0]
        assert "address_allocations" not in what[0]
    done = run("--check-config", CERTRELAYD_LISTEN="127.0.0.1:0", CERTRELAYD_TLS="off")
    assert done.returncode == 0
    assert done.stderr.startswith("certrelayd: warning: ") and "address_allocations" in done.stderr


def test_without_such_limits_or_with_tls_nothing_is_warned_of(tmp_path, certificate):
    with Relay(str(tmp_path), address_queued_bytes=0) as plain, Relay(str(tmp_path), *certificate, address_connections=256) as tls:
        for relay in (plain, tls):
            assert not [line for line in relay.lines if line["event"] == "warning"]


def test_the_library_is_named_once_and_frightens_nobody(tmp_path):
    with Relay(str(tmp_path)) as relay:
        said, = [line for line in relay.lines if line["event"] == "library"]
        assert re.fullmatch(r"[0-9.]+", said["version"])
        if said["version"].startswith("4.1."):
            assert said["note"] == "known faults are avoided; 4.3 or newer is better"
        assert "library_has_known_faults" not in "".join(relay.raw)
