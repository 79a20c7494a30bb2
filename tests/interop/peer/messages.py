"""The messages within records (PROTOCOL.md section 3.3)."""

import hashlib
import struct

from .wire import Reader, WireError, text

PADDING, HELLO, OFFER, DATA, SAVED, REFUSE, BYE = range(7)
SENDER, RECEIVER = 1, 2
NO, NO_SPACE, CANNOT_WRITE, DAMAGED, KEPT, OTHER = range(1, 7)
NPKI, PKCS12, GPKI, PEM = range(1, 5)
RECORD_BYTES = (4096, 8192, 16384, 32768, 65536)
ENVELOPE_BYTES = 18
ROOM_BYTES = RECORD_BYTES[-1] - ENVELOPE_BYTES
CHUNK_BYTES = 32768
BUNDLE_MAX = 655360


def message(kind, value=b""):
    return struct.pack(">BI", kind, len(value)) + value


def hello(role, name, platform, program):
    return message(HELLO, bytes([role]) + text(name) + text(platform) + text(program))


def read_hello(value):
    reader = Reader(value)
    role = reader.number(1)
    if role not in (SENDER, RECEIVER):
        raise WireError("role")
    out = {"role": role, **{name: reader.text(128) for name in ("name", "platform", "program")}}
    reader.end()
    return out


def offer(bundle):
    """bundle: certificates, each {format, owner, issuer, use, not_before, not_after, files: [(kind, bytes)]}."""
    out = bytes([len(bundle)])
    for cert in bundle:
        out += bytes([cert["format"]]) + text(cert["owner"]) + text(cert["issuer"]) + text(cert["use"])
        out += struct.pack(">qqB", cert["not_before"], cert["not_after"], len(cert["files"]))
        out += b"".join(struct.pack(">BI", kind, len(data)) for kind, data in cert["files"])
    return message(OFFER, out)


def read_files(reader):
    files, count = [], reader.number(1)
    if not 1 <= count <= 8:
        raise WireError("number of files")
    for _ in range(count):
        kind, size = reader.number(1), reader.number(4)
        if not 1 <= kind <= 6 or kind in (k for k, _ in files) or not 1 <= size <= 65536:
            raise WireError("file")
        files.append((kind, size))
    return files


def read_offer(value):
    reader = Reader(value)
    count, certs = reader.number(1), []
    if not 1 <= count <= 32:
        raise WireError("number of certificates")
    for _ in range(count):
        cert = {"format": reader.number(1)}
        if not 1 <= cert["format"] <= 4:
            raise WireError("format")
        for name in ("owner", "issuer", "use"):
            cert[name] = reader.text(256)
        cert["not_before"], cert["not_after"] = struct.unpack(">qq", reader.take(16))
        cert["files"] = read_files(reader)
        certs.append(cert)
    reader.end()
    if sum(size for cert in certs for _, size in cert["files"]) > BUNDLE_MAX:
        raise WireError("too much")
    return certs


def data_messages(bundle, chunk=CHUNK_BYTES):
    for c, cert in enumerate(bundle):
        for f, (_, data) in enumerate(cert["files"]):
            for at in range(0, len(data), chunk):
                yield message(DATA, struct.pack(">BBI", c, f, at) + data[at : at + chunk])


def bundle_hash(bundle):
    digest = hashlib.sha256()
    for cert in bundle:
        for kind, data in cert["files"]:
            digest.update(struct.pack(">BI", kind, len(data)) + data)
    return digest.digest()


def pack(messages):
    """Rows of whole messages, each row as full as a record can be."""
    row = b""
    for each in messages:
        if row and len(row) + len(each) > ROOM_BYTES:
            yield row
            row = b""
        row += each
    if row:
        yield row


def pad(row):
    for size in RECORD_BYTES:
        if len(row) <= size - ENVELOPE_BYTES:
            return row + bytes(size - ENVELOPE_BYTES - len(row))
    raise WireError("row too long")


def unpack(plaintext):
    """[(type, value)] of a record's plaintext; unknown optional types are skipped."""
    reader, out = Reader(plaintext), []
    while reader.at < len(plaintext):
        kind = reader.number(1)
        if kind == PADDING:
            if any(reader.rest()):
                raise WireError("padding")
            break
        value = reader.take(reader.number(4))
        if kind > BYE and kind < 0x80:
            raise WireError("unknown message")
        if kind < 0x80:
            out.append((kind, value))
    return out


class Gathering:
    """Collects the DATA of an offer, strictly in order."""

    def __init__(self, certs):
        self.certs = [dict(cert, files=[]) for cert in certs]
        self.plan = [(c, f, kind, size) for c, cert in enumerate(certs)
                     for f, (kind, size) in enumerate(cert["files"])]
        self.part = b""

    def add(self, value):
        reader = Reader(value)
        cert, file, offset, chunk = reader.number(1), reader.number(1), reader.number(4), reader.rest()
        if not self.plan or not 1 <= len(chunk) <= CHUNK_BYTES:
            raise WireError("data")
        if (cert, file) != self.plan[0][:2] or offset != len(self.part):
            raise WireError("data out of order")
        self.part += chunk
        kind, size = self.plan[0][2:]
        if len(self.part) > size:
            raise WireError("more data than offered")
        if len(self.part) == size:
            self.certs[cert]["files"].append((kind, self.part))
            self.plan.pop(0)
            self.part = b""

    def is_complete(self):
        return not self.plan
