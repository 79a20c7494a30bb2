/* SHA-256 as FIPS 180-4 writes it: section 4.1.2 for the functions, 5.1.1 for the padding, 6.2.2 for the rounds. */
#include "sha256.h"

#include <string.h>

#define BLOCK_BYTES 64
#define LENGTH_AT 56 /* of the message in bits, in the last block */
#define WORDS 8
#define ROUNDS 64

static const uint32_t initial[WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turned(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void schedule_fill(uint32_t schedule[static ROUNDS], const uint8_t block[static BLOCK_BYTES])
{
    for (size_t t = 0; t < 16; t++)
        schedule[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
                      (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (size_t t = 16; t < ROUNDS; t++) {
        uint32_t early = schedule[t - 15], late = schedule[t - 2];

        schedule[t] = schedule[t - 16] + (turned(early, 7) ^ turned(early, 18) ^ early >> 3) +
                      schedule[t - 7] + (turned(late, 17) ^ turned(late, 19) ^ late >> 10);
    }
}

static void block_take(uint32_t state[static WORDS], const uint8_t block[static BLOCK_BYTES])
{
    uint32_t schedule[ROUNDS], v[WORDS];

    schedule_fill(schedule, block);
    memcpy(v, state, sizeof v);
    for (size_t t = 0; t < ROUNDS; t++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t one = v[7] + (turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25)) + choice +
                       constants[t] + schedule[t];
        uint32_t two = (turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22)) + majority;

        memmove(v + 1, v, (WORDS - 1) * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (size_t i = 0; i < WORDS; i++)
        state[i] += v[i];
}

static void big_endian(uint8_t *out, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        out[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

void sha256(const uint8_t *message, size_t length, uint8_t digest[static SHA256_BYTES])
{
    size_t rest = length % BLOCK_BYTES, whole = length - rest;
    uint8_t last[2 * BLOCK_BYTES] = {0};
    size_t last_bytes = rest < LENGTH_AT ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    uint32_t state[WORDS];

    memcpy(state, initial, sizeof state);
    for (size_t at = 0; at < whole; at += BLOCK_BYTES)
        block_take(state, message + at);
    if (rest > 0)
        memcpy(last, message + whole, rest);
    last[rest] = 0x80;
    big_endian(last + last_bytes - 8, 8, (uint64_t)length * 8);
    for (size_t at = 0; at < last_bytes; at += BLOCK_BYTES)
        block_take(state, last + at);
    for (size_t i = 0; i < WORDS; i++)
        big_endian(digest + 4 * i, 4, state[i]);
}
