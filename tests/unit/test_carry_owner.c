/* A mailbox whose device is on another node: what the owner makes of what it is told, and what it says. */
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

static void a_carried_typist_sits_as_one_that_is_here(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    (void)state;
    deliver(sit(plate, 5));
    assert_int_equal(count(ENVELOPE_SAY), 0);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 2);
    assert_int_equal(last_said().type, CR_FRAME_PEER);
    phone_hears(&displayer, CR_FRAME_PEER);
    assert_memory_equal(phone_hears(&displayer, CR_FRAME_DELIVER).payload, "hello", 5);
    say_send(&displayer, 1, "well");
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 1);
    assert_memory_equal(last_said().payload, "well", 4);
    hear_frame(5, (struct cr_frame){.type = CR_FRAME_ACK, .seq = 1});
    assert_int_equal(phone_hears(&displayer, CR_FRAME_ACKED).seq, 1);
    deliver((struct envelope){.type = ENVELOPE_LEAVE, .link = 5});
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
}

static void a_seat_that_is_not_here_is_refused_at_once(void **state)
{
    struct cr_nameplate plate = typist_is_carried(5);
    struct envelope other = sit(plate, 6);

    (void)state;
    deliver(sit(FOREIGN, 6));
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_int_equal(spy.disowned, 1);
    other.era = 2;
    deliver(other);
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_int_equal(spy.disowned, 1);
    deliver(sit(plate, 5));
    assert_int_equal(count(ENVELOPE_DROP), 1);
    flush();
    phone_hears_nothing(&displayer);
}

static void what_comes_of_a_dead_link_changes_nothing(void **state)
{
    struct cr_nameplate plate = typist_is_carried(5);
    struct cr_frame send = {
        .type = CR_FRAME_SEND, .seq = 2, .payload = (const uint8_t *)"late", .payload_bytes = 4};

    (void)state;
    hear_frame(4, send);
    assert_int_equal(count(ENVELOPE_DROP), 1);
    deliver(sit(plate, 6));
    hear_frame(5, send);
    flush();
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_true(count(ENVELOPE_SAY) > 0);
    phone_catch_up(&displayer);
    hear_frame(5, send);
    assert_int_equal(count(ENVELOPE_DROP), 1);
    deliver((struct envelope){.type = ENVELOPE_LEAVE, .link = 5});
    phone_hears_nothing(&displayer);
    hear_frame(6, send);
    assert_memory_equal(phone_hears(&displayer, CR_FRAME_DELIVER).payload, "late", 4);
}

static void an_owner_does_not_run_far_ahead_of_the_device(void **state)
{
    static char text[30001];
    uint64_t told = 0;
    int said;

    (void)state;
    typist_is_carried(5);
    (void)count(ENVELOPE_SAY);
    memset(text, 'x', 30000);
    for (uint32_t seq = 1; seq <= 8; seq++)
        say_send(&displayer, seq, text);
    flush();
    said = count(ENVELOPE_SAY);
    assert_in_range(said, 2, 3);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 0);
    deliver((struct envelope){.type = ENVELOPE_TOLD, .link = 5, .bytes = 1 << 30});
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 0);
    for (; said < 8; told += 30005 + 64) {
        deliver((struct envelope){.type = ENVELOPE_TOLD, .link = 5, .bytes = told});
        flush();
        said += count(ENVELOPE_SAY);
        assert_true(told < 10 * 30069);
    }
}

static void a_device_that_closes_is_told_so_and_ends_in_order(void **state)
{
    (void)state;
    typist_is_carried(5);
    say_ack(&displayer, 1);
    flush();
    (void)count(ENVELOPE_SAY);
    hear_frame(5, (struct cr_frame){.type = CR_FRAME_CLOSE, .code = CR_MOOD_DONE});
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 1);
    assert_int_equal(count(ENVELOPE_END), 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    say_close(&displayer, CR_MOOD_DONE);
    assert_int_equal(count(ENVELOPE_REFUND), 1);
    assert_int_equal(spy.posted.envelope.link, 5);
    assert_int_equal(desk.outcomes, 1);
}

/* Its JOIN's payload has not been acknowledged. */
static struct cr_nameplate typist_closes_early(void)
{
    struct cr_nameplate plate = typist_is_carried(5);

    (void)count(ENVELOPE_SAY);
    hear_frame(5, (struct cr_frame){.type = CR_FRAME_CLOSE, .code = CR_MOOD_DONE});
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 0);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    return plate;
}

static void who_closes_is_kept_until_the_other_has_what_it_sent(void **state)
{
    (void)state;
    typist_closes_early();
    say_ack(&displayer, 1);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 1);
    assert_int_equal(count(ENVELOPE_END), 1);
}

