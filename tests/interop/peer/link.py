"""The device's end of the relay contract: numbering, keeping until ACKED, resuming (PROTOCOL.md section 2)."""

import asyncio
import hashlib
import itertools
import secrets
import time

import websockets

from . import wire

SUBPROTOCOL = "certrelay.v1"
ANSWER_SECONDS = 10
WAITS = (0.2, 0.5, 1, 2, 4)


def solve(bits, salt, token):
    """The count for PROOF (section 2.2)."""
    if not 1 <= bits <= wire.PUZZLE_MAX_BITS:
        raise wire.WireError(f"a puzzle of {bits} bits")
    start = hashlib.sha256(b"certrelay-join" + salt + token)
    for count in itertools.count():
        digest = start.copy()
        digest.update(count.to_bytes(8, "big"))
        if int.from_bytes(digest.digest()[:4], "big") >> (32 - bits) == 0:
            return count
    raise AssertionError


class Refused(Exception):
    """The relay said REFUSED."""

    def __init__(self, reason, retry_after):
        super().__init__(f"refused {reason}")
        self.reason, self.retry_after = reason, retry_after


class LinkError(Exception):
    """The relay is unreachable, or speaks nonsense."""


class Link:
    """One seat. `events` holds ("frame", payload), ("peer", n), ("closed", mood), ("going", s), ("failed", error)."""

    def __init__(self, url, ssl=None, patience=20, token=None, permit=b""):
        self.url, self.ssl, self.patience, self.permit = url, ssl, patience, permit
        self.token = token or secrets.token_bytes(16)
        self.events = asyncio.Queue()
        self.first = None           # the ALLOCATE or JOIN that took the seat
        self.seated = None          # future: nameplate after ALLOCATED, True after JOINED
        self.kept, self.next_seq, self.seen = [], 1, 0
        self.mood = None
        self.socket = None
        self.resumes = self.puzzles = 0
        self.finished = False
        self.task = None

    async def allocate(self):
        return await self.take_seat(wire.frame(wire.ALLOCATE, token=self.token, permit=self.permit))

    async def join(self, nameplate, payload):
        self.kept.append((self.next_seq, payload))
        self.next_seq += 1
        return await self.take_seat(
            wire.frame(wire.JOIN, token=self.token, nameplate=nameplate, payload=payload))

    async def take_seat(self, first):
        self.first, self.seated = first, asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self.run())
        return await self.seated

    async def send(self, payload):
        seq, self.next_seq = self.next_seq, self.next_seq + 1
        self.kept.append((seq, payload))
        await self.write(wire.frame(wire.SEND, seq=seq, payload=payload))

    async def close(self, mood):
        """CLOSE, and wait until the relay has answered or is gone."""
        self.mood = mood
        await self.write(wire.frame(wire.CLOSE, mood=mood))
        await asyncio.wait([self.task], timeout=ANSWER_SECONDS)
        self.task.cancel()

    async def write(self, data):
        if self.socket is not None:
            try:
                await self.socket.send(data)
            except websockets.ConnectionClosed:
                pass

    def fail(self, error):
        self.finished = True
        if self.seated.done():
            self.events.put_nowait(("failed", error))
        else:
            self.seated.set_exception(error)

    async def run(self):
        lost_at, attempt = time.monotonic(), 0
        while not self.finished:
            try:
                if await self.connection():
                    lost_at, attempt = time.monotonic(), 0
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
                pass
            except (wire.WireError, Refused) as error:
                return self.fail(error)
            if self.finished or time.monotonic() - lost_at > self.patience:
                break
            await asyncio.sleep(WAITS[min(attempt, 4)] * (1 - secrets.randbelow(500) / 1000))
            attempt += 1
        if not self.finished:
            self.fail(LinkError("no relay"))
        return None

    async def connection(self):
        """One connection, to its end; whether the relay answered on it."""
        answered = False
        async with websockets.connect(
            self.url, subprotocols=[SUBPROTOCOL], compression=None, max_size=65558 + 64, ssl=self.ssl,
            open_timeout=ANSWER_SECONDS, close_timeout=1, ping_interval=None,
        ) as socket:
            seated = self.seated.done()
            resume = wire.frame(wire.RESUME, token=self.token, seen=self.seen)
            await socket.send(resume if seated else self.first)
            try:
                kind, fields = wire.parse(await asyncio.wait_for(socket.recv(), ANSWER_SECONDS), wire.RELAY_SAYS)
                answered = True
                self.socket = socket
                await self.on_answer(kind, fields)
                while not self.finished:
                    await self.on_frame(*wire.parse(await socket.recv(), wire.RELAY_SAYS))
            except (websockets.ConnectionClosed, asyncio.TimeoutError):
                pass
            finally:
                self.socket = None
        return answered

    async def on_answer(self, kind, fields):
        first_to_send = 0
        if kind == wire.ALLOCATED:
            self.seated.set_result(fields["nameplate"])
        elif kind == wire.JOINED:
            first_to_send = 2
            self.seated.set_result(True)
        elif kind == wire.RESUMED:
            self.resumes += 1
            first_to_send = fields["next"]
            self.events.put_nowait(("peer", fields["peer"]))
        elif kind == wire.PUZZLE and self.first[0] == wire.JOIN:
            return await self.on_puzzle(**fields)
        else:
            return await self.on_frame(kind, fields)
        for seq, payload in list(self.kept):
            if seq >= first_to_send:
                await self.write(wire.frame(wire.SEND, seq=seq, payload=payload))
        if self.mood is not None:
            await self.write(wire.frame(wire.CLOSE, mood=self.mood))
        return None

    async def on_puzzle(self, bits, salt):
        """Pays, says JOIN again, and takes its answer."""
        self.puzzles += 1
        await self.write(wire.frame(wire.PROOF, count=await asyncio.to_thread(solve, bits, salt, self.token)))
        await self.write(self.first)
        answer = await asyncio.wait_for(self.socket.recv(), ANSWER_SECONDS)
        await self.on_answer(*wire.parse(answer, wire.RELAY_SAYS))

    async def on_frame(self, kind, fields):
        if kind == wire.DELIVER:
            await self.on_deliver(**fields)
        elif kind == wire.ACKED:
            self.kept = [(seq, payload) for seq, payload in self.kept if seq > fields["seq"]]
        elif kind == wire.PEER:
            self.events.put_nowait(("peer", fields["peer"]))
        elif kind == wire.CLOSED:
            self.finished = True
            self.events.put_nowait(("closed", fields["mood"]))
        elif kind == wire.REFUSED:
            self.on_refused(**fields)
        elif kind == wire.GOING_AWAY:
            self.events.put_nowait(("going", fields["seconds"]))
        elif kind != wire.TIME:
            raise wire.WireError(f"{kind:02x} out of place")

    async def on_deliver(self, seq, payload):
        if seq > self.seen + 1:
            raise wire.WireError("a gap in the deliveries")
        if seq == self.seen + 1:
            self.seen = seq
            self.events.put_nowait(("frame", payload))
        await self.write(wire.frame(wire.ACK, seq=self.seen))

    def on_refused(self, reason, retry_after):
        if reason == wire.GONE and self.mood is not None:
            self.finished = True
            self.events.put_nowait(("closed", self.mood))
        elif reason != wire.BUSY:
            raise Refused(reason, retry_after)
