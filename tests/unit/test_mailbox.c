/* A mailbox between two devices: numbers, acknowledgement, loss of connections, its bounds and its end. */
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

static void assert_payload(const struct cr_frame *frame, uint32_t seq, const char *text)
{
    assert_int_equal(frame->seq, seq);
    assert_int_equal(frame->payload_bytes, strlen(text));
    assert_memory_equal(frame->payload, text, strlen(text));
}

static void a_pair_meets_and_talks_both_ways(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);
    struct cr_frame frame;

    (void)state;
    phone_hears_nothing(&displayer);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    assert_int_equal(phone_hears(&typist, CR_FRAME_JOINED).seconds, 600);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_HERE);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_payload(&frame, 1, "hello");
    say_ack(&displayer, 1);
    assert_int_equal(phone_hears(&typist, CR_FRAME_ACKED).seq, 1);
    say_send(&displayer, 1, "well");
    frame = phone_hears(&typist, CR_FRAME_DELIVER);
    assert_payload(&frame, 1, "well");
    phone_hears_nothing(&displayer);
    phone_hears_nothing(&typist);
}

static void a_number_that_it_has_is_ignored_and_a_gap_is_refused(void **state)
{
    struct cr_frame frame;

    (void)state;
    desk_pair(&displayer, &typist);
    say_send(&typist, 1, "forged");
    phone_hears_nothing(&displayer);
    say_send(&typist, 3, "early");
    frame = phone_hears(&typist, CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_BUSY);
    assert_true(frame.seconds > 0);
    phone_hears_nothing(&displayer);
    say_send(&typist, 2, "two");
    say_send(&typist, 3, "three");
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_payload(&frame, 2, "two");
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_payload(&frame, 3, "three");
}

static void an_acknowledgement_of_what_never_was_ends_the_connection(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_ack(&displayer, 2);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&displayer);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_AWAY);
}

static void an_old_acknowledgement_is_ignored(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_ack(&displayer, 1);
    phone_hears(&typist, CR_FRAME_ACKED);
    say_ack(&displayer, 0);
    say_ack(&displayer, 1);
    phone_hears_nothing(&typist);
    phone_hears_nothing(&displayer);
}

static void nothing_is_sent_before_somebody_has_joined(void **state)
{
    (void)state;
    phone_allocates(&displayer, 1);
    say_send(&displayer, 1, "anyone?");
    assert_int_equal(phone_hears(&displayer, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&displayer);
}

static void resuming_tells_the_next_number_and_repeats_only_what_is_missing(void **state)
{
    struct cr_frame frame;

    (void)state;
    desk_pair(&displayer, &typist);
    say_send(&typist, 2, "two");
    say_send(&typist, 3, "three");
    phone_catch_up(&displayer);
    phone_cut(&displayer);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_AWAY);
    say_send(&typist, 4, "four");
    phone_connect(&displayer, 1);
    say_resume(&displayer, 1, 2);
    frame = phone_hears(&displayer, CR_FRAME_RESUMED);
    assert_int_equal(frame.seq, 1);
    assert_int_equal(frame.code, CR_PEER_HERE);
    assert_int_equal(frame.seconds, 600);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_ACKED).seq, 0);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_payload(&frame, 3, "three");
    frame = phone_hears(&displayer, CR_FRAME_DELIVER);
    assert_payload(&frame, 4, "four");
    phone_hears_nothing(&displayer);
    assert_int_equal(phone_hears(&typist, CR_FRAME_ACKED).seq, 2);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_HERE);
}

static void resuming_with_a_number_that_never_was_is_malformed_and_changes_nothing(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    phone_connect(&other, 3);
    say_resume(&other, 1, 2);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&other);
    assert_false(displayer.is_dropped);
    phone_hears_nothing(&displayer);
    phone_hears_nothing(&typist);
}

static void allocating_again_gives_the_same_nameplate_and_repeats_everything_unacknowledged(void **state)
{
    struct cr_nameplate plate = desk_pair(&displayer, &typist), again;

    (void)state;
    say_send(&typist, 2, "two");
    phone_cut(&displayer);
    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    again = phone_hears(&displayer, CR_FRAME_ALLOCATED).nameplate;
    assert_int_equal(again.value, plate.value);
    phone_hears(&displayer, CR_FRAME_ACKED);
    phone_hears(&displayer, CR_FRAME_PEER);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    phone_hears_nothing(&displayer);
    assert_int_equal(office_mailboxes(desk.office), 1);
}

