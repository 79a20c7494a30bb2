/* A device whose mailbox is on another node: what its own node says to the owner, and what it makes of what the owner says. */
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
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    spy_end();
    return 0;
}

static void a_seat_is_asked_for_without_the_token(void **state)
{
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    memset(token, 2, sizeof token);
    typist_sits_there();
    assert_int_equal(spy.posted.to, THERE);
    assert_int_equal(spy.posted.envelope.era, 7);
    assert_int_equal(spy.posted.envelope.nameplate.value, FOREIGN.value);
    assert_int_equal(spy.posted.envelope.payload_bytes, 5);
    for (size_t i = 0; i + sizeof token <= 64; i++)
        assert_memory_not_equal(spy.posted.bytes + i, token, sizeof token);
    assert_int_equal(spy.watches, 1);
    phone_hears_nothing(&typist);
}

static void a_device_hears_the_owner_and_no_stranger(void **state)
{
    uint8_t bytes[2] = {CR_FRAME_PEER, CR_PEER_AWAY};
    uint64_t link = typist_is_joined_there();
    struct envelope say = {.type = ENVELOPE_SAY, .link = link, .payload = bytes, .payload_bytes = 2};

    (void)state;
    deliver_from(ELSEWHERE, say);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
    deliver_from(ELSEWHERE, (struct envelope){.type = ENVELOPE_END, .link = link});
    deliver_from(ELSEWHERE, (struct envelope){.type = ENVELOPE_DROP, .link = link});
    say.link = link + 1;
    deliver(say);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
    phone_hears_nothing(&typist);
    assert_false(typist.is_dropped);
    say.link = link;
    deliver(say);
    assert_int_equal(phone_hears(&typist, CR_FRAME_PEER).code, CR_PEER_AWAY);
}

static void an_end_comes_after_what_was_said(void **state)
{
    uint64_t link = typist_is_joined_there();

    (void)state;
    say_frame(link, (struct cr_frame){.type = CR_FRAME_CLOSED, .code = CR_MOOD_DONE});
    deliver((struct envelope){.type = ENVELOPE_END, .link = link});
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_is_shown_out(&typist);
    flush();
    assert_int_equal(count(ENVELOPE_LEAVE), 0);
    assert_int_equal(spy.watches, 0);
}

static void what_a_device_says_goes_on_as_it_came(void **state)
{
    uint64_t link = typist_is_joined_there();
    struct cr_frame frame;

    (void)state;
    say_send(&typist, 2, "two");
    assert_int_equal(count(ENVELOPE_HEAR), 1);
    assert_int_equal(spy.posted.envelope.link, link);
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, spy.posted.envelope.payload,
                                     spy.posted.envelope.payload_bytes, &frame),
                     CR_OK);
    assert_int_equal(frame.seq, 2);
    assert_memory_equal(frame.payload, "two", 3);
    office_hear(&typist.visitor, (const uint8_t *)"\xff", 1, desk.now_ms);
    assert_int_equal(count(ENVELOPE_HEAR), 0);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(&typist);
}

static void a_device_whose_owner_is_silent_is_dropped(void **state)
{
    (void)state;
    typist_sits_there();
    desk_pass(11000);
    assert_true(typist.is_dropped);
    phone_cut(&typist);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
}

static void a_device_whose_owner_has_answered_is_pinged(void **state)
{
    (void)state;
    typist_is_joined_there();
    desk_stay(120000, &typist, NULL);
    assert_false(typist.is_dropped);
    assert_true(typist.pings >= 2);
}

static void a_payload_that_finds_no_way_is_to_be_said_again_and_anything_else_ends_it(void **state)
{
    (void)state;
    typist_is_joined_there();
    spy.is_full = 1;
    say_send(&typist, 2, "two");
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    flush();
    assert_false(typist.is_dropped);
    say_ack(&typist, 1);
    assert_false(typist.is_dropped);
    flush();
    assert_true(typist.is_dropped);
    phone_cut(&typist);
    spy.is_full = 0;
    desk_pass(2000);
    assert_int_equal(count(ENVELOPE_RESET), 1);
    desk_pass(2000);
    flush();
    assert_int_equal(count(ENVELOPE_RESET), 0);
    assert_int_equal(spy.watches, 0);
}

static void a_device_is_not_let_run_far_ahead_of_the_owner(void **state)
{
    static char text[60001];
    uint64_t link = typist_is_joined_there(), said;
    struct cr_frame frame;
    uint32_t seq = 2;

    (void)state;
    memset(text, 'x', 60000);
    do {
        say_send(&typist, seq++, text);
    } while (phone_fetch(&typist, &frame) != SAY_FRAME && seq < 100);
    assert_int_equal(frame.code, CR_REFUSED_BUSY);
    assert_in_range(seq, 1 + CR_MAILBOX_MAX_BYTES / 60000, 30);
    said = (uint64_t)(seq - 3) * (60000 + 5 + 64);
    deliver((struct envelope){.type = ENVELOPE_HEARD, .link = link, .bytes = said + 1});
    say_send(&typist, seq, text);
    phone_hears(&typist, CR_FRAME_REFUSED);
    deliver((struct envelope){.type = ENVELOPE_HEARD, .link = link, .bytes = said});
    say_send(&typist, seq, text);
    phone_hears_nothing(&typist);
}

