/* The timer wheel under a made-up clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wheel.h"

#include <stdlib.h>

#define TIMERS 2000

struct alarm {
    struct timer timer;
    uint64_t due_ms;
    uint64_t fired_ms;
    int count;
};

static struct wheel *wheel;

static int set_up(void **state)
{
    (void)state;
    wheel = wheel_new(5000);
    return wheel == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    wheel_free(wheel);
    return 0;
}

static void ring(struct timer *timer, uint64_t now_ms)
{
    struct alarm *alarm = (struct alarm *)timer;

    alarm->fired_ms = now_ms;
    alarm->count++;
}

static void ring_again(struct timer *timer, uint64_t now_ms)
{
    ring(timer, now_ms);
    wheel_arm(wheel, timer, now_ms + 1000, ring_again);
}

static void a_timer_fires_once_at_its_time_and_never_before(void **state)
{
    struct alarm alarm = {0};

    (void)state;
    wheel_arm(wheel, &alarm.timer, 6050, ring);
    assert_int_equal(wheel_count(wheel), 1);
    wheel_turn(wheel, 6049);
    assert_int_equal(alarm.count, 0);
    wheel_turn(wheel, 6100);
    assert_int_equal(alarm.count, 1);
    wheel_turn(wheel, 300000);
    assert_int_equal(alarm.count, 1);
    assert_int_equal(wheel_count(wheel), 0);
}

static void a_cancelled_timer_never_fires(void **state)
{
    struct alarm alarm = {0};

    (void)state;
    wheel_cancel(wheel, &alarm.timer);
    wheel_arm(wheel, &alarm.timer, 6000, ring);
    wheel_cancel(wheel, &alarm.timer);
    wheel_cancel(wheel, &alarm.timer);
    assert_int_equal(wheel_count(wheel), 0);
    wheel_turn(wheel, 9000);
    assert_int_equal(alarm.count, 0);
}

static void a_timer_armed_again_forgets_its_earlier_time(void **state)
{
    struct alarm alarm = {0};

    (void)state;
    wheel_arm(wheel, &alarm.timer, 6000, ring);
    wheel_arm(wheel, &alarm.timer, 8000, ring);
    wheel_turn(wheel, 7000);
    assert_int_equal(alarm.count, 0);
    wheel_turn(wheel, 8000);
    assert_int_equal(alarm.count, 1);
}

static void a_timer_may_arm_itself_while_it_fires(void **state)
{
    struct alarm alarm = {0};

    (void)state;
    wheel_arm(wheel, &alarm.timer, 6000, ring_again);
    for (uint64_t now = 5000; now <= 10000; now += 100)
        wheel_turn(wheel, now);
    assert_int_equal(alarm.count, 5);
}

static struct alarm victim;

static void ring_and_cancel(struct timer *timer, uint64_t now_ms)
{
    ring(timer, now_ms);
    wheel_cancel(wheel, &victim.timer);
}

static void a_timer_due_in_the_same_turn_can_still_be_cancelled(void **state)
{
    struct alarm first = {0}, last = {0};

    (void)state;
    victim = (struct alarm){0};
    wheel_arm(wheel, &first.timer, 6000, ring_and_cancel);
    wheel_arm(wheel, &victim.timer, 6000, ring);
    wheel_arm(wheel, &last.timer, 6000, ring_and_cancel);
    wheel_turn(wheel, 6000);
    assert_int_equal(first.count + last.count, 2);
    assert_int_equal(victim.count, 0);
}

static void many_timers_over_many_rotations_are_all_on_time(void **state)
{
    static struct alarm alarms[TIMERS];

    (void)state;
    srand(1);
    for (int i = 0; i < TIMERS; i++) {
        alarms[i] = (struct alarm){.due_ms = 5000 + (uint64_t)(rand() % 400000)};
        wheel_arm(wheel, &alarms[i].timer, alarms[i].due_ms, ring);
    }
    for (uint64_t now = 5000; now <= 406000; now += 100)
        wheel_turn(wheel, now);
    for (int i = 0; i < TIMERS; i++) {
        assert_int_equal(alarms[i].count, 1);
        assert_in_range(alarms[i].fired_ms, alarms[i].due_ms, alarms[i].due_ms + 2 * WHEEL_TICK_MS);
    }
}

static void after_a_long_sleep_all_that_is_due_fires_and_nothing_else(void **state)
{
    struct alarm due[300] = {{{0}, 0, 0, 0}}, later = {0};

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        wheel_arm(wheel, &due[i].timer, 6000 + i * 1000, ring);
    wheel_arm(wheel, &later.timer, 10000000, ring);
    wheel_turn(wheel, 9000000);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(due[i].count, 1);
    assert_int_equal(later.count, 0);
    wheel_turn(wheel, 10000000);
    assert_int_equal(later.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_fires_once_at_its_time_and_never_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_timer_never_fires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_armed_again_forgets_its_earlier_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_may_arm_itself_while_it_fires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_due_in_the_same_turn_can_still_be_cancelled, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_timers_over_many_rotations_are_all_on_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(after_a_long_sleep_all_that_is_due_fires_and_nothing_else, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
