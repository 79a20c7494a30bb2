/* A bounded table of sums. */
#include "gossip.h"

#include <string.h>

static uint64_t prefix_hash(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct prefix *)entry)->network);
}

static int prefix_equal(const void *entry, const void *key)
{
    return ((const struct prefix *)entry)->network == ((const struct prefix *)key)->network;
}

void gossip_open(struct gossip *gossip, uint64_t seed)
{
    memset(gossip, 0, sizeof *gossip);
    table_init(&gossip->table, seed, prefix_hash, prefix_equal);
}

void gossip_close(struct gossip *gossip)
{
    table_wipe(&gossip->table);
}

static struct prefix *prefix_of(struct gossip *gossip, uint64_t network)
{
    const struct prefix key = {.network = network};
    struct prefix *prefix = table_find(&gossip->table, &key);

    if (prefix != NULL || gossip->count == GOSSIP_MAX)
        return prefix != NULL ? prefix : &gossip->prefixes[GOSSIP_MAX];
    prefix = &gossip->prefixes[gossip->count];
    *prefix = key;
    if (table_add(&gossip->table, prefix) != CR_OK)
        return &gossip->prefixes[GOSSIP_MAX];
    gossip->count++;
    return prefix;
}

void gossip_add(struct gossip *gossip, uint64_t network, int count)
{
    struct prefix *prefix = prefix_of(gossip, network);
    int sum = prefix->count + count;

    if (sum <= INT16_MAX && sum >= INT16_MIN)
        prefix->count = (int16_t)sum;
}

int gossip_is_empty(const struct gossip *gossip)
{
    return gossip->count == 0;
}

size_t gossip_take(struct gossip *gossip, uint8_t out[static(GOSSIP_MAX + 1) * ENVELOPE_PREFIX_BYTES])
{
    size_t length = 0;

    gossip->prefixes[GOSSIP_MAX].network = 0;
    for (size_t i = 0; i <= GOSSIP_MAX; i++) {
        struct prefix *prefix = &gossip->prefixes[i];

        if (i < gossip->count)
            table_remove(&gossip->table, prefix);
        if (prefix->count != 0) {
            prefix_write(prefix, out + length);
            length += ENVELOPE_PREFIX_BYTES;
        }
        prefix->count = 0;
    }
    gossip->count = 0;
    return length;
}
