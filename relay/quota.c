/* Three tallies, asked one after the other. */
#include "quota.h"

#include <stdlib.h>
#include <string.h>

/* Not an IPv6 source address anyone can have: ff00::/8 is multicast. */
#define IPV4_PREFIX UINT64_C(0xffff000000000000)

struct quota {
    struct tally *tallies[QUOTA_LEVELS];
    uint64_t hits[QUOTA_LEVELS][TALLY_EVENTS];
};

struct quota *quota_new(const struct quota_rules *rules, uint32_t max_connections, uint64_t seed)
{
    const struct tally_rules *each[QUOTA_LEVELS] = {&rules->address, &rules->network, &rules->all};
    struct quota *quota = calloc(1, sizeof *quota);

    if (quota == NULL)
        return NULL;
    for (int i = 0; i < QUOTA_LEVELS; i++) {
        quota->tallies[i] = tally_new(each[i], max_connections, seed);
        if (quota->tallies[i] != NULL)
            continue;
        quota_free(quota);
        return NULL;
    }
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota == NULL)
        return;
    for (int i = 0; i < QUOTA_LEVELS; i++)
        tally_free(quota->tallies[i]);
    free(quota);
}

static uint64_t big_endian(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint64_t quota_key(const struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (memcmp(address->bytes, mapped, sizeof mapped) == 0)
        return IPV4_PREFIX | big_endian(address->bytes + 12, 4);
    return big_endian(address->bytes, 8);
}

uint64_t quota_network(uint64_t address)
{
    int is_v4 = (address & IPV4_PREFIX) == IPV4_PREFIX;

    return address & ~UINT64_C(0) << (is_v4 ? 8 : 16);
}

static uint64_t key_of(enum quota_level level, uint64_t address)
{
    return level == QUOTA_ADDRESS ? address : level == QUOTA_NETWORK ? quota_network(address) : 0;
}

const char *quota_connect(struct quota *quota, uint64_t address, uint64_t now_ms)
{
    static const char *const words[QUOTA_LEVELS] = {"address-connections", "network-connections",
                                                    "all-connections"};
    int level = 0;

    for (; level < QUOTA_LEVELS; level++) {
        struct tally *tally = quota->tallies[level];
        uint64_t key = key_of((enum quota_level)level, address);

        if (!tally_connect(tally, key, now_ms))
            break;
        if (tally_wait(tally, key, TALLY_CONNECTION, 1, now_ms) == 0)
            continue;
        tally_disconnect(tally, key);
        break;
    }
    if (level == QUOTA_LEVELS) {
        quota_spend(quota, address, TALLY_CONNECTION, 1, now_ms);
        return NULL;
    }
    quota->hits[level][TALLY_CONNECTION]++;
    for (int i = 0; i < level; i++)
        tally_disconnect(quota->tallies[i], key_of((enum quota_level)i, address));
    return words[level];
}

void quota_disconnect(struct quota *quota, uint64_t address)
{
    for (int i = 0; i < QUOTA_LEVELS; i++)
        tally_disconnect(quota->tallies[i], key_of((enum quota_level)i, address));
}

unsigned quota_wait_of(struct quota *quota, enum quota_level level, uint64_t address, enum tally_event event,
                       uint32_t count, uint64_t now_ms)
{
    return tally_wait(quota->tallies[level], key_of(level, address), event, count, now_ms);
}

unsigned quota_wait(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                    uint64_t now_ms)
{
    unsigned longest = 0;

    for (int i = 0; i < QUOTA_LEVELS; i++) {
        unsigned wait = quota_wait_of(quota, (enum quota_level)i, address, event, count, now_ms);

        longest = wait > longest ? wait : longest;
    }
    return longest;
}

void quota_spend_of(struct quota *quota, enum quota_level level, uint64_t address, enum tally_event event,
                    uint32_t count, uint64_t now_ms)
{
    tally_spend(quota->tallies[level], key_of(level, address), event, count, now_ms);
}

void quota_spend(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                 uint64_t now_ms)
{
    for (int i = 0; i < QUOTA_LEVELS; i++)
        quota_spend_of(quota, (enum quota_level)i, address, event, count, now_ms);
}

void quota_refund(struct quota *quota, uint64_t address, enum tally_event event, uint64_t now_ms)
{
    for (int i = 0; i < QUOTA_LEVELS; i++)
        tally_refund(quota->tallies[i], key_of((enum quota_level)i, address), event, now_ms);
}

void quota_hear(struct quota *quota, uint64_t network, enum tally_event event, int count, uint64_t now_ms)
{
    tally_hear(quota->tallies[QUOTA_NETWORK], network, event, count, now_ms);
    tally_hear(quota->tallies[QUOTA_ALL], 0, event, count, now_ms);
}

void quota_count_hit(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                     uint64_t now_ms)
{
    for (int i = 0; i < QUOTA_LEVELS; i++) {
        uint64_t key = key_of((enum quota_level)i, address);

        if (tally_wait(quota->tallies[i], key, event, count, now_ms) > 0)
            quota->hits[i][event]++;
    }
}

uint64_t quota_hits(const struct quota *quota, enum quota_level level, enum tally_event event)
{
    return quota->hits[level][event];
}
