/* The work that a JOIN costs while too many fail: how much it is, and whether it was done. Sans-IO. PROTOCOL.md section 2.2. */
#ifndef RELAY_PUZZLE_H
#define RELAY_PUZZLE_H

#include <certrelay/contract.h>

#include <stdint.h>

#define PUZZLE_MIN_BITS 14
#define PUZZLE_MAX_BITS 20

/* One that a visitor was given, and its answer. */
struct puzzle {
    uint8_t bits; /* 0: none was given */
    uint8_t salt[CR_SALT_BYTES];
    uint64_t count;
    uint8_t is_told; /* the visitor has heard of it */
    uint8_t has_proof;
};

/* The bits asked for when failed joins must wait so many seconds until the limit lets one more happen: PUZZLE_MIN_BITS at the limit, one more
 * for each doubling of what was spent, PUZZLE_MAX_BITS at most; 0 when there is nothing to wait for. */
uint8_t puzzle_bits(unsigned wait_seconds);

/* Whether the count solves the puzzle for who joins with this token. */
int puzzle_is_solved(const struct puzzle *puzzle, const uint8_t token[static CR_TOKEN_BYTES]);

#endif
