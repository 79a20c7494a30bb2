/* The front desk: who is let in, who is turned away and how, silence, drain, and a store that answers late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <stdlib.h>
#include <string.h>

#define CROWD 40

static struct phone displayer, typist, other, crowd[CROWD];

static int set_up(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, NULL, NULL);
    memset(crowd, 0, sizeof crowd);
    displayer = typist = other = crowd[0];
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    phone_cut(&displayer);
    phone_cut(&typist);
    phone_cut(&other);
    for (int i = 0; i < CROWD; i++)
        phone_cut(&crowd[i]);
    desk_close();
    return 0;
}

static void open_with(const struct office_rules *rules, const struct quota_rules *quota,
                      struct store *(*wrap)(struct store *))
{
    desk_close();
    desk_open(rules, quota, wrap);
}

static uint8_t refusal_of_join(uint8_t token, struct cr_nameplate plate)
{
    struct cr_frame frame;

    phone_connect(&other, 9);
    say_join(&other, token, plate, "hello");
    frame = phone_hears(&other, CR_FRAME_REFUSED);
    phone_hears_nothing(&other);
    phone_cut(&other);
    assert_int_equal(frame.seconds, 0);
    return frame.code;
}

static void unknown_taken_and_expired_are_one_answer(void **state)
{
    struct cr_nameplate plate = desk_pair(&displayer, &typist), unknown = {4, (plate.value + 1) % 10000};

    (void)state;
    assert_int_equal(refusal_of_join(7, unknown), CR_REFUSED_UNAVAILABLE);
    assert_int_equal(refusal_of_join(7, plate), CR_REFUSED_UNAVAILABLE);
    desk_stay(601000, &displayer, &typist);
    assert_int_equal(office_mailboxes(desk.office), 0);
    assert_int_equal(refusal_of_join(7, plate), CR_REFUSED_UNAVAILABLE);
}

static void a_second_joiner_is_refused_for_good_even_after_the_first_has_left(void **state)
{
    struct cr_nameplate plate = desk_pair(&displayer, &typist);

    (void)state;
    phone_cut(&typist);
    assert_int_equal(refusal_of_join(7, plate), CR_REFUSED_UNAVAILABLE);
    phone_connect(&typist, 2);
    say_close(&displayer, CR_MOOD_DONE);
    assert_int_equal(refusal_of_join(7, plate), CR_REFUSED_UNAVAILABLE);
    say_resume(&typist, 2, 0);
    phone_hears(&typist, CR_FRAME_RESUMED);
}

static void a_refused_joiner_may_try_another_number_on_the_same_connection(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1), unknown = {4, (plate.value + 1) % 10000};

    (void)state;
    phone_connect(&typist, 2);
    say_join(&typist, 2, unknown, "hello");
    phone_hears(&typist, CR_FRAME_REFUSED);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

static void an_unknown_token_is_gone(void **state)
{
    (void)state;
    phone_connect(&other, 1);
    say_resume(&other, 1, 0);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_GONE);
}

static void a_seat_is_one_for_a_connection_and_for_a_token(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_allocate(&displayer, 5);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&displayer);
    phone_connect(&other, 3);
    say_allocate(&other, 2);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&other);
    assert_false(typist.is_dropped);
}

static void anything_but_a_seat_first_is_malformed(void **state)
{
    static const enum cr_frame_type types[] = {CR_FRAME_EXTEND, CR_FRAME_CLOCK};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        phone_connect(&other, 1);
        say_plain(&other, types[i]);
        assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
        phone_is_shown_out(&other);
    }
    phone_connect(&other, 1);
    say_close(&other, CR_MOOD_DONE);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&other);
}

static void bytes_that_are_no_frame_end_the_connection_and_keep_the_seat(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    office_hear(&typist.visitor, (const uint8_t *)"\xff", 1, desk.now_ms);
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&typist);
    phone_connect(&typist, 2);
    say_resume(&typist, 2, 0);
    phone_hears(&typist, CR_FRAME_RESUMED);
}

static void nothing_is_heard_of_who_is_being_shown_out(void **state)
{
    (void)state;
    phone_connect(&other, 1);
    say_plain(&other, CR_FRAME_CLOCK);
    say_allocate(&other, 1);
    assert_int_equal(office_mailboxes(desk.office), 0);
    phone_hears(&other, CR_FRAME_REFUSED);
    phone_is_shown_out(&other);
}

static void a_full_relay_refuses_the_newcomer_and_keeps_who_waits(void **state)
{
    struct office_rules rules = desk_rules();
    struct cr_frame frame;

    (void)state;
    rules.max_mailboxes = 3;
    open_with(&rules, NULL, NULL);
    for (uint8_t i = 0; i < 3; i++)
        phone_allocates(&crowd[i], (uint8_t)(i + 1));
    phone_connect(&other, 1);
    say_allocate(&other, 9);
    frame = phone_hears(&other, CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_FULL);
    assert_true(frame.seconds > 0);
    for (int i = 0; i < 3; i++)
        assert_false(crowd[i].is_dropped);
    say_close(&crowd[0], CR_MOOD_DONE);
    say_allocate(&other, 9);
    phone_hears(&other, CR_FRAME_ALLOCATED);
}

static void a_full_relay_still_knows_who_allocates_again(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    rules.max_mailboxes = 1;
    open_with(&rules, NULL, NULL);
    phone_allocates(&displayer, 1);
    phone_cut(&displayer);
    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    phone_hears(&displayer, CR_FRAME_ALLOCATED);
}

static void when_the_queues_are_full_sending_is_refused_and_a_join_takes_no_seat(void **state)
{
    static char payload[60001];
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate;
    struct cr_frame frame;

    (void)state;
    memset(payload, 'x', 60000);
    rules.mailbox.budget.max = 131072;
    open_with(&rules, NULL, NULL);
    desk_pair(&displayer, &typist);
    say_send(&typist, 2, payload);
    say_send(&typist, 3, payload);
    phone_hears_nothing(&typist);
    say_send(&typist, 4, payload);
    frame = phone_hears(&typist, CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_BUSY);
    assert_true(frame.seconds > 0);
    plate = phone_allocates(&crowd[0], 10);
    phone_connect(&other, 5);
    say_join(&other, 11, plate, payload);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 3);
    say_ack(&displayer, 3);
    say_join(&other, 11, plate, payload);
    phone_hears(&other, CR_FRAME_JOINED);
    phone_catch_up(&typist);
    say_send(&typist, 4, payload);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 4);
}

static void an_ended_mailbox_gives_its_queue_back(void **state)
{
    static char payload[60001];
    struct office_rules rules = desk_rules();

    (void)state;
    memset(payload, 'x', 60000);
    rules.mailbox.budget.max = 131072;
    open_with(&rules, NULL, NULL);
    for (int i = 0; i < 10; i++) {
        desk_pair(&displayer, &typist);
        say_send(&typist, 2, payload);
        say_send(&typist, 3, payload);
        phone_hears_nothing(&typist);
        say_close(&displayer, CR_MOOD_ERROR);
        say_close(&typist, CR_MOOD_DONE);
        phone_cut(&displayer);
        phone_cut(&typist);
        assert_int_equal(desk.outcome.mood, CR_MOOD_ERROR);
    }
}

static void new_mailboxes_of_one_address_are_limited_and_others_are_not(void **state)
{
    const struct quota_rules quota = {.per_minute = {3, 0}};
    struct office_rules rules = desk_rules();
    struct cr_frame frame;

    (void)state;
    open_with(&rules, &quota, NULL);
    for (uint8_t i = 0; i < 3; i++)
        phone_allocates(&crowd[i], (uint8_t)(i + 1));
    phone_connect(&crowd[3], 1);
    say_allocate(&crowd[3], 4);
    frame = phone_hears(&crowd[3], CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_TOO_MANY);
    assert_int_equal(frame.seconds, 20);
    phone_connect(&crowd[4], 2);
    say_allocate(&crowd[4], 5);
    phone_hears(&crowd[4], CR_FRAME_ALLOCATED);
    phone_cut(&crowd[0]);
    phone_connect(&crowd[0], 1);
    say_allocate(&crowd[0], 1);
    phone_hears(&crowd[0], CR_FRAME_ALLOCATED);
}

static void a_guesser_is_stopped_after_a_few_wrong_numbers_and_right_ones_cost_nothing(void **state)
{
    const struct quota_rules quota = {.per_minute = {0, 5}};
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate, first = {0}, wrong;

    (void)state;
    open_with(&rules, &quota, NULL);
    for (uint8_t i = 0; i < 10; i++) {
        plate = phone_allocates(&crowd[i], (uint8_t)(100 + i));
        first = i == 0 ? plate : first;
        phone_connect(&crowd[20 + i], 3);
        say_join(&crowd[20 + i], (uint8_t)(120 + i), plate, "hello");
        phone_hears(&crowd[20 + i], CR_FRAME_JOINED);
    }
    wrong = (struct cr_nameplate){5, 0};
    phone_connect(&other, 3);
    for (uint8_t i = 0; i < 5; i++) {
        say_join(&other, 7, wrong, "hello");
        assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_UNAVAILABLE);
    }
    plate = phone_allocates(&displayer, 1);
    say_join(&other, 7, plate, "hello");
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_TOO_MANY);
    phone_cut(&crowd[20]);
    phone_connect(&crowd[20], 3);
    say_join(&crowd[20], 120, first, "hello");
    phone_hears(&crowd[20], CR_FRAME_JOINED);
    phone_connect(&typist, 4);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

static void a_connection_that_says_nothing_is_dropped_after_ten_seconds(void **state)
{
    (void)state;
    phone_connect(&other, 1);
    desk_pass(9900);
    assert_false(other.is_dropped);
    desk_pass(200);
    assert_true(other.is_dropped);
}

static void a_seated_connection_is_pinged_and_stays_while_it_answers(void **state)
{
    (void)state;
    phone_allocates(&displayer, 1);
    for (int i = 0; i < 17; i++) {
        desk_pass(10000);
        phone_hears_nothing(&displayer);
    }
    assert_in_range(displayer.pings, 3, 7);
    assert_false(displayer.is_dropped);
}

static void two_pings_unanswered_end_the_connection_and_keep_the_seat(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    displayer.is_mute = 1;
    for (int i = 0; i < 9; i++) {
        desk_pass(10000);
        phone_catch_up(&displayer);
        phone_catch_up(&typist);
    }
    assert_int_equal(displayer.pings, 2);
    desk_pass(20000);
    assert_true(displayer.is_dropped);
    assert_false(typist.is_dropped);
    phone_cut(&displayer);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_AWAY);
}

static void who_is_shown_out_and_does_not_read_is_dropped(void **state)
{
    (void)state;
    phone_allocates(&displayer, 1);
    say_close(&displayer, CR_MOOD_CANCELLED);
    desk_pass(9000);
    assert_false(displayer.is_dropped);
    desk_pass(1100);
    assert_true(displayer.is_dropped);
}

static void draining_tells_everybody_refuses_new_mailboxes_and_lets_pairs_finish(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    (void)state;
    office_drain(desk.office, desk.now_ms + 30000, desk.now_ms);
    office_tell_going_away(&displayer.visitor);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_GOING_AWAY).seconds, 30);
    desk_pass(5000);
    phone_connect(&other, 1);
    assert_int_equal(phone_hears(&other, CR_FRAME_GOING_AWAY).seconds, 25);
    say_allocate(&other, 9);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_DRAINING);
    phone_connect(&typist, 2);
    phone_catch_up(&typist);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
    phone_cut(&displayer);
    phone_connect(&displayer, 1);
    phone_hears(&displayer, CR_FRAME_GOING_AWAY);
    say_allocate(&displayer, 1);
    phone_hears(&displayer, CR_FRAME_ALLOCATED);
}

static void the_worst_mood_of_the_two_is_the_outcome(void **state)
{
    static const uint8_t moods[][3] = {
        {CR_MOOD_DONE, CR_MOOD_WRONG_CODE, CR_MOOD_WRONG_CODE},
        {CR_MOOD_ERROR, CR_MOOD_CANCELLED, CR_MOOD_ERROR},
        {CR_MOOD_CANCELLED, CR_MOOD_DONE, CR_MOOD_CANCELLED},
        {CR_MOOD_DONE, CR_MOOD_DONE, CR_MOOD_DONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        desk_pair(&displayer, &typist);
        say_close(&displayer, moods[i][0]);
        say_close(&typist, moods[i][1]);
        assert_int_equal(desk.outcome.mood, moods[i][2]);
        phone_cut(&displayer);
        phone_cut(&typist);
    }
}

/* A store like an engine over a network: it answers one request when told to. */
static struct {
    struct store face;
    struct store *inner;
    store_answer *answer;
    void *context;
    enum store_result result;
    struct store_record record;
    int has_record, is_waiting;
} late;

