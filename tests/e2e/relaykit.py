"""A relay under test and a WebSocket client that can also misbehave: what the end-to-end tests share."""

import base64
import hashlib
import itertools
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

PROTOCOL = "certrelay.v1"
PATIENCE = 20  # seconds until a test gives up; never a time that is waited

ALLOCATE, JOIN, SEND, ACK, RESUME, EXTEND, CLOSE, CLOCK, PROOF = range(1, 10)
ALLOCATED, JOINED, DELIVER, ACKED, RESUMED, TIME, PEER, CLOSED, REFUSED, GOING_AWAY, PUZZLE = range(0x81, 0x8C)


def relay_program():
    return os.environ.get("CR_CERTRELAYD", "certrelayd")


def make_certificate(folder, name="relay"):
    """A self-signed certificate for localhost; returns the paths of certificate and key."""
    cert, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


class Relay:
    """certrelayd on a free port of 127.0.0.1. Keys of the configuration are given by name."""

    def __init__(self, folder, cert=None, key=None, **keys):
        self.cert = cert
        values = {"listen": "127.0.0.1:0", "page": "off", "address_connections": 0, "address_allocations": 0,
                  "address_failed_joins": 0, "address_queued_bytes": 0}
        values.update({"tls_cert": cert, "tls_key": key} if cert else {"tls": "off"})
        values.update(keys)
        self.config = os.path.join(folder, "relay-%d.conf" % time.monotonic_ns())
        with open(self.config, "w", encoding="utf-8") as out:
            out.writelines("%s = %s\n" % item for item in values.items())
        self.lines = []
        self.raw = []
        self.news = threading.Condition()
        self.process = self.start()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.wait_for("started")
        self.port = next(line["port"] for line in self.lines if line["event"] == "listening")

    def start(self):
        return subprocess.Popen([relay_program(), "--config", self.config], stderr=subprocess.PIPE, text=True)

    def _read(self):
        for text in self.process.stderr:
            with self.news:
                self.raw.append(text)
                try:
                    self.lines.append(json.loads(text))
                except ValueError:
                    self.lines.append({"event": "not json", "text": text})
                self.news.notify_all()

    def wait_for(self, event, count=1, **fields):
        """Waits until that many log lines of the event (with these fields) are there; returns the last."""
        def found():
            return [line for line in self.lines
                    if line["event"] == event and all(line.get(k) == v for k, v in fields.items())]
        with self.news:
            assert self.news.wait_for(lambda: len(found()) >= count or self.process.poll() is not None, PATIENCE), \
                "no %s in:\n%s" % (event, "".join(self.raw))
            assert len(found()) >= count, "".join(self.raw)
            return found()[-1]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.terminate()
            self.wait_for("draining")
            self.process.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if kind is None:
            assert code == 0, "exit code %d:\n%s" % (code, "".join(self.raw))

    def tcp(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def connect(self, alpn=("http/1.1",), **tls):
        """A socket to the relay, with TLS when the relay has it."""
        sock = self.tcp()
        if not self.cert:
            return sock
        context = ssl.create_default_context(cafile=self.cert)
        context.set_alpn_protocols(list(alpn))
        for name, value in tls.items():
            setattr(context, name, value)
        return context.wrap_socket(sock, server_hostname="localhost")

    def client(self, **changes):
        """A client that has been let in."""
        client = Client(self.connect())
        head = client.upgrade(**changes)
        assert head.startswith("HTTP/1.1 101 "), head
        return client


def request(path="/ws", method="GET", drop=(), **headers):
    """The text of an upgrade request; headers are given with _ for -."""
    fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Protocol": PROTOCOL}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = ["%s %s HTTP/1.1" % (method, path)]
    lines += ["%s: %s" % item for item in fields.items() if item[0] not in drop]
    return "\r\n".join(lines) + "\r\n\r\n"


def ends(sock):
    """Everything that comes until the other side closes; fails when it does not."""
    sock.settimeout(PATIENCE)
    got = b""
    try:
        while True:
            chunk = sock.recv(65536)
            if not chunk:
                return got
            got += chunk
    except (ConnectionResetError, ssl.SSLError) as error:
        assert not isinstance(error, (socket.timeout, ssl.SSLWantReadError)), error
        return got


class Client:
    """One WebSocket connection, frame by frame."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(PATIENCE)
        self.buffer = b""

    def upgrade(self, **changes):
        self.sock.sendall(request(**changes).encode("latin-1"))
        while b"\r\n\r\n" not in self.buffer:
            chunk = self.sock.recv(4096)
            if not chunk:
                break
            self.buffer += chunk
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    def _take(self, length):
        while len(self.buffer) < length:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise EOFError
            self.buffer += chunk
        got, self.buffer = self.buffer[:length], self.buffer[length:]
        return got

    def frame(self):
        """The next frame: opcode and payload."""
        first, second = self._take(2)
        assert first & 0xF0 == 0x80, "final, without extension bits"
        assert second & 0x80 == 0, "a server does not mask"
        length = second
        if length == 126:
            length, = struct.unpack(">H", self._take(2))
        elif length == 127:
            length, = struct.unpack(">Q", self._take(8))
        return first & 0x0F, self._take(length)

    def send_frame(self, payload, opcode=2, is_final=True, claim=None):
        length = len(payload) if claim is None else claim
        head = bytes([(0x80 if is_final else 0) | opcode])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        mask = os.urandom(4)
        keys = mask * (len(payload) // 4 + 1)
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(keys[:len(payload)], "big")) \
            .to_bytes(len(payload), "big") if payload else b""
        self.sock.sendall(head + mask + masked)

    def hear(self, *types):
        """The next message, which must be of one of the types; pings are answered on the way."""
        while True:
            opcode, payload = self.frame()
            if opcode == 9:
                self.send_frame(payload, 10)
                continue
            assert opcode == 2, "opcode %d, %r" % (opcode, payload)
            assert not types or payload[0] in types, "%r" % payload[:64]
            return payload

    def closed_with(self, to_the_end=True):
        """Answers a close frame and reads to the end (or not); returns its code, or None without one."""
        code = None
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == 8:
                    code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                    self.send_frame(payload, 8)
                    if not to_the_end:
                        return code
        except (EOFError, ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return code

    def close(self):
        self.sock.close()

    # The frames of the relay contract.

    def allocate(self, token):
        self.send_frame(bytes([ALLOCATE]) + token)
        answer = self.hear(ALLOCATED)
        return answer[1:6]

    def join(self, token, nameplate, payload=b"hello"):
        self.send_frame(bytes([JOIN]) + token + nameplate + payload)

    def prove(self, puzzle, token):
        """Pays for the next JOIN."""
        self.send_frame(bytes([PROOF]) + solution(puzzle, token))

    def join_paying(self, token, nameplate, payload=b"hello"):
        """The relay's answer, and how many bits it cost (0: nothing)."""
        self.join(token, nameplate, payload)
        answer = self.hear(JOINED, REFUSED, PUZZLE)
        if answer[0] != PUZZLE:
            return answer, 0
        self.prove(answer, token)
        self.join(token, nameplate, payload)
        return self.hear(JOINED, REFUSED), answer[1]

    def send(self, seq, payload):
        self.send_frame(bytes([SEND]) + struct.pack(">I", seq) + payload)

    def ack(self, seq):
        self.send_frame(bytes([ACK]) + struct.pack(">I", seq))

    def resume(self, token, seen):
        self.send_frame(bytes([RESUME]) + token + struct.pack(">I", seen))

    def clock(self):
        self.send_frame(bytes([CLOCK]))
        return struct.unpack(">H", self.hear(TIME)[1:])[0]

    def say_close(self, mood=1):
        self.send_frame(bytes([CLOSE, mood]))


def solution(puzzle, token):
    """The count (8 bytes) that solves a PUZZLE frame."""
    start, bits = hashlib.sha256(b"certrelay-join" + puzzle[2:10] + token), puzzle[1]
    for count in itertools.count():
        digest = start.copy()
        digest.update(count.to_bytes(8, "big"))
        if int.from_bytes(digest.digest()[:4], "big") >> (32 - bits) == 0:
            return count.to_bytes(8, "big")
    raise AssertionError


def pair(relay):
    """Two clients in one mailbox, with nothing left to hear; returns both and their tokens."""
    tokens = os.urandom(16), os.urandom(16)
    displayer, typist = relay.client(), relay.client()
    typist.join(tokens[1], displayer.allocate(tokens[0]))
    typist.hear(JOINED)
    typist.hear(PEER)
    displayer.hear(PEER)
    displayer.hear(DELIVER)
    return displayer, typist, tokens
