/* The bytes held for devices: the whole, the share of one address, and the reserve for small frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "budget.h"

#define BIG 60000

static struct budget budget;

static int set_up(void **state)
{
    (void)state;
    budget = (struct budget){.max = 1000000, .share = 130000};
    budget_open(&budget, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(budget.used, 0);
    assert_int_equal(budget.accounts.count, 0);
    budget_close(&budget);
    return 0;
}

static void one_address_gets_its_share_and_others_theirs(void **state)
{
    struct account *mine, *other;

    (void)state;
    mine = budget_take(&budget, 7, BIG);
    assert_ptr_equal(budget_take(&budget, 7, BIG), mine);
    assert_false(budget_fits(&budget, 7, BIG));
    assert_null(budget_take(&budget, 7, BIG));
    assert_true(budget_fits(&budget, 8, BIG));
    other = budget_take(&budget, 8, BIG);
    assert_non_null(other);
    budget_give_back(&budget, mine, BIG);
    assert_ptr_equal(budget_take(&budget, 7, BIG), mine);
    budget_give_back(&budget, mine, BIG);
    budget_give_back(&budget, mine, BIG);
    budget_give_back(&budget, other, BIG);
}

static void the_share_is_taken_to_its_last_byte(void **state)
{
    struct account *mine = budget_take(&budget, 7, 129000);

    (void)state;
    assert_null(budget_take(&budget, 7, 1001));
    assert_ptr_equal(budget_take(&budget, 7, 1000), mine);
    assert_false(budget_fits(&budget, 7, 1));
    budget_give_back(&budget, mine, 130000);
}

static void no_share_is_no_limit_but_the_whole(void **state)
{
    struct account *mine;

    (void)state;
    budget.share = 0;
    mine = budget_take(&budget, 7, 700000);
    assert_non_null(mine);
    assert_null(budget_take(&budget, 7, BIG));
    budget_give_back(&budget, mine, 700000);
}

static void the_last_quarter_is_for_small_frames(void **state)
{
    struct account *accounts[13];
    struct account *small;

    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        accounts[i] = budget_take(&budget, i, BIG);
        assert_non_null(accounts[i]);
    }
    assert_null(budget_take(&budget, 20, BIG));
    assert_false(budget_fits(&budget, 20, BUDGET_SMALL_BYTES + 30000));
    small = budget_take(&budget, 20, BUDGET_SMALL_BYTES);
    assert_non_null(small);
    for (uint64_t i = 0; i < 12; i++)
        budget_give_back(&budget, accounts[i], BIG);
    budget_give_back(&budget, small, BUDGET_SMALL_BYTES);
}

static void the_whole_is_the_end_for_small_frames_too(void **state)
{
    struct account *small;
    size_t taken = 0;

    (void)state;
    budget.share = 0;
    small = budget_take(&budget, 7, 1000);
    for (taken = 1000; taken < 1000000; taken += 1000)
        assert_ptr_equal(budget_take(&budget, 7, 1000), small);
    assert_null(budget_take(&budget, 8, 1));
    budget_give_back(&budget, small, taken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Keys of IPv4 addresses; the last eight bits are the address within its network. */
#define HERE UINT64_C(0xffff000001020300)

static void a_network_gets_its_share_and_others_theirs(void **state)
{
    struct account *one, *two, *other;

    (void)state;
    budget.network_share = 150000;
    one = budget_take(&budget, HERE + 1, BIG);
    two = budget_take(&budget, HERE + 2, BIG);
    assert_ptr_not_equal(one, two);
    assert_false(budget_fits(&budget, HERE + 3, BIG));
    assert_null(budget_take(&budget, HERE + 3, BIG));
    other = budget_take(&budget, HERE + 0x100, BIG);
    assert_non_null(other);
    budget_give_back(&budget, one, BIG);
    one = budget_take(&budget, HERE + 3, BIG);
    assert_non_null(one);
    budget_give_back(&budget, one, BIG);
    budget_give_back(&budget, two, BIG);
    budget_give_back(&budget, other, BIG);
    assert_int_equal(budget.networks.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_address_gets_its_share_and_others_theirs), TEST(the_share_is_taken_to_its_last_byte),
        TEST(no_share_is_no_limit_but_the_whole),           TEST(the_last_quarter_is_for_small_frames),
        TEST(the_whole_is_the_end_for_small_frames_too),    TEST(a_network_gets_its_share_and_others_theirs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
