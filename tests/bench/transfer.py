"""One certificate from one certrelay to another, as two people's scripts would do it, with the times of its milestones."""

import copy
import json
import os
import re
import shutil
import subprocess

from pair import Pair

PASSWORD = "npki!Test2026"      # of the made-up samples
CODE = re.compile(rb'"code": ?"([0-9 ]+)"')
SENT = re.compile(rb'"step": ?"saved"')
USUAL_BYTES = 6000              # signing and encryption certificates with their keys


class Devices:
    """Where the programs, the sample certificate and the places to store are."""

    def __init__(self, build, folder, ca_file):
        self.program, self.spawn = str(build / "client/pc/certrelay"), str(build / "tests/bench_spawn")
        self.folder, self.ca_file, self.target = folder, ca_file, folder / "target"
        subprocess.run([build / "tests/samples/cr_make_samples", folder / "samples"], check=True, stdout=subprocess.DEVNULL,
                       timeout=120)
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD + "\n")
        self.environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        self.store, self.bytes = self.choose_store()

    def storing_in(self, folder):
        """The same devices, but what arrives is stored below that folder."""
        other = copy.copy(self)
        other.target = folder / "target"
        return other

    def choose_store(self):
        """A store of our own with the one sample that is nearest to the usual size."""
        folders = [path.parent for path in (self.folder / "samples/NPKI").rglob("signCert.der")]
        sized = [(sum(file.stat().st_size for file in folder.iterdir() if file.is_file()), folder) for folder in folders]
        size, chosen = min(sized, key=lambda one: abs(one[0] - USUAL_BYTES))
        self.sample, store = chosen, self.folder / "store"
        shutil.copytree(chosen, store / chosen.relative_to(self.folder / "samples/NPKI"))
        return store, size

    def common(self, url):
        return ["--json", "--yes", "--no-input", "--relay", url, "--ca-file", str(self.ca_file)]

    def importer(self, url):
        return [self.program, "import", *self.common(url), "--store", str(self.target)]

    def exporter(self, url, code_fd):
        return [self.program, "export", *self.common(url), "--store", str(self.store), "--cert", "1",
                "--password-file", str(self.password_file), "--code-fd", str(code_fd)]

    def empty_target(self):
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()

    def check_target(self):
        """What is stored is what was sent, byte for byte."""
        sent, stored = (sorted(file.read_bytes() for file in folder.rglob("*") if file.is_file())
                        for folder in (self.store, self.target))
        if sent != stored:
            raise RuntimeError("the stored files differ from those sent")


def inheritable_pipe():
    ends = os.pipe()
    for end in ends:
        os.set_inheritable(end, True)
    return ends


def drive(pair, receiver, sender, code_writer):
    """Milliseconds until the code was shown, until the sender said sent, and until both had exited."""
    code = pair.wait_for(receiver, CODE).group(1)
    shown = pair.elapsed_ms()
    os.write(code_writer, code + b"\n")
    pair.wait_for(sender, SENT)
    sent = pair.elapsed_ms()
    pair.wait_end()
    return shown, sent, pair.elapsed_ms()


def move(devices, url):
    devices.empty_target()
    code_reader, code_writer = os.pipe()
    os.set_inheritable(code_reader, True)
    receive, send = devices.importer(url), devices.exporter(url, code_reader)
    try:
        with Pair(devices.environment, devices.folder) as pair:
            times = drive(pair, pair.start(receive), pair.start(send), code_writer)
    finally:
        os.close(code_reader)
        os.close(code_writer)
    devices.check_target()
    return times


def peaks_kb(devices, url):
    """Peak resident set of the receiver and of the sender during one transfer."""
    devices.empty_target()
    (code_reader, code_writer), (peak_reader, peak_writer) = inheritable_pipe(), inheritable_pipe()
    wrap = [devices.spawn, str(peak_writer)]
    peaks = []
    try:
        with Pair(devices.environment, devices.folder) as pair:
            receiver = pair.start(wrap + devices.importer(url))
            sender = pair.start(wrap + devices.exporter(url, code_reader))
            drive(pair, receiver, sender, code_writer)
            told = os.read(peak_reader, 256).decode()
            peaks = [json.loads(line) for line in told.splitlines()]
    finally:
        for fd in (code_reader, code_writer, peak_reader, peak_writer):
            os.close(fd)
    return max(peaks)
