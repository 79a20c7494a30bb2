#!/usr/bin/python3
"""A second certrelay device: shows or types a code, sends or receives a bundle (PROTOCOL.md section 3.4)."""

import asyncio
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from peer import code, messages, wire  # noqa: E402
from peer.cpace import CpaceError  # noqa: E402
from peer.link import Link  # noqa: E402
from peer.messages import RECEIVER, SENDER  # noqa: E402
from peer.session import DIGITS, LONG, Displayer, SessionError, Typist  # noqa: E402

STEP_SECONDS = 15
BYE_SECONDS = 5
LAST_WORDS = (messages.SAVED, messages.REFUSE, messages.BYE)
MOODS = {"wrong code": wire.WRONG_CODE, "declined": wire.CANCELLED}


class Ended(Exception):
    """The conversation ended without success; `why` says how, `mood` is what the relay heard."""

    def __init__(self, why, detail=None):
        super().__init__(f"{why} {detail}" if detail is not None else why)
        self.why, self.detail = why, detail


class Device:
    """One device from its seat at the relay to the end of the conversation."""

    def __init__(self, role, url, ssl=None, patience=20, name="Python peer"):
        self.role, self.name = role, name
        self.link = Link(url, ssl, patience)
        self.session = None
        self.rows = []
        self.peer_hello = None

    async def show(self, announce, key=None, digits=True, secret=None):
        """Allocates a nameplate, announces the code, answers the typist's key exchange."""
        nameplate = await self.link.allocate()
        secret = secret or code.draw_secret()
        accepted = {DIGITS: secret.encode()} if digits else {}
        if key is not None:
            accepted[LONG] = key
        self.session = Displayer(self.role, nameplate, accepted)
        announce(code.make(nameplate, secret), nameplate)
        await self.handshake()

    async def type(self, nameplate, prs, kind=DIGITS):
        """Joins with START and goes through the key exchange."""
        self.session = Typist(self.role, nameplate, prs, kind)
        await self.link.join(nameplate, self.session.start())
        await self.handshake()

    async def type_code(self, digits):
        nameplate, secret = code.parse(digits)
        await self.type(nameplate, secret.encode())

    async def next_frame(self, limit=STEP_SECONDS):
        while True:
            what, value = await asyncio.wait_for(self.link.events.get(), limit)
            if what == "frame":
                return value
            if what == "closed":
                raise Ended("closed", value)
            if what == "failed":
                raise Ended("link", value)

    async def handshake(self):
        limit = None if isinstance(self.session, Displayer) else STEP_SECONDS
        while not self.session.is_ready():
            frame = await self.next_frame(limit)
            limit = STEP_SECONDS
            for each in self.session.feed(frame):
                await self.link.send(each)
        hello = messages.hello(self.role, self.name, "python", "peer 1")
        await self.link.send(self.session.seal(hello))

    async def next_message(self, *expected, limit=STEP_SECONDS):
        """The next message of the peer; its HELLO is taken first, REFUSE ends."""
        while not self.rows:
            opened, is_final = self.session.open(await self.next_frame(limit))
            if is_final != any(kind in LAST_WORDS for kind, _ in opened[-1:]):
                raise wire.WireError("FINAL belongs to the last message, and to no other")
            self.rows += opened
        kind, value = self.rows.pop(0)
        if kind == messages.REFUSE and messages.HELLO not in expected and len(value) == 1:
            raise Ended("declined", value[0])
        if kind not in expected:
            raise wire.WireError(f"message {kind} out of place")
        return kind, value

    async def take_hello(self):
        self.peer_hello = messages.read_hello((await self.next_message(messages.HELLO))[1])
        if self.peer_hello["role"] != 3 - self.role:
            raise wire.WireError("role")

    async def send_bundle(self, bundle, consent=lambda hello: True):
        await self.take_hello()
        if not consent(self.peer_hello):
            await self.refuse(messages.NO)
        rows = [messages.offer(bundle), *messages.data_messages(bundle)]
        for row in messages.pack(rows):
            await self.link.send(self.session.seal(row))
        _, stored = await self.next_message(messages.SAVED, limit=None)
        if stored != messages.bundle_hash(bundle):
            raise Ended("hash")
        await self.link.send(self.session.seal(messages.message(messages.BYE), final=True))
        await self.link.close(wire.DONE)

    async def receive_bundle(self, consent=lambda certs: True, damage=None):
        await self.take_hello()
        certs = messages.read_offer((await self.next_message(messages.OFFER, limit=None))[1])
        gathering = messages.Gathering(certs)
        while not gathering.is_complete():
            gathering.add((await self.next_message(messages.DATA))[1])
        if not consent(certs):
            await self.refuse(messages.NO)
        stored = messages.bundle_hash(gathering.certs)
        saved = messages.message(messages.SAVED, damage(stored) if damage else stored)
        await self.link.send(self.session.seal(saved, final=True))
        await self.next_message(messages.BYE, limit=BYE_SECONDS)
        await self.link.close(wire.DONE)
        return gathering.certs

    async def refuse(self, reason):
        row = messages.message(messages.REFUSE, bytes([reason]))
        await self.link.send(self.session.seal(row, final=True))
        raise Ended("declined", reason)

    async def run(self, *steps):
        """Runs the steps; whatever ends them early is told to the relay and raised as Ended."""
        try:
            result = None
            for step in steps:
                result = await step
            return result
        except (wire.WireError, CpaceError) as error:
            raise await self.end("malformed", error) from error
        except SessionError as error:
            if error.reply:
                await self.link.send(error.reply)
            raise await self.end(error.why) from error
        except asyncio.TimeoutError as error:
            raise await self.end("silence") from error
        except Ended as error:
            if self.link.task:
                await self.link.close(MOODS.get(error.why, wire.ERROR))
            raise
        finally:
            for step in steps:
                step.close()
            if self.link.task:
                self.link.task.cancel()

    async def end(self, why, detail=None):
        await self.link.close(MOODS.get(why, wire.ERROR))
        return Ended(why, detail)


async def receive_by_code(url, digits, ssl=None, **how):
    device = Device(RECEIVER, url, ssl)
    return await device.run(device.type_code(digits), device.receive_bundle(**how))


async def send_by_code(url, digits, bundle, ssl=None, **how):
    device = Device(SENDER, url, ssl)
    return await device.run(device.type_code(digits), device.send_bundle(bundle, **how))


async def receive_showing(url, announce, ssl=None, key=None, **how):
    device = Device(RECEIVER, url, ssl)
    return await device.run(device.show(announce, key), device.receive_bundle(**how))


async def send_showing(url, announce, bundle, ssl=None, key=None, **how):
    device = Device(SENDER, url, ssl)
    return await device.run(device.show(announce, key), device.send_bundle(bundle, **how))