static void joining_again_keeps_the_seat_and_the_payload_once(void **state)
{
    struct cr_nameplate plate = desk_pair(&displayer, &typist);

    (void)state;
    phone_cut(&typist);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
    phone_hears(&typist, CR_FRAME_ACKED);
    phone_hears(&typist, CR_FRAME_PEER);
    phone_hears_nothing(&typist);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    phone_hears_nothing(&displayer);
}

static void a_second_connection_takes_the_seat_over_and_the_first_is_dropped(void **state)
{
    struct cr_frame frame;

    (void)state;
    desk_pair(&displayer, &typist);
    phone_connect(&other, 1);
    say_resume(&other, 1, 0);
    assert_true(displayer.is_dropped);
    phone_hears(&other, CR_FRAME_RESUMED);
    phone_catch_up(&other);
    say_send(&displayer, 1, "ghost");
    phone_cut(&displayer);
    phone_catch_up(&typist);
    say_send(&other, 1, "me");
    frame = phone_hears(&typist, CR_FRAME_DELIVER);
    assert_payload(&frame, 1, "me");
    phone_hears_nothing(&typist);
}

static void waiting_lasts_180_seconds_and_is_extended_up_to_1800(void **state)
{
    (void)state;
    phone_allocates(&displayer, 1);
    desk_stay(60000, &displayer, NULL);
    say_plain(&displayer, CR_FRAME_CLOCK);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_TIME).seconds, 120);
    for (int minutes = 1; minutes < 28; minutes++) {
        say_plain(&displayer, CR_FRAME_EXTEND);
        assert_int_equal(phone_hears(&displayer, CR_FRAME_TIME).seconds, 180);
        desk_stay(60000, &displayer, NULL);
    }
    desk_stay(60000, &displayer, NULL);
    say_plain(&displayer, CR_FRAME_EXTEND);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_TIME).seconds, 60);
    desk_stay(59900, &displayer, NULL);
    assert_int_equal(desk.outcomes, 0);
    desk_pass(200);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_EXPIRED);
    phone_is_shown_out(&displayer);
    assert_int_equal(desk.outcome.mood, CR_MOOD_EXPIRED);
    assert_false(desk.outcome.was_joined);
}

static void once_joined_it_lasts_600_seconds_and_extending_only_tells_the_time(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    desk_stay(10000, &displayer, &typist);
    say_plain(&typist, CR_FRAME_EXTEND);
    assert_int_equal(phone_hears(&typist, CR_FRAME_TIME).seconds, 590);
    desk_stay(589900, &displayer, &typist);
    assert_int_equal(desk.outcomes, 0);
    desk_pass(200);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_EXPIRED);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_EXPIRED);
    phone_is_shown_out(&displayer);
    phone_is_shown_out(&typist);
    assert_int_equal(office_mailboxes(desk.office), 0);
    phone_connect(&other, 1);
    say_resume(&other, 1, 0);
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_GONE);
}

static void closing_is_answered_and_told_to_the_other_after_all_that_is_queued(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_send(&typist, 2, "last");
    say_close(&typist, CR_MOOD_DONE);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_is_shown_out(&typist);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    assert_int_equal(desk.outcomes, 0);
    say_close(&displayer, CR_MOOD_DONE);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_is_shown_out(&displayer);
    assert_int_equal(desk.outcome.mood, CR_MOOD_DONE);
    assert_true(desk.outcome.was_joined);
    assert_int_equal(office_mailboxes(desk.office), 0);
}

static void who_was_away_gets_the_queue_and_then_the_mood_however_often_it_comes_back(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    phone_cut(&displayer);
    say_send(&typist, 2, "last");
    say_close(&typist, CR_MOOD_CANCELLED);
    phone_cut(&typist);
    for (int i = 0; i < 3; i++) {
        phone_connect(&displayer, 1);
        say_resume(&displayer, 1, 0);
        assert_int_equal(phone_hears(&displayer, CR_FRAME_RESUMED).code, CR_PEER_AWAY);
        phone_hears(&displayer, CR_FRAME_ACKED);
        phone_hears(&displayer, CR_FRAME_PEER);
        assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
        assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
        assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_CANCELLED);
        phone_cut(&displayer);
    }
}

static void who_has_closed_and_comes_back_is_told_so_again(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_close(&typist, CR_MOOD_WRONG_CODE);
    phone_cut(&typist);
    phone_connect(&typist, 2);
    say_resume(&typist, 2, 0);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_WRONG_CODE);
    phone_is_shown_out(&typist);
}

