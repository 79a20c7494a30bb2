/* What carry.c, carry_edge.c and carry_owner.c share. */
#ifndef RELAY_CARRY_PARTS_H
#define RELAY_CARRY_PARTS_H

#include "carry.h"
#include "envelope.h"
#include "gossip.h"

/* What a frame counts beyond its bytes where it is measured how much is on its way. */
#define CARRY_FRAME_COST LANE_LETTER_COST
/* The owner says nothing more to a device of which so much is not told yet; so the edge keeps at most this and one frame. */
#define CARRY_TELL_BYTES 65536
/* The edge lets a device say so much that the owner has not taken: all that a mailbox carries in its life, and what goes with it. */
#define CARRY_HEAR_BYTES (CR_MAILBOX_MAX_BYTES + CR_MAILBOX_MAX_BYTES / 4)
/* The other side is told after every so many bytes. */
#define CARRY_REPORT_BYTES 16384
#define CARRY_JOINS 1024
#define CARRY_TICK_MS 1000
#define CARRY_QUIET_TICKS 2
#define CARRY_SILENT_TICKS 10
#define CARRY_RESET_MS 60000

struct distant;
struct carried;

/* Another node, as long as something is carried to or from it. */
struct peer {
    struct peer *next;
    store_node node;
    struct distant *distants; /* carried there */
    struct carried *carried;  /* carried here */
    uint64_t reset_until_ms;  /* not 0: it is to be told RESET before anything else */
    uint8_t quiet_ticks;      /* since something was sent to it */
    uint8_t silent_ticks;     /* for which nothing could be */
    uint8_t is_broken;        /* something could not be sent: all that is carried ends */
};

/* At the edge, behind a visitor. */
struct distant {
    struct distant *next; /* of the same peer */
    struct distant **at;
    struct visitor *visitor;
    struct peer *peer; /* NULL after END */
    uint64_t link;
    struct lane queue; /* of what is to be told, numbered by arrival */
    uint64_t told, told_reported;
    uint64_t said, heard; /* by the device; of this the owner has taken */
    uint32_t speaking;    /* the number of the frame that was said last */
    uint8_t is_answered;
};

/* At the owner: a visitor without a wire. */
struct carried {
    struct visitor visitor; /* first */
    struct carried *next;   /* of the same peer */
    struct carried **at;
    struct carried *next_woken;
    struct carried **woken_at; /* what points to it among the woken, NULL when it is not */
    struct peer *peer;
    uint64_t link;
    uint64_t said, told;
    uint64_t heard, heard_reported;
    uint8_t is_dropped;
};

/* A JOIN that another node took, by an address of this one. */
struct join {
    uint64_t link;
    uint64_t address;
};

struct carry {
    struct timer tick; /* first */
    struct office *office;
    struct peer *peers;
    struct table distants; /* by link */
    struct table carried;  /* by node and link */
    struct carried *woken;
    uint64_t last_link;
    struct gossip gossip;
    struct join joins[CARRY_JOINS];
    size_t next_join;
    uint64_t strange;
    uint8_t frame[CR_FRAME_MAX_BYTES];
    uint8_t out[ENVELOPE_MAX_BYTES];
};

typedef void envelope_handler(struct carry *carry, store_node from, const struct envelope *envelope,
                              uint64_t now_ms);

/* carry.c: NULL when it is not known, or out of memory. */
struct peer *peer_find(const struct carry *carry, store_node node);
struct peer *peer_need(struct carry *carry, store_node node);
/* 0, or -1 when it was not sent: what it was about cannot go on. */
int peer_try(struct carry *carry, struct peer *peer, const struct envelope *envelope);
/* The same for what must not be missing: if it cannot be sent, all that is carried to and from the peer ends with the next flush. */
void peer_tell(struct carry *carry, struct peer *peer, const struct envelope *envelope);
/* An answer about a link that is not known here. */
void carry_answer(struct carry *carry, store_node node, enum envelope_type type, uint64_t link);
/* Something is to be done by and by. */
void carry_watch_clock(struct carry *carry, uint64_t now_ms);

/* carry_edge.c */
void distants_init(struct carry *carry, uint64_t seed);
void distants_cut(struct carry *carry, struct peer *peer, int is_told);
envelope_handler distant_say, distant_heard, distant_end, distant_drop, distant_refund;

/* carry_owner.c */
void carried_init(struct carry *carry, uint64_t seed);
void carried_cut(struct carry *carry, struct peer *peer);
void carried_flush(struct carry *carry, uint64_t now_ms);
envelope_handler carried_sit, carried_hear, carried_told, carried_leave;

#endif
