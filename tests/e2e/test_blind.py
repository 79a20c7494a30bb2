"""What a relay recorded tells nothing of the secret: brute force over all of them finds no trace of the right one."""

import asyncio
import hashlib
import multiprocessing
import random
import re

import certrelay_peer as peer
import pytest
from hostile import run_pair
from material import by_name
from peer import code as codes
from peer import cpace
from peer.messages import SENDER
from peer.session import DIGITS, context
from scripted_relay import DISPLAYER, TYPIST, ScriptedRelay
from kit import Kit

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.slow]
ALL = 10**7
SUBSET = 20_000


class Recording:
    """The handshake of one session as the relay has it, and the code that it does not have."""

    def __init__(self, typist, displayer, code):
        self.nameplate, self.secret = codes.parse(code)
        self.payloads = typist + displayer
        start, reply, confirm_a, confirm_b = typist[0], displayer[0], typist[1], displayer[1]
        self.sid, self.ya, self.ada = start[3:19], start[19:51], start[52:]
        self.yb, self.adb = reply[1:33], reply[34:]
        self.ta, self.tb = confirm_a[1:65], confirm_b[1:65]

    def generator(self, secret):
        ci = context(self.nameplate, self.ada[0], self.adb[0])
        return cpace.generator(secret.encode(), ci, self.sid)

    def is_key(self, k):
        """Whether K explains the tags."""
        key = cpace.mac_key(self.sid, cpace.session_key(self.sid, k, self.ya, self.ada, self.yb, self.adb))
        return cpace.tag(key, self.ya, self.ada) == self.ta or cpace.tag(key, self.yb, self.adb) == self.tb


@pytest.fixture(scope="module")
def recording(programs, tmp_path_factory):
    """Both shipped clients, recorded."""
    pair = run_pair(tmp_path_factory.mktemp("recorded"), "import")
    assert pair.sent == 0 and pair.received == 0, pair.story("recorded")
    return Recording(pair.relay.log(TYPIST), pair.relay.log(DISPLAYER), pair.code)


def some_secrets(right):
    draw = random.Random(0)
    return [f"{number:07d}" for number in draw.sample(range(ALL), SUBSET - 1)] + [right]


def test_with_one_sides_scalar_the_same_search_finds_exactly_the_right_secret(programs, tmp_path):
    """The search below can find: given what only the typist knows, it does."""
    material = by_name("y-bank-115")
    with ScriptedRelay() as relay:
        kit = Kit(tmp_path, relay.url)
        importer = kit.importer(tmp_path / "NPKI")
        code = importer.code()
        device = peer.Device(SENDER, relay.url)
        asyncio.run(device.run(device.type_code(code), device.send_bundle(material.bundle())))
        importer.succeeds()
        recorded = Recording(relay.log(TYPIST), relay.log(DISPLAYER), code)
    scalar = device.session.random.scalar
    found = [secret for secret in some_secrets(recorded.secret)
             if cpace.scalar_mult(scalar, recorded.generator(secret)) == recorded.ya]
    assert found == [recorded.secret]
    assert recorded.is_key(cpace.scalar_mult(scalar, recorded.yb))


def test_no_key_that_an_onlooker_can_make_explains_the_tags(recording):
    """For each secret: its generator, sums and differences with the shares, and multiples by small numbers."""
    fixed = [bytes(32), recording.ya, recording.yb, combine("add", recording.ya, recording.yb),
             combine("sub", recording.ya, recording.yb), combine("sub", recording.yb, recording.ya)]
    assert not any(recording.is_key(k) for k in fixed)
    for secret in some_secrets(recording.secret):
        g = recording.generator(secret)
        for k in (g, combine("add", g, recording.ya), combine("sub", recording.ya, g), combine("sub", recording.yb, g)):
            assert not recording.is_key(k), secret


def combine(how, one, other):
    out = cpace.ctypes.create_string_buffer(32)
    function = getattr(cpace.sodium, f"crypto_core_ristretto255_{how}")
    assert function(out, one, other) == 0
    return out.raw


def traces(secret, sid, head, tail):
    """Short marks that would betray a secret if they stood in the recording."""
    digits = b"%07d" % secret
    string = hashlib.sha512(head + digits + tail).digest()
    return digits, hashlib.sha512(digits).digest()[:8], hashlib.sha256(digits).digest()[:8], string[:8], string[32:40], \
        hashlib.sha512(sid + digits).digest()[:8]


def search(job):
    """Secrets of a range whose marks stand among the windows of the recording."""
    first, last, windows, sid, head, tail = job
    return [secret for secret in range(first, last)
            if any(mark in windows for mark in traces(secret, sid, head, tail))]


def test_none_of_all_ten_million_secrets_leaves_a_mark_in_the_recording(recording):
    log = b"\0".join(recording.payloads)
    windows = {log[at : at + 8] for at in range(len(log))} | set(re.findall(rb"(?=([0-9]{7}))", log))
    whole = cpace.generator_string(cpace.DSI, b"0123456", context(recording.nameplate, recording.ada[0], recording.adb[0]),
                                   recording.sid)
    at = whole.index(b"0123456")
    head, tail = whole[:at], whole[at + 7 :]
    step = ALL // 20
    jobs = [(first, first + step, windows, recording.sid, head, tail) for first in range(0, ALL, step)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = [secret for part in pool.imap_unordered(search, jobs) for secret in part]
    assert int(recording.secret) not in found
    planted = windows | {hashlib.sha256(recording.secret.encode()).digest()[:8]}
    right = int(recording.secret)
    assert search((right, right + 1, planted, recording.sid, head, tail)) == [right]
