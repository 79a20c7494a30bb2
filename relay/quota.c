/* A table of counters and token buckets, and a row of those addresses that left with something spent. */
#include "quota.h"

#include "table.h"

#include <certrelay/error.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MINUTE_MS 60000
/* Not an IPv6 source address anyone can have: ff00::/8 is multicast. */
#define IPV4_PREFIX UINT64_C(0xffff000000000000)

struct entry {
    uint64_t address;
    uint64_t stamp_ms;
    uint32_t spent[QUOTA_EVENTS]; /* in units of a minute's 60,000th: one event spends MINUTE_MS / rate */
    uint32_t connections;
    struct entry *next; /* in the row, and what points to it there; link is NULL while it is connected */
    struct entry **link;
};

struct quota {
    struct quota_rules rules;
    struct table table;
    struct entry *first; /* of the row: who left first */
    struct entry **last;
    size_t left, left_max;
};

static uint64_t entry_hash(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct entry *)entry)->address);
}

static int entry_equal(const void *entry, const void *key)
{
    return ((const struct entry *)entry)->address == ((const struct entry *)key)->address;
}

struct quota *quota_new(const struct quota_rules *rules, uint32_t max_connections, uint64_t seed)
{
    struct quota *quota = calloc(1, sizeof *quota);

    if (quota == NULL)
        return NULL;
    quota->rules = *rules;
    quota->last = &quota->first;
    quota->left_max = (size_t)max_connections * 2;
    table_init(&quota->table, seed, entry_hash, entry_equal);
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota == NULL)
        return;
    for (size_t i = 0; i < quota->table.capacity; i++)
        free(quota->table.slots[i]);
    table_wipe(&quota->table);
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

static struct entry *entry_find(const struct quota *quota, uint64_t address)
{
    const struct entry key = {.address = address};

    return table_find(&quota->table, &key);
}

static struct entry *entry_make(struct quota *quota, uint64_t address, uint64_t now_ms)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        return NULL;
    entry->address = address;
    entry->stamp_ms = now_ms;
    if (table_add(&quota->table, entry) != CR_OK) {
        free(entry);
        return NULL;
    }
    return entry;
}

static void row_append(struct quota *quota, struct entry *entry)
{
    entry->next = NULL;
    entry->link = quota->last;
    *quota->last = entry;
    quota->last = &entry->next;
    quota->left++;
}

static void row_remove(struct quota *quota, struct entry *entry)
{
    if (entry->link == NULL)
        return;
    *entry->link = entry->next;
    if (entry->next != NULL)
        entry->next->link = entry->link;
    else
        quota->last = entry->link;
    entry->link = NULL;
    quota->left--;
}

static void entry_forget(struct quota *quota, struct entry *entry)
{
    row_remove(quota, entry);
    table_remove(&quota->table, entry);
    free(entry);
}

static void entry_refill(struct entry *entry, uint64_t now_ms)
{
    uint64_t passed = now_ms - entry->stamp_ms;

    for (int i = 0; i < QUOTA_EVENTS; i++)
        entry->spent[i] = passed >= entry->spent[i] ? 0 : entry->spent[i] - (uint32_t)passed;
    entry->stamp_ms = now_ms;
}

static int has_spent(const struct entry *entry)
{
    for (int i = 0; i < QUOTA_EVENTS; i++) {
        if (entry->spent[i] > 0)
            return 1;
    }
    return 0;
}

static void row_tidy(struct quota *quota, uint64_t now_ms)
{
    while (quota->first != NULL) {
        entry_refill(quota->first, now_ms);
        if (has_spent(quota->first))
            return;
        entry_forget(quota, quota->first);
    }
}

int quota_connect(struct quota *quota, uint64_t address, uint64_t now_ms)
{
    struct entry *entry;

    row_tidy(quota, now_ms);
    entry = entry_find(quota, address);
    if (entry == NULL)
        entry = entry_make(quota, address, now_ms);
    if (entry == NULL)
        return 0;
    entry_refill(entry, now_ms);
    if (quota->rules.connections != 0 && entry->connections >= quota->rules.connections)
        return 0;
    row_remove(quota, entry);
    entry->connections++;
    return 1;
}

void quota_disconnect(struct quota *quota, uint64_t address)
{
    struct entry *entry = entry_find(quota, address);

    if (entry == NULL || entry->connections == 0 || --entry->connections > 0)
        return;
    if (!has_spent(entry)) {
        entry_forget(quota, entry);
        return;
    }
    row_append(quota, entry);
    if (quota->left > quota->left_max)
        entry_forget(quota, quota->first);
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

void quota_refund(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms)
{
    struct entry *entry = entry_find(quota, address);
    uint32_t rate = quota->rules.per_minute[event];
    uint32_t price;

    if (entry == NULL || rate == 0)
        return;
    entry_refill(entry, now_ms);
    price = price_of(rate);
    entry->spent[event] = entry->spent[event] > price ? entry->spent[event] - price : 0;
}
