/* The shared store against a real server: records, their owners' deaths, and what is put back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "redis_rig.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CLAIMS 1000

static struct rig rig;
static char room, other_room; /* mailboxes, as far as a store knows */

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

static void a_new_mailbox_is_found_by_every_node(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct rig_answer made = rig_allocate(one, 1, &room), found;

    (void)state;
    assert_int_equal(made.result, STORE_NEW);
    assert_int_equal(made.record.owner, one->store->self);
    assert_ptr_equal(made.record.local, &room);
    assert_int_equal(made.record.era, 1);
    assert_int_equal(made.record.nameplate.digits, 4);
    assert_in_range(made.record.left_ms, 59000, 60000);
    assert_int_equal(rig_allocate(one, 1, &other_room).result, STORE_FOUND);
    found = rig_find(one, 1, NULL);
    assert_int_equal(found.result, STORE_FOUND);
    assert_ptr_equal(found.record.local, &room);
    found = rig_find(other, 1, NULL);
    assert_int_equal(found.result, STORE_FOUND);
    assert_int_equal(found.record.owner, one->store->self);
    assert_null(found.record.local);
    assert_int_equal(found.record.seat, SEAT_DISPLAYER);
    assert_int_equal(found.record.is_joined, 0);
    assert_int_equal(rig_find(other, 2, NULL).result, STORE_NOTHING);
}

static void the_first_question_waits_for_the_first_connection(void **state)
{
    struct rig_node *one = rig_node_begin(&rig);

    (void)state;
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_NEW);
    assert_int_equal(one->news_away, 0);
}

static void an_early_question_ends_with_its_node(void **state)
{
    struct rig_node *one = rig_node_begin(&rig);
    struct rig_answer early = {.store = one->store};
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_token(1, token);
    one->store->find(one->store, token, rig_answered, &early);
    rig_node_end(one);
    rig_turn(&rig, 20);
    assert_false(early.is_there);
}

