"""What the image's and the proxies' tests share: a transfer by the real clients, and the page as a browser asks for it."""

import http.client
import pathlib
import socket
import ssl
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import kit as kits  # noqa: E402

PASSWORD = "npki!Test2026"  # of the samples


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def samples(folder):
    """A store with made-up certificates."""
    subprocess.run([kits.SAMPLES, folder], check=True, capture_output=True)
    return folder / "NPKI"


def move(folder, url, ca_file=None):
    """Moves the first sample through the relay at url; what arrives is what was there."""
    folder.mkdir(exist_ok=True)
    kit = kits.Kit(folder, url, ca_file)
    store, new = samples(folder / "samples"), folder / "new"
    new.mkdir()
    try:
        importer = kit.importer(new)
        exporter = kit.exporter(store, PASSWORD, code=importer.code())
        importer.succeeds()
        exporter.succeeds()
    finally:
        kit.stop()
    arrived = kits.contents(new)
    assert len(arrived) >= 2 and all(data in kits.contents(store) for data in arrived)


def connection(port, ca_file=None):
    if ca_file is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    return http.client.HTTPSConnection("localhost", port, timeout=20, context=ssl.create_default_context(cafile=ca_file))


def fetch(port, path, ca_file=None, **headers):
    """Status, headers and body."""
    asked = connection(port, ca_file)
    asked.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = asked.getresponse()
    body = answer.read()
    asked.close()
    return answer.status, answer.headers, body


def assert_page(port, ca_file=None):
    """The page is there, guarded as the relay guards it, and whatever it names at its start, too."""
    status, headers, body = fetch(port, "/", ca_file)
    assert status == 200 and headers["Content-Type"].startswith("text/html"), (status, headers.items())
    assert "default-src" in headers["Content-Security-Policy"]
    assert b"<html" in body
    assert fetch(port, "/nothing-of-that-name", ca_file)[0] == 404
    status, headers, body = fetch(port, "/settings.json", ca_file)
    assert status == 200 and body.startswith(b"{")
    status, headers, body = fetch(port, "/", ca_file, Accept_Encoding="br, gzip")
    assert status == 200 and headers["Content-Encoding"] in ("br", "gzip"), headers.items()
