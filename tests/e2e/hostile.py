"""An importing and an exporting client through a scripted relay, and what must hold however the relay behaves."""

from kit import LIMIT, Kit, contents
from material import by_name
from peer import wire
from scripted_relay import DISPLAYER, TYPIST, ScriptedRelay

RECORD = 4
PATIENCE = "4"


class Pair:
    """showing: which of the two shows the code, "import" or "export"."""

    def __init__(self, folder, showing, relay):
        self.showing, self.relay = showing, relay
        self.store = folder / "store"
        self.store.mkdir()
        self.kit = Kit(folder, relay.url)
        self.material = by_name("y-bank-115")
        self.importer = self.exporter = None

    def show(self):
        if self.showing == "import":
            self.importer = shower = self.kit.importer(self.store, "--patience", PATIENCE)
        else:
            self.exporter = shower = self.kit.exporter(
                self.material.folder, self.material.password, "--patience", PATIENCE)
        self.code = shower.code()

    def type(self):
        if self.showing == "import":
            self.exporter = self.kit.exporter(
                self.material.folder, self.material.password, "--patience", PATIENCE, code=self.code)
        else:
            self.importer = self.kit.typing_importer(self.store, self.code, "--patience", PATIENCE)

    def end(self, limit=LIMIT):
        try:
            self.received = self.importer.wait(limit)
            self.sent = self.exporter.wait(limit)
        finally:
            self.kit.stop()

    def story(self, label):
        return "\n".join([label, self.importer.story(), self.exporter.story()])

    def sender(self):
        return TYPIST if self.showing == "import" else DISPLAYER

    def sender_records(self):
        """RECORD frames that left the sender, its HELLO included."""
        plate = self.code.replace(" ", "")[:4]
        seat = self.relay.mailboxes[plate].seats.get(self.sender())
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


def run_pair(folder, showing, tamper=None, close=None):
    """A whole session; close=(who, index, mood): after this frame the relay claims to both that the other side closed."""
    async def claim(relay, mailbox, speaker, number):
        if close and (speaker, number) == close[:2]:
            for seat in mailbox.seats.values():
                await relay.write(seat, wire.frame(wire.CLOSED, mood=close[2]))
                if seat.socket is not None:
                    await seat.socket.close()

    with ScriptedRelay(tamper, after=claim) as relay:
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
