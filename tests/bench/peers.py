"""Other programs that move a file by a short code, beside ours on the same machine: magic-wormhole, and wormhole-william
which speaks its protocol. Both meet at a mailbox server of our own, without TLS, which is what it offers, and then connect
directly.

"known": both are told the code beforehand, which saves them the hand-over that ours pays for. "shown": the sender shows its
code and the receiver is started with it: another program start, but as many round trips as people need.

As a program, `peers.py FOLDER TRANSIT`, it is the one that runs them: each line on standard input, as "william known PORT" or
"magic shown PORT" (the mailbox server's, or that of a proxy to it), is answered by a line of JSON. It is started in a mount
namespace in which the public transit relay's name leads to this machine: wormhole-william gives up when the name leads
nowhere, even when the devices reach each other directly."""

import sys

sys.dont_write_bytecode = True

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from pair import Failed, Pair
from relay import die_with_parent, first_line

TRANSIT_NAME, TRANSIT_PORT = "transit.magic-wormhole.io", 4001
START_SECONDS = 20
SHOWN = re.compile(rb"code is: (\d+-\S+)\s")
SENT = {"william": re.compile(rb"file sent"), "magic": re.compile(rb"Confirmation received")}


def installed():
    return {"william": bool(shutil.which("wormhole-william")), "magic": bool(shutil.which("wormhole")),
            "mailbox": bool(shutil.which("twist3"))}


class Mailbox:
    """The mailbox server on a free port."""

    def __init__(self, folder):
        self.log = folder / "mailbox.log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                ["twist3", "--log-format=text", "--log-file=-", "wormhole-mailbox", "--channel-db=:memory:",
                 "--port", "tcp:0:interface=127.0.0.1"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.popen.poll() is None:
            found = re.search(r"Site starting on (\d+)", self.log.read_text(errors="replace"))
            if found:
                self.port = int(found.group(1))
                return self
            time.sleep(0.02)
        self.__exit__()
        raise Failed("the mailbox server did not start")

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()


class Peers:
    """with Peers(...) as peers: peers.move("william") gives (ms until sent, ms until both ended), or None when it cannot."""

    def __init__(self, folder, size):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="peers-", dir=folder))
        (self.folder / "in").mkdir()
        (self.folder / "file").write_bytes(random.randbytes(size))
        (self.folder / "yes").write_text("y\n")
        self.has = installed()
        self.popen, self.mailbox = None, Mailbox(self.folder)

    def __enter__(self):
        if not self.has["mailbox"]:
            return self
        self.mailbox.__enter__()
        transit = f"127.{random.randint(2, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        hosts = self.folder / "hosts"
        hosts.write_text(pathlib.Path("/etc/hosts").read_text() + f"\n{transit} {TRANSIT_NAME}\n")
        command = 'mount --bind "$1" /etc/hosts && exec "$2" "$3" "$4" "$5"'
        self.popen = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", command, "sh", str(hosts), sys.executable, __file__,
             str(self.folder), transit],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        if first_line(self.popen, START_SECONDS) != "ready":
            self.has = dict.fromkeys(self.has, False)
        return self

    def move(self, which, code="known", port=None):
        if not self.has["mailbox"] or not self.has[which]:
            return None
        self.popen.stdin.write(f"{which} {code} {port or self.mailbox.port}\n".encode())
        self.popen.stdin.flush()
        answer = json.loads(self.popen.stdout.readline() or b"null")
        if answer is None:
            self.has[which] = False
        return answer

    def __exit__(self, *_):
        if self.popen:
            self.popen.stdin.close()
            self.popen.stdout.close()
            self.popen.kill()
            self.popen.wait()
        if self.has["mailbox"] or self.popen:
            self.mailbox.__exit__()


def sender(which, folder, url, code):
    known = ["--code", code] if code else []
    return [*program(which, url), "send", "--hide-progress", *known, str(folder / "file")]


def receiver(which, url, code):
    yes = ["--accept-file"] if which == "magic" else []
    return [*program(which, url), "receive", "--hide-progress", *yes, code]


def program(which, url):
    if which == "william":
        return [shutil.which("wormhole-william"), "--relay-url", url]
    return [shutil.which("wormhole"), "--relay-url", url, "--transit-helper", ""]


def move(which, folder, url, code):
    """code None: the one that the sender shows."""
    for old in (folder / "in").iterdir():
        old.unlink()
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    with Pair(environment, folder) as pair:
        sending = pair.start(sender(which, folder, url, code), has_talk=True)
        code = code or pair.wait_for(sending, SHOWN).group(1).decode()
        pair.start(receiver(which, url, code), str(folder / "yes"), has_talk=True)
        pair.wait_for(sending, SENT[which])
        sent = pair.elapsed_ms()
        pair.wait_end()
        ended = pair.elapsed_ms()
    if (folder / "in/file").read_bytes() != (folder / "file").read_bytes():
        raise Failed("another file arrived")
    return sent, ended


def stay_silent(address):
    """Accepts as a transit relay would, and never brings anybody together."""
    server, kept = socket.create_server((address, TRANSIT_PORT)), []
    while True:
        kept = kept[-16:] + [server.accept()]


def main(folder, transit):
    folder = pathlib.Path(folder)
    os.chdir(folder / "in")
    signal.alarm(1200)
    threading.Thread(target=stay_silent, args=(transit,), daemon=True).start()
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin, 1):
        try:
            which, code, port = line.split()
            known = f"{number}-bench-mark" if code == "known" else None
            answer = move(which, folder, f"ws://127.0.0.1:{port}/v1", known)
        except (Failed, OSError) as error:
            (folder / "failure").write_text(str(error))
            answer = None
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
