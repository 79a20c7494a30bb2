"""What is in the engine: everything has a lifetime, nothing of it is a secret, and what another version has put there does no harm."""

import asyncio
import base64
import os
import socket
import threading

import pytest

from clients import eventually, first_answer, skip_to, split
from engine import Talk
from kit import contents
from pairs import SHORT, TRANSFER, Pair, run_all
from programs import Transfer
from relaykit import ALLOCATE, ALLOCATED, DELIVER, JOIN, JOINED, PEER, PUZZLE, REFUSED
from test_relay_network import enter, named

DAY_MS = 86400 * 1000
# In one step, so that nothing is seen between a key and its lifetime.
LIFETIMES = """local out = {}
for _, key in ipairs(redis.call('KEYS', '*')) do out[#out + 1] = key; out[#out + 1] = redis.call('PTTL', key) end
return out"""


def lifetimes(engine):
    flat = engine.ask("EVAL", LIFETIMES, 0)
    return dict(zip(flat[::2], flat[1::2]))


def assert_mortal(engine):
    for key, left in lifetimes(engine).items():
        assert 0 <= left <= DAY_MS, (key, left)


def test_every_key_has_a_lifetime_at_any_moment(cluster):
    two = cluster(2, rest_seconds=5)
    assert_mortal(two.engine)

    async def watch():
        running = asyncio.create_task(run_all([Pair(number, (two.door(0), two.door(1)), TRANSFER, pause=0.02) for number in range(20)]))
        looks = 0
        while not running.done():
            await asyncio.to_thread(assert_mortal, two.engine)
            looks += 1
        await running
        assert looks >= 5
    asyncio.run(watch())
    assert_mortal(two.engine)
    assert len(lifetimes(two.engine)) >= 3


def test_a_dead_nodes_lease_and_inbox_disappear_by_themselves(cluster):
    two = cluster(2)
    split(two)
    before = two.engine.keys("*node:*")
    two.kill(0)
    gone = eventually(lambda: set(before) - set(two.engine.keys("*node:*")))
    assert len(gone) == 1
    assert_mortal(two.engine)
    identity = gone.pop().rsplit(b":", 1)[1]
    for key, left in lifetimes(two.engine).items():
        assert identity not in key or left <= 60000, (key, left)


def test_records_live_hardly_longer_than_their_mailboxes(cluster):
    two = cluster(2, wait_seconds=30, rest_seconds=7)
    first_answer(two[0], bytes([ALLOCATE]) + os.urandom(16))
    records = [left for key, left in lifetimes(two.engine).items() if b":mb:" in key or b":tk:" in key]
    assert len(records) == 2 and all(30000 <= left <= 30000 + 70000 for left in records), records


# Secrets


class Listener:
    """All that is ever said to the engine, scripts' own commands included."""

    def __init__(self, engine):
        self.engine, self.talk, self.heard = engine, Talk(engine.path), bytearray()
        self.talk("MONITOR")
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            for line in self.talk.file:
                self.heard += line
        except (OSError, ValueError):
            pass

    def end(self):
        """The bytes as they were, up to now."""
        mark = os.urandom(8).hex()
        self.engine.ask("ECHO", mark)
        eventually(lambda: mark.encode() in self.heard)
        self.talk.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.talk.close()
        return bytes(self.heard).decode("unicode_escape").encode("latin-1")


def spellings(secret):
    """As it is, and as somebody might write it."""
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret).rstrip(b"=")}


def assert_unseen(heard, *secrets):
    for secret in secrets:
        for spelled in spellings(secret):
            assert spelled not in heard, spelled


def test_the_listener_hears_what_is_said(shared):
    listener, canary = Listener(shared.engine), os.urandom(16)
    shared.engine.ask("SET", "canary", canary, "PX", 1)
    shared.engine.ask("EVAL", "return redis.call('SET', KEYS[1], ARGV[1], 'PX', 1)", 1, "another", b"\0quoted \" \\ \xff")
    heard = listener.end()
    assert canary in heard and heard.count(b"\0quoted \" \\ \xff") == 2


def test_no_token_and_no_address_reaches_the_engine(cluster):
    two = cluster(2, trusted_proxies="127.0.0.1", address_failed_joins=3, network_factor=1)
    listener = Listener(two.engine)
    addresses = "203.0.113.77", "198.51.100.88", "2001:db8:7:8:9::a"
    tokens = [b"canarytoken-%04d" % number for number in range(3)]
    displayer, typist = (enter(named(two[place], addresses[place])) for place in (0, 1))
    typist.join(tokens[1], displayer.allocate(tokens[0]))
    skip_to(displayer, DELIVER)
    typist.send(2, b"canary payload, as opaque as it may be")
    skip_to(displayer, DELIVER)
    displayer.close()
    displayer = enter(named(two[1], addresses[2]))
    displayer.resume(tokens[0], 1)
    skip_to(displayer, DELIVER)
    for number in range(6):
        guesser = enter(named(two[0], addresses[number % 3]))
        guesser.join(tokens[2], b"\x08\x05\xf5\xe0\xff")
        guesser.hear(REFUSED, PUZZLE)
        guesser.close()
    eventually(lambda: guessed(two[1], addresses[0]) == PUZZLE)
    stored, heard = two.engine.everything(), listener.end()
    assert b"canary payload" in heard       # frames do pass, and are opaque
    for place in (stored, heard):
        assert_unseen(place, *tokens)
        assert_unseen(place, *(packed(address) for address in addresses))
        for address in addresses:
            assert address.encode() not in place


