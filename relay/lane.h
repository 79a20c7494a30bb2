/* One direction of a mailbox: the frames that one device has sent and the other has not acknowledged. */
#ifndef RELAY_LANE_H
#define RELAY_LANE_H

#include "budget.h"

#include <stddef.h>
#include <stdint.h>

#define LANE_LETTERS_MAX 1024
/* What a queued frame costs beyond its payload, rounded up. */
#define LANE_LETTER_COST 64

struct letter {
    struct letter *next;
    struct account *account; /* of the address that it came from */
    uint32_t seq;
    uint32_t length;
    uint8_t payload[];
};

/* Zero is an empty lane. */
struct lane {
    struct letter *first;
    struct letter *last;
    struct letter *unsaid; /* the first that has not been said on the receiver's present connection */
    uint32_t taken;        /* the highest number accepted */
    uint32_t acked;        /* the highest number that the receiver has seen */
    uint32_t count;
    uint8_t is_open; /* where it begins is not known: the mailbox was another node's */
};

/* An empty lane whose first frame may have any number, until lane_settle tells what the receiver has seen. */
void lane_open(struct lane *lane);

/* address is charged for it until it is acknowledged. CR_OK: kept, or a number that it has already. CR_E_STATE: a gap. CR_E_LIMIT or
 * CR_E_MEMORY: no room, nothing was kept. */
int lane_take(struct lane *lane, struct budget *budget, uint64_t address, uint32_t seq,
              const uint8_t *payload, size_t length);
/* Frees everything up to seq. CR_E_MALFORMED when there never was such a number. */
int lane_ack(struct lane *lane, struct budget *budget, uint32_t seq);
/* Of an open lane: its receiver has come and has seen everything up to seq. 1, or 0 when what was kept begins beyond that: then it is
 * dropped, and the sender has to say it again from seq + 1. */
int lane_settle(struct lane *lane, struct budget *budget, uint32_t seq);
/* All that is not acknowledged is to be said again. */
void lane_rewind(struct lane *lane);
/* The next frame to say, or NULL; it counts as said. It stays valid until it is acknowledged. */
const struct letter *lane_say(struct lane *lane);
void lane_wipe(struct lane *lane, struct budget *budget);

#endif
