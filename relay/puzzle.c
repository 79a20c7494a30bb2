/* The price of a JOIN. */
#include "puzzle.h"

#include "sha256.h"

#include <certrelay/cursor.h>

#define PREFIX_BYTES (sizeof CR_PUZZLE_PREFIX - 1)
#define TEXT_BYTES (PREFIX_BYTES + CR_SALT_BYTES + CR_TOKEN_BYTES + 8)
#define MINUTE_SECONDS 60

uint8_t puzzle_bits(unsigned wait_seconds)
{
    unsigned spent = 1 + wait_seconds / MINUTE_SECONDS; /* in minutes' worths of what may fail */
    uint8_t bits = PUZZLE_MIN_BITS;

    if (wait_seconds == 0)
        return 0;
    for (; spent > 1 && bits < PUZZLE_MAX_BITS; spent /= 2)
        bits++;
    return bits;
}

int puzzle_is_solved(const struct puzzle *puzzle, const uint8_t token[static CR_TOKEN_BYTES])
{
    uint8_t text[TEXT_BYTES], digest[SHA256_BYTES];
    struct cr_writer out;
    uint32_t head;

    cr_writer_init(&out, text, sizeof text);
    cr_write_bytes(&out, (const uint8_t *)CR_PUZZLE_PREFIX, PREFIX_BYTES);
    cr_write_bytes(&out, puzzle->salt, CR_SALT_BYTES);
    cr_write_bytes(&out, token, CR_TOKEN_BYTES);
    cr_write_u64(&out, puzzle->count);
    sha256(text, sizeof text, digest);
    head = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
    return puzzle->bits == 0 || head >> (32 - puzzle->bits) == 0;
}
