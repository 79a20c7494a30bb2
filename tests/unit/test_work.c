/* A device that is asked for work before it may join: its link frame by frame, and two whole devices. */
#include "support.h"

#include "pair.h"
#include "play.h"

#include <sodium.h>
#include <string.h>

#define TYPIST FAKERELAY_TYPIST
#define DISPLAYER FAKERELAY_DISPLAYER

static const size_t SIZES[] = {5000, 1, 0, 0};
static const struct cr_frame PUZZLE = {
    .type = CR_FRAME_PUZZLE, .code = 9, .salt = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7}};

/* A link whose JOIN has left and is not answered. */
static struct cr_link *joining(struct cr_frame *join)
{
    struct cr_link *link;

    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_JOIN, join);
    return link;
}

static void work_off(struct cr_link *link)
{
    while (cr_link_work(link, 10) == CR_INCOMPLETE)
        expect_nothing(link);
}

/* As PROTOCOL.md section 2.2 writes it. */
static void expect_solved(const struct cr_frame *puzzle, const uint8_t *token, uint64_t count)
{
    uint8_t text[14 + 8 + 16 + 8], hash[32];

    memcpy(text, "certrelay-join", 14);
    memcpy(text + 14, puzzle->salt, 8);
    memcpy(text + 22, token, 16);
    for (int i = 0; i < 8; i++)
        text[38 + i] = (uint8_t)(count >> (56 - 8 * i));
    crypto_hash_sha256(hash, text, sizeof text);
    for (int bit = 0; bit < puzzle->code; bit++)
        assert_int_equal(hash[bit / 8] >> (7 - bit % 8) & 1, 0);
}

static void a_puzzle_is_worked_on_told_and_followed_by_the_same_join(void **state)
{
    struct cr_frame first, proof, again;
    struct cr_link *link = joining(&first);

    (void)state;
    assert_false(cr_link_has_work(link));
    expect_event(link, PUZZLE, CR_LINK_NOTHING);
    assert_true(cr_link_has_work(link));
    expect_nothing(link);
    work_off(link);
    assert_false(cr_link_has_work(link));
    expect_frame(link, CR_FRAME_PROOF, &proof);
    expect_solved(&PUZZLE, first.token, proof.count);
    expect_frame(link, CR_FRAME_JOIN, &again);
    assert_memory_equal(again.token, first.token, CR_TOKEN_BYTES);
    assert_memory_equal(again.payload, "start", 5);
    expect_nothing(link);
    expect_event(link, JOINED, CR_LINK_SEATED);
    cr_link_free(link);
}

static void no_more_tries_are_made_than_allowed(void **state)
{
    struct cr_frame join, hard = PUZZLE;
    struct cr_link *link = joining(&join);

    (void)state;
    hard.code = CR_PUZZLE_MAX_BITS;
    expect_event(link, hard, CR_LINK_NOTHING);
    assert_int_equal(cr_link_work(link, 0), CR_INCOMPLETE);
    assert_int_equal(cr_link_work(link, 1), CR_INCOMPLETE);
    expect_nothing(link);
    cr_link_free(link);
}

static void each_connection_has_its_own_puzzle(void **state)
{
    struct cr_frame join;
    struct cr_link *link = joining(&join);

    (void)state;
    expect_event(link, PUZZLE, CR_LINK_NOTHING);
    reconnect(link);
    assert_false(cr_link_has_work(link));
    expect_frame(link, CR_FRAME_JOIN, &join);
    expect_event(link, PUZZLE, CR_LINK_NOTHING);
    work_off(link);
    reconnect(link);
    expect_frame(link, CR_FRAME_JOIN, &join);
    expect_event(link, JOINED, CR_LINK_SEATED);
    cr_link_free(link);
}

static void a_price_may_be_asked_again_after_it_was_paid(void **state)
{
    struct cr_frame join, proof;
    struct cr_link *link = joining(&join);

    (void)state;
    for (int i = 0; i < 3; i++) {
        expect_event(link, PUZZLE, CR_LINK_NOTHING);
        work_off(link);
        expect_frame(link, CR_FRAME_PROOF, &proof);
        expect_frame(link, CR_FRAME_JOIN, &join);
        expect_nothing(link);
    }
    expect_event(link, (struct cr_frame){.type = CR_FRAME_REFUSED, .code = CR_REFUSED_UNAVAILABLE},
                 CR_LINK_REFUSED);
    cr_link_free(link);
}

static void expect_malformed(struct cr_link *link)
{
    struct cr_link_event event;

    assert_int_equal(say(link, PUZZLE, &event), CR_E_MALFORMED);
    assert_false(cr_link_has_work(link));
    cr_link_free(link);
}

static void a_puzzle_out_of_turn_is_an_error_of_the_relay(void **state)
{
    struct cr_frame join;
    struct cr_link *link = joining(&join);
    struct cr_link_event event;

    (void)state;
    reconnect(link);
    assert_int_equal(say(link, PUZZLE, &event), CR_E_MALFORMED); /* nothing was said on this connection */
    expect_frame(link, CR_FRAME_JOIN, &join);
    expect_event(link, PUZZLE, CR_LINK_NOTHING);
    assert_int_equal(say(link, PUZZLE, &event), CR_E_MALFORMED); /* while it works */
    cr_link_free(link);
    expect_malformed(typist());
    expect_malformed(displayer());
}

