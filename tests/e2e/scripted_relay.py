"""A relay in Python that keeps the contract, remembers everything, and does with each payload what a test tells it."""

import asyncio
import secrets
import threading

import websockets
from peer import wire

TYPIST, DISPLAYER = "typist", "displayer"
OTHER = {TYPIST: DISPLAYER, DISPLAYER: TYPIST}


class Seat:
    """One device's place: what it has sent, and what is queued for it."""

    def __init__(self, token, who):
        self.token, self.who = token, who
        self.socket = None
        self.taken = 0              # frames accepted from this device
        self.payloads = []          # those frames
        self.queue = []             # [(seq, payload)] for this device
        self.given = 0              # last seq made up for this device
        self.seen = 0               # what it acknowledged
        self.mood = None            # mood of the other side, once it closed


class Mailbox:
    """Two seats under a nameplate."""

    def __init__(self, nameplate):
        self.nameplate = nameplate
        self.seats = {}


class ScriptedRelay:
    """tamper(mailbox, who, index, payload) gives the payloads handed on instead; index counts from 1 per direction."""

    def __init__(self, tamper=None, after=None, nameplates=None, garble=None):
        self.tamper = tamper or (lambda mailbox, who, index, payload: [payload])
        self.garble = garble        # garble(seat, frame) gives the contract frames said to a device instead
        self.after = after          # called after each payload, may inject: async after(relay, mailbox, who, index)
        self.nameplates = list(nameplates or [])
        self.mailboxes = {}
        self.by_token = {}
        self.joins = 0
        self.connections = 0
        self.moods = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.server = self.call(self.listen())
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        return self

    def __exit__(self, *_):
        self.call(self.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def call(self, coroutine, limit=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit)

    async def listen(self):
        return await websockets.serve(
            self.serve, "127.0.0.1", 0, subprotocols=["certrelay.v1"], compression=None,
            max_size=70000, ping_interval=None, close_timeout=0.5)

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    def log(self, who):
        """Everything the typist or displayer said, in the order of mailboxes."""
        return [p for mailbox in self.mailboxes.values() for p in getattr(mailbox.seats.get(who), "payloads", [])]

    async def serve(self, socket, _path=None):
        self.connections += 1
        seat = None
        try:
            async for message in socket:
                kind, fields = wire.parse(message, wire.DEVICE_SAYS)
                if seat is None:
                    seat = await self.take_seat(socket, kind, fields)
                    if seat is None:
                        return
                elif await self.on_frame(seat, kind, fields):
                    return
        except websockets.ConnectionClosed:
            pass
        finally:
            if seat and seat.socket is socket:
                seat.socket = None
                await self.tell_peer(seat, wire.AWAY)

    async def take_seat(self, socket, kind, fields):
        make = {wire.ALLOCATE: self.allocate, wire.JOIN: self.join, wire.RESUME: self.resume}[kind]
        found, answer = make(**fields)
        if found is None:
            await socket.send(wire.frame(wire.REFUSED, reason=answer, retry_after=0))
            return None
        seat = found
        if seat.socket is not None:
            await seat.socket.close()
        seat.socket = socket
        await self.write(seat, answer)
        await self.catch_up(seat)
        await self.tell_peer(seat, wire.HERE)
        if kind == wire.JOIN and seat.taken == 0:
            await self.on_payload(seat, fields["payload"])
        return seat

    def allocate(self, token, permit=b""):
        if token not in self.by_token:
            nameplate = self.nameplates.pop(0) if self.nameplates else f"{secrets.randbelow(10000):04d}"
            self.mailboxes[nameplate] = mailbox = Mailbox(nameplate)
            mailbox.seats[DISPLAYER] = Seat(token, DISPLAYER)
            self.by_token[token] = mailbox, mailbox.seats[DISPLAYER]
        mailbox, seat = self.by_token[token]
        return seat, wire.frame(wire.ALLOCATED, nameplate=mailbox.nameplate, seconds=180)

    def join(self, token, nameplate, payload):
        self.joins += 1
        mailbox = self.mailboxes.get(nameplate)
        if token not in self.by_token:
            if mailbox is None or TYPIST in mailbox.seats:
                return None, wire.UNAVAILABLE
            mailbox.seats[TYPIST] = Seat(token, TYPIST)
            self.by_token[token] = mailbox, mailbox.seats[TYPIST]
        return self.by_token[token][1], wire.frame(wire.JOINED, seconds=600)

    def resume(self, token, seen):
        if token not in self.by_token:
            return None, wire.GONE
        mailbox, seat = self.by_token[token]
        seat.seen = max(seat.seen, seen)
        other = mailbox.seats.get(OTHER[seat.who])
        peer = wire.NOBODY if other is None else wire.HERE if other.socket else wire.AWAY
        return seat, wire.frame(wire.RESUMED, seconds=600, peer=peer, next=seat.taken + 1)

    async def catch_up(self, seat):
        other = self.other(seat)
        if other:
            await self.write(seat, wire.frame(wire.ACKED, seq=other.seen))
            await self.write(seat, wire.frame(wire.PEER, peer=wire.HERE if other.socket else wire.AWAY))
        for seq, payload in seat.queue:
            if seq > seat.seen:
                await self.write(seat, wire.frame(wire.DELIVER, seq=seq, payload=payload))
        if seat.mood is not None:
            await self.write(seat, wire.frame(wire.CLOSED, mood=seat.mood))

    async def on_frame(self, seat, kind, fields):
        """Whether the connection ends."""
        if kind == wire.SEND and fields["seq"] == seat.taken + 1:
            await self.on_payload(seat, fields["payload"])
        elif kind == wire.ACK:
            seat.seen = max(seat.seen, fields["seq"])
            await self.write(self.other(seat), wire.frame(wire.ACKED, seq=self.honest_seq(seat)))
        elif kind in (wire.EXTEND, wire.CLOCK):
            await self.write(seat, wire.frame(wire.TIME, seconds=180))
        elif kind == wire.CLOSE:
            await self.on_close(seat, fields["mood"])
            return True
        return False

    def honest_seq(self, seat):
        """ACKED may not name frames the other device never sent, however many were made up."""
        return min(seat.seen, self.other(seat).taken) if self.other(seat) else 0

    async def on_payload(self, seat, payload):
        seat.taken += 1
        seat.payloads.append(payload)
        mailbox, other = self.by_token[seat.token][0], self.other(seat)
        for each in self.tamper(mailbox, seat.who, seat.taken, payload):
            if other is not None:
                await self.deliver(other, each)
        if self.after:
            await self.after(self, mailbox, seat.who, seat.taken)

    async def deliver(self, seat, payload):
        seat.given += 1
        seat.queue.append((seat.given, payload))
        await self.write(seat, wire.frame(wire.DELIVER, seq=seat.given, payload=payload))

    async def on_close(self, seat, mood):
        self.moods.append((seat.who, mood))
        other = self.other(seat)
        if other:
            other.mood = mood
            await self.write(other, wire.frame(wire.CLOSED, mood=mood))
        await self.write(seat, wire.frame(wire.CLOSED, mood=mood))

    def other(self, seat):
        return self.by_token[seat.token][0].seats.get(OTHER[seat.who])

    async def tell_peer(self, seat, how):
        other = self.other(seat)
        if other:
            await self.write(other, wire.frame(wire.PEER, peer=how))

    async def write(self, seat, data):
        if seat is None:
            return
        for frame in self.garble(seat, data) if self.garble else [data]:
            try:
                if seat.socket is not None:
                    await seat.socket.send(frame)
            except websockets.ConnectionClosed:
                pass
