"""The key exchange and the records of one side, without sockets (PROTOCOL.md sections 3 to 3.3)."""

import hashlib
import hmac
import secrets

from . import cpace
from .messages import pad, unpack
from .stream import HEADER_BYTES, TAG_FINAL, TAG_MESSAGE, Stream, StreamError
from .wire import Reader, WireError

START, REPLY, CONFIRM, RECORD, ABORT = 1, 2, 3, 4, 0x0F
DIGITS, LONG = 1, 2
ABORT_VERSION, ABORT_ROLE, ABORT_MALFORMED = 1, 2, 3
RECORD_PAYLOADS = (4096, 8192, 16384, 32768, 65536)


class SessionError(Exception):
    """The session is over; `why` is one of abort, role, version, malformed, wrong code, tampered."""

    def __init__(self, why, reply=None):
        super().__init__(why)
        self.why, self.reply = why, reply


class Randomness:
    """Where sid, scalar and header come from; a transcript gives fixed ones."""

    def __init__(self, sid=None, scalar=None, header=None):
        self.sid = sid or secrets.token_bytes(16)
        self.scalar = scalar or cpace.draw_scalar()
        self.header = header or secrets.token_bytes(HEADER_BYTES)


def context(nameplate, role_a, role_b):
    return cpace.lv_cat(b"certrelay", b"\x01", b"\x01", nameplate.encode(), bytes([role_a]), bytes([role_b]))


class Session:
    """What the two sides share: the transcript, the keys and the records."""

    def __init__(self, role, nameplate, random=None):
        self.role, self.nameplate = role, nameplate
        self.random = random or Randomness()
        self.frames = []
        self.outgoing = self.incoming = None
        self.final_sent = self.final_seen = False

    def share(self, prs, role_a, role_b, sid):
        self.g = cpace.generator(prs, context(self.nameplate, role_a, role_b), sid)
        return cpace.scalar_mult(self.random.scalar, self.g)

    def agree(self, sid, theirs, ya, ada, yb, adb):
        if ya == yb:
            raise SessionError("malformed")
        self.k = cpace.scalar_mult(self.random.scalar, theirs)
        self.isk = cpace.session_key(sid, self.k, ya, ada, yb, adb)
        key = cpace.mac_key(sid, self.isk)
        self.ta, self.tb = cpace.tag(key, ya, ada), cpace.tag(key, yb, adb)

    def derive(self):
        digest = hashlib.sha512()
        for each in self.frames:
            digest.update(len(each).to_bytes(4, "big") + each)
        self.t = digest.digest()
        self.prk = cpace.hkdf_extract(self.t, self.isk)
        self.key_a = cpace.hkdf_expand(self.prk, b"certrelay 1 typist", 32)
        self.key_b = cpace.hkdf_expand(self.prk, b"certrelay 1 displayer", 32)
        header_a, header_b = self.frames[2][65:], self.frames[3][65:]
        return Stream(self.key_a, header_a), Stream(self.key_b, header_b)

    def exporter(self, label, length):
        return cpace.hkdf_expand(self.prk, b"certrelay 1 export " + label, length)

    def is_ready(self):
        return self.outgoing is not None

    def seal(self, row, final=False):
        if self.final_sent:
            raise SessionError("after final")
        self.final_sent = final
        return bytes([RECORD]) + self.outgoing.push(pad(row), TAG_FINAL if final else TAG_MESSAGE)

    def open(self, frame):
        """([(type, value)], is_final) of a RECORD."""
        if self.final_seen or frame[:1] != bytes([RECORD]) or len(frame) not in RECORD_PAYLOADS:
            raise SessionError("tampered")
        try:
            plaintext, tag = self.incoming.pull(frame[1:])
        except StreamError as error:
            raise SessionError("tampered") from error
        if tag not in (TAG_MESSAGE, TAG_FINAL):
            raise SessionError("tampered")
        self.final_seen = tag == TAG_FINAL
        return unpack(plaintext), self.final_seen

    def check_abort(self, frame):
        if frame[:1] == bytes([ABORT]):
            reason = frame[1] if len(frame) == 2 else 0
            raise SessionError({1: "version", 2: "role", 3: "malformed"}.get(reason, "abort"))