static void a_seat_given_before_it_is_paid_is_an_error_of_the_relay(void **state)
{
    (void)state;
    for (int is_found = 0; is_found < 2; is_found++) {
        struct cr_frame join;
        struct cr_link *link = joining(&join);
        struct cr_link_event event;

        expect_event(link, PUZZLE, CR_LINK_NOTHING);
        if (is_found)
            work_off(link);
        assert_int_equal(say(link, JOINED, &event), CR_E_MALFORMED);
        cr_link_free(link);
    }
}

static void more_bits_than_allowed_are_an_error_of_the_relay(void **state)
{
    static const uint8_t MESSAGES[][10] = {{0x8b, 23}, {0x8b, 0}, {0x8b, 255}};

    (void)state;
    for (size_t i = 0; i < COUNT(MESSAGES); i++) {
        struct cr_frame join;
        struct cr_link *link = joining(&join);
        struct cr_link_event event;

        assert_int_equal(cr_link_input(link, MESSAGES[i], sizeof MESSAGES[i], &event), CR_E_MALFORMED);
        assert_false(cr_link_has_work(link));
        cr_link_free(link);
    }
}

static void who_gives_up_while_working_has_nothing_more_to_say(void **state)
{
    struct cr_frame join;
    struct cr_link *link = joining(&join);

    (void)state;
    expect_event(link, PUZZLE, CR_LINK_NOTHING);
    cr_link_close(link, CR_MOOD_CANCELLED);
    assert_false(cr_link_has_work(link));
    assert_false(cr_link_has_more(link));
    expect_nothing(link);
    cr_link_free(link);
}

static void a_permit_goes_with_allocate_until_there_is_a_mailbox(void **state)
{
    uint8_t longest[CR_PERMIT_MAX_BYTES + 1] = {0};
    struct cr_link *link;
    struct cr_frame frame;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_permit(link, longest, sizeof longest), CR_E_LIMIT);
    assert_int_equal(cr_link_permit(link, longest, CR_PERMIT_MAX_BYTES), CR_OK);
    assert_int_equal(cr_link_permit(link, (const uint8_t *)"spring-2026", 11), CR_OK);
    assert_int_equal(cr_link_allocate(link), CR_OK);
    assert_int_equal(cr_link_permit(link, (const uint8_t *)"summer-2026", 11), CR_E_STATE);
    for (int i = 0; i < 2; i++) {
        cr_link_connected(link);
        expect_frame(link, CR_FRAME_ALLOCATE, &frame);
        assert_int_equal(frame.permit_bytes, 11);
        assert_memory_equal(frame.permit, "spring-2026", 11);
        if (i == 0)
            cr_link_lost(link);
    }
    expect_event(link, ALLOCATED, CR_LINK_SEATED);
    cr_link_free(link);
}

static void two_devices_meet_though_the_join_has_its_price(void **state)
{
    struct cr_bundle *bundle = pair_bundle(SIZES);

    (void)state;
    for (int early = 0; early < 2; early++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, bundle);
        pair.is_typist_early = early;
        pair.relay.puzzle_bits = 11;
        pair_run(&pair);
        assert_int_equal(pair.devices[TYPIST].ended.end, CR_END_DONE);
        assert_int_equal(pair.devices[DISPLAYER].ended.end, CR_END_DONE);
        assert_int_equal(pair.relay.puzzles, 1);
        assert_int_equal(pair.relay.proofs, 1);
        assert_int_equal(pair.relay.malformed, 0);
        assert_int_equal(pair.idle_ticks, 0);
        pair_free(&pair);
    }
    cr_bundle_free(bundle);
}

/* In time: a relay that asks without end is given up like one that does not answer. */
static void a_relay_that_never_has_enough_is_given_up(void **state)
{
    struct cr_bundle *bundle = pair_bundle(SIZES);
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, bundle);
    pair.relay.puzzle_bits = 4;
    pair.relay.is_greedy = 1;
    pair_settle(&pair);
    while (pair.devices[TYPIST].told[CR_EVENT_ENDED] == 0 && pair_wait(&pair)) {
        pair.now += 1000;
        pair_settle(&pair);
    }
    assert_int_equal(pair.devices[TYPIST].ended.end, CR_END_RELAY_LOST);
    assert_true(pair.relay.puzzles > 10);
    pair_free(&pair);
    cr_bundle_free(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_puzzle_is_worked_on_told_and_followed_by_the_same_join),
        cmocka_unit_test(no_more_tries_are_made_than_allowed),
        cmocka_unit_test(each_connection_has_its_own_puzzle),
        cmocka_unit_test(a_price_may_be_asked_again_after_it_was_paid),
        cmocka_unit_test(a_puzzle_out_of_turn_is_an_error_of_the_relay),
        cmocka_unit_test(a_seat_given_before_it_is_paid_is_an_error_of_the_relay),
        cmocka_unit_test(more_bits_than_allowed_are_an_error_of_the_relay),
        cmocka_unit_test(who_gives_up_while_working_has_nothing_more_to_say),
        cmocka_unit_test(a_permit_goes_with_allocate_until_there_is_a_mailbox),
        cmocka_unit_test(two_devices_meet_though_the_join_has_its_price),
        cmocka_unit_test(a_relay_that_never_has_enough_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
