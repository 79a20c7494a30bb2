/* What the office counts while phones come, talk and leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

static void a_pair_is_counted_from_its_opening_to_its_end(void **state)
{
    const struct office_rules rules = desk_rules();
    struct phone displayer, typist;

    (void)state;
    desk_open(&rules, NULL, NULL);
    (void)phone_allocates(&displayer, 9);
    assert_int_equal(desk.metrics.waiting_now, 1);
    say_close(&displayer, CR_MOOD_CANCELLED);
    phone_catch_up(&displayer);
    phone_is_shown_out(&displayer);
    assert_int_equal(desk.metrics.waiting_now, 0);
    assert_int_equal(desk.metrics.outcomes[CR_MOOD_CANCELLED][0], 1);
    (void)desk_pair(&displayer, &typist);
    assert_int_equal(desk.metrics.joined_now, 1);
    desk_stay(20000, &displayer, &typist);
    say_close(&typist, CR_MOOD_DONE);
    say_close(&displayer, CR_MOOD_DONE);
    assert_int_equal(desk.metrics.joined_now, 0);
    assert_int_equal(desk.metrics.outcomes[CR_MOOD_DONE][1], 1);
    assert_int_equal(desk.metrics.lived.sum_ms, 20000);
    assert_int_equal(desk.metrics.opened, 2);
    assert_int_equal(desk.metrics.joined, 1);
    phone_catch_up(&displayer);
    phone_catch_up(&typist);
    phone_cut(&displayer);
    phone_cut(&typist);
    desk_close();
}

static void the_wait_is_from_the_opening_to_the_second_device(void **state)
{
    const struct office_rules rules = desk_rules();
    struct phone displayer, typist, late;
    struct cr_nameplate plate;

    (void)state;
    desk_open(&rules, NULL, NULL);
    plate = phone_allocates(&displayer, 1);
    desk_stay(45000, &displayer, NULL);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    assert_int_equal(desk.metrics.waited.sum_ms, 45000);
    phone_cut(&typist);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    phone_connect(&late, 3);
    say_join(&late, 3, plate, "hello");
    (void)phone_hears(&late, CR_FRAME_REFUSED);
    assert_int_equal(desk.metrics.joined, 1);
    phone_cut(&late);
    phone_cut(&typist);
    phone_cut(&displayer);
    desk_close();
}

static void who_comes_back_is_counted_only_when_the_seat_is_given(void **state)
{
    const struct office_rules rules = desk_rules();
    struct phone displayer, typist, other;

    (void)state;
    desk_open(&rules, NULL, NULL);
    (void)desk_pair(&displayer, &typist);
    phone_cut(&typist);
    phone_connect(&typist, 2);
    say_resume(&typist, 2, 0);
    assert_int_equal(desk.metrics.resumed, 1);
    phone_connect(&other, 3);
    say_resume(&other, 77, 0);
    phone_cut(&other);
    phone_connect(&other, 3);
    say_resume(&other, 2, 4711);
    assert_int_equal(desk.metrics.resumed, 1);
    phone_cut(&other);
    phone_cut(&typist);
    phone_cut(&displayer);
    desk_close();
}

static void frames_and_payload_are_counted_both_ways(void **state)
{
    const struct office_rules rules = desk_rules();
    struct phone displayer, typist;
    uint64_t in, out;

    (void)state;
    desk_open(&rules, NULL, NULL);
    (void)desk_pair(&displayer, &typist);
    assert_int_equal(desk.metrics.frames[METRICS_IN], 2);
    assert_int_equal(desk.metrics.bytes[METRICS_IN], 5);
    assert_int_equal(desk.metrics.bytes[METRICS_OUT], 5);
    in = desk.metrics.frames[METRICS_IN];
    out = desk.metrics.frames[METRICS_OUT];
    say_send(&typist, 2, "0123456789");
    assert_int_equal(desk.metrics.frames[METRICS_IN], in + 1);
    assert_int_equal(desk.metrics.frames[METRICS_OUT], out);
    (void)phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_int_equal(desk.metrics.frames[METRICS_OUT], out + 1);
    assert_int_equal(desk.metrics.bytes[METRICS_IN], 15);
    assert_int_equal(desk.metrics.bytes[METRICS_OUT], 15);
    office_hear(&typist.visitor, (const uint8_t *)"\xff", 1, desk.now_ms);
    assert_int_equal(desk.metrics.frames[METRICS_IN], in + 1);
    phone_cut(&typist);
    phone_cut(&displayer);
    desk_close();
}

static void a_limit_is_counted_when_somebody_is_refused_by_it(void **state)
{
    const struct office_rules rules = desk_rules();
    const struct quota_rules limits = {.address = {.per_minute = {[TALLY_ALLOCATION] = 1}}};
    struct phone first, again, other;

    (void)state;
    desk_open(&rules, &limits, NULL);
    (void)phone_allocates(&first, 1);
    assert_int_equal(quota_hits(desk.quota, QUOTA_ADDRESS, TALLY_ALLOCATION), 0);
    phone_connect(&again, 1);
    say_allocate(&again, 1);
    assert_int_equal(quota_hits(desk.quota, QUOTA_ADDRESS, TALLY_ALLOCATION), 0);
    phone_connect(&other, 1);
    say_allocate(&other, 2);
    (void)phone_hears(&other, CR_FRAME_REFUSED);
    assert_int_equal(quota_hits(desk.quota, QUOTA_ADDRESS, TALLY_ALLOCATION), 1);
    assert_int_equal(quota_hits(desk.quota, QUOTA_NETWORK, TALLY_ALLOCATION), 0);
    assert_int_equal(quota_hits(desk.quota, QUOTA_ADDRESS, TALLY_FAILED_JOIN), 0);
    phone_cut(&other);
    phone_cut(&again);
    phone_cut(&first);
    desk_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_counted_from_its_opening_to_its_end),
        cmocka_unit_test(the_wait_is_from_the_opening_to_the_second_device),
        cmocka_unit_test(who_comes_back_is_counted_only_when_the_seat_is_given),
        cmocka_unit_test(frames_and_payload_are_counted_both_ways),
        cmocka_unit_test(a_limit_is_counted_when_somebody_is_refused_by_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
