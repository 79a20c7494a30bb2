"""Whom certrelay trusts, what it keeps to itself, and what it costs to wait."""

import asyncio
import pathlib
import signal
import socket
import subprocess
import threading

import kit as kits
import pytest
import websockets
from people import environment, free_port, material, person, run

__all__ = ["environment", "material", "person", "run"]  # fixtures
pytestmark = pytest.mark.usefixtures("programs")


# TLS

def make_dated(folder, begins, ends):
    """A self-signed certificate for localhost valid between two dates, as a relay's."""
    cert, key = folder / "dated.pem", folder / "dated.key"
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nserial={folder}/serial\n"
        "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n"
        "basicConstraints=CA:true\n[req]\ndistinguished_name=n\n[n]\n")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    openssl("req", "-config", folder / "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-keyout", key, "-out", folder / "dated.csr")
    openssl("ca", "-batch", "-selfsign", "-notext", "-config", folder / "ca.cnf", "-keyfile", key, "-in",
            folder / "dated.csr", "-startdate", begins, "-enddate", ends, "-out", cert)
    return cert, key


class TlsOnly:
    """Answers a TLS handshake with a certificate; nothing else."""

    def __init__(self, cert, key, host="127.0.0.1"):
        self.port = free_port()
        self.popen = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"{host}:{self.port}", "-cert", cert, "-key", key, "-www"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.popen.stdout:
            if b"ACCEPT" in line:
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()


@pytest.mark.parametrize("begins, ends, name", [("20200101000000Z", "20210101000000Z", "tls-expired"),
                                                ("20980101000000Z", "20990101000000Z", "tls-not-yet"),
                                                ("20200101000000Z", "20990101000000Z", "not-a-relay")])
def test_a_certificate_out_of_date_makes_the_clock_a_suspect(run, tmp_path, begins, ends, name):
    cert, key = make_dated(tmp_path, begins, ends)
    with TlsOnly(cert, key) as server:
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"wss://localhost:{server.port}/ws", "--ca-file",
                     cert, "--json")
    assert f'"id":"{name}"' in result.stdout
    assert ("This computer's clock says" in result.stderr) == (name != "not-a-relay")


@pytest.mark.skipif(not socket.has_ipv6, reason="SKIP: no IPv6 here")
@pytest.mark.parametrize("names, name", [("IP:::1", "not-a-relay"), ("IP:::2", "tls-name"), ("DNS:localhost", "tls-name")])
def test_a_relay_by_its_ipv6_address_must_prove_just_that(run, tmp_path, names, name):
    cert, key = tmp_path / "six.pem", tmp_path / "six.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                    "2", "-subj", "/CN=six", "-addext", f"subjectAltName={names}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    with TlsOnly(cert, key, "[::1]") as server:
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"wss://[::1]:{server.port}/ws", "--ca-file",
                     cert, "--json")
    assert f'"id":"{name}"' in result.stdout


def test_nothing_turns_verification_off(run, tmp_path):
    cert, key = make_dated(tmp_path, "20200101000000Z", "20990101000000Z")
    with TlsOnly(cert, key) as server:
        url = f"wss://localhost:{server.port}/ws"
        assert '"id":"tls-untrusted"' in run("import", "--yes", "--relay", url, "--json").stdout
        for word in ("--insecure", "-k", "--no-verify"):
            assert run("import", "--relay", url, word).returncode == 64


def test_a_name_too_long_is_cut_between_characters(relay, material, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    importer = kit.importer(tmp_path / "NPKI", "--name", "\x1b[31m" + "컴퓨터" * 100)
    exporter = kit.exporter(material.folder, material.password, code=importer.code())
    name = exporter.event("device")["name"]
    exporter.succeeds()
    importer.succeeds()
    assert name == ("\ufffd[31m" + "컴퓨터" * 100).encode()[:128].decode("utf-8", "ignore")


@pytest.mark.parametrize("subprotocols", [None, ["another.v1"]])
def test_a_websocket_that_does_not_speak_our_protocol_is_no_relay(run, tmp_path, subprotocols):
    started, stop, port = threading.Event(), threading.Event(), []

    async def serve():
        async def greet(socket):
            await socket.wait_closed()
        async with websockets.serve(greet, "127.0.0.1", 0, subprotocols=subprotocols) as server:
            port.append(server.sockets[0].getsockname()[1])
            started.set()
            await asyncio.get_running_loop().run_in_executor(None, stop.wait)
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        result = run("import", "--yes", "--store", tmp_path / "NPKI", "--relay", f"ws://127.0.0.1:{port[0]}/ws")
    finally:
        stop.set()
        thread.join()
    assert result.returncode == 76 and "is not a relay" in result.stderr


def test_secrets_are_in_no_argument_environment_or_core(relay, material, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    sender = kit.exporter(material.folder, material.password)
    code = sender.code()
    proc = pathlib.Path("/proc") / str(sender.popen.pid)
    seen = (proc / "cmdline").read_bytes()
    assert material.password.encode() not in seen and code.encode() not in seen
    assert "Max core file size        0" in (proc / "limits").read_text()
    sender.kill(signal.SIGINT)
    assert sender.wait() == 130


def test_waiting_costs_no_processor_time(relay, tmp_path):
    kit = kits.Kit(tmp_path, relay.url)
    importer = kit.importer(tmp_path / "NPKI")
    importer.code()
    fields = pathlib.Path(f"/proc/{importer.popen.pid}/stat")
    def ticks():
        return sum(map(int, fields.read_text().rsplit(")", 1)[1].split()[11:13]))
    before = ticks()
    with pytest.raises(kits.Late):
        importer.event("never", limit=2)
    assert ticks() - before <= 20
    importer.kill(signal.SIGINT)
    importer.wait()
