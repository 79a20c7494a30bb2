/* One direction of a mailbox that was another node's: it begins where its receiver says that it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lane.h"

#include <certrelay/error.h>

#include <string.h>

static struct budget budget;
static struct lane lane;

static int set_up(void **state)
{
    (void)state;
    memset(&budget, 0, sizeof budget);
    budget.max = 1 << 20;
    budget_open(&budget, 1);
    lane_open(&lane);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lane_wipe(&lane, &budget);
    assert_int_equal(budget.used, 0);
    budget_close(&budget);
    return 0;
}

static int take(uint32_t seq)
{
    return lane_take(&lane, &budget, 1, seq, (const uint8_t *)"x", 1);
}

/* What is said from now on, from first to last. */
static void says(uint32_t first, uint32_t last)
{
    const struct letter *letter;

    lane_rewind(&lane);
    for (uint32_t seq = first; seq <= last; seq++) {
        letter = lane_say(&lane);
        assert_non_null(letter);
        assert_int_equal(letter->seq, seq);
    }
    assert_null(lane_say(&lane));
}

static void an_open_lane_takes_any_first_number_and_then_no_gap(void **state)
{
    (void)state;
    assert_int_equal(take(7), CR_OK);
    assert_int_equal(take(9), CR_E_STATE);
    assert_int_equal(take(8), CR_OK);
    assert_int_equal(take(6), CR_OK);
    says(7, 8);
}

static void a_lane_that_is_not_open_begins_with_one(void **state)
{
    (void)state;
    memset(&lane, 0, sizeof lane);
    assert_int_equal(take(2), CR_E_STATE);
    assert_int_equal(take(1), CR_OK);
}

static void a_receiver_that_has_seen_a_part_gets_the_rest(void **state)
{
    (void)state;
    assert_int_equal(take(4), CR_OK);
    assert_int_equal(take(5), CR_OK);
    assert_int_equal(take(6), CR_OK);
    assert_true(lane_settle(&lane, &budget, 4));
    assert_int_equal(lane.acked, 4);
    says(5, 6);
    assert_int_equal(take(7), CR_OK);
    assert_int_equal(lane_ack(&lane, &budget, 8), CR_E_MALFORMED);
}

static void a_receiver_that_has_seen_more_than_came_again_needs_none_of_it(void **state)
{
    (void)state;
    assert_int_equal(take(4), CR_OK);
    assert_true(lane_settle(&lane, &budget, 6));
    says(1, 0);
    assert_int_equal(take(5), CR_OK);
    assert_int_equal(take(8), CR_E_STATE);
    assert_int_equal(take(7), CR_OK);
    says(7, 7);
}

static void a_receiver_that_comes_first_says_where_it_begins(void **state)
{
    (void)state;
    assert_true(lane_settle(&lane, &budget, 3));
    assert_int_equal(take(3), CR_OK);
    assert_int_equal(take(5), CR_E_STATE);
    assert_int_equal(take(4), CR_OK);
    says(4, 4);
}

static void what_does_not_follow_on_what_was_seen_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(take(7), CR_OK);
    assert_int_equal(take(8), CR_OK);
    assert_false(lane_settle(&lane, &budget, 4));
    assert_int_equal(budget.used, 0);
    assert_int_equal(take(9), CR_E_STATE);
    assert_int_equal(take(5), CR_OK);
    says(5, 5);
}

static void no_number_runs_over(void **state)
{
    (void)state;
    assert_int_equal(take(UINT32_MAX), CR_OK);
    assert_int_equal(take(0), CR_OK);
    assert_int_equal(take(1), CR_OK);
    lane_rewind(&lane);
    assert_int_equal(lane_say(&lane)->seq, UINT32_MAX);
    assert_false(lane_settle(&lane, &budget, UINT32_MAX - 2));
    assert_true(lane.first == NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_open_lane_takes_any_first_number_and_then_no_gap),
        TEST(a_lane_that_is_not_open_begins_with_one),
        TEST(a_receiver_that_has_seen_a_part_gets_the_rest),
        TEST(a_receiver_that_has_seen_more_than_came_again_needs_none_of_it),
        TEST(a_receiver_that_comes_first_says_where_it_begins),
        TEST(what_does_not_follow_on_what_was_seen_is_dropped),
        TEST(no_number_runs_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
