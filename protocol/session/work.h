/* The work that a relay may ask of a device that joins. PROTOCOL.md section 2.2. */
#ifndef CR_WORK_H
#define CR_WORK_H

#include <certrelay/contract.h>

enum work_state {
    WORK_NONE,
    WORK_SEARCHING,
    WORK_FOUND, /* count is to be told */
};

struct work {
    enum work_state state;
    uint8_t bits;
    uint8_t salt[CR_SALT_BYTES];
    uint8_t token[CR_TOKEN_BYTES];
    uint64_t count;
};

void work_begin(struct work *work, const struct cr_frame *puzzle, const uint8_t token[static CR_TOKEN_BYTES]);
/* So many tries at most, while it is searching. */
void work_search(struct work *work, unsigned tries);

#endif
