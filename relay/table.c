/* Open addressing with linear probing; removal moves later entries back, so that there are no tombstones. */
#include "table.h"

#include <certrelay/error.h>

#include <stdlib.h>

#define CAPACITY_MIN 64

uint64_t table_mix(uint64_t seed, uint64_t value)
{
    uint64_t x = value ^ seed;

    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x += seed << 17 | seed >> 47;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

void table_init(struct table *table, uint64_t seed, table_hash *hash, table_equal *equal)
{
    *table = (struct table){.seed = seed, .hash = hash, .equal = equal};
}

void table_wipe(struct table *table)
{
    free(table->slots);
    table->slots = NULL;
    table->capacity = 0;
    table->count = 0;
}

static size_t home_of(const struct table *table, const void *entry)
{
    return (size_t)table->hash(table->seed, entry) & (table->capacity - 1);
}

void *table_find(const struct table *table, const void *key)
{
    if (table->count == 0)
        return NULL;
    for (size_t i = home_of(table, key); table->slots[i] != NULL; i = (i + 1) & (table->capacity - 1)) {
        if (table->equal(table->slots[i], key))
            return table->slots[i];
    }
    return NULL;
}

static void slot_fill(struct table *table, void *entry)
{
    size_t i = home_of(table, entry);

    while (table->slots[i] != NULL)
        i = (i + 1) & (table->capacity - 1);
    table->slots[i] = entry;
}

static int table_resize(struct table *table, size_t capacity)
{
    void **old = table->slots;
    size_t old_capacity = table->capacity;
    void **slots = calloc(capacity, sizeof *slots);

    if (slots == NULL)
        return CR_E_MEMORY;
    table->slots = slots;
    table->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i] != NULL)
            slot_fill(table, old[i]);
    }
    free(old);
    return CR_OK;
}

int table_add(struct table *table, void *entry)
{
    size_t wanted = table->capacity == 0 ? CAPACITY_MIN : table->capacity * 2;

    if (table->count + 1 > table->capacity - table->capacity / 4 && table_resize(table, wanted) != CR_OK)
        return CR_E_MEMORY;
    slot_fill(table, entry);
    table->count++;
    return CR_OK;
}

void table_remove(struct table *table, const void *entry)
{
    size_t mask = table->capacity - 1, hole, i;

    if (table->count == 0)
        return;
    for (hole = home_of(table, entry); table->slots[hole] != entry; hole = (hole + 1) & mask) {
        if (table->slots[hole] == NULL)
            return;
    }
    for (i = (hole + 1) & mask; table->slots[i] != NULL; i = (i + 1) & mask) {
        size_t distance = (i - home_of(table, table->slots[i])) & mask;

        if (distance >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = NULL;
    table->count--;
    if (table->capacity > CAPACITY_MIN && table->count < table->capacity / 8)
        (void)table_resize(table, table->capacity / 2);
}
