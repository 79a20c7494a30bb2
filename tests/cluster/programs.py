"""The shipped export and import, each behind a balancer's door of its own."""

from kit import Kit, contents
from material import by_name


class Transfer:
    """One certificate from a sender to a receiver. The receiver shows the number, unless the sender is to; with is_waiting,
    the one who enters it comes at go_on()."""

    def __init__(self, folder, receiver_url, sender_url, receiver_shows=True, is_waiting=False, ca_file=None):
        folder.mkdir()
        self.material, self.store = by_name("y-bank-115"), folder / "NPKI"
        self.urls, self.receiver_shows = (receiver_url, sender_url), receiver_shows
        self.kit = Kit(folder, receiver_url, ca_file)
        self.importer = self.receive() if receiver_shows else None
        self.exporter = None if receiver_shows else self.send()
        self.code = (self.importer or self.exporter).code()
        if not is_waiting:
            self.go_on()

    def receive(self):
        return self.kit.importer(self.store) if self.receiver_shows else self.kit.typing_importer(self.store, self.code)

    def send(self):
        return self.kit.exporter(self.material.folder, self.material.password, url=self.urls[1],
                                 code=self.code if self.receiver_shows else None)

    def go_on(self):
        if self.receiver_shows:
            self.exporter = self.send()
        else:
            self.importer = self.receive()

    def ends_well(self):
        codes = self.importer.wait(), self.exporter.wait()
        assert codes == (0, 0), self.story()
        assert contents(self.store) == self.material.files(), self.story()

    def story(self):
        return self.importer.story() + "\n" + self.exporter.story()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kit.stop()
