"""People at the phone page, played by one browser, that look to a test like certrelay clients."""

import json
import os
import pathlib
import subprocess
import threading

from hostile import Pair
from kit import LIMIT, Client, Process

DRIVER_MORE = 30
DRIVER = pathlib.Path(__file__).resolve().parents[1] / "phone" / "driver.mjs"


class PageClient(Client):
    """One job of the driver: its JSON lines, and on err what the page showed at a failure."""

    def __init__(self, driver, job):
        self.driver, self.argv = driver, [json.dumps(job)]
        self.changed = threading.Condition()
        self.out, self.err = [], []
        self.readers = driver.readers[:1]

    def take(self, event):
        with self.changed:
            self.err.extend(event.pop("shown", "").splitlines())
            self.out.append(json.dumps(event))
            self.changed.notify_all()

    def complaints(self):
        return [each for event in self.events() if event["event"] == "exit" for each in event["complaints"]]

    def wait_for(self, find, limit=LIMIT):
        """Longer than the driver itself waits, which knows more about what went wrong."""
        found = super().wait_for(lambda: find() or self.complaints(), limit + DRIVER_MORE)
        assert self.complaints() == [], "\n".join(self.complaints())
        return found

    def wait(self, limit=LIMIT):
        return self.event("exit", limit)["code"]

    def story(self):
        return "\n".join([*self.argv, *self.out, "--", *self.err, "--", *self.driver.err[-20:]])


class Driver(Process):
    """The one browser; its pages meet at one relay."""

    def __init__(self, url):
        self.clients, self.lock = {}, threading.Lock()
        super().__init__([os.environ.get("CR_NODE", "node"), str(DRIVER), url], stdin=subprocess.PIPE)

    def read(self, stream, lines):
        if lines is self.err:
            return super().read(stream, lines)
        for line in stream:
            event = json.loads(line)
            self.clients[event.pop("job")].take(event)
        return None

    def start(self, **job):
        with self.lock:
            job["job"] = len(self.clients)
            client = self.clients[job["job"]] = PageClient(self, job)
            self.popen.stdin.write(json.dumps(job).encode() + b"\n")
            self.popen.stdin.flush()
        return client

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait(LIMIT)
        super().__exit__()


class PagePair(Pair):
    """A pair of which one is a page: at = "import" or "export"."""

    def __init__(self, folder, showing, relay, driver, at, patience):
        super().__init__(folder, showing, relay, patience)
        self.driver, self.at = driver, at

    def receive(self, code=None):
        if self.at != "import":
            return super().receive(code)
        return self.driver.start(do="import", store=str(self.store), code=code)

    def send(self, code=None):
        if self.at != "export":
            return super().send(code)
        return self.driver.start(do="export", files=[str(path) for path in self.material.folder.iterdir()], code=code)