static void who_closes_is_not_kept_for_long(void **state)
{
    (void)state;
    typist_closes_early();
    desk_pass(1000);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 0);
    desk_pass(2000);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 1);
    assert_int_equal(count(ENVELOPE_END), 1);
}

static void who_closes_and_loses_its_line_is_told_on_the_next(void **state)
{
    struct cr_nameplate plate = typist_closes_early();
    struct envelope again = sit(plate, 6);

    (void)state;
    again.arrival = ARRIVE_RESUMED;
    again.payload_bytes = 0;
    deliver(again);
    flush();
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_int_equal(count(ENVELOPE_SAY), 0);
    say_ack(&displayer, 1);
    flush();
    assert_int_equal(count(ENVELOPE_SAY), 1);
    assert_int_equal(count(ENVELOPE_END), 1);
    assert_int_equal(spy.posted.envelope.link, 6);
}

static void who_closes_comes_again_when_the_mailbox_goes_elsewhere(void **state)
{
    (void)state;
    typist_closes_early();
    office_drain(desk.office, desk.now_ms + 500, desk.now_ms);
    desk_pass(600);
    flush();
    assert_true(displayer.is_dropped);
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_int_equal(count(ENVELOPE_SAY), 0);
}

static void nonsense_of_a_carried_device_is_refused(void **state)
{
    (void)state;
    typist_is_carried(5);
    deliver((struct envelope){
        .type = ENVELOPE_HEAR, .link = 5, .payload = (const uint8_t *)"\xff", .payload_bytes = 1});
    flush();
    assert_int_equal(count(ENVELOPE_END), 1);
    assert_int_equal(desk.refusals[CR_REFUSED_MALFORMED], 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    spy.face.sink.deliver(spy.face.sink.context, THERE, (const uint8_t *)"\x02\x01", 2, desk.now_ms);
    phone_hears_nothing(&displayer);
}

static void local_note(void *context, enum store_result result, const struct store_record *record)
{
    (void)result;
    if (record != NULL)
        *(void **)context = record->local;
}

static void a_mailbox_that_is_lost_drops_both_and_says_nothing_to_the_store(void **state)
{
    uint8_t token[CR_TOKEN_BYTES];
    void *local = NULL;

    (void)state;
    typist_is_carried(5);
    memset(token, 1, sizeof token);
    spy.inner->find(spy.inner, token, local_note, &local);
    assert_non_null(local);
    spy.face.sink.lost(spy.face.sink.context, local, desk.now_ms);
    flush();
    assert_true(displayer.is_dropped);
    assert_int_equal(count(ENVELOPE_DROP), 1);
    assert_int_equal(office_mailboxes(desk.office), 0);
    assert_int_equal(desk.outcomes, 0);
    assert_int_equal(desk.metrics.joined_now, 0);
    local = NULL;
    spy.inner->find(spy.inner, token, local_note, &local);
    assert_non_null(local);
}

static void who_carries_nothing_answers_a_pulse_with_reset(void **state)
{
    (void)state;
    deliver((struct envelope){.type = ENVELOPE_PULSE});
    assert_int_equal(count(ENVELOPE_RESET), 1);
    typist_is_carried(5);
    deliver((struct envelope){.type = ENVELOPE_PULSE});
    assert_int_equal(count(ENVELOPE_RESET), 0);
    desk_pass(5000);
    assert_in_range(count(ENVELOPE_PULSE), 1, 3);
    deliver((struct envelope){.type = ENVELOPE_RESET});
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    flush();
    assert_int_equal(spy.watches, 0);
}

static void who_is_left_alone_while_the_engine_is_away_comes_again(void **state)
{
    (void)state;
    typist_is_carried(5);
    spy.state = STORE_AWAY_NOW;
    spy.is_full = 1;
    spy.face.sink.cut(spy.face.sink.context, STORE_EVERYBODY, desk.now_ms);
    assert_true(displayer.is_dropped);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_carried_typist_sits_as_one_that_is_here),
        TEST(a_seat_that_is_not_here_is_refused_at_once),
        TEST(what_comes_of_a_dead_link_changes_nothing),
        TEST(an_owner_does_not_run_far_ahead_of_the_device),
        TEST(a_device_that_closes_is_told_so_and_ends_in_order),
        TEST(who_closes_is_kept_until_the_other_has_what_it_sent),
        TEST(who_closes_is_not_kept_for_long),
        TEST(who_closes_and_loses_its_line_is_told_on_the_next),
        TEST(who_closes_comes_again_when_the_mailbox_goes_elsewhere),
        TEST(nonsense_of_a_carried_device_is_refused),
        TEST(a_mailbox_that_is_lost_drops_both_and_says_nothing_to_the_store),
        TEST(who_carries_nothing_answers_a_pulse_with_reset),
        TEST(who_is_left_alone_while_the_engine_is_away_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
