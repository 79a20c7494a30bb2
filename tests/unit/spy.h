/* An office between whose devices and another node the test sits: it sees every envelope, and writes those that come back. */
#ifndef TESTS_SPY_H
#define TESTS_SPY_H

#include "desk.h"
#include "envelope.h"
#include "mailbox.h"

#define THERE 2
#define ELSEWHERE 3

/* One message that was published. */
struct posted {
    store_node to;
    struct envelope envelope;
    uint8_t bytes[ENVELOPE_MAX_BYTES];
};

struct spy {
    struct store face;
    struct store *inner;
    struct posted posted; /* the last one */
    int counts[ENVELOPE_PREFIXES + 1];
    int is_full, disowned, watches;
    enum store_state state;
    struct store_record
        record; /* with digits: of a mailbox whose owner was another node; tokens 1 and 2 lead to it */
};

extern struct spy spy;
extern struct phone displayer, typist;
/* The nameplate of a mailbox that is on the other node; all others are here. */
extern const struct cr_nameplate FOREIGN;

void spy_open(void);
/* The same with room for one mailbox, and one more that is taken over. */
void spy_open_small(void);
void spy_end(void);

void deliver_from(store_node from, struct envelope envelope);
void deliver(struct envelope envelope);
void flush(void);
/* How many of that type were published since it was last asked. */
int count(enum envelope_type type);
/* What the other node says to a device here, or its device to a mailbox here. */
void say_frame(uint64_t link, struct cr_frame frame);
void hear_frame(uint64_t link, struct cr_frame frame);
/* What was published last, which must be a frame for a device there. */
struct cr_frame last_said(void);

/* A typist here whose mailbox is there; returns its link. The second one has been answered. */
uint64_t typist_sits_there(void);
uint64_t typist_is_joined_there(void);
/* The seat of a typist there in a mailbox here; and one that has it, with a displayer here that has heard all. */
struct envelope sit(struct cr_nameplate plate, uint64_t link);
struct cr_nameplate typist_is_carried(uint64_t link);

#endif
