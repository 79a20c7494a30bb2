/* A device's half of the relay contract, against a relay that the test plays frame by frame. */
#include "support.h"

#include "play.h"

#include <string.h>

static void nothing_is_said_without_a_connection_or_a_seat(void **state)
{
    struct cr_link *link;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(send_text(link, "x"), CR_E_STATE);
    expect_nothing(link);
    cr_link_connected(link);
    expect_nothing(link);
    assert_int_equal(cr_link_allocate(link), CR_OK);
    assert_int_equal(cr_link_allocate(link), CR_E_STATE);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"x", 1), CR_E_STATE);
    expect_seq(link, CR_FRAME_ALLOCATE);
    expect_nothing(link);
    cr_link_free(link);
    cr_link_free(NULL);
}

static void frames_are_numbered_from_one_and_wait_for_the_seat(void **state)
{
    struct cr_link *link;
    struct cr_frame frame;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_allocate(link), CR_OK);
    assert_int_equal(send_text(link, "one"), CR_OK);
    assert_int_equal(send_text(link, "two"), CR_OK);
    cr_link_connected(link);
    expect_seq(link, CR_FRAME_ALLOCATE);
    expect_nothing(link);
    expect_event(link, ALLOCATED, CR_LINK_SEATED);
    expect_frame(link, CR_FRAME_SEND, &frame);
    assert_int_equal(frame.seq, 1);
    assert_memory_equal(frame.payload, "one", 3);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    expect_nothing(link);
    cr_link_free(link);
}

static void a_join_carries_frame_one(void **state)
{
    struct cr_link *link;
    struct cr_frame frame;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 0), CR_E_LIMIT);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_JOIN, &frame);
    assert_int_equal(frame.nameplate.value, 4821);
    assert_memory_equal(frame.payload, "start", 5);
    assert_int_equal(send_text(link, "two"), CR_OK);
    expect_nothing(link);
    expect_event(link, JOINED, CR_LINK_SEATED);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    cr_link_free(link);
}

static void tokens_differ_and_stay(void **state)
{
    struct cr_link *one, *two;
    struct cr_frame first, again, other;

    (void)state;
    assert_int_equal(cr_link_new(&one), CR_OK);
    assert_int_equal(cr_link_new(&two), CR_OK);
    assert_int_equal(cr_link_allocate(one), CR_OK);
    assert_int_equal(cr_link_allocate(two), CR_OK);
    cr_link_connected(one);
    cr_link_connected(two);
    expect_frame(one, CR_FRAME_ALLOCATE, &first);
    expect_frame(two, CR_FRAME_ALLOCATE, &other);
    assert_memory_not_equal(first.token, other.token, CR_TOKEN_BYTES);
    reconnect(one);
    expect_frame(one, CR_FRAME_ALLOCATE, &again);
    assert_memory_equal(first.token, again.token, CR_TOKEN_BYTES);
    expect_event(one, ALLOCATED, CR_LINK_SEATED);
    reconnect(one);
    expect_frame(one, CR_FRAME_RESUME, &again);
    assert_memory_equal(first.token, again.token, CR_TOKEN_BYTES);
    cr_link_free(one);
    cr_link_free(two);
}

/* Frames that a relay may not send: each on a fresh link. */
static void expect_refused(struct cr_link *link, struct cr_frame frame)
{
    struct cr_link_event event;

    assert_int_equal(say(link, frame, &event), CR_E_MALFORMED);
    cr_link_free(link);
}

static void a_relay_out_of_order_is_refused(void **state)
{
    const struct cr_frame gap = {
        .type = CR_FRAME_DELIVER, .seq = 2, .payload = (const uint8_t *)"x", .payload_bytes = 1};

    (void)state;
    expect_refused(typist(), gap);
    expect_refused(typist(), JOINED);
    expect_refused(typist(), ALLOCATED);
    expect_refused(displayer(), JOINED);
    expect_refused(displayer(), resumed(1));
    expect_refused(typist(), acked(2));
    expect_refused(displayer(), acked(1));
}

static void a_relay_that_answers_before_it_was_asked_is_refused(void **state)
{
    const struct cr_frame first = {
        .type = CR_FRAME_DELIVER, .seq = 1, .payload = (const uint8_t *)"x", .payload_bytes = 1};
    struct cr_link *link = typist();
    struct cr_link_event event;

    (void)state;
    reconnect(link);
    assert_int_equal(say(link, resumed(1), &event), CR_E_MALFORMED);
    expect_seq(link, CR_FRAME_RESUME);
    assert_int_equal(say(link, first, &event), CR_E_MALFORMED);      /* before RESUMED */
    assert_int_equal(say(link, resumed(3), &event), CR_E_MALFORMED); /* we never had frame 2 */
    expect_event(link, resumed(2), CR_LINK_RESUMED);
    cr_link_free(link);
}

/* Without JOIN's own payload there would be nothing to repeat it with. */
static void a_relay_that_knows_nothing_gets_what_is_not_acknowledged_and_nothing_else(void **state)
{
    struct cr_link *link = typist();

    (void)state;
    for (int i = 2; i <= 5; i++)
        assert_int_equal(send_text(link, "x"), CR_OK);
    for (uint32_t seq = 2; seq <= 5; seq++)
        assert_int_equal(expect_seq(link, CR_FRAME_SEND), seq);
    expect_event(link, acked(3), CR_LINK_NOTHING);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_event(link, resumed(1), CR_LINK_RESUMED);
    expect_event(link, acked(0), CR_LINK_NOTHING);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 4);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 5);
    expect_nothing(link);
    cr_link_free(link);
}