static void the_owner_learns_what_a_device_was_told(void **state)
{
    static uint8_t text[20000];
    uint64_t link = typist_is_joined_there();

    (void)state;
    assert_int_equal(count(ENVELOPE_TOLD), 0);
    say_frame(link, (struct cr_frame){
                        .type = CR_FRAME_DELIVER, .seq = 1, .payload = text, .payload_bytes = sizeof text});
    assert_int_equal(count(ENVELOPE_TOLD), 0);
    phone_hears(&typist, CR_FRAME_DELIVER);
    assert_int_equal(count(ENVELOPE_TOLD), 1);
    assert_int_equal(spy.posted.envelope.bytes, 3 + 64 + 20005 + 64);
}

static void a_cut_drops_those_who_are_carried_there_and_no_other(void **state)
{
    (void)state;
    typist_is_joined_there();
    phone_allocates(&displayer, 1);
    spy.face.sink.cut(spy.face.sink.context, ELSEWHERE, desk.now_ms);
    assert_false(typist.is_dropped);
    spy.face.sink.cut(spy.face.sink.context, THERE, desk.now_ms);
    assert_true(typist.is_dropped);
    assert_false(displayer.is_dropped);
    phone_cut(&typist);
    typist_is_joined_there();
    assert_int_equal(count(ENVELOPE_RESET), 1);
    spy.face.sink.cut(spy.face.sink.context, STORE_EVERYBODY, desk.now_ms);
    assert_true(typist.is_dropped);
    assert_false(displayer.is_dropped);
}

static void a_reset_ends_all_and_takes_back_what_was_asked_since(void **state)
{
    uint64_t link = typist_is_joined_there();

    (void)state;
    deliver_from(ELSEWHERE, (struct envelope){.type = ENVELOPE_RESET});
    assert_false(typist.is_dropped);
    deliver((struct envelope){.type = ENVELOPE_RESET});
    assert_true(typist.is_dropped);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
    assert_int_equal(spy.posted.envelope.link, link);
}

static void a_join_that_ends_well_is_given_back_once(void **state)
{
    uint64_t link = typist_sits_there();
    struct prefix prefix;

    (void)state;
    desk_pass(1500);
    assert_int_equal(count(ENVELOPE_PREFIXES), 1);
    assert_int_equal(spy.posted.to, STORE_EVERYBODY);
    prefix_read(spy.posted.envelope.payload, &prefix);
    assert_true(prefix.network == quota_network(2));
    assert_int_equal(prefix.count, 1);
    deliver((struct envelope){.type = ENVELOPE_REFUND, .link = link});
    deliver((struct envelope){.type = ENVELOPE_REFUND, .link = link});
    deliver((struct envelope){.type = ENVELOPE_REFUND, .link = 0});
    desk_pass(1500);
    assert_int_equal(count(ENVELOPE_PREFIXES), 1);
    prefix_read(spy.posted.envelope.payload, &prefix);
    assert_int_equal(prefix.count, -1);
    desk_pass(5000);
    assert_int_equal(count(ENVELOPE_PREFIXES), 0);
}

static void joins_that_fail_elsewhere_count_against_their_network_here(void **state)
{
    uint8_t payload[ENVELOPE_PREFIX_BYTES];
    struct prefix prefix = {quota_network(2), 3};
    const struct envelope prefixes = {
        .type = ENVELOPE_PREFIXES, .payload = payload, .payload_bytes = sizeof payload};

    (void)state;
    prefix_write(&prefix, payload);
    deliver(prefixes);
    phone_connect(&typist, 2);
    assert_true(quota_wait(desk.quota, 2, TALLY_FAILED_JOIN, 1, desk.now_ms) > 0);
    assert_int_equal(quota_wait(desk.quota, UINT64_C(7) << 32, TALLY_FAILED_JOIN, 1, desk.now_ms), 0);
    say_join(&typist, 2, FOREIGN, "hello");
    phone_hears(&typist, CR_FRAME_PUZZLE);
    prefix.count = -3;
    prefix_write(&prefix, payload);
    deliver(prefixes);
    assert_int_equal(quota_wait(desk.quota, 2, TALLY_FAILED_JOIN, 1, desk.now_ms), 0);
}

static void a_relay_that_drains_hands_everybody_over(void **state)
{
    (void)state;
    typist_is_carried(5);
    typist_is_joined_there();
    office_drain(desk.office, desk.now_ms + 300000, desk.now_ms);
    assert_false(office_is_idle(desk.office));
    desk_pass(2100);
    assert_true(displayer.is_dropped && typist.is_dropped);
    flush();
    assert_int_equal(count(ENVELOPE_DROP), 1);
    phone_cut(&displayer);
    phone_cut(&typist);
    assert_int_equal(count(ENVELOPE_LEAVE), 1);
    assert_true(office_is_idle(desk.office));
    assert_int_equal(desk.outcomes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_seat_is_asked_for_without_the_token),
        TEST(a_device_hears_the_owner_and_no_stranger),
        TEST(an_end_comes_after_what_was_said),
        TEST(what_a_device_says_goes_on_as_it_came),
        TEST(a_device_whose_owner_is_silent_is_dropped),
        TEST(a_device_whose_owner_has_answered_is_pinged),
        TEST(a_payload_that_finds_no_way_is_to_be_said_again_and_anything_else_ends_it),
        TEST(a_device_is_not_let_run_far_ahead_of_the_owner),
        TEST(the_owner_learns_what_a_device_was_told),
        TEST(a_cut_drops_those_who_are_carried_there_and_no_other),
        TEST(a_reset_ends_all_and_takes_back_what_was_asked_since),
        TEST(a_join_that_ends_well_is_given_back_once),
        TEST(joins_that_fail_elsewhere_count_against_their_network_here),
        TEST(a_relay_that_drains_hands_everybody_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
