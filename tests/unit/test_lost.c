/* How a transfer ends when relay, connection or the other device is silent or gone: in time, and never before. */
#include "ends.h"

#define PATIENCE_MS 60000

static const size_t SMALL[] = {900, 1200, 0, 0};
static struct cr_bundle *small;

static void a_relay_that_cannot_be_reached_is_told_at_once(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.devices[DISPLAYER].is_refused = 1;
    pair_run(&pair);
    assert_ends(&pair, CR_END_RELAY_UNREACHABLE, CR_END_NONE);
    assert_int_equal(elapsed(&pair), 0);
    pair_free(&pair);
    pair_init(&pair, CR_SENDER, small);
    pair.devices[DISPLAYER].is_cut_off = 1;
    pair_run(&pair);
    assert_ends(&pair, CR_END_RELAY_UNREACHABLE, CR_END_NONE);
    assert_true(elapsed(&pair) <= 12000);
    pair_free(&pair);
}

static void a_relay_that_never_answers_is_given_up_after_the_patience(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.relay.is_silent = 1;
    pair_run(&pair);
    assert_ends(&pair, CR_END_RELAY_LOST, CR_END_NONE);
    assert_true(pair.devices[DISPLAYER].told[CR_EVENT_STALE] >= 2);
    assert_int_equal(elapsed(&pair), PATIENCE_MS);
    pair_free(&pair);
}

static void a_relay_that_falls_silent_after_busy_is_noticed(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.relay.busy_times = 1;
    pair_settle(&pair);
    pair.relay.is_silent = 1;
    pair_run(&pair);
    assert_int_equal(pair.devices[DISPLAYER].ended.end, CR_END_RELAY_LOST);
    assert_true(pair.devices[DISPLAYER].told[CR_EVENT_STALE] >= 2);
    pair_free(&pair);
}

/* The connection of the device goes and comes back as this says. */
static void lose_relay(struct pair *pair, int is_refused, int is_cut_off)
{
    pair_init(pair, CR_SENDER, small);
    pair->devices[TYPIST].answer = pair->devices[DISPLAYER].answer = ANSWER_NEVER;
    pair_settle(pair);
    for (int i = 0; i < 2; i++) {
        pair->devices[i].is_refused = is_refused;
        pair->devices[i].is_cut_off = is_cut_off;
        pair_cut(pair, i);
    }
    pair_run(pair);
    assert_ends(pair, CR_END_RELAY_LOST, CR_END_RELAY_LOST);
}

static void a_relay_that_does_not_come_back_is_given_up(void **state)
{
    struct pair pair;

    (void)state;
    lose_relay(&pair, 0, 1);
    assert_int_equal(elapsed(&pair), PATIENCE_MS);
    pair_free(&pair);
    lose_relay(&pair, 1, 0);
    assert_true(elapsed(&pair) >= 10000 && elapsed(&pair) < 11000);
    pair_free(&pair);
}

/* Answers that change from refused to silent and back must not make the patience begin again and again. */
static void a_relay_that_is_now_refused_now_silent_is_given_up_too(void **state)
{
    struct pair pair;
    struct device *device = &pair.devices[DISPLAYER];

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    device->answer = pair.devices[TYPIST].answer = ANSWER_NEVER;
    pair_settle(&pair);
    pair_cut(&pair, DISPLAYER);
    for (int i = 0; i < 1000 && device->told[CR_EVENT_ENDED] == 0; i++) {
        device->is_refused = i & 1;
        device->back_at_ms = INT64_MAX;
        pair_settle(&pair);
        pair_wait(&pair);
    }
    assert_int_equal(device->ended.end, CR_END_RELAY_LOST);
    assert_true(elapsed(&pair) <= PATIENCE_MS);
    pair_free(&pair);
}

static void a_relay_that_forgot_the_mailbox_ends_it(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    pair.relay.has_forgotten = 1;
    pair_cut(&pair, TYPIST);
    pair_cut(&pair, DISPLAYER);
    pair_run(&pair);
    assert_ends(&pair, CR_END_RELAY_LOST, CR_END_RELAY_LOST);
    pair_free(&pair);
}

static void a_device_that_does_not_come_back_is_lost_after_the_patience(void **state)
{
    (void)state;
    for (int device = 0; device < 2; device++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
        pair_settle(&pair);
        pair.devices[device].is_cut_off = 1;
        pair_cut(&pair, device);
        pair_run(&pair);
        assert_int_equal(pair.devices[device].ended.end, CR_END_RELAY_LOST);
        assert_int_equal(pair.devices[!device].ended.end, CR_END_PEER_LOST);
        assert_int_equal(pair.devices[!device].told[CR_EVENT_PEER] > 0, 1);
        assert_int_equal(elapsed(&pair), PATIENCE_MS);
        pair_free(&pair);
    }
}

