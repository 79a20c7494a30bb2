"""Bounded reading and writing of big-endian fields, and the frames of the relay contract (section 2)."""

import struct


class WireError(ValueError):
    """Bytes that are not what they should be."""


class Reader:
    """A cursor that refuses to pass the end and tells whether something is left."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if len(self.data) - self.at < count:
            raise WireError("too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def text(self, limit):
        size = self.number(2)
        if size > limit:
            raise WireError("text too long")
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise WireError("not UTF-8") from error

    def rest(self):
        return self.take(len(self.data) - self.at)

    def end(self):
        if self.at != len(self.data):
            raise WireError("too long")


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def nameplate_bytes(digits):
    return struct.pack(">BI", len(digits), int(digits))


def nameplate_text(reader):
    count, value = reader.number(1), reader.number(4)
    if not 4 <= count <= 8 or value >= 10**count:
        raise WireError("nameplate")
    return f"{value:0{count}d}"


ALLOCATE, JOIN, SEND, ACK, RESUME, EXTEND, CLOSE, CLOCK, PROOF = range(1, 10)
ALLOCATED, JOINED, DELIVER, ACKED, RESUMED, TIME, PEER, CLOSED, REFUSED, GOING_AWAY, PUZZLE = range(0x81, 0x8C)
DONE, CANCELLED, WRONG_CODE, ERROR, EXPIRED = range(1, 6)
UNAVAILABLE, GONE, FULL, TOO_MANY, DRAINING, TOO_MUCH, MALFORMED, BUSY, FORBIDDEN = range(1, 10)
NOBODY, HERE, AWAY = range(3)
PAYLOAD_MAX, PERMIT_MAX, PUZZLE_MAX_BITS = 65536, 64, 22

# type: (name, fields); a field is its size in bytes, or what else it is
DEVICE_SAYS = {
    ALLOCATE: ("ALLOCATE", {"token": "token", "permit": "permit"}),
    JOIN: ("JOIN", {"token": "token", "nameplate": "nameplate", "payload": "payload"}),
    SEND: ("SEND", {"seq": 4, "payload": "payload"}),
    ACK: ("ACK", {"seq": 4}),
    RESUME: ("RESUME", {"token": "token", "seen": 4}),
    EXTEND: ("EXTEND", {}),
    CLOSE: ("CLOSE", {"mood": 1}),
    CLOCK: ("CLOCK", {}),
    PROOF: ("PROOF", {"count": 8}),
}
RELAY_SAYS = {
    ALLOCATED: ("ALLOCATED", {"nameplate": "nameplate", "seconds": 2}),
    JOINED: ("JOINED", {"seconds": 2}),
    DELIVER: ("DELIVER", {"seq": 4, "payload": "payload"}),
    ACKED: ("ACKED", {"seq": 4}),
    RESUMED: ("RESUMED", {"seconds": 2, "peer": 1, "next": 4}),
    TIME: ("TIME", {"seconds": 2}),
    PEER: ("PEER", {"peer": 1}),
    CLOSED: ("CLOSED", {"mood": 1}),
    REFUSED: ("REFUSED", {"reason": 1, "retry_after": 2}),
    GOING_AWAY: ("GOING_AWAY", {"seconds": 2}),
    PUZZLE: ("PUZZLE", {"bits": 1, "salt": "salt"}),
}
FRAMES = {**DEVICE_SAYS, **RELAY_SAYS}


def frame(kind, **values):
    """The bytes of one contract frame."""
    out = bytes([kind])
    for name, shape in FRAMES[kind][1].items():
        value = values.pop(name)
        if shape == "nameplate":
            out += nameplate_bytes(value)
        elif isinstance(shape, int):
            out += value.to_bytes(shape, "big")
        else:
            out += value
    if values:
        raise TypeError(f"no such field: {values}")
    return out


def read_field(reader, shape):
    if shape == "nameplate":
        return nameplate_text(reader)
    if shape == "token":
        return reader.take(16)
    if shape == "salt":
        return reader.take(8)
    if shape == "permit":
        permit = reader.rest()
        if len(permit) > PERMIT_MAX:
            raise WireError("permit")
        return permit
    if isinstance(shape, int):
        return reader.number(shape)
    payload = reader.rest()
    if not 1 <= len(payload) <= PAYLOAD_MAX:
        raise WireError("payload")
    return payload


def parse(data, known=FRAMES):
    """(type, fields) of a contract frame, read to its end."""
    reader = Reader(data)
    kind = reader.number(1)
    if kind not in known:
        raise WireError(f"unknown frame {kind:02x}")
    fields = {name: read_field(reader, shape) for name, shape in known[kind][1].items()}
    reader.end()
    return kind, fields
