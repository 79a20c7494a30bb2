"""Folders of many certificates, for the time that finding them takes."""

import json
import shutil
import subprocess


def fill(folder, sample, count):
    """As many folders as asked for, each with a certificate of its own: the sample, with another end of its signature."""
    user = folder / "NPKI" / "yessign" / "USER"
    cert = (sample / "signCert.der").read_bytes()
    for number in range(count):
        place = user / f"cn=number {number},ou=bench,o=yessign,c=kr"
        place.mkdir(parents=True)
        shutil.copy(sample / "signPri.key", place)
        (place / "signCert.der").write_bytes(cert[:-4] + number.to_bytes(4, "big"))
    return folder


def entry_us(tool, folder, count, runs):
    """Microseconds for each certificate that a scan finds; all of them must be found."""
    result = subprocess.run([tool, folder, str(runs)], check=True, stdout=subprocess.PIPE, timeout=200)
    told = json.loads(result.stdout)
    assert told["found"] == count, told
    return told["scan_ms"] * 1000 / count