/* Away first, then our own connection went: after coming back the patience counts from what the relay says now. */
static void a_peer_that_came_back_while_we_were_away_is_not_lost(void **state)
{
    struct pair pair;
    struct device *displayer = &pair.devices[DISPLAYER];

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    pair.devices[TYPIST].back_at_ms = pair.now + 50000;
    pair_cut(&pair, TYPIST);
    pair_settle(&pair);
    assert_int_equal(displayer->transfer->peer, CR_PEER_AWAY);
    pair.now += 40000;
    pair_cut(&pair, DISPLAYER);
    displayer->is_frozen = 1;
    pair.now += 10000;
    pair_settle(&pair); /* the typist is back */
    pair.now += 30000;
    displayer->is_frozen = 0;
    while (pair_step(&pair)) /* as an application does, after every message */
        cr_transfer_tick(displayer->transfer, pair.now);
    assert_int_equal(displayer->told[CR_EVENT_ENDED], 0);
    assert_int_equal(displayer->transfer->peer, CR_PEER_HERE);
    pair_free(&pair);
}

/* The other device's program stands still while its connection lives. */
static void expect_silence(int frozen, enum stage stage, enum cr_end end, uint8_t mood)
{
    static const size_t TWO_RECORDS[] = {65536, 65536, 0, 0};
    struct cr_bundle *bundle = pair_bundle(TWO_RECORDS);
    struct pair pair;

    pair_init(&pair, CR_SENDER, bundle);
    run_to_stage(&pair, !frozen, stage);
    pair.devices[frozen].is_frozen = 1;
    pair_run(&pair);
    assert_int_equal(pair.devices[!frozen].ended.end, end);
    assert_int_equal(pair.relay.seats[!frozen].close_mood, mood);
    assert_int_equal(elapsed(&pair), stage == EXPECT_BYE ? 5000 : 15000);
    assert_int_equal(pair.idle_ticks, 0);
    pair_free(&pair);
    cr_bundle_free(bundle);
}

static void a_device_that_falls_silent_is_given_up_step_by_step(void **state)
{
    (void)state;
    expect_silence(TYPIST, EXPECT_KEYS, CR_END_WRONG_CODE, CR_MOOD_WRONG_CODE);
    expect_silence(DISPLAYER, EXPECT_KEYS, CR_END_PEER_LOST, CR_MOOD_ERROR);
    expect_silence(TYPIST, EXPECT_HELLO, CR_END_PEER_LOST, CR_MOOD_ERROR);
    expect_silence(TYPIST, EXPECT_DATA, CR_END_PEER_LOST, CR_MOOD_ERROR);
    expect_silence(TYPIST, EXPECT_BYE, CR_END_DONE_UNHEARD, CR_MOOD_DONE);
}

static void people_may_take_as_long_as_the_mailbox_lives(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        enum cr_role slow = form & 1 ? CR_SENDER : CR_RECEIVER;
        struct pair pair;

        pair_init(&pair, form & 2 ? CR_SENDER : CR_RECEIVER, small);
        pair_device(&pair, slow)->answer = ANSWER_NEVER;
        pair_run(&pair);
        assert_ends(&pair, CR_END_EXPIRED, CR_END_EXPIRED);
        assert_true(elapsed(&pair) >= CR_JOINED_SECONDS * 1000);
        assert_true(elapsed(&pair) <= CR_JOINED_SECONDS * 1000 + 5000);
        assert_int_equal(pair_device(&pair, CR_SENDER)->ended.has_data_left, slow == CR_RECEIVER);
        pair_free(&pair);
    }
}

/* The relay's clock is believed, but not for ever. */
static void a_life_that_is_over_ends_it_without_the_relays_word(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    pair.relay.is_silent = 1;
    pair_run(&pair);
    assert_ends(&pair, CR_END_EXPIRED, CR_END_EXPIRED);
    assert_int_equal(elapsed(&pair), CR_JOINED_SECONDS * 1000 + 5000);
    pair_free(&pair);
}

