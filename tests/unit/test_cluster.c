/* Several relays as one: a pair meets wherever its devices are connected, and goes on whatever node dies or is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "town.h"

#include <stdlib.h>

/* Brings a pair together with its devices at these nodes. */
static void meet(int displayer, int typist)
{
    struct town_device *first = town_displayer(displayer);

    town_run(town_is_seated);
    town_typist(typist, first->nameplate);
}

/* All has gone well, and nothing is left anywhere. */
static void check_over(void)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(town.devices[i].received, TOWN_PAYLOADS);
        assert_int_equal(town.devices[i].sent, TOWN_PAYLOADS);
    }
    /* A CLOSE that got lost, after the other's was heard and taken for its answer, is not said again: that mailbox lives to its end. */
    town_pass(400);
    town.now_ms += 700000;
    town_pass(50);
    for (int i = 0; i < TOWN_NODES; i++) {
        if (!town.nodes[i].is_alive)
            continue;
        assert_int_equal(office_queued_bytes(town.nodes[i].office), 0);
        assert_int_equal(office_mailboxes(town.nodes[i].office), 0);
    }
}

static void a_pair_meets_across_nodes_and_leaves_nothing(void **state)
{
    (void)state;
    for (int displayer = 0; displayer < TOWN_NODES; displayer++) {
        for (int typist = 0; typist < TOWN_NODES; typist++) {
            town_open((uint64_t)(displayer * TOWN_NODES + typist));
            meet(displayer, typist);
            town_run(town_is_over);
            check_over();
            assert_int_equal(fake_records(town.fake), 0);
            town_close();
        }
    }
}

enum fault { KILL, PART, PART_SHORT, LOSE, CUT, FORGET, FAULTS };

static void fault_run(enum fault fault, int victim)
{
    struct store *store = town.nodes[victim].store;

    if (fault == KILL)
        town_kill(victim);
    else if (fault == PART || fault == PART_SHORT)
        town_part(victim, fault == PART_SHORT);
    else if (fault == LOSE)
        fake_lose(town.fake, store);
    else if (fault == CUT)
        town_cut(&town.devices[victim % 2]);
    else
        fake_forget(town.fake);
}

/* One conversation with one thing that goes wrong after so many steps. Returns 0 when it was over before. */
static int converse(uint64_t seed, enum fault fault, int victim, int step)
{
    int is_reached = 0;

    town_open(seed);
    town.is_hasty = seed % 2 == 1 && fault != PART;
    meet((int)(seed % TOWN_NODES), (int)(seed / TOWN_NODES % TOWN_NODES));
    for (int i = 0; i < step && !town_is_over(); i++)
        town_step();
    is_reached = !town_is_over();
    if (is_reached) {
        fault_run(fault, victim);
        town_pass(fault == PART ? TOWN_LEASE_MS * 2 / TOWN_STEP_MS : 100);
        town_heal(victim);
    }
    town_run(town_is_over);
    check_over();
    town_close();
    return is_reached;
}

static void all_steps(enum fault fault)
{
    for (uint64_t seed = 0; seed < 9; seed++) {
        for (int victim = 0; victim < TOWN_NODES; victim++) {
            for (int step = (int)seed; converse(seed, fault, victim, step); step += 7)
                continue;
        }
    }
}

static void each_frame_arrives_exactly_once_whatever_node_dies_and_when(void **state)
{
    (void)state;
    all_steps(KILL);
}

static void each_frame_arrives_exactly_once_whatever_node_is_cut_off_and_comes_back(void **state)
{
    (void)state;
    all_steps(PART);
}

static void a_node_that_is_away_for_a_moment_loses_nothing(void **state)
{
    (void)state;
    all_steps(PART_SHORT);
}

static void a_message_that_is_lost_between_nodes_loses_no_frame(void **state)
{
    (void)state;
    all_steps(LOSE);
}

static void a_connection_that_breaks_comes_back_on_any_node(void **state)
{
    (void)state;
    all_steps(CUT);
}

static void an_engine_that_starts_again_empty_is_told_all_by_the_owners(void **state)
{
    (void)state;
    all_steps(FORGET);
}

static int living(void)
{
    int count = 0;

    for (int i = 0; i < TOWN_NODES; i++)
        count += town.nodes[i].is_alive;
    return count;
}

/* An engine that forgets is left out: with its owner dead or cut off nobody could put a record back. */
static void something_fails(void)
{
    enum fault fault = (enum fault)(town_draw(NULL) % FORGET);
    int victim = (int)(town_draw(NULL) % TOWN_NODES);

    if (!town.nodes[victim].is_alive || (fault == KILL && living() == 1))
        return;
    fault_run(fault, victim);
}

static void fail_and_heal(uint64_t seed)
{
    town_open(seed * 7919 + 1);
    meet((int)(seed % TOWN_NODES), (int)(seed / TOWN_NODES % TOWN_NODES));
    for (int i = 0; i < 6; i++) {
        town_pass((int)(town_draw(NULL) % 200));
        something_fails();
        town_pass((int)(town_draw(NULL) % (town_draw(NULL) % 3 == 0 ? 500 : 50)));
        town_heal((int)(town_draw(NULL) % TOWN_NODES));
    }
    for (int i = 0; i < TOWN_NODES; i++)
        town_heal(i);
    town_run(town_is_over);
    check_over();
    town_close();
}

static void whatever_fails_one_after_the_other_each_frame_arrives_exactly_once(void **state)
{
    const char *many = getenv("CR_CLUSTER_SEEDS");
    uint64_t seeds = many != NULL ? strtoull(many, NULL, 10) : 300;

    (void)state;
    for (uint64_t seed = 0; seed < seeds; seed++)
        fail_and_heal(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_meets_across_nodes_and_leaves_nothing),
        cmocka_unit_test(each_frame_arrives_exactly_once_whatever_node_dies_and_when),
        cmocka_unit_test(each_frame_arrives_exactly_once_whatever_node_is_cut_off_and_comes_back),
        cmocka_unit_test(a_node_that_is_away_for_a_moment_loses_nothing),
        cmocka_unit_test(a_message_that_is_lost_between_nodes_loses_no_frame),
        cmocka_unit_test(a_connection_that_breaks_comes_back_on_any_node),
        cmocka_unit_test(an_engine_that_starts_again_empty_is_told_all_by_the_owners),
        cmocka_unit_test(whatever_fails_one_after_the_other_each_frame_arrives_exactly_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
