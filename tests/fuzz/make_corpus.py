#!/usr/bin/python3
"""Writes the seeds of the fuzzers: small inputs that reach the inside of each parser."""

import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def seed(target, name, data):
    folder = os.path.join(HERE, "corpus_" + target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def code_and_invite():
    seed("code", "plain", b"482177301944")
    seed("code", "grouped", b"0042 7000 0007 6")
    seed("code", "hyphens", "4821\u20137730\uff0d1944".encode())
    seed("code", "full_width", "\uff14\uff18\uff12\uff11\u30007730\u00a01944".encode())
    code = b"v=1&do=send&code=482177301944"
    seed("invite", "code", code)
    seed("invite", "relay", code + b"&relay=wss%3A%2F%2Frelay.example%2Fws")
    seed("invite", "both", code + b"&key=AAECAwQFBgcICQoLDA0ODw")
    seed("invite", "plate", b"v=1&do=receive&plate=90210318&key=AAECAwQFBgcICQoLDA0ODw&later=1")


def frames():
    token, plate = bytes(range(16)), bytes.fromhex("040000002a")
    for name, data in {
        "allocate": b"\x01" + token, "join": b"\x02" + token + plate + b"start", "send": b"\x03\0\0\0\x01data",
        "ack": b"\x04\0\0\0\x01", "resume": b"\x05" + token + b"\0\0\0\x02", "extend": b"\x06", "close": b"\x07\x01",
        "clock": b"\x08", "allocated": b"\x81" + plate + b"\0\xb4", "joined": b"\x82\x02\x58",
        "deliver": b"\x83\0\0\0\x01data", "acked": b"\x84\0\0\0\x01", "resumed": b"\x85\x02\x58\x01\0\0\0\x02",
        "time": b"\x86\0\x10", "peer": b"\x87\x01", "closed": b"\x88\x05", "refused": b"\x89\x08\0\x02",
        "going_away": b"\x8a\0\x1e", "allocate_permit": b"\x01" + token + b"permit-2026",
        "forbidden": b"\x89\x09\0\0", "proof": b"\x09" + bytes(6) + b"\x12\x34", "puzzle": b"\x8b\x0e" + token[:8],
    }.items():
        seed("frame", name, data)


def messages():
    with open(os.path.join(HERE, "..", "vectors", "transcript.json"), encoding="utf-8") as file:
        records = json.load(file)["sessions"][0]["records"]
    for record in records:
        name = "_".join([record["from"], *dict.fromkeys(record["messages"])]).lower()
        seed("message", name, bytes.fromhex(record["row"]) + bytes(8))
    seed("message", "optional", b"\x80\0\0\0\x02hi\x05\0\0\0\x01\x03\0\0")


def sessions():
    """A form byte, then operations: op * 2 + the side it happens to (0 typist, 1 displayer)."""
    deliver, flip, cut, extend, repeat, drop, invent, seal, final = (2 * op for op in range(9))
    at = b"\0\0"
    shake = b"".join(bytes([deliver + side]) + at for side in (1, 0, 1, 0))
    talk = bytes([seal, seal + 1, final, final + 1]) + b"".join(
        bytes([deliver + side]) + at for side in (1, 0, 1, 0))
    for form in range(8):
        seed("session", f"whole_{form}", bytes([form]) + shake + talk)
    seed("session", "flip", b"\0" + shake[:3] + bytes([flip]) + b"\0\x05\x01" + shake[6:])
    seed("session", "cut", b"\0" + shake + bytes([seal, cut + 1]) + b"\x01\0")
    seed("session", "extend", b"\0" + shake + bytes([seal, extend + 1]) + at)
    seed("session", "repeat", b"\0" + shake + bytes([seal, deliver + 1]) + at + bytes([repeat + 1]))
    seed("session", "drop", b"\0" + shake + bytes([seal, seal, drop + 1]) + at + bytes([deliver + 1]) + at)
    seed("session", "invent", b"\0" + bytes([invent + 1, 4]) + b"\x01\x02\x01\0" + bytes([invent, 2]) + b"\x0f\x01")


def transfers():
    """A form byte, the answers of both people, then operations: op * 2 + the device."""
    step, steps, wait, cut, invent, mangle, silence, speak, busy, forget, cancel, extend, probe, away, back, frame = (
        2 * op for op in range(16))
    for form in (0, 1, 2, 3, 0x10, 0x21, 0x0C):
        seed("transfer", f"whole_{form:02x}", bytes([form, 0, steps, 255]))
    for answers in (1, 2, 3, 4, 8, 12):
        seed("transfer", f"answers_{answers}", bytes([0, answers, steps, 255]))
    for name, op in {"cut": cut, "cancel": cancel, "mangle": mangle, "silence": silence, "busy": busy,
                     "forget": forget, "probe": probe, "extend": extend}.items():
        for after in (8, 20, 34):
            seed("transfer", f"{name}_{after}", bytes([1, 0, steps, after, op + 1, step, wait, speak, steps, 255]))
    seed("transfer", "away", bytes([0, 0, steps, 30, away, cut, steps, 9, wait, wait, back, wait, steps, 255]))
    seed("transfer", "closed", bytes([1, 0, steps, 20, invent, 2]) + b"\x88\x03" + bytes([steps, 255]))
    seed("transfer", "refused", bytes([1, 0, steps, 4, frame, 8, 3, 0, 0, 0, 0, steps, 255]))
    seed("transfer", "puzzle", bytes([2, 0, step, steps, 6, frame + 1, 10, 4, 0, 0, 0, 0]) + bytes([wait]) * 4 + bytes([steps, 255, wait]))


def conversations():
    """A role byte, then rows: how, length, messages."""
    def row(messages, how=0):
        return bytes([how]) + len(messages).to_bytes(2, "big") + messages

    def message(kind, value):
        return bytes([kind]) + len(value).to_bytes(4, "big") + value

    text = b"\0\x01o" + bytes(4) + bytes(16)
    offer = message(2, b"\x02\x01" + text + b"\x01\x01\0\0\0\x03" + b"\x04" + text + b"\x02\x05\0\0\0\x01\x06\0\0\0\x01")
    data = [message(3, bytes.fromhex(at) + value) for at, value in (
        ("000000000000", b"a"), ("000000000001", b"bc"), ("010000000000", b"d"), ("010100000000", b"e"))]
    bye, refuse = message(6, b""), message(5, b"\x02")
    seed("conversation", "received", b"\0" + row(offer + b"".join(data)) + row(bye, 1))
    seed("conversation", "pieces", b"\0" + row(offer) + b"".join(map(row, data)) + row(bye, 1))
    seed("conversation", "optional", b"\0" + row(message(0x80, b"hi") + offer + data[0]))
    seed("conversation", "declined", b"\0" + row(refuse, 1))
    seed("conversation", "refused", b"\1" + row(refuse, 1))
    seed("conversation", "saved", b"\1" + row(message(4, bytes.fromhex(
        "cbeb80cc2ef36529bcb516d8a2509be72430b09cc1c3f30ea80436efeff2a591")), 1))
    seed("conversation", "mismatch", b"\1" + row(message(4, bytes(32)), 1))


def containers():
    """Those of the store's corpus, for what takes them apart; and what no other program writes."""
    def stored(name):
        with open(os.path.join(HERE, "corpus_store", name), "rb") as file:
            return file.read()[1:]

    seed("container", "pkcs12", b"\0" + stored("pkcs12"))
    seed("container", "pem", b"\1" + stored("pem"))
    seed("container", "authorities_pem", b"\2" + stored("pem"))
    seed("container", "authorities_der", b"\2" + 2 * stored("pair-0")[2:])
    seed("container", "removal", b"\3" + b"\0".join(
        (b"certrelay removal 1", b"KICA/USER", b"cn=a,c=kr", 32 * b"f", b"end", b"")))
    seed("container", "names", b"\4" + b"\0".join(
        (b"signCert.der", b"SIGNPRI.KEY", b"a_sig.cer", b"a_env.key", b"\xc8\xab_sig.key", b"x.p12", b"y.PFX",
         b"z.bak-20261120", b"CaPubs1", b".certrelay-0", b"")))


def proxies():
    signature = b"\r\n\r\n\0\r\nQUIT\n"
    seed("forwarded", "four", signature + b"\x21\x11\0\x0c" + bytes(range(12)))
    seed("forwarded", "six", signature + b"\x21\x21\0\x27" + bytes(range(36)) + b"\x04\0\0")
    seed("forwarded", "local", signature + b"\x20\0\0\0")
    seed("forwarded", "hops", b"203.0.113.9, 10.1.2.3:80,[2001:db8::1]:443, ::ffff:10.0.0.1")
    seed("forwarded", "network", b"2001:db8::/32")
    seed("forwarded", "permits", b"# of 2026\npermit-one\r\n\n permit-two\npermit-three")
    seed("forwarded", "date", b"-----BEGIN CERTIFICATE-----\nMIIBWzCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMB4XDTI2\n"
         b"MTEyMDE2MDAwNFoXDTI2MTEzMDE2MDAwNFowDDEK\n-----END CERTIFICATE-----\n")


def envelopes():
    link = bytes(range(8))
    sit = b"\x01\x01" + link + b"\x04\0\0\x12\xd5" + b"\0\0\0\x02" + b"\x01\0" + b"\0\0\0\x07"
    seed("envelope", "sit", sit + b"\0\0\0\x05hello")
    seed("envelope", "sit_alone", sit + b"\0\0\0\0" + b"newer")
    seed("envelope", "hear", b"\x01\x02" + link + b"\0\0\0\x05\x04\0\0\0\x03")
    seed("envelope", "told", b"\x01\x03" + link + bytes(7) + b"\x40")
    seed("envelope", "leave", b"\x01\x04" + link)
    seed("envelope", "say", b"\x01\x05" + link + b"\0\0\0\x02\x87\x01")
    seed("envelope", "prefixes", b"\x01\x0c" + bytes(8) + b"\0\0\0\x0a\xff\xff\x0a\x01\x02\0\0\0\0\x03")


def requests():
    seed("page", "root", b"\0relay.example:443\0gzip, br;q=0.5\0\"0123456789abcdef\"\0")
    seed("page", "head", b"\1127.0.0.1\0*;q=0\0*\0a/main-ABCDEFGH.js")
    seed("page", "body", b"\x80a;b\0br\0\0../index.html")
    seed("page", "post", b"\2\0\0\0index.html.br")


if __name__ == "__main__":
    code_and_invite()
    frames()
    messages()
    sessions()
    transfers()
    conversations()
    containers()
    proxies()
    envelopes()
    requests()
