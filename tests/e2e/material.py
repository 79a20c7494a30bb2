"""Certificates for the tests: the shared fixtures when they are there, else what the sample program makes."""

import atexit
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from kit import SAMPLES, tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = pathlib.Path(os.environ.get("CR_FIXTURES", ROOT.parent / "shared" / "fixtures"))
KINDS = {"signcert.der": 1, "signpri.key": 2, "kmcert.der": 3, "kmpri.key": 4}
BAD = {
    "pair-mismatch": "wrong-pair", "key-bitflip": "damaged-key", "key-truncated": "damaged-key",
    "key-empty": "damaged-key", "key-iter-zero": "bad-iterations", "key-iter-huge": "bad-iterations",
    "key-unknown-oid": "unknown-cipher", "cert-truncated": "damaged-cert", "cert-is-html": "damaged-cert",
    "no-key": "no-key", "no-cert": "no-cert",
}


class Material:
    """One certificate: its folder (or file), its password, and what must arrive."""

    def __init__(self, name, folder, password):
        self.name, self.folder, self.password = name, pathlib.Path(folder), password

    def files(self):
        return [self.folder.read_bytes()] if self.folder.is_file() else sorted(tree(self.folder).values())

    def bundle(self):
        """What the Python peer sends: the files of an NPKI folder as one certificate."""
        files = sorted((KINDS[name.lower()], data) for name, data in tree(self.folder).items())
        return [{"format": 1, "owner": "Owner", "issuer": "Issuer", "use": "use", "not_before": 0,
                 "not_after": 4102444800, "files": files}]

    def __repr__(self):
        return self.name


def read_manifest(root):
    """The valid certificates of a folder that describes itself in manifest.json."""
    with open(root / "manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    common = manifest.get("password", manifest["users"][0].get("password"))
    found = [Material(user["id"], root / user["dir"], user.get("password", common)) for user in manifest["users"]]
    return found + [Material(path.name, path, common) for path in sorted(root.glob("p12/*.p12"))]


def make_samples(*options):
    folder = tempfile.mkdtemp(prefix="certrelay-samples-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([SAMPLES, *options, folder], check=True, stdout=subprocess.DEVNULL)
    return pathlib.Path(folder)


def renewed():
    """The same person's certificate, old and new; None without the sample program."""
    if not SAMPLES:
        return None
    days = [datetime.date.today() - datetime.timedelta(days) for days in (60, 0)]
    return [read_manifest(make_samples("--now", day.isoformat()))[0] for day in days]


def load():
    """(all valid certificates, folder of the broken ones or None)"""
    root = FIXTURES
    if not (root / "manifest.json").exists():
        print("SKIP the shared fixtures: generated samples are used")
        if not SAMPLES:
            return [], None
        root = make_samples()
    bad = root / "bad"
    return read_manifest(root), bad if bad.exists() else None


VALID, BAD_FOLDER = load()


def by_name(name, fallback=0):
    """The certificate of this name, else any."""
    return next((each for each in VALID if each.name == name), VALID[fallback] if VALID else None)


def with_km():
    """A certificate with its key management pair."""
    return next((each for each in VALID if len(each.files()) == 4), None)
