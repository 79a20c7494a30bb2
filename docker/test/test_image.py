"""The built image: what is in it, and whether it runs with nothing to write to, no privileges and no shell, and moves a certificate.

CR_IMAGE: the folder that docker/image.sh wrote. Runs by Docker where that is, else from the image's files, which needs root."""

import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import time

import pytest
import yaml

import hands
import kit as kits
import relays

HERE = pathlib.Path(__file__).resolve().parent
IMAGE = pathlib.Path(os.environ["CR_IMAGE"]).resolve()
ROOT = IMAGE / "root"
INSPECTED = json.loads((IMAGE / "config.json").read_text())
CONFIG = INSPECTED[0]["Config"] if isinstance(INSPECTED, list) else INSPECTED["Docker"]["config"]
HAS_DOCKER = subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0 if shutil.which("docker") else False

if not HAS_DOCKER and os.geteuid() != 0:
    pytest.skip("SKIP: without Docker this needs root", allow_module_level=True)


def environment(compose, **changes):
    """The relay's, as the compose file gives it, with changes."""
    given = yaml.safe_load((HERE.parent / compose).read_text())["services"]["relay"]["environment"]
    return {**given, **{"CERTRELAYD_" + name.upper(): value for name, value in changes.items()}}


def command(variables, tls, arguments):
    """The program of the image with the arguments; on this machine's own network, so that both ways look the same."""
    if HAS_DOCKER:
        given = [part for item in variables.items() for part in ("--env", "%s=%s" % item)]
        mounted = ["--volume", "%s:/etc/certrelay:ro" % tls] if tls else []
        return ["docker", "run", "--rm", "--network", "host", "--read-only", "--cap-drop", "ALL",
                "--security-opt", "no-new-privileges", *given, *mounted, "certrelayd:latest", *arguments], None
    return ["sh", str(HERE / "run_root.sh"), str(ROOT), CONFIG["User"], str(tls or ""), *CONFIG["Entrypoint"], *arguments], \
        {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **variables}


class Contained(kits.Process):
    """The relay of the image."""

    def __init__(self, variables, tls=None):
        argv, env = command(variables, tls, [])
        begun = time.monotonic()
        super().__init__(argv, env)
        self.wait_for(lambda: any('"started"' in line for line in self.err))
        self.start_ms = 1000 * (time.monotonic() - begun)

    def memory_kb(self):
        status = pathlib.Path("/proc/%d/status" % self.popen.pid).read_text()
        return {line.split()[0]: line.split()[1] for line in status.splitlines() if line.startswith(("VmRSS", "RssAnon"))}


def health(variables, tls=None):
    """The exit code of the image's health check, where the relay would run with these variables."""
    kind, program, *arguments = CONFIG["Healthcheck"]["Test"]
    assert kind == "CMD" and [program] == CONFIG["Entrypoint"]
    argv, env = command(variables, tls, arguments)
    return subprocess.run(argv, env=env, capture_output=True, timeout=30, check=False).returncode


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = relays.make_certificate(folder)
    cert.rename(folder / "fullchain.pem")
    key.rename(folder / "privkey.pem")
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65532, 65532)
    folder.parent.chmod(0o755)
    return folder


def test_the_image_runs_as_nobody_in_particular_and_asks_itself():
    assert CONFIG["User"] == "65532:65532"
    assert CONFIG["Entrypoint"] == ["/usr/sbin/certrelayd"] and not CONFIG.get("Cmd")
    assert CONFIG["Healthcheck"]["Test"] == ["CMD", "/usr/sbin/certrelayd", "--probe"]
    assert list(CONFIG["ExposedPorts"]) == ["8443/tcp"]


