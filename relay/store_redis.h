/* The store that several relays share in a Redis or Valkey server (6.2 or newer; one server or a primary with replicas, not Redis Cluster).
 *
 * What is there, every key with a lifetime: prefix node:ID, a node's lease; nodes, the living; in:ID, its inbox; mb:DIGITS:NUMBER, a
 * mailbox's record; tk:HASH, where a token leads; plates:DIGITS, the nameplates in use or at rest. A code, a token or an address
 * of a person is never there. */
#ifndef RELAY_STORE_REDIS_H
#define RELAY_STORE_REDIS_H

#include "engine.h"
#include "store.h"

#define STORE_REDIS_PREFIX_BYTES 65

struct store_redis_rules {
    void *loop; /* the library's own */
    struct engine_place place;
    char prefix[STORE_REDIS_PREFIX_BYTES];
    uint64_t rest_ms;
    random_draw *draw;
    void *draw_context;
    /* The engine has come or come back (why is NULL), or it is away, or does not do what it is asked; as often as that is seen. */
    void (*news)(void *context, enum engine_trouble trouble, const char *why);
    void *news_context;
};

/* Everything in rules is copied but the secret, which must outlive it. NULL when out of memory. It begins when the loop turns; after close
 * the loop must turn once more. */
struct store *store_redis_new(const struct store_redis_rules *rules);

#endif