static void late_note(void *context, enum store_result result, const struct store_record *record)
{
    (void)context;
    late.result = result;
    late.has_record = record != NULL;
    if (record != NULL)
        late.record = *record;
}

static void late_wait(store_answer *answer, void *context)
{
    assert_false(late.is_waiting);
    late.is_waiting = 1;
    late.answer = answer;
    late.context = context;
}

static void late_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                          uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    (void)store;
    late.inner->allocate(late.inner, token, local, life_ms, now_ms, late_note, NULL);
    late_wait(answer, context);
}

static void late_claim(struct store *store, const struct cr_nameplate *nameplate,
                       const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer, void *context)
{
    (void)store;
    late.inner->claim(late.inner, nameplate, token, late_note, NULL);
    late_wait(answer, context);
}

static void late_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                      void *context)
{
    (void)store;
    late.inner->find(late.inner, token, late_note, NULL);
    late_wait(answer, context);
}

static void late_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    (void)store;
    late.inner->release(late.inner, nameplate, now_ms);
}

static void late_close(struct store *store)
{
    (void)store;
    late.inner->close(late.inner);
}

static struct store *make_late(struct store *inner)
{
    memset(&late, 0, sizeof late);
    late.inner = inner;
    late.face = (struct store){.self = inner->self,
                               .allocate = late_allocate,
                               .claim = late_claim,
                               .find = late_find,
                               .release = late_release,
                               .publish = inner->publish,
                               .close = late_close};
    return &late.face;
}

