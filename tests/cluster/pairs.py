"""Pairs of devices that move a script's payloads between them, and check that each arrived once, in order, and was nobody else's."""

import asyncio
import random

from device import BUSY, DONE, GONE, IN, OUT, Device, Gate

DISPLAYER, TYPIST = 0, 1
LIMIT = 40                  # seconds until a test gives up; never a time that is waited

# Who says how many bytes: a key exchange, a certificate in some records, the answer, the last word.
TRANSFER = [(TYPIST, 100), (DISPLAYER, 96), (TYPIST, 90), (DISPLAYER, 90), (DISPLAYER, 4097), (TYPIST, 4097), (TYPIST, 8193),
            (TYPIST, 16385), (DISPLAYER, 4097), (TYPIST, 4097)]
SHORT = [(TYPIST, 100), (DISPLAYER, 96), (TYPIST, 5000), (DISPLAYER, 40)]


def long_script(rounds, size=8193):
    """A transfer that goes to and fro so many times."""
    return [(TYPIST, 100), (DISPLAYER, 96)] + [(seat, size) for _ in range(rounds) for seat in (TYPIST, DISPLAYER)]


class Pair:
    """Two devices, each with a dial (a port) of its own.

    may_lose_last_word: a relay that was killed after it had told the last speaker CLOSED, and before it told the other one what was
    still queued, takes the last payload with it (no relay promises more, and the shipped receiver keeps what it has stored)."""

    def __init__(self, number, dials, script=TRANSFER, gates=(None, None), pause=0, may_lose_last_word=False):
        self.number, self.script, self.pause, self.may_lose_last_word = number, script, pause, may_lose_last_word
        self.items = [[self.payload(seat, at, size) for at, (who, size) in enumerate(script) if who == seat] for seat in (0, 1)]
        self.needs = [[sum(1 for who, _ in script[:at] if who != seat) for at, (who, _) in enumerate(script) if who == seat]
                      for seat in (0, 1)]
        self.said, self.later = [0, 0], set()
        self.devices = [Device(dial, lambda device, _, seat=seat: self.go_on(seat), gate)
                        for seat, (dial, gate) in enumerate(zip(dials, gates))]

    def payload(self, seat, at, size):
        return random.Random("%s %d %d" % (self.number, seat, at)).randbytes(size)

    def go_on(self, seat):
        if not self.pause:
            self.speak(seat)
            return
        waiting = asyncio.get_running_loop().create_task(self.speak_later(seat))
        self.later.add(waiting)
        waiting.add_done_callback(self.later.discard)

    async def speak_later(self, seat):
        await asyncio.sleep(self.pause)
        self.speak(seat)

    def speak(self, seat):
        """Says what is due at this point of the script; at its end, closes."""
        device, items, needs = self.devices[seat], self.items[seat], self.needs[seat]
        while self.said[seat] < len(items) and needs[self.said[seat]] <= len(device.heard):
            device.say(items[self.said[seat]])
            self.said[seat] += 1
        if self.said[seat] == len(items) and len(device.heard) == len(self.items[1 - seat]):
            device.close(DONE)

    async def meet(self):
        displayer, typist = self.devices
        nameplate = await displayer.allocate().until_seated()
        self.said[TYPIST] = 1
        typist.join(nameplate, self.items[TYPIST][0])
        self.speak(TYPIST)

    async def run(self, limit=LIMIT):
        """From ALLOCATE to both CLOSED; an AssertionError that tells where both were, otherwise."""
        try:
            await asyncio.wait_for(self.meet_and_end(), limit)
        except Exception as error:
            raise AssertionError("%r\n%s" % (error, self.story())) from error
        finally:
            self.stop()
        self.check()
        return self

    async def meet_and_end(self):
        await self.meet()
        await asyncio.gather(*(device.task for device in self.devices))

    def check(self):
        for seat, device in enumerate(self.devices):
            expected = self.items[1 - seat]
            if self.may_lose_last_word and self.script[-1][0] != seat and len(device.heard) == len(expected) - 1:
                expected = expected[:-1]
            assert device.heard == expected, self.story()
            # Who said CLOSE and lost the answer may find the mailbox gone: an answer, too.
            last = [GONE] if device.heard_mood is None else [] if device.heard_mood == DONE else None
            assert [reason for reason, _ in device.refusals if reason != BUSY] == last, self.story()

    def story(self):
        return "pair %s\n" % self.number + "\n".join(
            "  %s (%r): seated %s, said %d, acked %d, heard %d of %d, connections %d, resumes %d, peers %s, refusals %s, closed %s/%s%s" % (
                ("displayer", "typist")[seat], device.gate, device.is_seated, device.last_seq, device.acked, len(device.heard),
                len(self.items[1 - seat]), device.connections, device.resumes, device.peers[-6:], device.refusals[-6:],
                device.mood, device.heard_mood, "" if device.is_over else ", not over")
            for seat, device in enumerate(self.devices))

    def stop(self):
        for task in self.later:
            task.cancel()
        for device in self.devices:
            device.stop()


async def until_midst(pairs, share=0.2):
    """Waits until so much of everything that is to be heard has been heard."""
    whole = sum(len(pair.script) for pair in pairs)
    while sum(len(device.heard) for pair in pairs for device in pair.devices) < share * whole:
        await asyncio.sleep(0.01)


async def run_all(pairs, limit=LIMIT):
    """Runs all; fails with the stories of the first that did not come through."""
    results = await asyncio.gather(*(pair.run(limit) for pair in pairs), return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert not failed, "%d of %d pairs failed\n%s" % (len(failed), len(pairs), "\n".join(map(str, failed[:4])))


async def count_messages(dials, script=TRANSFER):
    """[{OUT: n, IN: n} of each seat] of a transfer that nobody disturbs."""
    pair = await Pair("count", dials, script).run()
    return [device.gate.counts for device in pair.devices]


def all_steps(counts):
    """Two gates for each step of a transfer: before and after each message that either device says or hears."""
    for seat in (DISPLAYER, TYPIST):
        for direction in (OUT, IN):
            for index in range(1, counts[seat][direction] + 1):
                for before in (True, False):
                    gate = Gate(direction, index, before)
                    yield gate, (gate, None) if seat == DISPLAYER else (None, gate)
