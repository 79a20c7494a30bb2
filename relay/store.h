/* What all relays of one service know together: which mailbox a nameplate or a token leads to, and the post between nodes.
 *
 * The mailbox itself, its queues and its clock, lives on one node, its owner. A connection that reaches another node is carried to the owner
 * by publish and deliver, as the frames it says and the frames it is told. So an engine that several nodes share keeps one small
 * record with a lifetime for each mailbox, one inbox and one lease for each node. When an owner's lease is gone, the next node that asks
 * for the record becomes its owner, of an empty mailbox: devices say again what was not acknowledged.
 *
 * Answers come by callback, at once from memory or later from an engine; none comes after close. deliver, cut and lost are never called
 * from within another function of the store. */
#ifndef RELAY_STORE_H
#define RELAY_STORE_H

#include "plates.h"
#include "seat.h"

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

/* Random for each start of a relay; never STORE_EVERYBODY. */
typedef uint64_t store_node;

/* The nameplate of a mailbox that one node alone knows has so many digits; no shared one has. */
#define STORE_ALONE_DIGITS CR_NAMEPLATE_MAX_DIGITS

#define STORE_EVERYBODY 0 /* publish: all other nodes that live; cut: all of them */

enum store_result {
    STORE_FOUND,   /* there was a record already: the same request came before */
    STORE_NEW,     /* it was made, or the seat was taken, by this request */
    STORE_NOTHING, /* unknown, expired or taken: one answer */
    STORE_FULL,    /* no nameplate is free */
    STORE_AWAY,    /* the engine cannot be reached now */
};

/* One mailbox as the asking token sees it. An owner with local == NULL has the record and no mailbox: it has just taken over from a
 * node that died, or an answer got lost. It is to make one from the record and call adopt before the callback returns, or disown. */
struct store_record {
    struct cr_nameplate nameplate;
    store_node owner;
    uint32_t era; /* 1, and one more with each change of the owner */
    void *local;  /* what the owner gave to allocate or adopt; NULL on any other node */
    uint8_t seat;
    uint8_t is_joined;    /* the typist's seat has been claimed */
    uint8_t moods[SEATS]; /* what a seat has closed with; 0 while it has not */
    uint32_t age_ms;      /* since it was allocated */
    uint32_t left_ms;     /* of its life; 0 when that is over */
};

/* What monitoring wants to know of an engine; all zero for memory. */
struct store_figures {
    uint64_t round_trip_us;              /* of the last command answered */
    uint64_t waiting, waiting_bytes;     /* commands without an answer */
    uint64_t inbox_length, inbox_bytes;  /* what has not been delivered yet, as last seen */
    uint64_t holes, cuts, adopted, lost; /* since the start */
    uint64_t reconnects;
    uint64_t alone; /* mailboxes of this node alone, made since the start */
};

enum store_state { STORE_HERE, STORE_AWAY_NOW };

/* record is NULL unless the result is FOUND or NEW, and valid during the call only. */
typedef void store_answer(void *context, enum store_result result, const struct store_record *record);

/* now_ms is the relay's clock, the one of allocate and release. */
struct store_sink {
    /* A message that another node has published to this one. */
    void (*deliver)(void *context, store_node from, const uint8_t *bytes, size_t length, uint64_t now_ms);
    /* That node is dead, or a message from it is missing; STORE_EVERYBODY: the engine is away for too long. Whatever is carried to or
     * from it must end. A node that is not dead is told of it by what the user of the store publishes. */
    void (*cut)(void *context, store_node node, uint64_t now_ms);
    /* The record is another node's now. The mailbox here must end without a word to the store, and its devices come again. Not after
     * leave: all mailboxes here end soon, or have ended, without a word to the store. */
    void (*lost)(void *context, void *local, uint64_t now_ms);
    void *context;
};

struct store {
    store_node self;
    int is_shared; /* other nodes may have records: what a draining relay holds can go on elsewhere */

    /* A new mailbox whose displayer holds token, owned by this node. FOUND when the token is known, in either seat. life_ms is the life
     * of the record until note, or claim, says otherwise; an engine keeps it a little longer. */
    void (*allocate)(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                     uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context);
    /* The typist's seat, once for ever: exactly one token is ever answered NEW, on whatever node; the same one FOUND afterwards. From NEW
     * on, life_ms is left. */
    void (*claim)(struct store *store, const struct cr_nameplate *nameplate,
                  const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                  void *context);
    /* FOUND or NOTHING. Like claim and allocate it makes the asking node the owner, at once for all nodes, of a record that it finds and
     * whose owner is dead or none. */
    void (*find)(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                 void *context);

    /* The mailbox that the owner made from the record it was answered with. local must not be NULL. */
    void (*adopt)(struct store *store, const struct cr_nameplate *nameplate, void *local);
    /* This node has no such mailbox, whatever the record says: if it is the owner, nobody is, and who asks next takes over. Questions
     * on their way that would make it the owner are answered AWAY. */
    void (*disown)(struct store *store, const struct cr_nameplate *nameplate);

    /* From the owner; they change nothing if it is not, and lost follows then. note: somebody sits in the typist's seat (is_joined), and
     * so much is left of the life. closed: that seat has closed; the answer is FOUND, NOTHING or AWAY, without a record, and the
     * device is told CLOSED only then. release: forgets the record and its tokens; the nameplate rests. */
    void (*note)(struct store *store, const struct cr_nameplate *nameplate, int is_joined, uint32_t left_ms);
    void (*closed)(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                   store_answer *answer, void *context);
    void (*release)(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms);

    /* The post. From one node to another messages come in order, each once, or there is a cut. 0, or -1 when nothing was sent: too
     * much waits already, the engine is away, or that node is dead. To STORE_EVERYBODY: as far as it goes; a loss is not noticed. */
    int (*publish)(struct store *store, store_node to, const uint8_t *bytes, size_t length);
    /* Something is, or nothing any more is, carried to or from that node: its death matters from now on, or does not. */
    void (*watch)(struct store *store, store_node node, int is_on);

    /* Gives up this node's lease for good: others may take over all its records from now on. Later questions are answered AWAY. */
    void (*leave)(struct store *store);
    /* figures may be NULL. */
    enum store_state (*state)(const struct store *store, struct store_figures *figures);
    void (*close)(struct store *store);

    struct store_sink sink; /* set by who uses the store, before the first question */
};

/* The engine of a single relay. NULL when out of memory; freed by its close. draw is used for nameplates and for the tables' seed;
 * nameplates have min_digits at least. */
struct store *store_memory_new(uint64_t rest_ms, uint8_t min_digits, random_draw *draw, void *context);

#endif