static void what_is_said_after_the_other_has_closed_goes_nowhere(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_close(&typist, CR_MOOD_DONE);
    phone_cut(&typist);
    phone_catch_up(&displayer);
    say_send(&displayer, 1, "too late");
    phone_hears_nothing(&displayer);
    assert_false(displayer.is_dropped);
}

static void a_mailbox_closed_before_anybody_joined_is_gone_at_once(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    (void)state;
    say_close(&displayer, CR_MOOD_CANCELLED);
    assert_int_equal(desk.outcome.mood, CR_MOOD_CANCELLED);
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_UNAVAILABLE);
}

static void one_mebibyte_in_a_mailboxs_life_and_not_a_byte_more(void **state)
{
    static char payload[65537];
    uint32_t seq = 2;

    (void)state;
    memset(payload, 'x', 65536);
    desk_pair(&displayer, &typist);
    for (; seq < 17; seq++) {
        say_send(&typist, seq, payload);
        phone_catch_up(&displayer);
        say_ack(&displayer, seq);
        phone_catch_up(&typist);
    }
    /* "hello" and 15 times 64 KiB are carried; what is left is 5 bytes short of another 64 KiB. */
    say_send(&typist, seq, payload);
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_TOO_MUCH);
    payload[65536 - 5] = '\0';
    say_send(&displayer, 1, payload);
    assert_int_equal(phone_hears(&typist, CR_FRAME_DELIVER).payload_bytes, 65531);
    say_send(&displayer, 2, "x");
    assert_int_equal(phone_hears(&displayer, CR_FRAME_REFUSED).code, CR_REFUSED_TOO_MUCH);
    say_plain(&displayer, CR_FRAME_CLOCK);
    phone_hears(&displayer, CR_FRAME_TIME);
}

static void too_many_frames_in_a_queue_are_refused_and_none_is_dropped(void **state)
{
    uint32_t seq = 2;

    (void)state;
    desk_pair(&displayer, &typist);
    for (; seq <= LANE_LETTERS_MAX; seq++)
        say_send(&typist, seq, "x");
    phone_hears_nothing(&typist);
    say_send(&typist, seq, "x");
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    for (uint32_t i = 2; i < seq; i++)
        assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, i);
    phone_hears_nothing(&displayer);
    say_ack(&displayer, 10);
    phone_catch_up(&typist);
    say_send(&typist, seq, "x");
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, seq);
}

static void a_device_that_does_not_read_is_owed_no_more_however_much_it_asks(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    for (int i = 0; i < 10000; i++)
        say_plain(&typist, CR_FRAME_CLOCK);
    phone_hears(&typist, CR_FRAME_TIME);
    phone_hears_nothing(&typist);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pair_meets_and_talks_both_ways),
        TEST(a_number_that_it_has_is_ignored_and_a_gap_is_refused),
        TEST(an_acknowledgement_of_what_never_was_ends_the_connection),
        TEST(an_old_acknowledgement_is_ignored),
        TEST(nothing_is_sent_before_somebody_has_joined),
        TEST(resuming_tells_the_next_number_and_repeats_only_what_is_missing),
        TEST(resuming_with_a_number_that_never_was_is_malformed_and_changes_nothing),
        TEST(allocating_again_gives_the_same_nameplate_and_repeats_everything_unacknowledged),
        TEST(joining_again_keeps_the_seat_and_the_payload_once),
        TEST(a_second_connection_takes_the_seat_over_and_the_first_is_dropped),
        TEST(waiting_lasts_180_seconds_and_is_extended_up_to_1800),
        TEST(once_joined_it_lasts_600_seconds_and_extending_only_tells_the_time),
        TEST(closing_is_answered_and_told_to_the_other_after_all_that_is_queued),
        TEST(who_was_away_gets_the_queue_and_then_the_mood_however_often_it_comes_back),
        TEST(who_has_closed_and_comes_back_is_told_so_again),
        TEST(what_is_said_after_the_other_has_closed_goes_nowhere),
        TEST(a_mailbox_closed_before_anybody_joined_is_gone_at_once),
        TEST(one_mebibyte_in_a_mailboxs_life_and_not_a_byte_more),
        TEST(too_many_frames_in_a_queue_are_refused_and_none_is_dropped),
        TEST(a_device_that_does_not_read_is_owed_no_more_however_much_it_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
