/* Complaints: the first at once, then once a minute with their number, and whether one address is behind most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "murmur.h"

static void the_first_is_told_at_once_and_then_once_a_minute(void **state)
{
    struct murmur murmur = {0};
    struct murmur_sum sum;

    (void)state;
    assert_true(murmur_hear(&murmur, 7, 0, &sum));
    assert_int_equal(sum.count, 1);
    for (uint64_t now_ms = 1; now_ms < 60001; now_ms += 1000)
        assert_false(murmur_hear(&murmur, 7, now_ms, &sum));
    assert_true(murmur_hear(&murmur, 7, 60001, &sum));
    assert_int_equal(sum.count, 61);
    assert_false(murmur_hear(&murmur, 7, 60002, &sum));
}

/* Whether one address is told to be behind so many of its own and so many of others. */
static int is_one(int own, int others)
{
    struct murmur murmur = {0};
    struct murmur_sum sum;

    assert_true(murmur_hear(&murmur, 1, 1, &sum));
    for (int i = 0; i < own + others; i++)
        assert_false(murmur_hear(&murmur, i < others ? (uint64_t)(100 + i) : 7, 2, &sum));
    assert_true(murmur_hear(&murmur, 7, 100000, &sum));
    return sum.is_one_address;
}

static void one_address_is_told_of_when_most_came_from_it_and_not_else(void **state)
{
    (void)state;
    assert_true(is_one(50, 0));
    assert_true(is_one(95, 5));
    assert_false(is_one(5, 0));
    assert_false(is_one(0, 100));
    assert_false(is_one(40, 60));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_told_at_once_and_then_once_a_minute),
        cmocka_unit_test(one_address_is_told_of_when_most_came_from_it_and_not_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
