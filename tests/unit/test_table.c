/* The hash table against a plain array that knows the truth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "table.h"

#include <certrelay/error.h>

#include <stdlib.h>

#define THINGS 3000

struct thing {
    uint64_t key;
    int is_in;
};

static uint64_t spread(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct thing *)entry)->key);
}

/* The worst there can be: everything in four slots. */
static uint64_t crowd(uint64_t seed, const void *entry)
{
    (void)seed;
    return ((const struct thing *)entry)->key % 4;
}

static int same(const void *entry, const void *key)
{
    return ((const struct thing *)entry)->key == ((const struct thing *)key)->key;
}

static void check_all(const struct table *table, struct thing *things, size_t count)
{
    size_t in = 0;

    for (size_t i = 0; i < count; i++) {
        struct thing key = {things[i].key, 0};

        in += (size_t)things[i].is_in;
        assert_ptr_equal(table_find(table, &key), things[i].is_in ? &things[i] : NULL);
    }
    assert_int_equal(table->count, in);
}

static void churn(table_hash *hash, size_t count, int rounds)
{
    static struct thing things[THINGS];
    struct table table;

    srand(7);
    table_init(&table, 99, hash, same);
    for (size_t i = 0; i < count; i++)
        things[i] = (struct thing){i * 7919, 0};
    check_all(&table, things, count);
    for (int round = 0; round < rounds; round++) {
        struct thing *thing = &things[(size_t)rand() % count];

        if (thing->is_in)
            table_remove(&table, thing);
        else
            assert_int_equal(table_add(&table, thing), CR_OK);
        thing->is_in = !thing->is_in;
        if (round % (rounds / 20) == 0)
            check_all(&table, things, count);
    }
    check_all(&table, things, count);
    table_wipe(&table);
    assert_null(table_find(&table, &things[0]));
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
    (void)state;
    churn(spread, THINGS, 40000);
}

static void colliding_entries_survive_the_removal_of_others(void **state)
{
    (void)state;
    churn(crowd, 60, 4000);
}

static void it_shrinks_when_it_empties(void **state)
{
    static struct thing things[THINGS];
    struct table table;

    (void)state;
    table_init(&table, 1, spread, same);
    for (size_t i = 0; i < THINGS; i++) {
        things[i] = (struct thing){i, 1};
        table_add(&table, &things[i]);
    }
    assert_in_range(table.capacity, THINGS, THINGS * 4);
    for (size_t i = 0; i < THINGS; i++)
        table_remove(&table, &things[i]);
    assert_in_range(table.capacity, 1, 128);
    table_wipe(&table);
}

static void the_seed_decides_who_shares_a_slot(void **state)
{
    int same_slot = 0;

    (void)state;
    for (uint64_t key = 0; key < 4096; key++)
        same_slot += (table_mix(1, key) & 4095) == (table_mix(2, key) & 4095);
    assert_in_range(same_slot, 0, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
        cmocka_unit_test(colliding_entries_survive_the_removal_of_others),
        cmocka_unit_test(it_shrinks_when_it_empties),
        cmocka_unit_test(the_seed_decides_who_shares_a_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