static void a_seat_is_claimed_once_and_for_ever(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate, wrong = plate;
    struct rig_answer claimed = rig_claim(other, &plate, 2, NULL);

    (void)state;
    wrong.value = (wrong.value + 1) % 10000;
    assert_int_equal(claimed.result, STORE_NEW);
    assert_int_equal(claimed.record.seat, SEAT_TYPIST);
    assert_int_equal(claimed.record.is_joined, 1);
    assert_int_equal(claimed.record.owner, one->store->self);
    assert_int_equal(rig_claim(one, &plate, 2, NULL).result, STORE_FOUND);
    assert_int_equal(rig_claim(other, &plate, 3, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(other, &plate, 1, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(other, &wrong, 2, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(other, &wrong, 4, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_find(other, 2, NULL).record.seat, SEAT_TYPIST);
}

static void count_answer(void *context, enum store_result result, const struct store_record *record)
{
    size_t *counts = context;

    (void)record;
    counts[result]++;
}

static int is_counted(void *context)
{
    const size_t *counts = context;

    return counts[STORE_NEW] + counts[STORE_NOTHING] + counts[STORE_FOUND] + counts[STORE_AWAY] == CLAIMS;
}

static void of_a_thousand_claims_from_three_nodes_one_wins(void **state)
{
    struct rig_node *nodes[3] = {rig_node(&rig), rig_node(&rig), rig_node(&rig)};
    struct cr_nameplate plate = rig_allocate(nodes[0], 1, &room).record.nameplate;
    size_t counts[STORE_AWAY + 1] = {0}, found = 0;
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    for (uint32_t i = 0; i < CLAIMS; i++) {
        struct store *store = nodes[(i + 1) % 3]->store;

        rig_token(100 + i, token);
        store->claim(store, &plate, token, 60000, count_answer, counts);
    }
    rig_until(&rig, is_counted, counts);
    assert_int_equal(counts[STORE_NEW], 1);
    assert_int_equal(counts[STORE_NOTHING], CLAIMS - 1);
    for (uint32_t i = 0; i < CLAIMS; i += 1)
        found += rig_claim(nodes[i % 3], &plate, 100 + i, NULL).result == STORE_FOUND;
    assert_int_equal(found, 1);
}

/* Numbers from a generator that is the same in every run, so this cannot fail by chance: 27.9 is exceeded once in a thousand runs. */
static void nameplates_are_uniform(void **state)
{
    struct rig_node *one = rig_node(&rig);
    size_t buckets[10] = {0};
    double chi = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct cr_nameplate plate = rig_allocate(one, i, &room).record.nameplate;

        assert_int_equal(plate.digits, 4);
        buckets[plate.value / 1000]++;
    }
    for (int i = 0; i < 10; i++)
        chi += ((double)buckets[i] - 100) * ((double)buckets[i] - 100) / 100;
    assert_true(chi < 27.9);
    assert_int_equal(rig_say(&rig, "ZCARD test:plates:4"), 1000);
}

static void a_crowded_length_makes_way_for_the_next(void **state)
{
    struct rig_node *one = rig_node(&rig);
    struct cr_nameplate plate;

    (void)state;
    (void)rig_say(
        &rig, "EVAL %s 0",
        "for i = 0, 1000 do redis.call('ZADD', 'test:plates:4', '9e15', string.format('%04d', i)) end "
        "redis.call('PEXPIRE', 'test:plates:4', 60000)");
    plate = rig_allocate(one, 1, &room).record.nameplate;
    assert_int_equal(plate.digits, 5);
    (void)rig_say(&rig, "ZREM test:plates:4 0000");
    plate = rig_allocate(one, 2, &room).record.nameplate;
    assert_int_equal(plate.digits, 4);
    assert_true(plate.value > 1000);
}

static void a_used_nameplate_rests(void **state)
{
    struct rig_node *one = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    char name[8];

    (void)state;
    snprintf(name, sizeof name, "%04u", (unsigned)plate.value);
    one->store->release(one->store, &plate, 0);
    assert_int_equal(rig_find(one, 1, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(one, &plate, 2, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_say(&rig, "KEYS test:tk:*"), 0);
    assert_true(rig_say(&rig, "ZSCORE test:plates:4 %s", name) > 0);
    assert_int_equal(one->lost_count, 0);
}

static void what_the_owner_notes_others_read(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    struct rig_answer closed = {.store = one->store}, found;

    (void)state;
    one->store->note(one->store, &plate, 1, 30000);
    one->store->closed(one->store, &plate, SEAT_TYPIST, CR_MOOD_DONE, rig_answered, &closed);
    found = rig_find(one, 1, NULL);
    assert_true(closed.is_there);
    assert_int_equal(closed.result, STORE_FOUND);
    found = rig_find(other, 1, NULL);
    assert_int_equal(found.record.is_joined, 1);
    assert_in_range(found.record.left_ms, 29000, 30000);
    assert_int_equal(found.record.moods[SEAT_TYPIST], CR_MOOD_DONE);
    assert_int_equal(found.record.moods[SEAT_DISPLAYER], 0);
}

static int has_lost(void *context)
{
    return ((struct rig_node *)context)->lost_count > 0;
}

static void who_asks_for_a_dead_nodes_mailbox_becomes_its_owner(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct rig_answer found;

    (void)state;
    rig_allocate(one, 1, &room);
    assert_int_equal(rig_find(other, 1, NULL).record.owner, one->store->self);
    rig_node_cut_off(one);
    found = rig_find(other, 1, &other_room);
    assert_int_equal(found.result, STORE_FOUND);
    assert_int_equal(found.record.owner, other->store->self);
    assert_int_equal(found.record.era, 2);
    assert_null(found.record.local);
    assert_ptr_equal(rig_find(other, 1, NULL).record.local, &other_room);
    /* The one that was taken for dead finds out. */
    rig_until(&rig, has_lost, one);
    assert_ptr_equal(one->lost_last, &room);
    assert_int_equal(one->lost_count, 1);
    assert_int_equal(other->lost_count, 0);
    found = rig_find(one, 1, NULL);
    assert_int_equal(found.record.owner, other->store->self);
}

static void a_node_that_was_cut_off_for_nothing_keeps_its_mailboxes(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    rig_allocate(one, 1, &room);
    rig_node_cut_off(one);
    rig_turn(&rig, 1500);
    assert_int_equal(one->lost_count, 0);
    assert_int_equal(one->cuts_of_all, 1);
    assert_int_equal(rig_find(other, 1, NULL).record.owner, one->store->self);
    assert_ptr_equal(rig_find(one, 1, NULL).record.local, &room);
}

static void a_change_by_who_is_no_longer_the_owner_changes_nothing(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    struct rig_answer closed = {.store = one->store};

    (void)state;
    rig_node_cut_off(one);
    rig_find(other, 1, &other_room);
    one->store->closed(one->store, &plate, SEAT_DISPLAYER, CR_MOOD_DONE, rig_answered, &closed);
    rig_until(&rig, has_lost, one);
    assert_int_equal(closed.result, STORE_NOTHING);
    one->store->release(one->store, &plate, 0);
    one->store->note(one->store, &plate, 1, 1);
    rig_find(one, 1, NULL);
    assert_int_equal(rig_find(other, 1, NULL).record.moods[SEAT_DISPLAYER], 0);
    assert_ptr_equal(rig_find(other, 1, NULL).record.local, &other_room);
}

static void what_another_has_ended_is_not_put_back(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;

    (void)state;
    rig_node_cut_off(one);
    rig_find(other, 1, &other_room);
    other->store->release(other->store, &plate, 0);
    rig_find(other, 9, NULL);
    rig_until(&rig, has_lost, one);
    assert_int_equal(rig_find(one, 1, NULL).result, STORE_AWAY); /* it cannot know why it was cut off */
    assert_int_equal(rig_find(other, 1, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(other, &plate, 2, NULL).result, STORE_NOTHING);
}

static void an_engine_that_forgot_is_told_again(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plates[100];
    struct rig_answer closed = {.store = one->store}, found;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        plates[i] = rig_allocate(one, i, &room).record.nameplate;
    rig_claim(other, &plates[1], 201, NULL);
    one->store->note(one->store, &plates[1], 1, 50000);
    one->store->closed(one->store, &plates[1], SEAT_TYPIST, CR_MOOD_ERROR, rig_answered, &closed);
    rig_find(one, 1, NULL);
    rig_server_kill(&rig);
    rig_until_away(one);
    one->store->release(one->store, &plates[2], 0);
    rig_server_start(&rig);
    rig_until_here(one);
    rig_until_here(other);
    rig_turn(&rig, 300);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(rig_find(other, i, NULL).result, i == 2 ? STORE_AWAY : STORE_FOUND);
    found = rig_find(other, 201, NULL);
    assert_int_equal(found.result, STORE_FOUND);
    assert_int_equal(found.record.seat, SEAT_TYPIST);
    assert_int_equal(found.record.is_joined, 1);
    assert_int_equal(found.record.moods[SEAT_TYPIST], CR_MOOD_ERROR);
    assert_in_range(found.record.left_ms, 40000, 50000);
    assert_int_equal(rig_claim(other, &plates[1], 202, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_claim(other, &plates[3], 203, NULL).result, STORE_NEW);
    assert_int_equal(one->lost_count, 0);
}

static void a_mailbox_that_nobody_has_is_taken_over_by_who_asks_next(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    struct rig_answer late = {.store = one->store}, found;
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_token(1, token);
    one->store->find(one->store, token, rig_answered, &late);
    one->store->disown(one->store, &plate);
    rig_find(one, 9, NULL);
    assert_true(late.is_there);
    assert_int_equal(late.result, STORE_AWAY);
    found = rig_find(other, 1, &other_room);
    assert_int_equal(found.record.owner, other->store->self);
    assert_int_equal(found.record.era, 2);
    one->store->disown(one->store, &plate);
    rig_find(one, 9, NULL);
    assert_int_equal(rig_find(other, 1, NULL).record.owner, other->store->self);
    assert_int_equal(one->lost_count, 0);
}

static void a_node_that_has_just_disowned_a_mailbox_does_not_take_it_over(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    struct rig_answer late = {.store = other->store, .adopts = 1, .local = &other_room}, found;
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_token(1, token);
    rig_node_cut_off(one);
    other->store->find(other->store, token, rig_answered, &late);
    other->store->disown(other->store, &plate);
    rig_find(other, 9, NULL);
    assert_true(late.is_there);
    assert_int_equal(late.result, STORE_AWAY);
    found = rig_find(other, 1, &other_room); /* the engine has heard it: it may do so now */
    assert_int_equal(found.result, STORE_FOUND);
    assert_int_equal(found.record.owner, other->store->self);
    assert_ptr_equal(rig_find(other, 1, NULL).record.local, &other_room);
}

static void an_owner_without_a_mailbox_is_asked_to_make_one(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct rig_answer found;

    (void)state;
    rig_allocate(one, 1, &room);
    rig_node_cut_off(one);
    found = rig_find(other, 1, NULL); /* and does not make one */
    assert_int_equal(found.record.owner, other->store->self);
    found = rig_find(other, 1, &other_room);
    assert_null(found.record.local);
    assert_ptr_equal(rig_find(other, 1, NULL).record.local, &other_room);
}

static void who_leaves_is_dead_at_once(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct rig_answer asked = {.store = one->store}, found;
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_allocate(one, 1, &room);
    one->store->leave(one->store);
    rig_token(1, token);
    one->store->find(one->store, token, rig_answered, &asked);
    assert_int_equal(asked.result, STORE_AWAY);
    rig_turn(&rig, 50);
    found = rig_find(other, 1, &other_room);
    assert_int_equal(found.record.owner, other->store->self);
    rig_turn(&rig, 1500);
    assert_int_equal(rig_say(&rig, "KEYS test:node:*"), 1);
}

/* It ends all its mailboxes itself, and what it had said of one may be answered after that. */
static void who_has_left_hears_of_no_loss(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;
    struct rig_answer closed = {.store = one->store};

    (void)state;
    one->store->leave(one->store);
    rig_turn(&rig, 50);
    rig_find(other, 1, &other_room);
    one->store->closed(one->store, &plate, SEAT_DISPLAYER, CR_MOOD_DONE, rig_answered, &closed);
    while (!closed.is_there)
        rig_turn(&rig, 5);
    assert_int_equal(closed.result, STORE_NOTHING);
    assert_int_equal(one->lost_count, 0);
}

static void a_mailbox_whose_life_is_over_is_not_taken_over(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;

    (void)state;
    one->store->note(one->store, &plate, 0, 0);
    rig_find(one, 1, NULL);
    assert_int_equal(rig_find(other, 1, NULL).result, STORE_FOUND);
    assert_int_equal(rig_claim(other, &plate, 2, NULL).result, STORE_NOTHING);
    rig_node_cut_off(one);
    assert_int_equal(rig_find(other, 1, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_allocate(other, 1, &other_room).result, STORE_NEW);
}

static void a_question_on_its_way_is_not_answered_after_the_end(void **state)
{
    struct rig_node *one = rig_node(&rig);
    struct rig_answer answers[3] = {{0}};
    const struct cr_nameplate plate = {4, 1234};
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_token(1, token);
    one->store->allocate(one->store, token, &room, 1000, 0, rig_answered, &answers[0]);
    one->store->find(one->store, token, rig_answered, &answers[1]);
    one->store->claim(one->store, &plate, token, 1000, rig_answered, &answers[2]);
    one->store->disown(one->store, &plate);
    rig_node_end(one);
    rig_turn(&rig, 50);
    for (int i = 0; i < 3; i++)
        assert_int_equal(answers[i].is_there, 0);
}

static void scripts_that_an_administrator_flushed_are_loaded_again(void **state)
{
    struct rig_node *one = rig_node(&rig);

    (void)state;
    (void)rig_say(&rig, "SCRIPT FLUSH");
    while (rig_allocate(one, 1, &room).result == STORE_AWAY)
        rig_turn(&rig, 20);
    assert_int_equal(rig_find(one, 1, NULL).result, STORE_FOUND);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_new_mailbox_is_found_by_every_node),
        WITH_SERVER(the_first_question_waits_for_the_first_connection),
        WITH_SERVER(an_early_question_ends_with_its_node),
        WITH_SERVER(a_seat_is_claimed_once_and_for_ever),
        WITH_SERVER(of_a_thousand_claims_from_three_nodes_one_wins),
        WITH_SERVER(nameplates_are_uniform),
        WITH_SERVER(a_crowded_length_makes_way_for_the_next),
        WITH_SERVER(a_used_nameplate_rests),
        WITH_SERVER(what_the_owner_notes_others_read),
        WITH_SERVER(who_asks_for_a_dead_nodes_mailbox_becomes_its_owner),
        WITH_SERVER(a_node_that_was_cut_off_for_nothing_keeps_its_mailboxes),
        WITH_SERVER(a_change_by_who_is_no_longer_the_owner_changes_nothing),
        WITH_SERVER(what_another_has_ended_is_not_put_back),
        WITH_SERVER(an_engine_that_forgot_is_told_again),
        WITH_SERVER(a_mailbox_that_nobody_has_is_taken_over_by_who_asks_next),
        WITH_SERVER(a_node_that_has_just_disowned_a_mailbox_does_not_take_it_over),
        WITH_SERVER(an_owner_without_a_mailbox_is_asked_to_make_one),
        WITH_SERVER(who_leaves_is_dead_at_once),
        WITH_SERVER(who_has_left_hears_of_no_loss),
        WITH_SERVER(a_mailbox_whose_life_is_over_is_not_taken_over),
        WITH_SERVER(a_question_on_its_way_is_not_answered_after_the_end),
        WITH_SERVER(scripts_that_an_administrator_flushed_are_loaded_again),
    };

    return rig_can() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
