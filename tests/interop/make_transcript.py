#!/usr/bin/python3
"""Writes tests/vectors/transcript.json: whole sessions with fixed randomness, byte for byte."""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from peer import code, messages  # noqa: E402
from peer.messages import RECEIVER, SENDER  # noqa: E402
from peer.session import DIGITS, LONG, Displayer, Randomness, Typist  # noqa: E402

TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "transcript.json")
NAMES = {
    messages.HELLO: "HELLO", messages.OFFER: "OFFER", messages.DATA: "DATA",
    messages.SAVED: "SAVED", messages.BYE: "BYE",
}
LABEL = b"vector"


def fixed(label, size):
    """Bytes that anyone can recompute: SHA-512 of the label, repeated with a counter."""
    out, counter = b"", 0
    while len(out) < size:
        out += hashlib.sha512(f"certrelay vector {label} {counter}".encode()).digest()
        counter += 1
    return out[:size]


def fixed_scalar(label):
    scalar = bytearray(fixed(label, 32))
    scalar[31] &= 0x0F          # below the group order
    return bytes(scalar)


def bundle(label):
    """Two certificates of different formats; one file is a single byte."""
    files = [(1, fixed(label + " signCert", 900)), (2, fixed(label + " signPri", 1200)),
             (3, fixed(label + " kmCert", 1)), (4, fixed(label + " kmPri", 3000))]
    first = {"format": 1, "owner": "홍길동()0001", "issuer": "Test CA", "use": "개인 범용",
             "not_before": 1700000000, "not_after": 1731622400, "files": files}
    second = {"format": 2, "owner": "Example", "issuer": "", "use": "",
              "not_before": -1, "not_after": 253402300799, "files": [(5, fixed(label + " p12", 700))]}
    return [first, second]


class Records:
    """Seals what one side says, opens it on the other, and writes both down."""

    def __init__(self, sides):
        self.sides, self.rows = sides, []

    def say(self, who, row, final=False):
        other = "displayer" if who == "typist" else "typist"
        frame = self.sides[who].seal(row, final)
        opened, is_final = self.sides[other].open(frame)
        assert is_final == final
        self.rows.append({
            "from": who, "messages": [NAMES[kind] for kind, _ in opened], "row": row.hex(),
            "tag": 3 if final else 0, "payload_bytes": len(frame), "payload": frame.hex(),
        })


def handshake(typist, displayer):
    start = typist.start()
    reply, = displayer.feed(start)
    confirm_a, = typist.feed(reply)
    confirm_b, = displayer.feed(confirm_a)
    assert typist.feed(confirm_b) == []
    assert (typist.t, typist.prk) == (displayer.t, displayer.prk)
    return {"START": start, "REPLY": reply, "CONFIRM_typist": confirm_a, "CONFIRM_displayer": confirm_b}


def conversation(sides, sender, things):
    receiver = "displayer" if sender == "typist" else "typist"
    records = Records(sides)
    for who in ("displayer", "typist"):
        role = SENDER if who == sender else RECEIVER
        records.say(who, messages.hello(role, f"{who} 기기", "test", "vector 1"))
    rows = [messages.offer(things), *messages.data_messages(things)]
    for row in messages.pack(rows):
        records.say(sender, row)
    records.say(receiver, messages.message(messages.SAVED, messages.bundle_hash(things)), final=True)
    records.say(sender, messages.message(messages.BYE), final=True)
    return records.rows


def session(name, nameplate, secret, key, role):
    """A whole session: `role` is the typist's; with a key the long secret is used."""
    prs, kind = (key, LONG) if key else (secret.encode(), DIGITS)
    random_a = Randomness(fixed(name + " sid", 16), fixed_scalar(name + " ya"), fixed(name + " header a", 24))
    random_b = Randomness(b"none", fixed_scalar(name + " yb"), fixed(name + " header b", 24))
    typist = Typist(role, nameplate, prs, kind, random_a)
    displayer = Displayer(3 - role, nameplate, {kind: prs}, random_b)
    frames = handshake(typist, displayer)
    things = bundle(name)
    sender = "typist" if role == SENDER else "displayer"
    given = {"prs": prs, "sid": random_a.sid, "ya": random_a.scalar, "yb": random_b.scalar,
             "header_typist": random_a.header, "header_displayer": random_b.header}
    derived = {"g": typist.g, "K": typist.k, "ISK": typist.isk, "T": typist.t, "PRK": typist.prk,
               "key_typist": typist.key_a, "key_displayer": typist.key_b,
               "exporter": typist.exporter(LABEL, 48), "saved": messages.bundle_hash(things)}
    return {
        "name": name, "nameplate": nameplate, "code": code.make(nameplate, secret) if secret else None,
        "invitation": code.make_invitation(
            "https://page.example/", "send" if role == SENDER else "receive",
            code=code.make(nameplate, secret) if secret else None,
            plate=None if secret else nameplate, relay="wss://relay.example/ws", key=key),
        "typist_role": role, "secret_kind": kind,
        "given": {k: v.hex() for k, v in given.items()},
        "frames": {k: v.hex() for k, v in frames.items()},
        "derived": {k: v.hex() for k, v in derived.items()},
        "exporter_label": LABEL.decode(),
        "files": [[{"kind": kind, "bytes": data.hex()} for kind, data in cert["files"]] for cert in things],
        "records": conversation({"typist": typist, "displayer": displayer}, sender, things),
    }


def transcript():
    return {
        "about": "certrelay protocol 1, sessions with fixed randomness; values are lower-case hexadecimal, "
                 "scalars and points little endian. A record's row is its plaintext before the zero bytes.",
        "sessions": [
            session("digits, typist sends", "4821", "7730194", None, SENDER),
            session("digits, typist receives", "00427", "0000007", None, RECEIVER),
            session("long secret, typist sends", "90210318", None, fixed("long secret", 16), SENDER),
        ],
    }


def text():
    return json.dumps(transcript(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(text())
