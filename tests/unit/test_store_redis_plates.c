/* The nameplates of the shared store against a real server: how long they may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "redis_rig.h"

static struct rig rig;
static char room; /* a mailbox, as far as a store knows */

static int open_one(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_server_start(&rig);
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

/* A tenth of all nameplates of so many digits, and one more. */
static void crowd(int digits)
{
    (void)rig_say(&rig, "EVAL %s 0 %d",
                  "local d, n = ARGV[1], 10 ^ ARGV[1] / 10 for i = 0, n do "
                  "redis.call('ZADD', 'test:plates:' .. d, '9e15', string.format('%0' .. d .. 'd', i)) end "
                  "redis.call('PEXPIRE', 'test:plates:' .. d, 60000)",
                  digits);
}

static void none_is_as_long_as_those_of_a_node_alone(void **state)
{
    struct rig_node *one = rig_node(&rig);
    struct cr_nameplate plate;

    (void)state;
    for (int digits = CR_NAMEPLATE_MIN_DIGITS; digits < STORE_ALONE_DIGITS - 1; digits++)
        crowd(digits);
    plate = rig_allocate(one, 1, &room).record.nameplate;
    assert_int_equal(plate.digits, STORE_ALONE_DIGITS - 1);
    crowd(STORE_ALONE_DIGITS - 1);
    assert_int_equal(rig_allocate(one, 2, &room).result, STORE_FULL);
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(none_is_as_long_as_those_of_a_node_alone, open_one, close_one),
    };

    return rig_can() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
