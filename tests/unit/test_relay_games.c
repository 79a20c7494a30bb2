/* What a relay, or whoever it lets in, can make of a device that waits: nothing but an end that is told. */
#include "transfer_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ALLOCATED_SECONDS 180

static void say(struct cr_transfer *t, const struct cr_frame *frame, int64_t now)
{
    uint8_t bytes[CR_FRAME_HEAD_MAX_BYTES + 256];
    size_t length = 0;

    assert_int_equal(cr_frame_encode(frame, bytes, sizeof bytes, &length), CR_OK);
    cr_transfer_input(t, bytes, length, now);
}

static void drain_output(struct cr_transfer *t)
{
    const uint8_t *message;
    size_t length;

    while (cr_transfer_output(t, &message, &length) == CR_OK)
        cr_transfer_sent(t);
}

/* A displayer with its code on the screen; its events so far are taken. */
static struct cr_transfer *waiting(void)
{
    const struct cr_transfer_config config = {
        .side = CR_DISPLAYER, .role = CR_RECEIVER, .secrets = CR_SECRET_DIGITS_ONLY};
    struct cr_frame allocated = {
        .type = CR_FRAME_ALLOCATED, .nameplate = {4, 1234}, .seconds = ALLOCATED_SECONDS};
    struct cr_transfer *t;
    struct cr_event event;

    assert_int_equal(cr_transfer_new(&t, &config, 0), CR_OK);
    cr_transfer_connecting(t, 0);
    cr_transfer_connected(t, 0);
    drain_output(t);
    say(t, &allocated, 0);
    do
        cr_transfer_event(t, &event);
    while (event.type != CR_EVENT_NONE);
    return t;
}

static enum cr_end ended(struct cr_transfer *t)
{
    struct cr_event event;

    do
        cr_transfer_event(t, &event);
    while (event.type != CR_EVENT_ENDED && event.type != CR_EVENT_NONE);
    return event.end;
}

static void who_joins_with_nonsense_is_told_as_a_stranger(void **state)
{
    static const char *const NONSENSE[] = {"hello", "\x01", "\x03", "\x0f\x01", "\x04"};

    (void)state;
    for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
        struct cr_transfer *t = waiting();
        struct cr_frame deliver = {
            .type = CR_FRAME_DELIVER, .seq = 1, .payload = (const uint8_t *)NONSENSE[i]};

        deliver.payload_bytes = strlen(NONSENSE[i]);
        say(t, &deliver, 1);
        assert_int_equal(ended(t), CR_END_STRANGER);
        assert_false(cr_session_is_spent(t->session));
        cr_transfer_free(t);
    }
}

static void a_flood_of_time_crowds_no_event_out(void **state)
{
    struct cr_transfer *t = waiting();
    struct cr_frame time = {.type = CR_FRAME_TIME, .seconds = 100};
    struct cr_frame peer = {.type = CR_FRAME_PEER, .code = CR_PEER_HERE};
    struct cr_event event;

    (void)state;
    say(t, &peer, 1);
    for (int i = 0; i < 1000; i++)
        say(t, &time, 1);
    time.seconds = 99;
    say(t, &time, 1);
    cr_transfer_event(t, &event);
    assert_int_equal(event.type, CR_EVENT_PEER);
    cr_transfer_event(t, &event);
    assert_int_equal(event.type, CR_EVENT_TIME);
    assert_int_equal(event.seconds, 99);
    cr_transfer_event(t, &event);
    assert_int_equal(event.type, CR_EVENT_NONE);
    cr_transfer_free(t);
}

static void a_relay_that_always_gives_more_time_does_not_keep_it_for_ever(void **state)
{
    struct cr_transfer *t = waiting();
    struct cr_frame time = {.type = CR_FRAME_TIME, .seconds = 65535};
    int64_t now = 0, most = (CR_WAIT_MAX_SECONDS + CR_JOINED_SECONDS + 5) * 1000;

    (void)state;
    while (now < most) {
        say(t, &time, now);
        cr_transfer_tick(t, now);
        assert_int_not_equal(t->stage, EXPECT_NOTHING);
        now += 60000;
    }
    cr_transfer_tick(t, most);
    assert_int_equal(ended(t), CR_END_EXPIRED);
    cr_transfer_free(t);
}

static void time_told_before_any_seat_is_no_trouble(void **state)
{
    const struct cr_transfer_config config = {
        .side = CR_DISPLAYER, .role = CR_RECEIVER, .secrets = CR_SECRET_DIGITS_ONLY};
    struct cr_frame time = {.type = CR_FRAME_TIME, .seconds = 65535};
    struct cr_frame peer = {.type = CR_FRAME_PEER, .code = CR_PEER_HERE};
    struct cr_transfer *t;

    (void)state;
    assert_int_equal(cr_transfer_new(&t, &config, 0), CR_OK);
    cr_transfer_connecting(t, 0);
    cr_transfer_connected(t, 0);
    drain_output(t);
    say(t, &time, 1);
    say(t, &peer, 2);
    assert_true(t->life_until < 10000000);
    cr_transfer_free(t);
}

static void closed_is_answered_with_the_same_mood_but_not_when_expired(void **state)
{
    (void)state;
    for (int mood = CR_MOOD_DONE; mood <= CR_MOOD_EXPIRED; mood++) {
        struct cr_transfer *t = waiting();
        struct cr_frame closed = {.type = CR_FRAME_CLOSED, .code = (uint8_t)mood};
        const uint8_t *message;
        size_t length;

        say(t, &closed, 1);
        if (mood == CR_MOOD_EXPIRED) {
            assert_int_equal(cr_transfer_output(t, &message, &length), CR_INCOMPLETE);
        } else {
            assert_int_equal(cr_transfer_output(t, &message, &length), CR_OK);
            assert_int_equal(length, 2);
            assert_int_equal(message[0], CR_FRAME_CLOSE);
            assert_int_equal(message[1], mood);
            cr_transfer_sent(t);
            assert_false(cr_transfer_is_finished(t));
            say(t, &closed, 2);
        }
        assert_true(cr_transfer_is_finished(t));
        cr_transfer_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_joins_with_nonsense_is_told_as_a_stranger),
        cmocka_unit_test(a_flood_of_time_crowds_no_event_out),
        cmocka_unit_test(closed_is_answered_with_the_same_mood_but_not_when_expired),
        cmocka_unit_test(time_told_before_any_seat_is_no_trouble),
        cmocka_unit_test(a_relay_that_always_gives_more_time_does_not_keep_it_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