static void acked_before_joined_is_refused(void **state)
{
    struct cr_link *link;
    struct cr_link_event event;
    struct cr_frame frame;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_JOIN, &frame);
    assert_int_equal(say(link, acked(1), &event), CR_E_MALFORMED);
    reconnect(link);
    expect_frame(link, CR_FRAME_JOIN, &frame);
    assert_memory_equal(frame.payload, "start", 5);
    cr_link_free(link);
}

/* A draining or crowded relay may say so to a device that has said nothing yet. */
static void a_relay_may_send_away_before_it_was_asked(void **state)
{
    struct cr_link *link;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    cr_link_connected(link);
    expect_event(link, (struct cr_frame){.type = CR_FRAME_GOING_AWAY, .seconds = 30}, CR_LINK_GOING_AWAY);
    expect_event(link, (struct cr_frame){.type = CR_FRAME_REFUSED, .code = CR_REFUSED_TOO_MANY},
                 CR_LINK_REFUSED);
    cr_link_free(link);
}

static void what_is_no_frame_of_a_relay_is_refused(void **state)
{
    static const char *const BAD[] = {"", "\x01", "\x81", "\x8b\x01", "\x8c\x01", "\x88\x06", "\x04\1\2\3\4"};
    struct cr_link *link = typist();
    struct cr_link_event event;

    (void)state;
    for (size_t i = 0; i < COUNT(BAD); i++)
        assert_int_equal(cr_link_input(link, (const uint8_t *)BAD[i], strlen(BAD[i]), &event),
                         CR_E_MALFORMED);
    cr_link_free(link);
}

static void close_comes_after_the_queue(void **state)
{
    struct cr_link *link = displayer();
    struct cr_frame frame;

    (void)state;
    assert_int_equal(send_text(link, "one"), CR_OK);
    assert_int_equal(send_text(link, "two"), CR_OK);
    cr_link_close(link, CR_MOOD_DONE);
    cr_link_close(link, CR_MOOD_ERROR); /* the first word counts */
    assert_int_equal(send_text(link, "three"), CR_E_STATE);
    assert_true(cr_link_has_more(link));
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 1);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    expect_frame(link, CR_FRAME_CLOSE, &frame);
    assert_int_equal(frame.code, CR_MOOD_DONE);
    expect_nothing(link);
    assert_true(cr_link_has_more(link)); /* the relay has not answered it */
    cr_link_lost(link);
    assert_true(cr_link_has_more(link));
    cr_link_silence(link);
    assert_false(cr_link_has_more(link));
    cr_link_free(link);
}

static void silence_drops_even_the_queue(void **state)
{
    struct cr_link *link = displayer();

    (void)state;
    assert_int_equal(send_text(link, "one"), CR_OK);
    cr_link_silence(link);
    expect_nothing(link);
    assert_false(cr_link_has_more(link));
    cr_link_free(link);
}

static void the_mailbox_limit_is_kept_by_the_device(void **state)
{
    static uint8_t payload[CR_PAYLOAD_MAX_BYTES + 1];
    struct cr_link *link = displayer();

    (void)state;
    assert_int_equal(cr_link_send(link, payload, 0), CR_E_LIMIT);
    assert_int_equal(cr_link_send(link, payload, sizeof payload), CR_E_LIMIT);
    for (int i = 0; i < CR_MAILBOX_MAX_BYTES / CR_PAYLOAD_MAX_BYTES; i++)
        assert_int_equal(cr_link_send(link, payload, CR_PAYLOAD_MAX_BYTES), CR_OK);
    assert_int_equal(cr_link_send(link, payload, 1), CR_E_LIMIT);
    cr_link_free(link);
}

static void extend_and_clock_are_asked_once_each(void **state)
{
    struct cr_link *link = displayer();

    (void)state;
    cr_link_extend(link);
    cr_link_clock(link);
    expect_seq(link, CR_FRAME_EXTEND);
    expect_seq(link, CR_FRAME_CLOCK);
    expect_nothing(link);
    expect_event(link, (struct cr_frame){.type = CR_FRAME_TIME, .seconds = 180}, CR_LINK_TIME);
    cr_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_that_knows_nothing_gets_what_is_not_acknowledged_and_nothing_else),
        cmocka_unit_test(nothing_is_said_without_a_connection_or_a_seat),
        cmocka_unit_test(frames_are_numbered_from_one_and_wait_for_the_seat),
        cmocka_unit_test(a_join_carries_frame_one),
        cmocka_unit_test(tokens_differ_and_stay),
        cmocka_unit_test(a_relay_out_of_order_is_refused),
        cmocka_unit_test(a_relay_that_answers_before_it_was_asked_is_refused),
        cmocka_unit_test(acked_before_joined_is_refused),
        cmocka_unit_test(a_relay_may_send_away_before_it_was_asked),
        cmocka_unit_test(what_is_no_frame_of_a_relay_is_refused),
        cmocka_unit_test(close_comes_after_the_queue),
        cmocka_unit_test(silence_drops_even_the_queue),
        cmocka_unit_test(the_mailbox_limit_is_kept_by_the_device),
        cmocka_unit_test(extend_and_clock_are_asked_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