def test_nothing_is_in_it_but_the_relay_its_libraries_and_the_page():
    names = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and not path.is_symlink())
    programs = [name for name in names if name.startswith(("usr/bin/", "usr/sbin/", "usr/libexec/"))]
    assert programs == ["usr/sbin/certrelayd"], programs
    libraries = [name for name in names if name.startswith(("usr/lib/", "usr/lib64/"))]
    assert 5 < len(libraries) < 25 and all(".so" in name for name in libraries), libraries
    assert "usr/share/certrelay/page/index.html" in names
    assert not [name for name in names if name.endswith((".c", ".h", ".o", ".pem", ".key"))]
    size = sum((ROOT / name).stat().st_size for name in names)
    packages = sorted(path.name for path in (ROOT / "var/lib/dpkg/status.d").iterdir())
    print("\nimage: %.1f MB in %d files; Debian packages: %s" % (size / 1e6, len(names), " ".join(packages)))
    assert size < 40e6
    assert any(name.startswith("libwebsockets") for name in packages) and "libc6" in packages


def test_nothing_in_it_is_its_users_or_gives_rights():
    for path in ROOT.rglob("*"):
        status = path.lstat()
        assert status.st_uid == 0, path
        if not path.is_symlink() and path.relative_to(ROOT).parts[0] not in ("dev", "proc", "sys", "tmp", "run"):
            assert not status.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), path


def test_it_says_what_it_runs_on():
    argv, env = command({}, None, ["--version"])
    said = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=True).stdout
    library = [int(part) for part in said.split("libwebsockets ")[1].split("-")[0].split(".")]
    assert library >= [4, 3, 5], said
    print("\n" + said)


def test_with_tls_of_its_own_a_certificate_moves_and_the_page_is_served(tmp_path, tls):
    port = hands.free_port()
    variables = environment("compose.tls.yaml", listen="127.0.0.1:%d" % port)
    assert health(variables, tls) == 1
    with Contained(variables, tls) as relay:
        assert health(variables, tls) == 0
        hands.move(tmp_path / "a", "wss://localhost:%d/ws" % port, tls / "fullchain.pem")
        hands.assert_page(port, tls / "fullchain.pem")
        if not HAS_DOCKER:
            print("\nstarted after %.0f ms; memory %s" % (relay.start_ms, relay.memory_kb()))
        relay.kill(signal.SIGTERM)
        assert relay.wait() == 0
        assert all(json.loads(line)["event"] for line in relay.err)


def test_behind_a_proxy_a_certificate_moves_and_the_page_is_served(tmp_path):
    port = hands.free_port()
    variables = environment("compose.yaml", listen="127.0.0.1:%d" % port)
    assert health(variables) == 1
    with Contained(variables) as relay:
        assert health(variables) == 0
        hands.move(tmp_path / "a", "ws://127.0.0.1:%d/ws" % port)
        hands.assert_page(port)
        if not HAS_DOCKER:
            print("\nstarted after %.0f ms; memory %s" % (relay.start_ms, relay.memory_kb()))
        relay.kill(signal.SIGTERM)
        assert relay.wait() == 0


def test_figures_are_read_where_the_guide_opens_them_and_not_at_the_devices_door():
    port, watch = hands.free_port(), hands.free_port()
    variables = environment("compose.yaml", listen="127.0.0.1:%d" % port)
    with Contained({**variables, "CERTRELAYD_WATCH": "0.0.0.0:%d" % watch, "CERTRELAYD_WATCH_ANYWHERE": "on"}):
        assert hands.fetch(watch, "/readyz")[0] == 200
        status, _, body = hands.fetch(watch, "/metrics")
        assert status == 200 and b"certrelay" in body
        assert hands.fetch(port, "/metrics")[0] == 404


def test_a_key_that_its_user_cannot_read_is_named(tls):
    (tls / "privkey.pem").chmod(0)
    os.chown(tls / "privkey.pem", 0, 0)
    argv, env = command(environment("compose.tls.yaml", listen="127.0.0.1:0"), tls, [])
    failed = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert failed.returncode == 78 and "/etc/certrelay/privkey.pem" in failed.stderr, failed
