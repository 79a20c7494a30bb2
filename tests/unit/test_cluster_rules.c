/* What holds for all nodes together: one joiner, one life, one end, and a way out for those who drain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "town.h"

static int is_decided(void)
{
    for (int i = 1; i < TOWN_DEVICES; i++) {
        if (!town.devices[i].is_seated && !town.devices[i].is_refused)
            return 0;
    }
    return 1;
}

/* All that are left join the displayer's mailbox, each at some node; returns how many got the seat. */
static int join_all(struct cr_nameplate nameplate)
{
    int seated = 0;

    for (int i = 1; i < TOWN_DEVICES; i++)
        town_typist(i % TOWN_NODES, nameplate)->is_mute = 1;
    town_run(is_decided);
    for (int i = 1; i < TOWN_DEVICES; i++) {
        seated += town.devices[i].is_seated;
        if (!town.devices[i].is_seated)
            assert_int_equal(town.devices[i].refusal, CR_REFUSED_UNAVAILABLE);
    }
    return seated;
}

static struct town_device *open_mailbox(uint64_t seed, int node)
{
    struct town_device *displayer;

    town_open(seed);
    displayer = town_displayer(node);
    displayer->is_mute = 1;
    town_run(town_is_seated);
    return displayer;
}

static void exactly_one_of_many_joins_over_all_nodes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct town_device *displayer = open_mailbox(seed, (int)(seed % TOWN_NODES));

        assert_int_equal(join_all(displayer->nameplate), 1);
        town_close();
    }
}

static void exactly_one_of_many_joins_when_the_owner_dies(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct town_device *displayer = open_mailbox(seed, (int)(seed % TOWN_NODES));
        struct cr_nameplate nameplate = displayer->nameplate;

        town_kill(displayer->node >= 0 ? displayer->node : displayer->home);
        town_pass((int)(seed * 5));
        assert_int_equal(join_all(nameplate), 1);
        town_close();
    }
}

/* Both at different nodes, all said and heard; nobody closes. */
static void talk_through(uint64_t seed)
{
    struct town_device *displayer;

    town_open(seed);
    displayer = town_displayer(0);
    town_run(town_is_seated);
    town_typist(1, displayer->nameplate);
    for (int i = 0; i < 20000; i++) {
        if (town.devices[0].received == TOWN_PAYLOADS && town.devices[1].received == TOWN_PAYLOADS)
            break;
        town_step();
    }
    assert_int_equal(town.devices[0].received, TOWN_PAYLOADS);
    assert_int_equal(town.devices[1].received, TOWN_PAYLOADS);
    town_pass(200);
}

static int first_has_ended(void)
{
    return town.devices[0].is_ended;
}

static int second_has_heard(void)
{
    return town.devices[1].mood != 0;
}

static void an_end_that_was_told_is_known_to_the_next_owner(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        talk_through(seed);
        town.devices[1].is_mute = 1;
        town_cut(&town.devices[1]);
        town.devices[1].home = 2;
        town.devices[0].to_send = -1;
        town_run(first_has_ended);
        town_kill(0);
        town_run(second_has_heard);
        assert_int_equal(town.devices[1].mood, CR_MOOD_DONE);
        town_close();
    }
}

static int second_is_told_the_time(void)
{
    return town.devices[1].seconds != 0;
}

static void the_life_of_a_mailbox_goes_on_where_it_was(void **state)
{
    (void)state;
    talk_through(7);
    town.devices[0].is_mute = town.devices[1].is_mute = 1;
    town.now_ms += 100000;
    town_pass(10);
    town_kill(0);
    town_pass(1000);
    cr_link_clock(town.devices[1].link);
    town_run(second_is_told_the_time);
    assert_in_range(town.devices[1].seconds, 400, 500);
    town_close();
}

static int node_is_idle(void)
{
    return office_is_idle(town.nodes[0].office);
}

static void a_node_that_drains_leaves_its_pairs_to_the_others(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct town_device *displayer;

        town_open(seed);
        town.is_hasty = 1;
        displayer = town_displayer((int)(seed % 2));
        town_run(town_is_seated);
        town_typist((int)(seed / 2 % 2), displayer->nameplate);
        town_pass((int)(seed * 10));
        office_drain(town.nodes[0].office, town.now_ms + 60000, town.now_ms);
        town.nodes[0].is_closed = 1;
        town_run(node_is_idle);
        if (town.nodes[0].outcomes > 0)
            assert_int_equal(town.nodes[0].outcome.mood, CR_MOOD_DONE);
        town_kill(0);
        town_run(town_is_over);
        for (int i = 0; i < 2; i++)
            assert_int_equal(town.devices[i].received, TOWN_PAYLOADS);
        town_close();
    }
}

static void joins_that_fail_on_one_node_count_on_the_others(void **state)
{
    struct cr_nameplate unknown = {4, 9999};

    (void)state;
    town_open(3);
    for (int i = 0; i < 6; i++)
        town_typist(0, unknown);
    town_run(town_is_seated);
    town_pass(500);
    for (int node = 0; node < TOWN_NODES; node++) {
        struct quota *quota = town.nodes[node].quota;

        /* Addresses 1 to 6 are of one network, which may fail 20 times a minute; of these some are made good. */
        assert_null(quota_connect(quota, 1, town.now_ms));
        assert_int_equal(quota_wait(quota, 1, TALLY_FAILED_JOIN, 14, town.now_ms), 0);
        assert_true(quota_wait(quota, 1, TALLY_FAILED_JOIN, 18, town.now_ms) > 0);
        quota_disconnect(quota, 1);
    }
    town_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_one_of_many_joins_over_all_nodes),
        cmocka_unit_test(exactly_one_of_many_joins_when_the_owner_dies),
        cmocka_unit_test(an_end_that_was_told_is_known_to_the_next_owner),
        cmocka_unit_test(the_life_of_a_mailbox_goes_on_where_it_was),
        cmocka_unit_test(a_node_that_drains_leaves_its_pairs_to_the_others),
        cmocka_unit_test(joins_that_fail_on_one_node_count_on_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