static void late_arrives(void)
{
    assert_true(late.is_waiting);
    late.is_waiting = 0;
    late.answer(late.context, late.result, late.has_record ? &late.record : NULL);
}

static void a_late_answer_seats_the_pair_and_the_payload_survives_the_wait(void **state)
{
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate;
    struct cr_frame frame;

    (void)state;
    open_with(&rules, NULL, make_late);
    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    phone_hears_nothing(&displayer);
    say_plain(&displayer, CR_FRAME_CLOCK);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    late_arrives();
    plate = phone_hears(&displayer, CR_FRAME_ALLOCATED).nameplate;
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    late_arrives();
    phone_hears(&typist, CR_FRAME_JOINED);
    phone_hears(&displayer, CR_FRAME_PEER);
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_memory_equal(frame.payload, "hello", 5);
}

static void who_left_before_the_answer_finds_its_seat_when_it_comes_back(void **state)
{
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate;

    (void)state;
    open_with(&rules, NULL, make_late);
    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    phone_cut(&displayer);
    late_arrives();
    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    late_arrives();
    plate = phone_hears(&displayer, CR_FRAME_ALLOCATED).nameplate;
    phone_catch_up(&displayer);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    phone_cut(&typist);
    late_arrives();
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
}

static void an_engine_that_is_away_is_busy_and_not_gone(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    open_with(&rules, NULL, make_late);
    phone_connect(&other, 1);
    say_resume(&other, 1, 0);
    late.result = STORE_AWAY;
    late_arrives();
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_taken_and_expired_are_one_answer),
        TEST(a_second_joiner_is_refused_for_good_even_after_the_first_has_left),
        TEST(a_refused_joiner_may_try_another_number_on_the_same_connection),
        TEST(an_unknown_token_is_gone),
        TEST(a_seat_is_one_for_a_connection_and_for_a_token),
        TEST(anything_but_a_seat_first_is_malformed),
        TEST(bytes_that_are_no_frame_end_the_connection_and_keep_the_seat),
        TEST(nothing_is_heard_of_who_is_being_shown_out),
        TEST(a_full_relay_refuses_the_newcomer_and_keeps_who_waits),
        TEST(a_full_relay_still_knows_who_allocates_again),
        TEST(when_the_queues_are_full_sending_is_refused_and_a_join_takes_no_seat),
        TEST(an_ended_mailbox_gives_its_queue_back),
        TEST(new_mailboxes_of_one_address_are_limited_and_others_are_not),
        TEST(a_guesser_is_stopped_after_a_few_wrong_numbers_and_right_ones_cost_nothing),
        TEST(a_connection_that_says_nothing_is_dropped_after_ten_seconds),
        TEST(a_seated_connection_is_pinged_and_stays_while_it_answers),
        TEST(two_pings_unanswered_end_the_connection_and_keep_the_seat),
        TEST(who_is_shown_out_and_does_not_read_is_dropped),
        TEST(draining_tells_everybody_refuses_new_mailboxes_and_lets_pairs_finish),
        TEST(the_worst_mood_of_the_two_is_the_outcome),
        TEST(a_late_answer_seats_the_pair_and_the_payload_survives_the_wait),
        TEST(who_left_before_the_answer_finds_its_seat_when_it_comes_back),
        TEST(an_engine_that_is_away_is_busy_and_not_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
