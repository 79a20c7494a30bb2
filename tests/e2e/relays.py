"""The shipped relay, on a free port of the loopback, with or without TLS."""

import json
import pathlib
import re
import signal
import subprocess

from kit import CERTRELAYD, Process

GENEROUS = {"address_connections": 0, "address_allocations": 0, "address_failed_joins": 0, "address_queued_bytes": 0, "rest_seconds": 0}


def make_certificate(folder, name="localhost"):
    """(certificate, key) of a CA that is its own server; both PEM files."""
    cert, key = pathlib.Path(folder) / "cert.pem", pathlib.Path(folder) / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key


class Relay(Process):
    """settings override the configuration's keys."""

    def __init__(self, folder, tls=False, port=0, **settings):
        self.folder, self.ca_file = pathlib.Path(folder), None
        values = {"listen": f"127.0.0.1:{port}", "tls": "on" if tls else "off", "page": "off", **GENEROUS, **settings}
        if tls:
            values["tls_cert"], values["tls_key"] = make_certificate(folder)
            self.ca_file = values["tls_cert"]
        path = self.folder / "relay.ini"
        path.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        super().__init__([CERTRELAYD, "--config", str(path)])
        self.port = self.wait_for(self.find_port)
        self.url = f"wss://localhost:{self.port}/ws" if tls else f"ws://127.0.0.1:{self.port}/ws"

    def log(self):
        return [json.loads(line) for line in self.err + self.out if line.startswith("{")]

    def find_port(self):
        """The port of the first line that names where it listens."""
        for line in self.log():
            if "listen" not in json.dumps(line):
                continue
            if line.get("port"):
                return line["port"]
            for value in line.values():
                found = re.search(r":(\d+)$", str(value))
                if found and int(found[1]):
                    return int(found[1])
        return None

    def outcome(self, limit=20):
        """The first mailbox that ended, from the log."""
        return self.wait_for(lambda: next((line for line in self.log() if "mood" in line), None), limit)

    def drain(self):
        self.kill(signal.SIGTERM)
