"""libsodium's secretstream with a chosen header: init_pull sets a state that push takes as well."""

import ctypes

from .cpace import sodium

TAG_MESSAGE, TAG_FINAL = 0, 3
OVERHEAD_BYTES = 17
HEADER_BYTES = 24
STATE_BYTES = sodium.crypto_secretstream_xchacha20poly1305_statebytes()


class StreamError(ValueError):
    """A record that does not open."""


class Stream:
    """One direction of records."""

    def __init__(self, key, header):
        self.state = ctypes.create_string_buffer(STATE_BYTES)
        if sodium.crypto_secretstream_xchacha20poly1305_init_pull(self.state, header, key) != 0:
            raise StreamError("header")

    def push(self, plaintext, tag):
        out = ctypes.create_string_buffer(len(plaintext) + OVERHEAD_BYTES)
        sodium.crypto_secretstream_xchacha20poly1305_push(
            self.state, out, None, plaintext, ctypes.c_ulonglong(len(plaintext)),
            None, ctypes.c_ulonglong(0), ctypes.c_ubyte(tag),
        )
        return out.raw

    def pull(self, ciphertext):
        if len(ciphertext) < OVERHEAD_BYTES:
            raise StreamError("short")
        out = ctypes.create_string_buffer(len(ciphertext) - OVERHEAD_BYTES + 1)
        tag = ctypes.c_ubyte()
        if sodium.crypto_secretstream_xchacha20poly1305_pull(
            self.state, out, None, ctypes.byref(tag), ciphertext,
            ctypes.c_ulonglong(len(ciphertext)), None, ctypes.c_ulonglong(0),
        ) != 0:
            raise StreamError("does not open")
        return out.raw[:-1], tag.value
