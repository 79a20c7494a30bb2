/* A small faithful relay for tests: one mailbox, two seats, queues until acknowledged, resume. PROTOCOL.md section 2.
 *
 * Device 0 is the displayer's connection, device 1 the typist's. Faults are fields that a test sets. */
#ifndef TESTS_FAKERELAY_H
#define TESTS_FAKERELAY_H

#include <certrelay/contract.h>

#define FAKERELAY_DISPLAYER 0
#define FAKERELAY_TYPIST 1

struct parcel {
    struct parcel *next;
    uint32_t seq;
    size_t length;
    uint8_t bytes[];
};

struct seat {
    int is_taken, is_connected, is_heard; /* heard: this connection has shown the token */
    uint8_t token[CR_TOKEN_BYTES];
    uint32_t got;         /* number of the last frame from this device */
    uint32_t other_acked; /* what the other device has seen of them */
    uint8_t close_mood;   /* 0: has not closed */
    struct parcel *queue; /* for this device, until it acknowledges */
    struct parcel *out;   /* whole messages on their way to it */
};

struct fakerelay {
    uint8_t puzzle_bits; /* of what each JOIN costs; 0: nothing */
    int is_paid;
    int is_greedy; /* asks again though it was paid */
    unsigned puzzles, proofs;
    struct seat seats[2];
    struct cr_nameplate nameplate;
    int64_t now_ms, life_until_ms;
    size_t total_bytes;
    /* faults */
    int is_silent;       /* takes everything and answers nothing */
    int has_forgotten;   /* every token is unknown */
    unsigned busy_times; /* so many of the next SENDs and first frames are refused as busy */
    uint8_t refusal;     /* ALLOCATE and JOIN are refused for this reason */
    unsigned malformed;  /* frames that no device may send */
};

void fakerelay_init(struct fakerelay *relay, const struct cr_nameplate *nameplate, int64_t now_ms);
void fakerelay_free(struct fakerelay *relay);

void fakerelay_connect(struct fakerelay *relay, int device);
/* The connection is gone, with what was on its way. */
void fakerelay_cut(struct fakerelay *relay, int device);
void fakerelay_input(struct fakerelay *relay, int device, const uint8_t *message, size_t length);
/* The next message for this device, to be freed; NULL when there is none. */
struct parcel *fakerelay_output(struct fakerelay *relay, int device);
/* Says one frame of its own accord. */
void fakerelay_say(struct fakerelay *relay, int device, const struct cr_frame *frame);
/* Time passes; a mailbox at its end is closed as expired. */
void fakerelay_tick(struct fakerelay *relay, int64_t now_ms);

#endif