static void a_code_that_nobody_types_expires_after_what_was_added(void **state)
{
    struct pair pair;
    struct device *displayer = &pair.devices[DISPLAYER];

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.is_typist_early = 1;
    pair_step(&pair);
    pair.devices[TYPIST].is_frozen = 1;
    pair_settle(&pair);
    assert_int_equal(displayer->told[CR_EVENT_CODE], 1);
    pair.now += 100000;
    fakerelay_tick(&pair.relay, pair.now);
    cr_transfer_extend(displayer->transfer, pair.now);
    pair_settle(&pair);
    assert_int_equal(displayer->told[CR_EVENT_TIME], 1);
    pair_run(&pair);
    assert_int_equal(displayer->ended.end, CR_END_EXPIRED);
    assert_int_equal(elapsed(&pair), 100000 + CR_WAIT_SECONDS * 1000 + 5000);
    pair_free(&pair);
}

/* The displayer knows the life of a mailbox in which nobody sits; the relay tells nobody else's join. */
static void a_join_at_the_last_moment_gives_the_displayer_the_joined_life(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_RECEIVER, small);
    pair.is_typist_early = 1;
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_step(&pair);
    pair.devices[TYPIST].is_frozen = 1;
    pair_settle(&pair);
    pair.now += 179000;
    fakerelay_tick(&pair.relay, pair.now);
    pair.devices[TYPIST].is_frozen = 0;
    pair_settle(&pair);
    pair_run(&pair);
    assert_ends(&pair, CR_END_EXPIRED, CR_END_EXPIRED);
    assert_true(elapsed(&pair) >= 179000 + CR_JOINED_SECONDS * 1000);
    pair_free(&pair);
}

/* The last word has a limit of its own, so that an application never waits for a relay that says nothing. */
static void a_cancelled_transfer_is_finished_even_if_the_relay_is_silent(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    pair.relay.is_silent = 1;
    pair_cut(&pair, TYPIST);
    while (!pair.devices[TYPIST].is_connected)
        if (!pair_step(&pair))
            assert_true(pair_wait(&pair));
    pair_settle(&pair);
    pair.devices[DISPLAYER].is_frozen = 1;
    cr_transfer_cancel(pair.devices[TYPIST].transfer, pair.now);
    pair_settle(&pair);
    assert_false(cr_transfer_is_finished(pair.devices[TYPIST].transfer));
    pair_run(&pair);
    assert_int_equal(pair.devices[TYPIST].ended.end, CR_END_CANCELLED);
    assert_true(cr_transfer_is_finished(pair.devices[TYPIST].transfer));
    pair_free(&pair);
}

