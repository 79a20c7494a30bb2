"""What stands in front of the relays, and of the engine: connections are handed on, chosen, cut, or left without an answer."""

import asyncio
import threading

CONNECT_SECONDS = 1


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def call(self, coroutine, limit=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit)

    def stop(self):
        self.call(self.end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    @staticmethod
    async def end_tasks():
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Road:
    """One connection that is handed on: its two ends, and which of the backends it leads to."""

    def __init__(self, near, name):
        self.near, self.far, self.name, self.is_lost = near, None, name, False

    def abort(self):
        """Both ends; of a lost one the near end only: the far one hears nothing of it."""
        for writer in (self.near, None if self.is_lost else self.far):
            if writer is not None:
                writer.transport.abort()


def connect(address):
    if isinstance(address, str):
        return asyncio.open_unix_connection(address)
    return asyncio.open_connection(*(address if isinstance(address, tuple) else ("127.0.0.1", address)))


class Forwarder:
    """Listens, and hands each connection to the first of choose() that takes it: [(name, address)].

    An address is a port, (host, port), or a path.

    held holds names whose bytes are kept back, as on a network that swallows them; closed those that take no connection."""

    def __init__(self, loop, choose):
        self.loop, self.choose = loop, choose
        self.roads, self.held, self.closed = set(), set(), set()
        self.taken, self.turned_away, self.lost = 0, 0, []
        self.server, self.changed = None, None

    def listen(self, path=None):
        """The port, or the path."""
        self.loop.call(self.open(path))
        return path or self.server.sockets[0].getsockname()[1]

    async def open(self, path):
        self.changed = asyncio.Condition()
        self.server = await (asyncio.start_unix_server(self.serve, path) if path else
                             asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024))

    async def reach(self):
        for name, address in self.choose():
            if name in self.closed:
                continue
            try:
                return name, await asyncio.wait_for(connect(address), CONNECT_SECONDS)
            except (OSError, asyncio.TimeoutError):
                continue
        return None, None

    async def serve(self, reader, writer):
        self.taken += 1
        road = Road(writer, None)
        self.roads.add(road)
        try:
            road.name, far = await self.reach()
            if far is None:
                self.turned_away += 1
                return
            road.far = far[1]
            await asyncio.gather(self.pump(road, reader, road.far), self.pump(road, far[0], writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.roads.discard(road)
            road.abort()

    async def pump(self, road, reader, writer):
        try:
            while data := await reader.read(65536):
                while road.name in self.held:
                    async with self.changed:
                        await self.changed.wait()
                writer.write(data)
                await writer.drain()
            if not road.is_lost:
                await writer.drain()
                writer.close()
        except OSError:
            road.abort()

    def cut(self, name=None):
        """Ends the connections to this backend, or all."""
        self.loop.call(self.cut_now(name))

    async def cut_now(self, name):
        for road in list(self.roads):
            if name is None or road.name == name:
                road.abort()

    def lose(self, name):
        """Ends the connections to this backend for who made them; the backend hears nothing of it, nor of new ones."""
        self.closed.add(name)
        self.loop.call(self.lose_now(name))

    async def lose_now(self, name):
        for road in list(self.roads):
            if road.name == name:
                road.is_lost = True
                self.lost.append(road.far)
                road.abort()

    def hold(self, *names):
        """From now on nothing of these is handed on, nor lost."""
        self.loop.call(self.set_held(set(names)))

    async def set_held(self, names):
        self.held = names
        async with self.changed:
            self.changed.notify_all()

    def refuse(self, *names):
        """From now on nobody reaches these; with none, everybody is reached again."""
        self.closed = set(names)
        for name in names:
            self.cut(name)

    def stop(self):
        if self.server is not None:
            self.loop.call(self.end())

    async def end(self):
        self.server.close()
        await self.cut_now(None)
        for writer in self.lost:
            writer.transport.abort()


class Balancer:
    """A load balancer for devices: a door each, which leads to the nodes it prefers while they live, else to the others in turn."""

    def __init__(self, addresses):
        """addresses(): {name: where it is} of the living."""
        self.loop, self.addresses, self.doors, self.turn = Loop(), addresses, [], 0

    def door(self, *preferred):
        forwarder = Forwarder(self.loop, lambda: self.choices(preferred))
        self.doors.append(forwarder)
        return forwarder.listen()

    def choices(self, preferred):
        addresses = self.addresses()
        self.turn += 1
        others = [name for name in addresses if name not in preferred]
        turn = self.turn % max(1, len(others))
        return [(name, addresses[name]) for name in [*preferred, *others[turn:], *others[:turn]] if name in addresses]

    def refuse(self, *names):
        """As when it has been told that these are not ready: their connections end, and none is led there."""
        for door in self.doors:
            door.refuse(*names)

    def lose(self, name):
        for door in self.doors:
            door.lose(name)

    def stop(self):
        for door in self.doors:
            door.stop()
        self.loop.stop()
