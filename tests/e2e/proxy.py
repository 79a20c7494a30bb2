"""A TCP proxy in front of a relay without TLS that counts WebSocket messages and cuts the connection at one of them."""

import asyncio
import socket
import threading

TO_RELAY, TO_CLIENT = "to relay", "to client"
BINARY = 2


class Splitter:
    """Cuts a byte stream into the HTTP head and whole WebSocket frames."""

    def __init__(self):
        self.data, self.is_open = b"", False

    def feed(self, data):
        """[(bytes, is_message)]"""
        self.data += data
        out = []
        while True:
            piece = self.frame() if self.is_open else self.head()
            if piece is None:
                return out
            out.append(piece)

    def head(self):
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return None
        self.is_open = True
        return self.take(end + 4), False

    def frame(self):
        if len(self.data) < 2:
            return None
        size, at = self.data[1] & 0x7F, 2
        extra = {126: 2, 127: 8}.get(size, 0)
        if extra:
            if len(self.data) < at + extra:
                return None
            size, at = int.from_bytes(self.data[at : at + extra], "big"), at + extra
        at += 4 if self.data[1] & 0x80 else 0
        if len(self.data) < at + size:
            return None
        is_message = self.data[0] & 0x0F == BINARY
        return self.take(at + size), is_message

    def take(self, count):
        piece, self.data = self.data[:count], self.data[count:]
        return piece


class Whole:
    """Hands on what comes."""

    @staticmethod
    def feed(data):
        return [(data, False)]


class CuttingProxy:
    """Cuts once: at message `index` (from 1, over all connections) of `direction`, before or after handing it on.

    With index None it only counts. With at_byte it looks for no messages, and cuts when so many bytes have passed: for TLS.
    With crumb it hands on so many bytes at a time."""

    def __init__(self, target_port, direction=TO_RELAY, index=None, before=False, at_byte=None, crumb=None):
        self.crumb = crumb
        self.target_port = target_port
        self.direction, self.index, self.before, self.at_byte = direction, index, before, at_byte
        self.counts = {TO_RELAY: 0, TO_CLIENT: 0}
        self.bytes = {TO_RELAY: 0, TO_CLIENT: 0}
        self.cuts = 0
        self.connections = 0
        self.open = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.server = self.call(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        self.tls_url = f"wss://localhost:{self.port}/ws"
        return self

    def __exit__(self, *_):
        self.call(self.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def call(self, coroutine, limit=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit)

    async def stop(self):
        self.server.close()
        for writer in list(self.open):
            writer.transport.abort()

    def cut_all(self):
        """Cuts every connection at this moment; new ones are let through."""
        self.call(self.abort_all())

    async def abort_all(self):
        for writer in list(self.open):
            writer.transport.abort()

    async def serve(self, client_reader, client_writer):
        self.connections += 1
        try:
            relay_reader, relay_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            client_writer.transport.abort()
            return
        both = {client_writer, relay_writer}
        self.open |= both
        try:
            await asyncio.gather(
                self.pump(client_reader, relay_writer, TO_RELAY, both),
                self.pump(relay_reader, client_writer, TO_CLIENT, both))
        finally:
            self.open -= both

    async def pump(self, reader, writer, direction, both):
        splitter = Splitter() if self.at_byte is None else Whole()
        try:
            while data := await reader.read(65536):
                if self.is_byte_cut(direction, data, writer):
                    return
                if self.crumb:
                    await self.crumble(data, writer)
                    continue
                for piece, is_message in splitter.feed(data):
                    if self.is_cut(direction, is_message):
                        if not self.before:
                            writer.write(piece)
                        return
                    writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            for each in both:
                each.close() if each is writer else each.transport.abort()

    async def crumble(self, data, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), self.crumb):
            writer.write(data[at : at + self.crumb])
            await writer.drain()

    def is_byte_cut(self, direction, data, writer):
        """Whether the connection ends within this data; what lies before the cut is handed on."""
        passed = self.bytes[direction]
        self.bytes[direction] += len(data)
        if direction != self.direction or self.cuts or self.at_byte is None or self.bytes[direction] <= self.at_byte:
            return False
        writer.write(data[: self.at_byte - passed])
        self.cuts += 1
        return True

    def is_cut(self, direction, is_message):
        if not is_message:
            return False
        self.counts[direction] += 1
        if direction != self.direction or self.counts[direction] != self.index:
            return False
        self.cuts += 1
        return True