def guessed(node, address):
    client = enter(named(node, address))
    client.join(os.urandom(16), b"\x08\x05\xf5\xe0\xff")
    return client.hear(REFUSED, PUZZLE)[0]


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@pytest.mark.parametrize("receiver_shows", [True, False], ids=["import shows", "export shows"])
def test_no_code_and_nothing_of_the_certificate_reaches_the_engine(shared, tmp_path, receiver_shows):
    listener = Listener(shared.engine)
    with Transfer(tmp_path / "x", shared.url(0), shared.url(1), receiver_shows) as transfer:
        transfer.ends_well()
        digits = "".join(filter(str.isdigit, transfer.code))
        heard = listener.end()
        assert_unseen(heard, digits.encode(), digits[-8:-1].encode(), digits[-8:].encode(), transfer.material.password.encode())
        for data in contents(transfer.store):
            assert data[:40] not in heard and data[-40:] not in heard


# Other versions


def inboxes(engine):
    return engine.keys("*:in:*")


def strange_envelopes():
    """Nothing that this version would say."""
    numbers = os.urandom(8) + (1).to_bytes(8, "big")
    yield from (b"", b"\x01", b"\x02", b"\xff" * 40, b"\x02\x01" + numbers + b"later", b"\x01\xee" + numbers + bytes(8),
                b"\x00" + bytes(200), bytes([9]) + os.urandom(5000), b"\x01" + os.urandom(300), os.urandom(100000))


def test_strange_envelopes_are_passed_over(cluster):
    two = cluster(2)
    displayer, typist, _ = split(two)
    for inbox in inboxes(two.engine):
        for envelope in strange_envelopes():
            two.engine.ask("XADD", inbox, "*", "e", envelope)
        two.engine.ask("XADD", inbox, "*", "e", b"\x02" + bytes(16), "later", "another field")
        two.engine.ask("XADD", inbox, "*", "unknown", "x")
    for seq in range(2, 6):
        typist.send(seq, b"goes on %d" % seq)
        assert skip_to(displayer, DELIVER)[5:] == b"goes on %d" % seq
    asyncio.run(run_all([Pair(number, (two.door(0), two.door(1)), SHORT) for number in range(5)]))


def test_random_envelopes_do_no_harm(cluster):
    """Of this version and of known types, too: what they name is unknown."""
    two = cluster(2)
    talk = Talk(two.engine.path)
    for inbox in inboxes(two.engine):
        for kind in range(1, 16):
            for size in (0, 1, 7, 8, 16, 23, 24, 40, 60, 200):
                for start in (b"\x01" + bytes([kind]), b""):
                    talk("XADD", inbox, "*", "e", start + os.urandom(size))
    talk.close()
    asyncio.run(run_all([Pair(number, (two.door(0), two.door(1)), SHORT) for number in range(5)]))


def record_of(engine, nameplate):
    digits, value = nameplate[0], int.from_bytes(nameplate[1:], "big")
    found = [key for key in engine.keys("*:mb:*") if key.endswith((b":%d:%0*d" % (digits, digits, value), b":%d:%d" % (digits, value)))]
    assert len(found) == 1, engine.keys()
    return found[0]


def test_fields_of_a_newer_version_are_kept_and_do_no_harm(cluster):
    two = cluster(2)
    displayer, typist = two[0].client(), two[1].client()
    nameplate = displayer.allocate(os.urandom(16))
    record = record_of(two.engine, nameplate)
    two.engine.ask("HSET", record, "newer", "kept")
    typist.join(os.urandom(16), nameplate)
    typist.hear(JOINED)
    typist.hear(PEER)
    skip_to(displayer, DELIVER)
    typist.send(2, b"on")
    assert skip_to(displayer, DELIVER)[5:] == b"on"
    assert two.engine.ask("HGET", record, "newer") == b"kept"


def test_a_record_of_another_version_is_left_alone(cluster):
    """Who asks for it is refused, not let into something that is not understood."""
    two = cluster(2)
    displayer = two[0].client()
    nameplate = displayer.allocate(os.urandom(16))
    record = record_of(two.engine, nameplate)
    two.engine.ask("HSET", record, "v", 2)
    before = two.engine.ask("HGETALL", record)
    assert first_answer(two[1], bytes([JOIN]) + os.urandom(16) + nameplate + b"me")[0] == REFUSED
    assert two.engine.ask("HGETALL", record) == before
    split(two)


@pytest.mark.parametrize("junk", [("SET", "x"), ("LPUSH", "x"), ("HSET", "owner", "me"), ("HSET", "v", "one")], ids=" ".join)
def test_a_key_that_holds_something_else_harms_only_itself(cluster, junk):
    two = cluster(2)
    displayer = two[0].client()
    nameplate = displayer.allocate(os.urandom(16))
    record = record_of(two.engine, nameplate)
    two.engine.ask("DEL", record)
    two.engine.ask(junk[0], record, *junk[1:])
    two.engine.ask("PEXPIRE", record, 60000)
    assert first_answer(two[1], bytes([JOIN]) + os.urandom(16) + nameplate + b"me")[0] == REFUSED
    split(two)
    assert first_answer(two[0], bytes([ALLOCATE]) + os.urandom(16))[0] == ALLOCATED
