/* How many joins have failed here by network, until the other nodes are told. */
#ifndef RELAY_GOSSIP_H
#define RELAY_GOSSIP_H

#include "envelope.h"
#include "table.h"

#define GOSSIP_MAX 512

struct gossip {
    struct table table;
    struct prefix prefixes[GOSSIP_MAX + 1]; /* the last: what found no place, for all networks */
    size_t count;
};

void gossip_open(struct gossip *gossip, uint64_t seed);
void gossip_close(struct gossip *gossip);
/* One more, or (-1) one fewer. */
void gossip_add(struct gossip *gossip, uint64_t network, int count);
int gossip_is_empty(const struct gossip *gossip);
/* Writes the payload of PREFIXES, forgets all, and returns its length. */
size_t gossip_take(struct gossip *gossip, uint8_t out[static(GOSSIP_MAX + 1) * ENVELOPE_PREFIX_BYTES]);

#endif