static void every_refusal_of_the_relay_has_its_end(void **state)
{
    static const struct {
        uint8_t refusal;
        enum cr_end end;
    } REFUSALS[] = {
        {CR_REFUSED_UNAVAILABLE, CR_END_UNAVAILABLE},  {CR_REFUSED_GONE, CR_END_RELAY_LOST},
        {CR_REFUSED_FULL, CR_END_RELAY_FULL},          {CR_REFUSED_TOO_MANY, CR_END_RELAY_TOO_MANY},
        {CR_REFUSED_DRAINING, CR_END_RELAY_DRAINING},  {CR_REFUSED_TOO_MUCH, CR_END_RELAY_PROTOCOL},
        {CR_REFUSED_MALFORMED, CR_END_RELAY_PROTOCOL}, {CR_REFUSED_FORBIDDEN, CR_END_RELAY_FORBIDDEN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(REFUSALS); i++) {
        const struct cr_frame frame = {.type = CR_FRAME_REFUSED, .code = REFUSALS[i].refusal, .seconds = 7};
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        run_to_stage(&pair, TYPIST, EXPECT_SEAT);
        pair.relay.is_silent = 1;
        while (pair.devices[TYPIST].crossed == 0)
            assert_true(pair_step(&pair)); /* JOIN has left */
        pair.relay.is_silent = 0;
        fakerelay_say(&pair.relay, TYPIST, &frame);
        while (pair.devices[TYPIST].told[CR_EVENT_ENDED] == 0)
            assert_true(pair_step(&pair));
        assert_int_equal(pair.devices[TYPIST].ended.end, REFUSALS[i].end);
        assert_int_equal(pair.devices[TYPIST].ended.seconds, 7);
        assert_int_equal(elapsed(&pair), 0);
        pair_free(&pair);
    }
}

/* The relay says how the other device closed, at a moment when the sender's person is asked. */
static void every_mood_of_the_other_device_has_its_end(void **state)
{
    static const enum cr_end ENDS[] = {
        [CR_MOOD_DONE] = CR_END_PEER_ERROR,       [CR_MOOD_CANCELLED] = CR_END_PEER_CANCELLED,
        [CR_MOOD_WRONG_CODE] = CR_END_WRONG_CODE, [CR_MOOD_ERROR] = CR_END_PEER_ERROR,
        [CR_MOOD_EXPIRED] = CR_END_EXPIRED,
    };

    (void)state;
    for (uint8_t mood = CR_MOOD_DONE; mood <= CR_MOOD_EXPIRED; mood++) {
        const struct cr_frame frame = {.type = CR_FRAME_CLOSED, .code = mood};
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
        pair_settle(&pair);
        fakerelay_say(&pair.relay, TYPIST, &frame);
        fakerelay_say(&pair.relay, DISPLAYER, &frame);
        pair_settle(&pair);
        assert_ends(&pair, ENDS[mood], ENDS[mood]);
        pair_free(&pair);
    }
}

static void a_relay_that_breaks_the_contract_ends_it(void **state)
{
    static const uint8_t GARBAGE[][3] = {
        {0}, {CR_FRAME_ALLOCATE, 1, 2}, {0x8b, 0, 0}, {CR_FRAME_CLOSED, 9, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(GARBAGE); i++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
        pair_settle(&pair);
        cr_transfer_input(pair.devices[TYPIST].transfer, GARBAGE[i], sizeof GARBAGE[i], pair.now);
        pair_settle(&pair);
        assert_ends(&pair, CR_END_PEER_ERROR, CR_END_RELAY_PROTOCOL);
        pair_free(&pair);
    }
}

static void a_relay_that_goes_away_is_told_and_nothing_ends(void **state)
{
    const struct cr_frame frame = {.type = CR_FRAME_GOING_AWAY, .seconds = 30};
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    run_until(&pair, TYPIST, CR_EVENT_HELLO);
    fakerelay_say(&pair.relay, TYPIST, &frame);
    pair_settle(&pair);
    assert_int_equal(pair.devices[TYPIST].told[CR_EVENT_GOING_AWAY], 1);
    assert_ends(&pair, CR_END_DONE, CR_END_DONE);
    pair_free(&pair);
}

static void a_probe_is_answered_or_the_connection_is_stale(void **state)
{
    struct pair pair;
    struct device *typist = &pair.devices[TYPIST];

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    cr_transfer_probe(typist->transfer, pair.now);
    pair_settle(&pair);
    assert_int_equal(typist->told[CR_EVENT_TIME], 1);
    pair.relay.is_silent = 1;
    cr_transfer_probe(typist->transfer, pair.now);
    run_until(&pair, TYPIST, CR_EVENT_STALE);
    assert_int_equal(elapsed(&pair), 10000);
    pair.relay.is_silent = 0;
    run_until(&pair, TYPIST, CR_EVENT_OFFLINE);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_YES;
    assert_int_equal(cr_transfer_consent(pair_device(&pair, CR_SENDER)->transfer, small, pair.now), CR_OK);
    pair_run(&pair);
    assert_ends(&pair, CR_END_DONE, CR_END_DONE);
    pair_free(&pair);
}

static int make(void **state)
{
    (void)state;
    small = pair_bundle(SMALL);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    cr_bundle_free(small);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_that_cannot_be_reached_is_told_at_once),
        cmocka_unit_test(a_relay_that_never_answers_is_given_up_after_the_patience),
        cmocka_unit_test(a_relay_that_falls_silent_after_busy_is_noticed),
        cmocka_unit_test(a_relay_that_does_not_come_back_is_given_up),
        cmocka_unit_test(a_relay_that_is_now_refused_now_silent_is_given_up_too),
        cmocka_unit_test(a_relay_that_forgot_the_mailbox_ends_it),
        cmocka_unit_test(a_device_that_does_not_come_back_is_lost_after_the_patience),
        cmocka_unit_test(a_peer_that_came_back_while_we_were_away_is_not_lost),
        cmocka_unit_test(a_device_that_falls_silent_is_given_up_step_by_step),
        cmocka_unit_test(people_may_take_as_long_as_the_mailbox_lives),
        cmocka_unit_test(a_life_that_is_over_ends_it_without_the_relays_word),
        cmocka_unit_test(a_code_that_nobody_types_expires_after_what_was_added),
        cmocka_unit_test(a_join_at_the_last_moment_gives_the_displayer_the_joined_life),
        cmocka_unit_test(a_cancelled_transfer_is_finished_even_if_the_relay_is_silent),
        cmocka_unit_test(every_refusal_of_the_relay_has_its_end),
        cmocka_unit_test(every_mood_of_the_other_device_has_its_end),
        cmocka_unit_test(a_relay_that_breaks_the_contract_ends_it),
        cmocka_unit_test(a_relay_that_goes_away_is_told_and_nothing_ends),
        cmocka_unit_test(a_probe_is_answered_or_the_connection_is_stale),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
