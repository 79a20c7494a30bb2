/* Searches what solves a relay's puzzle, a few tries at a time. */
#include "work.h"

#include <certrelay/cursor.h>

#include <sodium.h>
#include <string.h>

#define PREFIX_BYTES (sizeof CR_PUZZLE_PREFIX - 1)
#define COUNT_AT (PREFIX_BYTES + CR_SALT_BYTES + CR_TOKEN_BYTES)
#define TEXT_BYTES (COUNT_AT + 8)

void work_begin(struct work *work, const struct cr_frame *puzzle, const uint8_t token[static CR_TOKEN_BYTES])
{
    work->state = WORK_SEARCHING;
    work->bits = puzzle->code;
    work->count = 0;
    memcpy(work->salt, puzzle->salt, CR_SALT_BYTES);
    memcpy(work->token, token, CR_TOKEN_BYTES);
}

static void text_write(const struct work *work, uint8_t text[static TEXT_BYTES])
{
    struct cr_writer out;

    cr_writer_init(&out, text, TEXT_BYTES);
    cr_write_bytes(&out, (const uint8_t *)CR_PUZZLE_PREFIX, PREFIX_BYTES);
    cr_write_bytes(&out, work->salt, CR_SALT_BYTES);
    cr_write_bytes(&out, work->token, CR_TOKEN_BYTES);
    cr_write_u64(&out, work->count);
}

/* At most 22 bits are ever asked for. */
static int begins_with_zeros(const uint8_t hash[static 4], unsigned bits)
{
    uint32_t head = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];

    return head >> (32 - bits) == 0;
}

void work_search(struct work *work, unsigned tries)
{
    uint8_t text[TEXT_BYTES], hash[crypto_hash_sha256_BYTES];
    struct cr_writer out;

    text_write(work, text);
    while (work->state == WORK_SEARCHING && tries-- > 0) {
        cr_writer_init(&out, text + COUNT_AT, 8);
        cr_write_u64(&out, work->count);
        crypto_hash_sha256(hash, text, sizeof text);
        if (begins_with_zeros(hash, work->bits))
            work->state = WORK_FOUND;
        else
            work->count++;
    }
    sodium_memzero(text, sizeof text);
}
