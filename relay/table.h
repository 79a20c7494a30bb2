/* A hash table of pointers that grows with use and shrinks again; the key is inside what they point to. */
#ifndef RELAY_TABLE_H
#define RELAY_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Mixes a number with a secret seed, so that who chooses the number does not choose the slot. It spreads; it does not authenticate. */
uint64_t table_mix(uint64_t seed, uint64_t value);

typedef uint64_t table_hash(uint64_t seed, const void *entry);
typedef int table_equal(const void *entry, const void *key);

struct table {
    void **slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
    table_hash *hash;
    table_equal *equal;
};

void table_init(struct table *table, uint64_t seed, table_hash *hash, table_equal *equal);
/* Frees the slots, not what they point to. */
void table_wipe(struct table *table);

/* The entry equal to key (which is hashed like an entry), or NULL. */
void *table_find(const struct table *table, const void *key);
/* CR_OK or CR_E_MEMORY. The entry must not be in it yet. */
int table_add(struct table *table, void *entry);
void table_remove(struct table *table, const void *entry);

#endif
