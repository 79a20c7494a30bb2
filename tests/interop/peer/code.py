"""The pairing code, its check digit and the invitation (PROTOCOL.md section 1)."""

import base64
import secrets
from urllib.parse import quote, unquote_to_bytes

DAMM = [
    [int(c) for c in row]
    for row in (
        "0317598642 7092154863 4206871359 1750983426 6123045978 "
        "3674209581 5869720134 8945362017 9438617205 2581436790"
    ).split()
]
SECRET_DIGITS = 7
SEPARATORS = set(" \t-.\u00a0\u3000\u2212\uff0d") | {chr(c) for c in range(0x2010, 0x2016)}
DOING = {"send": 1, "receive": 2}


class CodeError(ValueError):
    """A code or an invitation that is not one; the text says why."""


def damm(digits):
    """The interim digit after all of `digits`: zero for a right code."""
    interim = 0
    for digit in digits:
        interim = DAMM[interim][int(digit)]
    return interim


def draw_secret():
    return f"{secrets.randbelow(10 ** SECRET_DIGITS):07d}"


def make(nameplate, secret):
    return nameplate + secret + str(damm(nameplate + secret))


def normalise(text):
    """Digits only, or CodeError("malformed")."""
    digits = []
    for char in text:
        if char in SEPARATORS:
            continue
        if "\uff10" <= char <= "\uff19":
            char = chr(ord(char) - 0xFF10 + ord("0"))
        if not ("0" <= char <= "9"):
            raise CodeError("malformed")
        digits.append(char)
    return "".join(digits)


def parse(text):
    """(nameplate, secret) of a typed code."""
    digits = normalise(text)
    if not 12 <= len(digits) <= 16:
        raise CodeError("malformed")
    if damm(digits) != 0:
        raise CodeError("check digit")
    return digits[: -1 - SECRET_DIGITS], digits[-1 - SECRET_DIGITS : -1]


def show(digits):
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def make_invitation(page, doing, code=None, plate=None, relay=None, key=None):
    fields = ["v=1", f"do={doing}"]
    fields.append(f"code={code}" if code else f"plate={plate}")
    if relay:
        fields.append("relay=" + quote(relay, safe=""))
    if key:
        fields.append("key=" + base64.urlsafe_b64encode(key).decode().rstrip("="))
    return page + "#" + "&".join(fields)


def decode_key(text):
    if len(text) != 22:
        raise CodeError("malformed")
    key = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(key).decode().rstrip("=") != text:
        raise CodeError("malformed")
    return key


def invitation_fields(url):
    fields = {}
    for pair in url.partition("#")[2].split("&"):
        name, _, value = pair.partition("=")
        if name in fields:
            raise CodeError("malformed")
        fields[name] = unquote_to_bytes(value).decode()
    return fields


def parse_invitation(url):
    """Fields of an invitation: role, nameplate, secret (or None), relay (or None), key (or None)."""
    fields = invitation_fields(url)
    if fields.get("v") != "1" or fields.get("do") not in DOING:
        raise CodeError("malformed")
    if ("code" in fields) == ("plate" in fields):
        raise CodeError("malformed")
    nameplate, secret = parse(fields["code"]) if "code" in fields else (fields["plate"], None)
    key = decode_key(fields["key"]) if "key" in fields else None
    if secret is None and key is None:
        raise CodeError("malformed")
    return {
        "role": DOING[fields["do"]],
        "nameplate": nameplate,
        "secret": secret,
        "relay": fields.get("relay"),
        "key": key,
    }
