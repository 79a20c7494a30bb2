/* What all relays of one service know together: which mailbox a nameplate or a token leads to, and the post between nodes.
 *
 * The mailbox itself, its queues and its clock, lives on one node, its owner: the node that allocated it. A connection that reaches another node
 * is carried to the owner by publish/deliver, as the frames it says and the frames it is told. So an engine that several nodes share keeps
 * one small record with a lifetime for each mailbox, and one inbox for each node. Answers come by callback, at once from memory
 * or later from an engine; none comes after close. */
#ifndef RELAY_STORE_H
#define RELAY_STORE_H

#include "plates.h"

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

typedef uint64_t store_node;

enum store_result {
    STORE_FOUND,   /* there was a record already: the same request came before */
    STORE_NEW,     /* it was made, or the seat was taken, by this request */
    STORE_NOTHING, /* unknown, expired or taken: one answer */
    STORE_FULL,    /* no nameplate is free */
    STORE_AWAY,    /* the engine cannot be reached now */
};

/* One mailbox as the asking token sees it. */
struct store_record {
    struct cr_nameplate nameplate;
    store_node owner;
    void *local; /* what the owner gave to allocate; NULL on any other node */
    uint8_t seat;
};

/* record is NULL unless the result is FOUND or NEW, and valid during the call only. */
typedef void store_answer(void *context, enum store_result result, const struct store_record *record);
/* A message that another node, or this one, has published to this node. */
typedef void store_deliver(void *context, store_node from, const uint8_t *bytes, size_t length);

struct store {
    store_node self;
    /* A new mailbox whose displayer holds token, owned by this node. FOUND when the token is known, in either seat. life_ms
     * bounds the record's life should its owner die. */
    void (*allocate)(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                     uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context);
    /* The typist's seat, once for ever: exactly one token is ever answered NEW, on whatever node; the same one FOUND afterwards. */
    void (*claim)(struct store *store, const struct cr_nameplate *nameplate,
                  const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer, void *context);
    /* FOUND or NOTHING. */
    void (*find)(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                 void *context);
    /* Forgets the record and its tokens; the nameplate rests. */
    void (*release)(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms);
    /* In order between two nodes, each message once, or the loss is noticed by the engine, which then drops the connections it carried. */
    void (*publish)(struct store *store, store_node to, const uint8_t *bytes, size_t length);
    void (*close)(struct store *store);
    store_deliver *deliver; /* set by who uses the store */
    void *deliver_context;
};

/* The engine of a single relay. NULL when out of memory; freed by its close. draw is used for nameplates and for the tables' seed. */
struct store *store_memory_new(uint64_t rest_ms, random_draw *draw, void *context);

#endif
