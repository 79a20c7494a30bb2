"""Starting the shipped programs, reading their JSON lines, and comparing what was stored."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIMIT = 60                      # nothing takes longer, unless a test says so
CERTRELAY = os.environ.get("CR_CERTRELAY", "")
CERTRELAYD = os.environ.get("CR_CERTRELAYD", "")
SAMPLES = os.environ.get("CR_SAMPLES", "")


class Late(AssertionError):
    """Something did not happen before its deadline."""


class Process:
    """A program whose output is read as it comes; lines are waited for, with a deadline."""

    def __init__(self, argv, env=None, pass_fds=(), stdin=subprocess.DEVNULL):
        self.argv = argv
        self.changed = threading.Condition()
        self.out, self.err = [], []
        self.popen = subprocess.Popen(
            argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, pass_fds=pass_fds)
        self.readers = [
            threading.Thread(target=self.read, args=(self.popen.stdout, self.out), daemon=True),
            threading.Thread(target=self.read, args=(self.popen.stderr, self.err), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, find, limit=LIMIT):
        """The first true value of find(); Late when it does not come or the program ends without."""
        deadline = time.monotonic() + limit
        with self.changed:
            while True:
                alive = any(reader.is_alive() for reader in self.readers)
                found = find()
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or not alive:
                    raise Late(self.story())
                self.changed.wait(min(left, 0.2))

    def wait(self, limit=LIMIT):
        """The exit code."""
        try:
            self.popen.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Late(self.story()) from error
        for reader in self.readers:
            reader.join(10)
        self.assert_clean()
        return self.popen.returncode

    def assert_clean(self):
        text = "\n".join(self.err)
        assert "Sanitizer" not in text and "runtime error" not in text, text

    def story(self):
        return "\n".join([" ".join(self.argv), f"exit {self.popen.poll()}", *self.out, "--", *self.err])

    def kill(self, number=signal.SIGKILL):
        if self.popen.poll() is None:
            self.popen.send_signal(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.popen.wait()
        for reader in self.readers:
            reader.join(10)
        self.popen.stdout.close()
        self.popen.stderr.close()


class Client(Process):
    """certrelay --json."""

    def events(self):
        return [json.loads(line) for line in self.out if line.startswith("{")]

    def event(self, test, limit=LIMIT):
        """The first event that passes the test (a function, or the event's name)."""
        fits = test if callable(test) else lambda event: event["event"] == test
        return self.wait_for(lambda: next((event for event in self.events() if fits(event)), None), limit)

    def code(self, limit=LIMIT, number=0):
        """The code that is shown; number: how many were shown before it."""
        def find():
            codes = [event["code"] for event in self.events() if event.get("code")]
            return codes[number] if len(codes) > number else None
        return self.wait_for(find, limit)

    def error(self):
        """The last error event; an assertion when there is none."""
        errors = [event for event in self.events() if event["event"] == "error"]
        assert errors, self.story()
        return errors[-1]

    def steps(self):
        return [event["step"] for event in self.events() if event["event"] == "step"]

    def fails(self, *ids, limit=LIMIT):
        """Waits for the end; the last error is one of ids, told in three parts, with its exit code. Returns its id."""
        code, error = self.wait(limit), self.error()
        assert not ids or error["id"] in ids, self.story()
        assert code == error["exit"] and code != 0, self.story()
        assert error["what"], self.story()
        for part in ("what", "why", "todo"):
            assert error[part] in "\n".join(self.err), self.story()
        return error["id"]

    def succeeds(self, limit=LIMIT):
        assert self.wait(limit) == 0, self.story()


@contextlib.contextmanager
def handed(text):
    """A descriptor from which the text can be read once."""
    reader, writer = os.pipe()
    os.write(writer, text.encode() + b"\n")
    os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)


class Kit:
    """Starts clients in a home of their own, against one relay."""

    def __init__(self, home, url, ca_file=None):
        self.home, self.url, self.ca_file = pathlib.Path(home), url, ca_file
        self.clients = []

    def environment(self):
        return {
            "HOME": str(self.home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            **{name: value for name, value in os.environ.items() if name.startswith(("ASAN_", "UBSAN_", "LSAN_"))},
        }

    def start(self, *arguments, url=None, pass_fds=()):
        argv = [CERTRELAY, *map(str, arguments), "--json", "--no-input", "--relay", url or self.url]
        if self.ca_file:
            argv += ["--ca-file", str(self.ca_file)]
        client = Client(argv, self.environment(), pass_fds)
        self.clients.append(client)
        return client

    def password_file(self, password):
        path = self.home / f"password-{len(self.clients)}"
        path.write_text(password + "\n", encoding="utf-8")
        return path

    def importer(self, store, *more, url=None, attempts=1, yes=True):
        """Receives; shows the code unless one is given as code=."""
        return self.start("import", "--store", store, "--attempts", attempts, *(["--yes"] if yes else []), *more, url=url)

    def exporter(self, store, password, *more, code=None, certs=("1",), url=None, attempts=1, yes=True):
        """Sends; without a code it shows one."""
        which = [part for cert in certs for part in ("--cert", cert)]
        common = ["export", "--store", store, "--attempts", attempts, *which, *(["--yes"] if yes else []),
                  "--password-file", self.password_file(password), *more]
        if code is None:
            return self.start(*common, "--show-code", url=url)
        with handed(code) as fd:
            return self.start(*common, "--code-fd", fd, url=url, pass_fds=(fd,))

    def typing_importer(self, store, code, *more, url=None, attempts=1):
        with handed(code) as fd:
            return self.start("import", "--store", store, "--attempts", attempts, "--yes", "--enter-code",
                              "--code-fd", fd, *more, url=url, pass_fds=(fd,))

    def stop(self):
        for client in self.clients:
            client.__exit__()


def tree(root):
    """{relative path: bytes} of every file below root."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()} \
        if root.exists() else {}


def contents(root):
    """The sorted files' bytes below root, whatever they are called."""
    return sorted(tree(root).values())


def assert_nothing_stored(root):
    assert tree(root) == {}, sorted(tree(root))


def all_at_once(jobs, workers=4):
    """Runs the functions in parallel; raises the first failure, after all have ended."""
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(job) for job in jobs]
    return [future.result() for future in futures]
