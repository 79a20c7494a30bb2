#!/usr/bin/python3
"""One attacker against a relay on this machine, from addresses of a single /24, until standard input ends.

    siege.py ATTACK PORT

Prints "ready" when it is in full swing. What the relay closes is opened again, a bounded number of times a second: the attacker shares
this machine's processors with everybody else."""

import os
import select
import selectors
import socket
import struct
import sys
import time

COUNT = {"idle": 10_000, "crowd": 10_000}
COUNT_OTHERWISE = 300
AT_ONCE = 50                # sockets served between two looks at standard input
PAUSE_SECONDS = 0.005
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: certrelay.v1\r\n\r\n")
MASK = bytes(4)             # all zero: the payload stands as it is


def head(first, length):
    """Of a masked frame that claims to be so long."""
    if length < 126:
        return bytes((first, 0x80 | length)) + MASK
    if length <= 0xFFFF:
        return bytes((first, 0x80 | 126)) + struct.pack(">H", length) + MASK
    return bytes((first, 0x80 | 127)) + struct.pack(">Q", length) + MASK


JOIN = head(0x82, 23) + b"\x02" + bytes(16) + b"\x04" + struct.pack(">I", 1234) + b"\x01"

# For a relay with TLS, whose handshake they never end; the others are for one without, where they get further.
ON_TLS = ("idle", "half a handshake")

# What a connection says at first, and what it says whenever its turn comes.
ATTACKS = {
    "idle": (b"", b""),                                               # connected, and silent
    "crowd": (UPGRADE, b""),                                          # let in, and silent
    "slow header": (b"GET /ws HTTP/1.1\r\nX-Slow: ", b"a"),
    "half a handshake": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\x03"),
    "pings": (UPGRADE, (head(0x89, 8) + bytes(8)) * 64),
    "giant frames": (UPGRADE + head(0x82, 1 << 30), bytes(1024)),
    "fragments": (UPGRADE + head(0x02, 1) + b"\x01", (head(0x00, 1) + b"\x01") * 64),
    "compressed": (UPGRADE.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n") + head(0xC2, 1000) + bytes(1000), b""),
    "wrong numbers": (UPGRADE, JOIN),
}


class Siege:
    def __init__(self, attack, port):
        self.first, self.again = ATTACKS[attack]
        self.count, self.port = COUNT.get(attack, COUNT_OTHERWISE), port
        self.waiting = selectors.DefaultSelector()
        self.sockets, self.number = [], 0

    def open(self):
        self.number += 1
        sock = socket.socket()
        sock.bind(("127.0.9.%d" % (self.number % 254 + 1), 0))
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self.port))
        self.sockets.append(sock)
        self.waiting.register(sock, selectors.EVENT_WRITE, self.first)

    def lose(self, sock):
        self.waiting.unregister(sock)
        self.sockets.remove(sock)
        sock.close()

    def serve(self, key, events):
        """One socket's turn: say what is to be said, throw away what is answered."""
        sock, text = key.fileobj, key.data
        try:
            if events & selectors.EVENT_READ and sock.recv(65536) == b"":
                return self.lose(sock)
            if events & selectors.EVENT_WRITE:
                if text:
                    sock.send(text)
                wants = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.again else 0)
                self.waiting.modify(sock, wants, self.again)
        except BlockingIOError:
            pass
        except OSError:
            self.lose(sock)

    def run(self):
        is_ready, ends = False, select.poll()
        ends.register(0, select.POLLIN | select.POLLHUP)
        while not ends.poll(0):
            for _ in range(min(AT_ONCE, self.count - len(self.sockets))):
                self.open()
            for key, events in self.waiting.select(0)[:AT_ONCE]:
                self.serve(key, events)
            if not is_ready and self.number >= self.count:
                is_ready = True
                print("ready", flush=True)
            time.sleep(PAUSE_SECONDS if is_ready else 0)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ATTACKS:
        sys.exit(__doc__)
    os.nice(5)
    Siege(sys.argv[1], int(sys.argv[2])).run()


if __name__ == "__main__":
    main()
