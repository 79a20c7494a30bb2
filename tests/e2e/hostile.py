"""An importing and an exporting client through a scripted relay, and what must hold however the relay behaves."""

from kit import LIMIT, Kit, contents
from material import by_name
from peer import wire
from scripted_relay import DISPLAYER, TYPIST, ScriptedRelay

RECORD = 4
PATIENCE = 4
SHOWING = ("import", "export")
POSITIONS = {                   # of bytes worth changing, by the frame's kind
    1: (0, 1, 2, 3, 18, 19, 50, 51, 52, 53),
    2: (0, 1, 20, 32, 33, 34),
    3: (0, 1, 64, 65, 88),
    4: (0, 1, 17, 18, 2000, -1),
}


def frames(lengths):
    """(who, index) of every frame of a whole session."""
    return [(who, index) for who in (TYPIST, DISPLAYER) for index in range(1, lengths[who] + 1)]


def sender_of(showing):
    return TYPIST if showing == "import" else DISPLAYER


def at(who, index, change):
    """A tamper that applies change(payload) -> payloads to one frame."""
    return lambda mailbox, speaker, number, payload: (
        change(payload) if (speaker, number) == (who, index) else [payload])


def flip(position):
    def change(payload):
        changed = bytearray(payload)
        changed[position] ^= 1
        return [bytes(changed)]
    return change


def swap(who, index):
    """A tamper that hands on frame `index` after the next one of the same side."""
    held = []

    def tamper(mailbox, speaker, number, payload):
        if (speaker, number) == (who, index):
            held.append(payload)
            return []
        if (speaker, number) == (who, index + 1):
            return [payload, *held]
        return [payload]
    return tamper


def swappable(showing):
    """Frames that follow each other without the other side's word in between: the displayer's CONFIRM and HELLO, and the
    records of the sender."""
    return sorted({(DISPLAYER, 2), (sender_of(showing), 3)})


class Crossing:
    """A relay that gives each frame from number `since` on to the other session's device instead."""

    def __init__(self, since):
        self.since, self.waiting = since, {}

    def tamper(self, mailbox, speaker, number, payload):
        return [payload] if number < self.since else []

    async def after(self, relay, mailbox, speaker, number):
        if number < self.since:
            return
        key, payload = (speaker, number), mailbox.seats[speaker].payloads[number - 1]
        if key not in self.waiting:
            self.waiting[key] = mailbox, payload
            return
        there, other_payload = self.waiting.pop(key)
        for target, each in ((mailbox, other_payload), (there, payload)):
            seat = target.seats.get(DISPLAYER if speaker == TYPIST else TYPIST)
            if seat:
                await relay.deliver(seat, each)


def claiming(who, index, mood):
    """After this frame the relay claims to both that the other side closed."""
    async def claim(relay, mailbox, speaker, number):
        if (speaker, number) == (who, index):
            for seat in mailbox.seats.values():
                await relay.write(seat, wire.frame(wire.CLOSED, mood=mood))
                if seat.socket is not None:
                    await seat.socket.close()
    return claim


class Pair:
    """showing: which of the two shows the code, "import" or "export"."""

    def __init__(self, folder, showing, relay, patience=PATIENCE):
        self.showing, self.relay, self.patience = showing, relay, ("--patience", str(patience))
        self.store = folder / "store"
        self.store.mkdir()
        self.kit = Kit(folder, relay.url)
        self.material = by_name("y-bank-115")
        self.importer = self.exporter = None

    def receive(self, code=None):
        if code is None:
            return self.kit.importer(self.store, *self.patience)
        return self.kit.typing_importer(self.store, code, *self.patience)

    def send(self, code=None):
        return self.kit.exporter(self.material.folder, self.material.password, *self.patience, code=code)

    def show(self):
        if self.showing == "import":
            self.importer = shower = self.receive()
        else:
            self.exporter = shower = self.send()
        self.code = shower.code()

    def type(self):
        if self.showing == "import":
            self.exporter = self.send(self.code)
        else:
            self.importer = self.receive(self.code)

    def end(self, limit=LIMIT):
        try:
            self.received = self.importer.wait(limit)
            self.sent = self.exporter.wait(limit)
        finally:
            self.kit.stop()

    def story(self, label):
        return "\n".join([label, self.importer.story(), self.exporter.story()])

    def sender(self):
        return sender_of(self.showing)

    def nameplate(self):
        return self.code.replace(" ", "")[:4]

    def sender_records(self):
        """RECORD frames that left the sender, its HELLO included."""
        seat = self.relay.mailboxes[self.nameplate()].seats.get(self.sender())
        return [payload for payload in (seat.payloads if seat else []) if payload[0] == RECORD]

    def told(self, client, code):
        """An unsuccessful client said why, in its JSON and to its person, and ended with that exit code."""
        if code != 0:
            error = client.error()
            assert error["exit"] == code and error["what"] in "\n".join(client.err), client.story()

    def assert_harmless(self, who, index, label, last, arrived=False):
        """Frame `index` of `who` was tampered with; the sender's frame `last` is its BYE, the receiver's fourth is SAVED.

        arrived: the frame itself came through as well."""
        story = self.story(label)
        whole, stored = self.material.files(), contents(self.store)
        self.told(self.importer, self.received)
        self.told(self.exporter, self.sent)
        if who == self.sender() and index >= last:          # BYE: all is stored, and the sender knows
            assert (stored, self.sent) == (whole, 0), story
        elif who != self.sender() and index >= 4:           # SAVED: stored, but "sent" is said only of what was heard
            assert stored == whole and (self.sent != 0 or arrived), story
        elif arrived:
            assert stored == whole or (stored, self.sent != 0) == ([], True), story
        else:
            assert stored == [] and self.received != 0 and self.sent != 0, story
        if index <= 2 and not arrived:                      # the handshake: at most the sender's HELLO has left
            assert len(self.sender_records()) <= 1, story


def run_pair(folder, showing, tamper=None, after=None):
    """A whole session through a relay of its own."""
    with ScriptedRelay(tamper, after=after) as relay:
        pair = Pair(folder, showing, relay)
        pair.show()
        pair.type()
        pair.end()
        return pair


def frame_indexes(folder, showing):
    """{who: [payloads]} of an honest session."""
    pair = run_pair(folder, showing)
    assert pair.sent == 0 and pair.received == 0, pair.story("honest")
    assert contents(pair.store) == pair.material.files()
    return {who: pair.relay.log(who) for who in (TYPIST, DISPLAYER)}
