/* The shared store from the inside. Private to store_redis.c and redis_*.c. */
#ifndef RELAY_REDIS_PARTS_H
#define RELAY_REDIS_PARTS_H

#include "engine.h"
#include "scripts.h"
#include "sha256.h"
#include "store_redis.h"
#include "table.h"

#define HEX_BYTES (2 * SHA256_BYTES + 1)
#define NODE_BYTES 17 /* its id as text */
#define NAME_BYTES 16 /* a nameplate as text */
#define NUMBER_BYTES 24
#define ENTRY_BYTES 48 /* an entry's id in a stream */

#define LEASE_MS 3000
#define INBOX_MS 60000
#define EARLY_TICKS (2000 / CABLE_TICK_MS)
#define DOUBT_MS 6000 /* a node that is alive has come back to the engine by then */
#define BEAT_TICKS (1000 / CABLE_TICK_MS)

/* What this node has to do with a record. */
enum kept_state {
    KEPT_OWNED,
    KEPT_RELEASED, /* and the engine is yet to hear it, as below */
    KEPT_DISOWNED,
};

/* A record that this node owns, as the engine would have to be told of it. */
struct kept {
    struct cr_nameplate nameplate;
    enum kept_state state;
    void *local;
    char hashes[2][HEX_BYTES]; /* of the tokens; "": not known */
    uint32_t era;
    uint64_t born_ms, end_ms; /* by redis_now */
    uint8_t is_joined;
    uint8_t moods[SEATS];
    uint8_t is_unsure; /* the engine may not know all of this, or nothing */
    uint64_t version;  /* changes with what it says */
    struct kept *next; /* of those that are unsure */
    struct kept **link;
};

/* Another node, and the post with it. */
struct peer {
    store_node node;
    uint64_t told;  /* the number of the newest message to it: a round, and a count from 1 within */
    uint64_t heard; /* of the newest from it */
    uint8_t is_watched;
    uint8_t is_cut; /* the next message from it begins anew */
    uint8_t is_living;
};

struct early;

struct redis {
    struct store store; /* first: the public face */
    struct store_redis_rules rules;
    char self[NODE_BYTES];
    struct engine *commands, *reader;
    struct table kept; /* by nameplate */
    struct kept *unsure;
    struct early *early; /* questions from before the first connection */
    size_t early_count;
    int is_begun; /* there was one, or it failed */
    int is_restoring;
    size_t restores_left; /* until the next beat */
    struct table peers;
    uint32_t rounds;             /* of the post; counts them */
    char read[ENTRY_BYTES];      /* the newest entry that was read of the inbox */
    char read_then[ENTRY_BYTES]; /* when the beat on its way was asked */
    int is_reading;
    unsigned ticks;
    uint64_t beaten_ms; /* the last beat that was answered well; 0: none */
    uint64_t asked_ms;  /* the beat on its way; 0: none is */
    uint64_t doubt_ms;  /* until then the engine may have forgotten what other nodes have not told it again */
    int is_beating, has_lease, is_full, is_cut_off, is_leaving, is_closing;
    uint64_t delivered, delivered_bytes;
    struct store_figures figures;
};

/* Words for a script: the prefix and this node first. */
struct words {
    struct engine_word list[ENGINE_WORDS_MAX];
    size_t count;
    char numbers[ENGINE_WORDS_MAX / 2][NUMBER_BYTES];
    size_t number_count;
};

/* store_redis.c */
struct redis *redis_of(struct store *store);
uint64_t redis_now(const struct redis *redis);
/* What the engine says instead of an answer, for the log. */
void redis_complain(struct redis *redis, const struct engine_reply *reply);

/* redis_words.c: bytes that are added are borrowed until words_run. */
void words_begin(struct words *words, const struct redis *redis);
void words_add(struct words *words, const void *bytes, size_t length);
void words_text(struct words *words, const char *text);
void words_number(struct words *words, uint64_t number);
/* 0, or -1 when it was not asked. */
int words_run(struct words *words, struct redis *redis, enum script script, engine_answer *answer,
              void *context);
void name_write(const struct cr_nameplate *nameplate, char name[static NAME_BYTES]);
/* 0, or -1 when it is no such thing. */
int name_read(const char *name, struct cr_nameplate *nameplate);
void node_write(store_node node, char text[static NODE_BYTES]);
/* STORE_EVERYBODY when it is no such thing. */
store_node node_read(const char *text);

/* redis_early.c: 0 when the question is asked later, or -1. */
int early_hold(struct redis *redis, enum script script, const struct words *words, engine_answer *answer,
               void *context);
/* Asks them all now; those that cannot be asked have no answer. */
void early_end(struct redis *redis);

/* redis_kept.c: the records that this node owns. */
void kept_init(struct redis *redis, uint64_t seed);
void kept_wipe(struct redis *redis);
struct kept *kept_find(const struct redis *redis, const struct cr_nameplate *nameplate);
/* Takes kept, which may be NULL, and returns it, or the one that was there, or NULL without memory; then kept is freed. */
struct kept *kept_add(struct redis *redis, struct kept *kept);
void kept_remove(struct redis *redis, struct kept *kept);
/* The typist's hash, as the engine says it. */
void kept_learn(struct kept *kept, const char *hash);
/* The record is another node's. */
void kept_lose(struct redis *redis, struct kept *kept);
/* The engine is to be told of it again. */
void kept_doubt(struct redis *redis, struct kept *kept);
void kept_doubt_all(struct redis *redis);
/* Tells the engine of what is unsure, some at a time. */
void kept_restore(struct redis *redis);
void kept_note(struct store *store, const struct cr_nameplate *nameplate, int is_joined, uint32_t left_ms);
void kept_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                 store_answer *answer, void *context);
void kept_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms);
void kept_disown(struct store *store, const struct cr_nameplate *nameplate);
void kept_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local);

/* redis_post.c: what goes to other nodes and comes from them. */
void post_init(struct redis *redis, uint64_t seed);
void post_wipe(struct redis *redis);
int post_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length);
void post_watch(struct store *store, store_node node, int is_on);
/* Asks for more of the inbox, unless that is on its way. */
void post_read(struct redis *redis);
/* The nodes that a beat asks about, as words. */
void post_name_watched(struct redis *redis, struct words *words);
void post_living(struct redis *redis, const struct engine_reply *nodes);
void post_dead(struct redis *redis, const struct engine_reply *nodes);
void post_cut_all(struct redis *redis);
/* The newest entry that ever was in the inbox is that one: an engine that has forgotten counts from the beginning. */
void post_check(struct redis *redis, const char *newest);
/* The entry after the newest that was read. */
void post_next(const struct redis *redis, char entry[static ENTRY_BYTES]);

/* redis_lease.c: this node lives, as others see it. */
void lease_tick(struct redis *redis);
void lease_beat(struct redis *redis);
void lease_leave(struct store *store);
int lease_is_good(const struct redis *redis);

#endif
