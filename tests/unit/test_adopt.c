/* A mailbox that was another node's: its next owner knows the record, and what the devices tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spy.h"

#include <string.h>

static int set_up(void **state)
{
    (void)state;
    spy_open();
    spy.record = (struct store_record){
        .nameplate = {4, 77}, .era = 2, .is_joined = 1, .age_ms = 100000, .left_ms = 300000};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    spy_end();
    return 0;
}

static struct cr_frame resumes(struct phone *phone, uint8_t token, uint32_t seen)
{
    phone_connect(phone, token);
    say_resume(phone, token, seen);
    return phone_hears(phone, CR_FRAME_RESUMED);
}

static void assert_payload(struct phone *phone, uint32_t seq, const char *text)
{
    struct cr_frame frame = phone_hears(phone, CR_FRAME_DELIVER);

    assert_int_equal(frame.seq, seq);
    assert_memory_equal(frame.payload, text, strlen(text));
}

static void who_comes_first_is_told_what_is_left_and_that_nothing_is_known(void **state)
{
    struct cr_frame frame = resumes(&displayer, 1, 3);

    (void)state;
    assert_int_equal(frame.seconds, 300);
    assert_int_equal(frame.code, CR_PEER_AWAY);
    assert_int_equal(frame.seq, 1);
    assert_non_null(spy.record.local);
    assert_int_equal(office_mailboxes(desk.office), 1);
    assert_int_equal(desk.metrics.joined_now, 1);
    assert_int_equal(desk.metrics.opened, 0);
}

static void frames_go_on_where_the_devices_are(void **state)
{
    (void)state;
    resumes(&displayer, 1, 3);
    phone_catch_up(&displayer);
    say_send(&displayer, 8, "eight");
    say_send(&displayer, 9, "nine");
    phone_hears_nothing(&displayer);
    assert_int_equal(resumes(&typist, 2, 8).seq, 4);
    assert_int_equal(phone_hears(&typist, CR_FRAME_ACKED).seq, 3);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_HERE);
    assert_payload(&typist, 9, "nine");
    assert_int_equal(phone_hears(&displayer, CR_FRAME_ACKED).seq, 8);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    say_send(&typist, 3, "had");
    say_send(&typist, 4, "four");
    assert_payload(&displayer, 4, "four");
}

static void a_gap_before_the_first_frame_makes_its_sender_come_again(void **state)
{
    (void)state;
    resumes(&displayer, 1, 0);
    phone_catch_up(&displayer);
    say_send(&displayer, 5, "five");
    assert_int_equal(resumes(&typist, 2, 2).code, CR_PEER_AWAY);
    phone_hears(&typist, CR_FRAME_ACKED);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_AWAY);
    phone_hears_nothing(&typist);
    assert_true(displayer.is_dropped);
    phone_cut(&displayer);
    assert_int_equal(resumes(&displayer, 1, 0).seq, 3);
    say_send(&displayer, 3, "three");
    phone_hears(&typist, CR_FRAME_PEER);
    assert_payload(&typist, 3, "three");
}

static void a_seat_that_had_closed_has_closed(void **state)
{
    (void)state;
    spy.record.moods[SEAT_DISPLAYER] = CR_MOOD_DONE;
    resumes(&typist, 2, 4);
    phone_hears(&typist, CR_FRAME_ACKED);
    phone_hears(&typist, CR_FRAME_PEER);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_connect(&displayer, 1);
    say_resume(&displayer, 1, 9);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_is_shown_out(&displayer);
    say_close(&typist, CR_MOOD_DONE);
    assert_int_equal(office_mailboxes(desk.office), 0);
}

static void a_mailbox_that_both_had_closed_ends_when_one_asks(void **state)
{
    (void)state;
    spy.record.moods[SEAT_DISPLAYER] = spy.record.moods[SEAT_TYPIST] = CR_MOOD_DONE;
    phone_connect(&typist, 2);
    say_resume(&typist, 2, 4);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    assert_int_equal(office_mailboxes(desk.office), 0);
}

static void a_life_that_was_over_is_over(void **state)
{
    (void)state;
    spy.record.left_ms = 0;
    assert_int_equal(resumes(&typist, 2, 4).seconds, 0);
    phone_catch_up(&typist);
    desk_pass(200);
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_EXPIRED);
    assert_int_equal(office_mailboxes(desk.office), 0);
}

static void a_relay_without_room_leaves_it_to_another(void **state)
{
    struct phone many[3];

    (void)state;
    spy_end();
    spy_open_small();
    spy.record = (struct store_record){.nameplate = {4, 77}, .era = 2, .left_ms = 300000};
    for (int i = 0; i < 3; i++) {
        spy.record.local = NULL;
        spy.record.nameplate.value++;
        phone_connect(&many[i], 1);
        say_resume(&many[i], 1, 0);
    }
    phone_hears(&many[1], CR_FRAME_RESUMED);
    assert_int_equal(phone_hears(&many[2], CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    assert_int_equal(spy.disowned, 1);
    assert_null(spy.record.local);
    for (int i = 0; i < 3; i++)
        phone_cut(&many[i]);
}

static void who_was_alone_when_the_engine_went_away_comes_again(void **state)
{
    (void)state;
    resumes(&displayer, 1, 0);
    spy.face.sink.cut(spy.face.sink.context, THERE, desk.now_ms);
    assert_false(displayer.is_dropped);
    spy.face.sink.cut(spy.face.sink.context, STORE_EVERYBODY, desk.now_ms);
    assert_true(displayer.is_dropped);
}

static void who_is_left_while_the_engine_is_away_comes_again(void **state)
{
    (void)state;
    resumes(&displayer, 1, 0);
    resumes(&typist, 2, 0);
    phone_cut(&typist);
    assert_false(displayer.is_dropped);
    resumes(&typist, 2, 0);
    spy.state = STORE_AWAY_NOW;
    phone_cut(&typist);
    assert_true(displayer.is_dropped);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_comes_first_is_told_what_is_left_and_that_nothing_is_known),
        TEST(frames_go_on_where_the_devices_are),
        TEST(a_gap_before_the_first_frame_makes_its_sender_come_again),
        TEST(a_seat_that_had_closed_has_closed),
        TEST(a_mailbox_that_both_had_closed_ends_when_one_asks),
        TEST(a_life_that_was_over_is_over),
        TEST(a_relay_without_room_leaves_it_to_another),
        TEST(who_was_alone_when_the_engine_went_away_comes_again),
        TEST(who_is_left_while_the_engine_is_away_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
