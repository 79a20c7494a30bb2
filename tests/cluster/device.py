"""A device of the relay contract that keeps its frames until they are ACKED and comes back by itself.

It does what the shipped clients do (PROTOCOL.md sections 2.1 and 4), and is as strict with its relay. What a test may do beyond: stop it
before or after any message (Gate), and ask how often it was refused."""

import asyncio
import os
import random
import struct

from relaykit import (ACK, ACKED, ALLOCATE, ALLOCATED, CLOSE, CLOSED, DELIVER, GOING_AWAY, JOIN, JOINED, PEER, REFUSED, RESUME,
                      RESUMED, SEND, TIME, request)

WAITS = (0.2, 0.5, 1, 2, 4)
ANSWER_SECONDS = 10
REPEAT_SECONDS = 0.2
UNAVAILABLE, GONE, FULL, TOO_MANY, DRAINING, TOO_MUCH, MALFORMED, BUSY = range(1, 9)
DONE = 1
OUT, IN = "out", "in"


class Failed(Exception):
    """The device gave up: the relay refused it, or broke the contract."""


class Gate:
    """Stops its device before or after the index-th message of a direction (from 1); without an index it only counts."""

    def __init__(self, direction=None, index=0, before=False):
        self.direction, self.index, self.before = direction, index, before
        self.counts = {OUT: 0, IN: 0}
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.act = None         # called in place of waiting

    async def pass_by(self, direction, before):
        self.counts[direction] += before
        if (direction, self.counts[direction], before) != (self.direction, self.index, self.before) or self.reached.is_set():
            return
        self.reached.set()
        if self.act:
            self.act()
        else:
            await self.open.wait()

    def __repr__(self):
        return "%s message %d %s" % ("before" if self.before else "after", self.index, self.direction)


