"""CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace-21; libsodium gives the group, hashlib the rest."""

import ctypes
import hashlib
import hmac

DSI = b"CPaceRistretto255"
DSI_ISK = b"CPaceRistretto255_ISK"
BLOCK_BYTES = 128
POINT_BYTES = 32

sodium = ctypes.CDLL("libsodium.so.23")
if sodium.sodium_init() < 0:
    raise RuntimeError("libsodium does not start")


class CpaceError(ValueError):
    """A share that may not be used."""


def leb128(number):
    out = bytearray()
    while number > 0x7F:
        out.append(0x80 | number & 0x7F)
        number >>= 7
    return bytes(out + bytes([number]))


def prepend_len(data):
    return leb128(len(data)) + data


def lv_cat(*parts):
    return b"".join(prepend_len(part) for part in parts)


def o_cat(one, two):
    return b"oc" + max(one, two) + min(one, two)


def transcript_ir(ya, ada, yb, adb):
    return lv_cat(ya, ada) + lv_cat(yb, adb)


def transcript_oc(ya, ada, yb, adb):
    return o_cat(lv_cat(ya, ada), lv_cat(yb, adb))


def generator_string(dsi, prs, ci, sid, block=BLOCK_BYTES):
    zeros = max(0, block - 1 - len(prepend_len(prs)) - len(prepend_len(dsi)))
    return lv_cat(dsi, prs, bytes(zeros), ci, sid)


def map_to_point(digest):
    point = ctypes.create_string_buffer(POINT_BYTES)
    if sodium.crypto_core_ristretto255_from_hash(point, digest) != 0:
        raise CpaceError("map")
    return point.raw


def generator(prs, ci, sid):
    return map_to_point(hashlib.sha512(generator_string(DSI, prs, ci, sid)).digest())


def scalar_mult(scalar, point):
    """scalar*point; CpaceError for bytes that are no point, and for the identity."""
    out = ctypes.create_string_buffer(POINT_BYTES)
    if len(scalar) != 32 or len(point) != POINT_BYTES:
        raise CpaceError("length")
    if sodium.crypto_scalarmult_ristretto255(out, scalar, point) != 0 or out.raw == bytes(32):
        raise CpaceError("not a share")
    return out.raw


def draw_scalar():
    out = ctypes.create_string_buffer(32)
    sodium.crypto_core_ristretto255_scalar_random(out)
    return out.raw


def session_key(sid, k, ya, ada, yb, adb):
    return hashlib.sha512(lv_cat(DSI_ISK, sid, k) + transcript_ir(ya, ada, yb, adb)).digest()


def mac_key(sid, isk):
    return hashlib.sha512(b"CPaceMac" + sid + isk).digest()


def tag(key, share, ad):
    return hmac.new(key, lv_cat(share, ad), hashlib.sha512).digest()


def hkdf_extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha512).digest()


def hkdf_expand(prk, info, length):
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([counter]), hashlib.sha512).digest()
        out, counter = out + block, counter + 1
    return out[:length]
