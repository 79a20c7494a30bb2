/* A link whose connection goes and comes back, and whose relay is busy: nothing lost, nothing twice. */
#include "support.h"

#include "play.h"

static void a_join_cut_before_its_answer_is_said_again_whole(void **state)
{
    struct cr_link *link;
    struct cr_frame first, again;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_JOIN, &first);
    assert_int_equal(send_text(link, "two"), CR_OK);
    reconnect(link);
    expect_frame(link, CR_FRAME_JOIN, &again);
    assert_memory_equal(first.token, again.token, CR_TOKEN_BYTES);
    assert_int_equal(again.payload_bytes, 5);
    expect_event(link, JOINED, CR_LINK_SEATED);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    expect_nothing(link);
    cr_link_free(link);
}

static void everything_is_kept_until_acked(void **state)
{
    struct cr_link *link = displayer();

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send_text(link, "x"), CR_OK);
        expect_seq(link, CR_FRAME_SEND);
    }
    expect_event(link, acked(1), CR_LINK_NOTHING);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_nothing(link);
    expect_event(link, resumed(2), CR_LINK_RESUMED);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 3);
    expect_nothing(link);
    expect_event(link, acked(3), CR_LINK_NOTHING);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_event(link, resumed(4), CR_LINK_RESUMED);
    expect_nothing(link);
    cr_link_free(link);
}

static void next_in_resumed_tells_where_to_go_on(void **state)
{
    (void)state;
    for (uint32_t next = 1; next <= 4; next++) {
        struct cr_link *link = displayer();

        for (int i = 0; i < 3; i++) {
            assert_int_equal(send_text(link, "x"), CR_OK);
            expect_seq(link, CR_FRAME_SEND);
        }
        reconnect(link);
        expect_seq(link, CR_FRAME_RESUME);
        expect_event(link, resumed(next), CR_LINK_RESUMED);
        for (uint32_t seq = next; seq <= 3; seq++)
            assert_int_equal(expect_seq(link, CR_FRAME_SEND), seq);
        expect_nothing(link);
        cr_link_free(link);
    }
}

static void resume_tells_the_highest_number_seen(void **state)
{
    struct cr_link *link = typist();

    (void)state;
    deliver(link, 1, "a", CR_LINK_PAYLOAD);
    deliver(link, 2, "b", CR_LINK_PAYLOAD);
    reconnect(link);
    assert_int_equal(expect_seq(link, CR_FRAME_RESUME), 2);
    expect_nothing(link);
    expect_event(link, resumed(2), CR_LINK_RESUMED);
    assert_int_equal(expect_seq(link, CR_FRAME_ACK), 2);
    expect_nothing(link);
    cr_link_free(link);
}

static void a_payload_is_handed_up_once_and_acknowledged_again(void **state)
{
    struct cr_link *link = typist();

    (void)state;
    deliver(link, 1, "a", CR_LINK_PAYLOAD);
    assert_int_equal(expect_seq(link, CR_FRAME_ACK), 1);
    expect_nothing(link);
    deliver(link, 1, "a", CR_LINK_NOTHING);
    assert_int_equal(expect_seq(link, CR_FRAME_ACK), 1);
    deliver(link, 2, "b", CR_LINK_PAYLOAD);
    assert_int_equal(expect_seq(link, CR_FRAME_ACK), 2);
    cr_link_free(link);
}

static void one_ack_stands_for_all_before_it(void **state)
{
    struct cr_link *link = typist();

    (void)state;
    deliver(link, 1, "a", CR_LINK_PAYLOAD);
    deliver(link, 2, "b", CR_LINK_PAYLOAD);
    deliver(link, 3, "c", CR_LINK_PAYLOAD);
    assert_int_equal(expect_seq(link, CR_FRAME_ACK), 3);
    expect_nothing(link);
    cr_link_free(link);
}

static void close_waits_for_the_answer_after_a_lost_connection(void **state)
{
    struct cr_link *link = displayer();

    (void)state;
    assert_int_equal(send_text(link, "one"), CR_OK);
    cr_link_close(link, CR_MOOD_DONE);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_nothing(link);
    assert_true(cr_link_has_more(link));
    expect_event(link, resumed(1), CR_LINK_RESUMED);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 1);
    expect_seq(link, CR_FRAME_CLOSE);
    expect_nothing(link);
    cr_link_free(link);
}

static void what_was_refused_as_busy_is_sent_again(void **state)
{
    struct cr_link *link = displayer();
    const struct cr_frame busy = {.type = CR_FRAME_REFUSED, .code = CR_REFUSED_BUSY, .seconds = 1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send_text(link, "x"), CR_OK);
        expect_seq(link, CR_FRAME_SEND);
    }
    expect_event(link, acked(1), CR_LINK_NOTHING);
    expect_event(link, busy, CR_LINK_REFUSED);
    expect_nothing(link);
    cr_link_repeat(link);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 3);
    expect_nothing(link);
    cr_link_free(link);
}

static void a_first_frame_refused_as_busy_is_said_again(void **state)
{
    const struct cr_frame busy = {.type = CR_FRAME_REFUSED, .code = CR_REFUSED_BUSY};
    struct cr_link *link;

    (void)state;
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_allocate(link), CR_OK);
    cr_link_connected(link);
    expect_seq(link, CR_FRAME_ALLOCATE);
    expect_event(link, busy, CR_LINK_REFUSED);
    cr_link_repeat(link);
    expect_seq(link, CR_FRAME_ALLOCATE);
    expect_event(link, ALLOCATED, CR_LINK_SEATED);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_event(link, busy, CR_LINK_REFUSED);
    cr_link_repeat(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_event(link, resumed(1), CR_LINK_RESUMED);
    cr_link_free(link);
}

static void an_ack_between_output_and_sent_is_no_harm(void **state)
{
    struct cr_link *link = displayer();
    const uint8_t *message;
    size_t length;

    (void)state;
    assert_int_equal(send_text(link, "one"), CR_OK);
    assert_int_equal(send_text(link, "two"), CR_OK);
    expect_seq(link, CR_FRAME_SEND);
    reconnect(link);
    expect_seq(link, CR_FRAME_RESUME);
    expect_event(link, resumed(1), CR_LINK_RESUMED);
    assert_int_equal(cr_link_output(link, &message, &length), CR_OK);
    expect_event(link, acked(1), CR_LINK_NOTHING);
    cr_link_sent(link); /* of what is now forgotten */
    assert_int_equal(expect_seq(link, CR_FRAME_SEND), 2);
    cr_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_cut_before_its_answer_is_said_again_whole),
        cmocka_unit_test(everything_is_kept_until_acked),
        cmocka_unit_test(next_in_resumed_tells_where_to_go_on),
        cmocka_unit_test(resume_tells_the_highest_number_seen),
        cmocka_unit_test(a_payload_is_handed_up_once_and_acknowledged_again),
        cmocka_unit_test(one_ack_stands_for_all_before_it),
        cmocka_unit_test(close_waits_for_the_answer_after_a_lost_connection),
        cmocka_unit_test(what_was_refused_as_busy_is_sent_again),
        cmocka_unit_test(a_first_frame_refused_as_busy_is_said_again),
        cmocka_unit_test(an_ack_between_output_and_sent_is_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
