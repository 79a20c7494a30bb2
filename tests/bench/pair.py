"""Two programs started together, whose output is read as it comes: whatever is timed is timed by this."""

import os
import selectors
import time

LIMIT_SECONDS = 60


class Failed(RuntimeError):
    """A transfer did not come to its end; the text is all that was said."""


class Pair:
    """Used by with; leaves no process and no descriptor behind."""

    def __init__(self, environment, folder):
        self.environment, self.folder = environment, folder
        self.output = {}        # descriptor -> bytes read so far
        self.children = {}      # process id -> exit status, None while it runs
        self.selector = selectors.DefaultSelector()
        self.began = time.monotonic()

    def start(self, argv, stdin="/dev/null", has_talk=False):
        """The descriptor from which its standard output (with has_talk also the error output) is read."""
        reader, writer = os.pipe()
        talk = (os.POSIX_SPAWN_DUP2, writer, 2) if has_talk else \
            (os.POSIX_SPAWN_OPEN, 2, self.talk(len(self.output)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        actions = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, writer, 1), talk]
        self.output[reader] = b""
        self.selector.register(reader, selectors.EVENT_READ)
        try:
            self.children[os.posix_spawn(argv[0], argv, self.environment, file_actions=actions)] = None
        finally:
            os.close(writer)
        return reader

    def talk(self, number):
        return str(self.folder / f"talk-{number}")

    def elapsed_ms(self):
        return (time.monotonic() - self.began) * 1e3

    def pump(self):
        left = self.began + LIMIT_SECONDS - time.monotonic()
        events = self.selector.select(left) if left > 0 else []
        if not events:
            raise Failed(self.story())
        for key, _ in events:
            data = os.read(key.fd, 65536)
            self.output[key.fd] += data
            if not data:
                self.selector.unregister(key.fd)

    def wait_for(self, reader, pattern):
        while not (found := pattern.search(self.output[reader])):
            if reader not in self.selector.get_map():
                raise Failed(self.story())
            self.pump()
        return found

    def wait_end(self):
        """Both have exited, and well."""
        while self.selector.get_map():
            self.pump()
        self.reap()
        if any(self.children.values()):
            raise Failed(self.story())

    def reap(self):
        for child, status in self.children.items():
            if status is None:
                self.children[child] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def story(self):
        said = [data.decode(errors="replace") for data in self.output.values()]
        for number in range(len(self.output)):
            if os.path.exists(self.talk(number)):
                with open(self.talk(number), errors="replace") as talk:
                    said.append(talk.read())
        return "\n".join(said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child, status in self.children.items():
            if status is None:
                os.kill(child, 9)
        self.reap()
        for reader in self.output:
            os.close(reader)
        self.selector.close()
