/* A set-associative table of counters and token buckets. */
#include "quota.h"

#include "table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WAYS 8
#define SETS_MIN 128
#define MINUTE_MS 60000
/* Not an IPv6 source address anyone can have: ff00::/8 is multicast. */
#define IPV4_PREFIX UINT64_C(0xffff000000000000)

struct entry {
    uint64_t address;
    uint64_t stamp_ms;
    uint32_t spent[QUOTA_EVENTS]; /* in units of a minute's 60,000th: one event spends MINUTE_MS / rate */
    uint32_t connections;
    uint32_t is_used;
};

struct quota {
    struct quota_rules rules;
    uint64_t seed;
    size_t sets; /* a power of two */
    struct entry entries[];
};

struct quota *quota_new(const struct quota_rules *rules, uint32_t max_connections, uint64_t seed)
{
    size_t sets = SETS_MIN;
    struct quota *quota;

    while (sets * WAYS < (size_t)max_connections * 2)
        sets *= 2;
    quota = calloc(1, sizeof *quota + sets * WAYS * sizeof quota->entries[0]);
    if (quota == NULL)
        return NULL;
    quota->rules = *rules;
    quota->seed = seed;
    quota->sets = sets;
    return quota;
}

void quota_free(struct quota *quota)
{
    free(quota);
}

static uint64_t big_endian(const uint8_t *bytes, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint64_t quota_address(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return IPV4_PREFIX | ntohl(v4.sin_addr.s_addr);
    }
    if (address->sa_family != AF_INET6)
        return 0;
    memcpy(&v6, address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return IPV4_PREFIX | big_endian(v6.sin6_addr.s6_addr + 12, 4);
    return big_endian(v6.sin6_addr.s6_addr, 8);
}

static struct entry *set_of(struct quota *quota, uint64_t address)
{
    return &quota->entries[(table_mix(quota->seed, address) & (quota->sets - 1)) * WAYS];
}

static struct entry *entry_find(struct quota *quota, uint64_t address)
{
    struct entry *set = set_of(quota, address);

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].is_used && set[i].address == address)
            return &set[i];
    }
    return NULL;
}

/* An unused place, else the one longest without a connection; NULL when all have connections. */
static struct entry *entry_make(struct quota *quota, uint64_t address, uint64_t now_ms)
{
    struct entry *set = set_of(quota, address), *best = NULL;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].is_used && set[i].connections > 0)
            continue;
        if (best == NULL || !set[i].is_used || (best->is_used && set[i].stamp_ms < best->stamp_ms))
            best = &set[i];
    }
    if (best != NULL)
        *best = (struct entry){.address = address, .stamp_ms = now_ms, .is_used = 1};
    return best;
}

static void entry_refill(struct entry *entry, uint64_t now_ms)
{
    uint64_t passed = now_ms - entry->stamp_ms;

    for (int i = 0; i < QUOTA_EVENTS; i++)
        entry->spent[i] = passed >= entry->spent[i] ? 0 : entry->spent[i] - (uint32_t)passed;
    entry->stamp_ms = now_ms;
}

int quota_connect(struct quota *quota, uint64_t address, uint64_t now_ms)
{
    struct entry *entry = entry_find(quota, address);

    if (entry == NULL)
        entry = entry_make(quota, address, now_ms);
    if (entry == NULL)
        return 0;
    entry_refill(entry, now_ms);
    if (quota->rules.connections != 0 && entry->connections >= quota->rules.connections)
        return 0;
    entry->connections++;
    return 1;
}

void quota_disconnect(struct quota *quota, uint64_t address)
{
    struct entry *entry = entry_find(quota, address);

    if (entry != NULL && entry->connections > 0)
        entry->connections--;
}

static uint32_t price_of(uint32_t rate)
{
    return rate >= MINUTE_MS ? 1 : MINUTE_MS / rate;
}

unsigned quota_wait(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms)
{
    struct entry *entry = entry_find(quota, address);
    uint32_t rate = quota->rules.per_minute[event];
    uint32_t after;

    if (entry == NULL || rate == 0)
        return 0;
    entry_refill(entry, now_ms);
    after = entry->spent[event] + price_of(rate);
    return after <= MINUTE_MS ? 0 : (after - MINUTE_MS + 999) / 1000;
}

void quota_spend(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms)
{
    struct entry *entry = entry_find(quota, address);
    uint32_t rate = quota->rules.per_minute[event];

    if (entry == NULL || rate == 0)
        return;
    entry_refill(entry, now_ms);
    entry->spent[event] += price_of(rate);
}