def read_confirm(frame, expected):
    reader = Reader(frame)
    if reader.number(1) != CONFIRM:
        raise SessionError("malformed")
    tag = reader.take(64)
    reader.take(HEADER_BYTES)
    reader.end()
    if not hmac.compare_digest(tag, expected):
        raise SessionError("wrong code")


class Typist(Session):
    """A: enters the code, sends START, proves first."""

    def __init__(self, role, nameplate, prs, kind=DIGITS, random=None):
        super().__init__(role, nameplate, random)
        self.ad = bytes([role, kind])
        self.ya = self.share(prs, role, 3 - role, self.random.sid)
        start = bytes([START, 1, 1]) + self.random.sid + self.ya + bytes([len(self.ad)]) + self.ad
        self.frames.append(start)

    def start(self):
        return self.frames[0]

    def feed(self, frame):
        """What to send after this handshake frame: CONFIRM after REPLY, nothing after CONFIRM."""
        self.check_abort(frame)
        return self.on_reply(frame) if len(self.frames) == 1 else self.on_confirm(frame)

    def on_reply(self, frame):
        reader = Reader(frame)
        if reader.number(1) != REPLY:
            raise SessionError("malformed")
        yb, adb = reader.take(32), reader.take(reader.number(1))
        reader.end()
        if adb[:1] != bytes([3 - self.role]):
            raise SessionError("role")
        self.agree(self.random.sid, yb, self.ya, self.ad, yb, adb)
        confirm = bytes([CONFIRM]) + self.ta + self.random.header
        self.frames += [frame, confirm]
        return [confirm]

    def on_confirm(self, frame):
        read_confirm(frame, self.tb)
        self.frames.append(frame)
        self.outgoing, self.incoming = self.derive()
        return []


class Displayer(Session):
    """B: shows the code; `secrets` maps the kinds it accepts to their PRS."""

    def __init__(self, role, nameplate, secrets_by_kind, random=None):
        super().__init__(role, nameplate, random)
        self.secrets = secrets_by_kind
        self.ad = bytes([role])

    def feed(self, frame):
        self.check_abort(frame)
        return self.on_start(frame) if not self.frames else self.on_confirm(frame)

    def refuse(self, why, reason):
        raise SessionError(why, bytes([ABORT, reason]))

    def read_start(self, frame):
        reader = Reader(frame)
        try:
            kind, version, suite = reader.number(1), reader.number(1), reader.number(1)
            if kind != START:
                self.refuse("malformed", ABORT_MALFORMED)
            if (version, suite) != (1, 1):
                self.refuse("version", ABORT_VERSION)
            sid, ya, ada = reader.take(16), reader.take(32), reader.take(reader.number(1))
            reader.end()
        except WireError:
            self.refuse("malformed", ABORT_MALFORMED)
        if len(ada) < 2 or ada[0] not in (1, 2) or ada[1] not in self.secrets:
            self.refuse("malformed", ABORT_MALFORMED)
        if ada[0] == self.role:
            self.refuse("role", ABORT_ROLE)
        return sid, ya, ada

    def on_start(self, frame):
        sid, ya, ada = self.read_start(frame)
        yb = self.share(self.secrets[ada[1]], ada[0], self.role, sid)
        try:
            self.agree(sid, ya, ya, ada, yb, self.ad)
        except cpace.CpaceError:
            self.refuse("malformed", ABORT_MALFORMED)
        reply = bytes([REPLY]) + yb + bytes([len(self.ad)]) + self.ad
        self.frames += [frame, reply]
        return [reply]

    def on_confirm(self, frame):
        if len(self.frames) != 2:
            raise SessionError("malformed")
        read_confirm(frame, self.ta)
        confirm = bytes([CONFIRM]) + self.tb + self.random.header
        self.frames += [frame, confirm]
        self.incoming, self.outgoing = self.derive()
        return [confirm]