class Wire:
    """One WebSocket connection, as a client has it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, dial):
        reader, writer = await asyncio.wait_for(dial(), ANSWER_SECONDS)
        wire = cls(reader, writer)
        try:
            writer.write(request().encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)
            if not head.startswith(b"HTTP/1.1 101 "):
                raise ConnectionError(head[:40])
        except BaseException:
            wire.close()
            raise
        return wire

    async def read(self):
        """The next binary message; EOFError when the relay has closed."""
        while True:
            first, length = await self.reader.readexactly(2)
            if length in (126, 127):
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            payload = await self.reader.readexactly(length)
            if first == 0x89:
                self.write(payload, 0x8A)
            if first == 0x88:
                raise EOFError
            if first == 0x82:
                return payload

    def write(self, payload, first=0x82):
        size = len(payload)
        head = bytes([first, 0x80 | size]) if size < 126 else struct.pack(">BBH", first, 0xFE, size) if size < 65536 else \
            struct.pack(">BBQ", first, 0xFF, size)
        self.writer.write(head + bytes(4) + payload)

    def close(self):
        self.writer.transport.abort()


def now():
    return asyncio.get_running_loop().time()


def tcp(port):
    return lambda: asyncio.open_connection("127.0.0.1", port)


def unix(path):
    return lambda: asyncio.open_unix_connection(path)


class Device:
    """say() and close() queue; on_payload(device, payload) is called for each payload of the other device, once."""

    def __init__(self, dial, on_payload=None, gate=None, token=None):
        self.dial = tcp(dial) if isinstance(dial, int) else dial
        self.on_payload = on_payload or (lambda device, payload: None)
        self.gate, self.token = gate or Gate(), token or os.urandom(16)
        self.first, self.nameplate, self.is_seated = None, None, False
        self.kept, self.last_seq, self.acked, self.unsent = {}, 0, 0, 1
        self.heard, self.peers, self.refusals = [], [], []
        self.mood, self.said_close, self.is_over, self.heard_mood = 0, False, False, None
        self.connections, self.resumes = 0, 0
        self.wire, self.is_answered, self.repeat_at, self.owes_ack = None, False, None, False
        self.reading = None
        self.news, self.seated, self.task = asyncio.Event(), asyncio.Event(), None

    # What its user says

    def allocate(self):
        self.first = bytes([ALLOCATE]) + self.token
        self.task = asyncio.create_task(self.run())
        return self

    def join(self, nameplate, payload):
        self.nameplate = nameplate
        self.keep(payload)
        self.first = bytes([JOIN]) + self.token + nameplate + payload
        self.task = asyncio.create_task(self.run())
        return self

    def say(self, payload):
        self.keep(payload)
        self.news.set()

    def close(self, mood=DONE):
        self.mood = self.mood or mood
        self.news.set()

    def keep(self, payload):
        self.last_seq += 1
        self.kept[self.last_seq] = payload

    async def until_seated(self):
        """The nameplate; Failed when the seat was refused."""
        waiting = asyncio.create_task(self.seated.wait())
        await asyncio.wait([waiting, self.task], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.task.done():
            self.task.result()
        return self.nameplate

    # Its connections

    async def run(self):
        attempt = 0
        while not self.is_over:
            self.is_answered = False
            try:
                await self.connection()
            except (OSError, EOFError, asyncio.TimeoutError):
                pass
            attempt = 0 if self.is_answered else attempt + 1
            if not self.is_over:
                await asyncio.sleep(WAITS[min(attempt, len(WAITS) - 1)] * random.uniform(0.5, 1))

    async def connection(self):
        self.wire = await Wire.open(self.dial)
        self.connections += 1
        self.said_close, self.repeat_at, self.owes_ack = False, None, bool(self.heard)
        self.reading = None
        try:
            await self.speak(self.first_message())
            while not self.is_over:
                message = await self.next_message()
                if message is not None:
                    await self.gate.pass_by(IN, True)
                    self.hear(message)
                    await self.gate.pass_by(IN, False)
                await self.pump()
        finally:
            if self.reading is not None:
                self.reading.cancel()
            self.wire.close()

    def first_message(self):
        return struct.pack(">B16sI", RESUME, self.token, len(self.heard)) if self.is_seated else self.first

    async def next_message(self):
        """None when it is time to say something instead."""
        limit = None if self.is_answered else ANSWER_SECONDS
        if self.repeat_at is not None:
            limit = max(0, self.repeat_at - now())
        self.reading = self.reading or asyncio.ensure_future(self.wire.read())
        poked = asyncio.ensure_future(self.news.wait())
        try:
            done, _ = await asyncio.wait([self.reading, poked], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            poked.cancel()
        self.news.clear()
        if self.reading in done:
            message, self.reading = self.reading.result(), None
            return message
        if not done and self.repeat_at is None:
            raise asyncio.TimeoutError
        return None

    async def speak(self, message):
        await self.gate.pass_by(OUT, True)
        self.wire.write(message)
        await self.wire.writer.drain()
        await self.gate.pass_by(OUT, False)

    async def pump(self):
        """Says all that is to be said on this connection."""
        if self.repeat_at is not None and now() >= self.repeat_at:
            self.repeat_at, self.unsent = None, self.acked + 1
            if not self.is_answered:
                await self.speak(self.first_message())
        if not self.is_answered or self.is_over:
            return
        if self.owes_ack:
            self.owes_ack = False
            await self.speak(struct.pack(">BI", ACK, len(self.heard)))
        while self.unsent <= self.last_seq:
            seq = self.unsent = max(self.unsent, self.acked + 1)
            self.unsent += 1
            await self.speak(struct.pack(">BI", SEND, seq) + self.kept[seq])
        if self.mood and not self.said_close:
            self.said_close = True
            await self.speak(bytes([CLOSE, self.mood]))

    # What the relay says

    def hear(self, message):
        handlers = {ALLOCATED: self.on_allocated, JOINED: self.on_joined, RESUMED: self.on_resumed, DELIVER: self.on_deliver,
                    ACKED: self.on_acked, PEER: self.on_peer, CLOSED: self.on_closed, REFUSED: self.on_refused,
                    GOING_AWAY: lambda body: None, TIME: lambda body: None}
        if message[0] not in handlers:
            raise Failed("%r is no message of a relay" % message[:40])
        handlers[message[0]](message[1:])

    def answered(self, unsent):
        self.is_answered = True
        self.unsent = max(unsent, self.acked + 1)

    def on_allocated(self, body):
        self.must(not self.is_seated and self.nameplate in (None, body[:5]), "ALLOCATED out of place")
        self.nameplate, self.is_seated = body[:5], True
        self.answered(1)
        self.seated.set()

    def on_joined(self, _):
        self.must(not self.is_seated, "JOINED out of place")
        self.is_seated = True
        self.answered(2)
        self.seated.set()

    def on_resumed(self, body):
        _, peer, unsent = struct.unpack(">HBI", body)
        self.must(self.is_seated and not self.is_answered, "RESUMED out of place")
        self.must(unsent <= self.last_seq + 1, "RESUMED asks for frames that never were")
        self.resumes += 1
        self.peers.append(peer)
        self.answered(unsent)

    def on_deliver(self, body):
        seq, payload = struct.unpack(">I", body[:4])[0], body[4:]
        self.must(self.is_answered and 1 <= seq <= len(self.heard) + 1, "a gap: %d after %d" % (seq, len(self.heard)))
        self.owes_ack = True
        if seq <= len(self.heard):
            self.must(self.heard[seq - 1] == payload, "frame %d came again and was another" % seq)
            return
        self.heard.append(payload)
        self.on_payload(self, payload)

    def on_acked(self, body):
        seq, = struct.unpack(">I", body)
        self.must(self.is_answered and seq <= self.last_seq, "ACKED what was never sent")
        for each in range(self.acked + 1, seq + 1):
            del self.kept[each]
        self.acked = max(self.acked, seq)

    def on_peer(self, body):
        self.peers.append(body[0])

    def on_closed(self, body):
        self.heard_mood = self.heard_mood or body[0]
        if body[0] > 4 or (self.mood and (self.said_close or not self.is_answered)):
            self.is_over = True
        self.close(body[0])

    def on_refused(self, body):
        reason, seconds = struct.unpack(">BH", body)
        self.refusals.append((reason, seconds))
        if reason == BUSY:
            self.repeat_at = now() + max(seconds, REPEAT_SECONDS)
        elif self.mood and self.is_seated:
            self.is_over = True
        else:
            raise Failed("refused: %d" % reason)

    def must(self, is_so, what):
        if not is_so:
            raise Failed(what)

    def stop(self):
        if self.task:
            self.task.cancel()

