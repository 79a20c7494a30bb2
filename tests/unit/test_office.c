/* The front desk: who is let in, who is turned away and how, silence, and drain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <stdlib.h>
#include <string.h>

static struct phone displayer, typist, other;

static int set_up(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, NULL, NULL);
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
    desk_close();
    return 0;
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
        TEST(a_connection_that_says_nothing_is_dropped_after_ten_seconds),
        TEST(a_seated_connection_is_pinged_and_stays_while_it_answers),
        TEST(two_pings_unanswered_end_the_connection_and_keep_the_seat),
        TEST(who_is_shown_out_and_does_not_read_is_dropped),
        TEST(draining_tells_everybody_refuses_new_mailboxes_and_lets_pairs_finish),
        TEST(the_worst_mood_of_the_two_is_the_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
