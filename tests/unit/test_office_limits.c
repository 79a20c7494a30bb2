/* The front desk when there is too much: of mailboxes, of queued bytes, of one address. */
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
    memset(&displayer, 0, sizeof displayer);
    memset(&typist, 0, sizeof typist);
    memset(&other, 0, sizeof other);
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

static void open_with(const struct office_rules *rules, const struct quota_rules *quota)
{
    desk_close();
    desk_open(rules, quota, NULL);
}

static void a_full_relay_refuses_the_newcomer_and_keeps_who_waits(void **state)
{
    struct office_rules rules = desk_rules();
    struct cr_frame frame;

    (void)state;
    rules.max_mailboxes = 3;
    open_with(&rules, NULL);
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
    open_with(&rules, NULL);
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
    rules.mailbox.budget.max = 175000; /* of which three quarters for long frames */
    open_with(&rules, NULL);
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
    rules.mailbox.budget.max = 175000; /* of which three quarters for long frames */
    open_with(&rules, NULL);
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

/* A mailbox of the address 1, joined from another address that sends count long frames; returns what the last was refused with, or 0. */
static uint8_t fill_from(struct phone *first, struct phone *second, uint8_t token, uint64_t address,
                         uint32_t count)
{
    static char payload[60001];
    struct cr_nameplate plate = phone_allocates(first, token);
    struct cr_frame frame = {0};

    memset(payload, 'x', 60000);
    phone_connect(second, address);
    say_join(second, (uint8_t)(token + 1), plate, "hello");
    phone_catch_up(second);
    for (uint32_t seq = 2; seq < count + 2; seq++)
        say_send(second, seq, payload);
    return phone_fetch(second, &frame) == SAY_FRAME ? frame.code : 0;
}

static void open_with_share(size_t max, size_t share)
{
    struct office_rules rules = desk_rules();

    rules.mailbox.budget.max = max;
    rules.mailbox.budget.share = share;
    open_with(&rules, NULL);
}

static void an_address_that_has_filled_its_share_is_busy_and_others_are_not(void **state)
{
    (void)state;
    open_with_share(1000000, 200000);
    assert_int_equal(fill_from(&crowd[0], &crowd[1], 10, 5, 3), 0);
    assert_int_equal(fill_from(&crowd[2], &crowd[3], 20, 5, 1), CR_REFUSED_BUSY);
    assert_int_equal(fill_from(&crowd[4], &crowd[5], 30, 6, 3), 0);
    phone_catch_up(&crowd[0]);
    say_ack(&crowd[0], 2);
    phone_catch_up(&crowd[3]);
    say_send(&crowd[3], 2, "and a little more");
    phone_catch_up(&crowd[2]);
    say_ack(&crowd[2], 2);
    assert_int_equal(phone_hears(&crowd[3], CR_FRAME_ACKED).seq, 2);
}

static void the_share_is_that_of_the_address_a_device_sends_from_now(void **state)
{
    (void)state;
    open_with_share(1000000, 200000);
    assert_int_equal(fill_from(&displayer, &typist, 10, 5, 3), 0);
    phone_cut(&typist);
    phone_connect(&typist, 6);
    say_resume(&typist, 11, 0);
    phone_catch_up(&typist);
    assert_int_equal(fill_from(&crowd[2], &crowd[3], 20, 5, 1), CR_REFUSED_BUSY);
    assert_int_equal(fill_from(&crowd[4], &crowd[5], 30, 6, 3), 0);
}

static void when_long_frames_have_filled_the_relay_a_pair_can_still_meet(void **state)
{
    struct cr_nameplate plate;

    (void)state;
    open_with_share(400000, 0);
    assert_int_equal(fill_from(&crowd[0], &crowd[1], 10, 5, 5), CR_REFUSED_BUSY);
    plate = phone_allocates(&displayer, 1);
    phone_connect(&typist, 6);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
    phone_catch_up(&displayer);
    say_send(&displayer, 1, "well");
    phone_hears(&typist, CR_FRAME_PEER);
    assert_int_equal(phone_hears(&typist, CR_FRAME_DELIVER).seq, 1);
}

static void new_mailboxes_of_one_address_are_limited_and_others_are_not(void **state)
{
    const struct quota_rules quota = {.address = {.per_minute = {3, 0}}};
    struct office_rules rules = desk_rules();
    struct cr_frame frame;

    (void)state;
    open_with(&rules, &quota);
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

static void open_with_joins(uint32_t failed_a_minute)
{
    const struct quota_rules quota = {.address = {.per_minute = {0, failed_a_minute}}};
    struct office_rules rules = desk_rules();

    open_with(&rules, &quota);
}

static void a_guesser_has_to_pay_after_a_few_wrong_numbers(void **state)
{
    const struct cr_nameplate wrong = {5, 0};
    struct cr_nameplate plate;

    (void)state;
    open_with_joins(5);
    phone_connect(&other, 3);
    for (uint8_t i = 0; i < 5; i++) {
        say_join(&other, 7, wrong, "hello");
        assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_UNAVAILABLE);
    }
    plate = phone_allocates(&displayer, 1);
    say_join(&other, 7, plate, "hello");
    phone_hears(&other, CR_FRAME_PUZZLE);
    phone_hears_nothing(&displayer);
    phone_connect(&typist, 4);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

#define PRICED 255

/* From the address 3: the reason of a refusal, PRICED, or 0 for a seat. */
static uint8_t answer_to_join(struct phone *first, struct phone *second, uint8_t token)
{
    struct cr_nameplate plate = phone_allocates(first, token);
    struct cr_frame frame;

    phone_connect(second, 3);
    say_join(second, (uint8_t)(token + 1), plate, "hello");
    assert_int_equal(phone_fetch(second, &frame), SAY_FRAME);
    phone_catch_up(first);
    phone_catch_up(second);
    if (frame.type == CR_FRAME_PUZZLE)
        return PRICED;
    return frame.type == CR_FRAME_REFUSED ? frame.code : 0;
}

static void a_guesser_has_to_pay_after_a_few_right_numbers(void **state)
{
    (void)state;
    open_with_joins(5);
    for (uint8_t i = 0; i < 5; i++)
        assert_int_equal(answer_to_join(&crowd[i], &crowd[20 + i], (uint8_t)(10 + 2 * i)), 0);
    assert_int_equal(answer_to_join(&crowd[5], &crowd[25], 50), PRICED);
    phone_cut(&crowd[20]);
    phone_connect(&crowd[20], 3);
    say_resume(&crowd[20], 11, 0);
    phone_hears(&crowd[20], CR_FRAME_RESUMED);
}

static void a_join_said_again_is_charged_once(void **state)
{
    struct cr_nameplate plate;

    (void)state;
    open_with_joins(2);
    plate = phone_allocates(&displayer, 1);
    for (int i = 0; i < 5; i++) {
        phone_connect(&typist, 3);
        say_join(&typist, 2, plate, "hello");
        phone_hears(&typist, CR_FRAME_JOINED);
        phone_cut(&typist);
    }
    assert_int_equal(answer_to_join(&crowd[0], &crowd[20], 10), 0);
}

static void joins_that_end_well_are_given_back(void **state)
{
    (void)state;
    open_with_joins(2);
    for (uint8_t i = 0; i < 10; i++) {
        assert_int_equal(answer_to_join(&displayer, &typist, (uint8_t)(10 + 2 * i)), 0);
        say_close(&typist, CR_MOOD_DONE);
        say_close(&displayer, CR_MOOD_DONE);
        phone_cut(&displayer);
        phone_cut(&typist);
    }
}

static void joins_that_one_device_alone_calls_done_are_not_given_back(void **state)
{
    static const uint8_t moods[] = {CR_MOOD_CANCELLED, CR_MOOD_WRONG_CODE};

    (void)state;
    open_with_joins(2);
    for (uint8_t i = 0; i < 2; i++) {
        assert_int_equal(answer_to_join(&displayer, &typist, (uint8_t)(10 + 2 * i)), 0);
        say_close(&typist, CR_MOOD_DONE);
        say_close(&displayer, moods[i]);
        phone_cut(&displayer);
        phone_cut(&typist);
    }
    assert_int_equal(answer_to_join(&displayer, &typist, 50), PRICED);
}

static void before_a_seat_only_a_short_message_is_taken(void **state)
{
    (void)state;
    phone_connect(&displayer, 1);
    assert_int_equal(office_message_max(&displayer.visitor), OFFICE_FIRST_MAX_BYTES);
    say_resume(&displayer, 9, 0);
    phone_hears(&displayer, CR_FRAME_REFUSED);
    assert_int_equal(office_message_max(&displayer.visitor), OFFICE_FIRST_MAX_BYTES);
    say_allocate(&displayer, 1);
    assert_int_equal(office_message_max(&displayer.visitor), CR_FRAME_MAX_BYTES);
    say_close(&displayer, CR_MOOD_DONE);
    assert_int_equal(office_message_max(&displayer.visitor), CR_FRAME_MAX_BYTES);
}

static void what_is_held_for_unfinished_messages_is_charged_like_a_queue(void **state)
{
    (void)state;
    open_with_share(1000000, 200000);
    phone_connect(&crowd[0], 5);
    phone_connect(&crowd[1], 5);
    phone_connect(&crowd[2], 6);
    assert_int_equal(office_hold(&crowd[0].visitor, 60000), CR_OK);
    assert_int_equal(office_hold(&crowd[0].visitor, 120000), CR_OK);
    assert_int_equal(office_hold(&crowd[1].visitor, 100000), CR_E_LIMIT);
    assert_int_equal(office_hold(&crowd[2].visitor, 100000), CR_OK);
    assert_int_equal(fill_from(&crowd[3], &crowd[4], 10, 5, 2), CR_REFUSED_BUSY);
    phone_cut(&crowd[0]);
    assert_int_equal(office_hold(&crowd[1].visitor, 100000), CR_OK);
    assert_int_equal(office_hold(&crowd[1].visitor, 0), CR_OK);
    assert_int_equal(fill_from(&crowd[5], &crowd[6], 20, 5, 2), 0);
}

static void a_message_that_could_not_be_kept_is_to_be_said_again(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    office_hear_nothing(&typist.visitor, desk.now_ms);
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    say_send(&typist, 2, "again");
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_relay_refuses_the_newcomer_and_keeps_who_waits),
        TEST(a_full_relay_still_knows_who_allocates_again),
        TEST(when_the_queues_are_full_sending_is_refused_and_a_join_takes_no_seat),
        TEST(an_ended_mailbox_gives_its_queue_back),
        TEST(an_address_that_has_filled_its_share_is_busy_and_others_are_not),
        TEST(the_share_is_that_of_the_address_a_device_sends_from_now),
        TEST(when_long_frames_have_filled_the_relay_a_pair_can_still_meet),
        TEST(new_mailboxes_of_one_address_are_limited_and_others_are_not),
        TEST(a_guesser_has_to_pay_after_a_few_wrong_numbers),
        TEST(a_guesser_has_to_pay_after_a_few_right_numbers),
        TEST(a_join_said_again_is_charged_once),
        TEST(joins_that_end_well_are_given_back),
        TEST(joins_that_one_device_alone_calls_done_are_not_given_back),
        TEST(before_a_seat_only_a_short_message_is_taken),
        TEST(what_is_held_for_unfinished_messages_is_charged_like_a_queue),
        TEST(a_message_that_could_not_be_kept_is_to_be_said_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
