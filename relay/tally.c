/* A table of counters and token buckets, and a row of those keys that left with something spent. */
#include "tally.h"

#include "table.h"

#include <certrelay/error.h>

#include <stdlib.h>

/* Prices are parts of a minute: with so many events a minute, one costs the rate's share of it. */
#define MINUTE_US UINT64_C(60000000)

struct entry {
    uint64_t key;
    uint64_t stamp_ms;
    uint64_t spent[TALLY_EVENTS]; /* in microseconds: what has happened is made good in so much time */
    uint32_t connections;
    struct entry *next; /* in the row, and what points to it there; link is NULL while it is connected */
    struct entry **link;
};

struct tally {
    struct tally_rules rules;
    struct table table;
    struct entry *first; /* of the row: who left first */
    struct entry **last;
    size_t left, left_max;
};

static uint64_t entry_hash(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct entry *)entry)->key);
}

static int entry_equal(const void *entry, const void *key)
{
    return ((const struct entry *)entry)->key == ((const struct entry *)key)->key;
}

struct tally *tally_new(const struct tally_rules *rules, uint32_t max_connections, uint64_t seed)
{
    struct tally *tally = calloc(1, sizeof *tally);

    if (tally == NULL)
        return NULL;
    tally->rules = *rules;
    tally->last = &tally->first;
    tally->left_max = (size_t)max_connections * 2;
    table_init(&tally->table, seed, entry_hash, entry_equal);
    return tally;
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    for (size_t i = 0; i < tally->table.capacity; i++)
        free(tally->table.slots[i]);
    table_wipe(&tally->table);
    free(tally);
}

static struct entry *entry_find(const struct tally *tally, uint64_t key)
{
    const struct entry sought = {.key = key};

    return table_find(&tally->table, &sought);
}

static struct entry *entry_make(struct tally *tally, uint64_t key, uint64_t now_ms)
{
    struct entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        return NULL;
    entry->key = key;
    entry->stamp_ms = now_ms;
    if (table_add(&tally->table, entry) != CR_OK) {
        free(entry);
        return NULL;
    }
    return entry;
}

static void row_append(struct tally *tally, struct entry *entry)
{
    entry->next = NULL;
    entry->link = tally->last;
    *tally->last = entry;
    tally->last = &entry->next;
    tally->left++;
}

static void row_remove(struct tally *tally, struct entry *entry)
{
    if (entry->link == NULL)
        return;
    *entry->link = entry->next;
    if (entry->next != NULL)
        entry->next->link = entry->link;
    else
        tally->last = entry->link;
    entry->link = NULL;
    tally->left--;
}

static void entry_forget(struct tally *tally, struct entry *entry)
{
    row_remove(tally, entry);
    table_remove(&tally->table, entry);
    free(entry);
}

static void entry_refill(struct entry *entry, uint64_t now_ms)
{
    uint64_t passed_us;

    if (now_ms <= entry->stamp_ms) /* asked before, and answered only now */
        return;
    passed_us = (now_ms - entry->stamp_ms) * 1000;
    for (int i = 0; i < TALLY_EVENTS; i++)
        entry->spent[i] = passed_us >= entry->spent[i] ? 0 : entry->spent[i] - passed_us;
    entry->stamp_ms = now_ms;
}

static int has_spent(const struct entry *entry)
{
    for (int i = 0; i < TALLY_EVENTS; i++) {
        if (entry->spent[i] > 0)
            return 1;
    }
    return 0;
}

static void row_tidy(struct tally *tally, uint64_t now_ms)
{
    while (tally->first != NULL) {
        entry_refill(tally->first, now_ms);
        if (has_spent(tally->first))
            return;
        entry_forget(tally, tally->first);
    }
}

int tally_connect(struct tally *tally, uint64_t key, uint64_t now_ms)
{
    struct entry *entry;

    row_tidy(tally, now_ms);
    entry = entry_find(tally, key);
    if (entry == NULL)
        entry = entry_make(tally, key, now_ms);
    if (entry == NULL)
        return 0;
    entry_refill(entry, now_ms);
    if (tally->rules.connections != 0 && entry->connections >= tally->rules.connections)
        return 0;
    row_remove(tally, entry);
    entry->connections++;
    return 1;
}

void tally_disconnect(struct tally *tally, uint64_t key)
{
    struct entry *entry = entry_find(tally, key);

    if (entry == NULL || entry->connections == 0 || --entry->connections > 0)
        return;
    if (!has_spent(entry)) {
        entry_forget(tally, entry);
        return;
    }
    row_append(tally, entry);
    if (tally->left > tally->left_max)
        entry_forget(tally, tally->first);
}

/* Rounded down, so that a whole minute's worth fits. */
static uint64_t price_of(uint32_t rate, uint32_t count)
{
    return MINUTE_US * count / rate;
}

unsigned tally_wait(struct tally *tally, uint64_t key, enum tally_event event, uint32_t count,
                    uint64_t now_ms)
{
    struct entry *entry = entry_find(tally, key);
    uint32_t rate = tally->rules.per_minute[event];
    uint64_t after;

    if (entry == NULL || rate == 0)
        return 0;
    entry_refill(entry, now_ms);
    after = entry->spent[event] + price_of(rate, count);
    return after <= MINUTE_US || entry->spent[event] == 0
               ? 0
               : (unsigned)((after - MINUTE_US + 999999) / 1000000);
}

void tally_spend(struct tally *tally, uint64_t key, enum tally_event event, uint32_t count, uint64_t now_ms)
{
    struct entry *entry = entry_find(tally, key);
    uint32_t rate = tally->rules.per_minute[event];

    if (entry == NULL || rate == 0)
        return;
    entry_refill(entry, now_ms);
    if (entry->spent[event] < TALLY_DEBT_MINUTES * MINUTE_US)
        entry->spent[event] += price_of(rate, count);
}

void tally_refund(struct tally *tally, uint64_t key, enum tally_event event, uint64_t now_ms)
{
    struct entry *entry = entry_find(tally, key);
    uint32_t rate = tally->rules.per_minute[event];
    uint64_t price;

    if (entry == NULL || rate == 0)
        return;
    entry_refill(entry, now_ms);
    price = price_of(rate, 1);
    entry->spent[event] = entry->spent[event] > price ? entry->spent[event] - price : 0;
}

/* What was spent elsewhere is remembered here as if the key had left. */
void tally_hear(struct tally *tally, uint64_t key, enum tally_event event, int count, uint64_t now_ms)
{
    struct entry *entry = entry_find(tally, key);

    if (tally->rules.per_minute[event] == 0)
        return;
    if (entry == NULL && count > 0) {
        row_tidy(tally, now_ms);
        entry = entry_make(tally, key, now_ms);
        if (entry != NULL)
            row_append(tally, entry);
    }
    for (; count < 0; count++)
        tally_refund(tally, key, event, now_ms);
    if (count > 0)
        tally_spend(tally, key, event, (uint32_t)count, now_ms);
    if (tally->left > tally->left_max)
        entry_forget(tally, tally->first);
}
