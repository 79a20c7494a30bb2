/* The front desk with a store that answers late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <stdlib.h>
#include <string.h>

static struct phone displayer, typist, other;

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
                       const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                       void *context)
{
    (void)store;
    late.inner->claim(late.inner, nameplate, token, life_ms, late_note, NULL);
    late_wait(answer, context);
}

static void late_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                      void *context)
{
    (void)store;
    late.inner->find(late.inner, token, late_note, NULL);
    late_wait(answer, context);
}

static void late_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                        store_answer *answer, void *context)
{
    (void)store;
    late.inner->closed(late.inner, nameplate, seat, mood, late_note, NULL);
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
    late.face = *inner;
    late.face.allocate = late_allocate;
    late.face.claim = late_claim;
    late.face.find = late_find;
    late.face.closed = late_closed;
    late.face.release = late_release;
    late.face.close = late_close;
    return &late.face;
}

static void late_arrives(void)
{
    assert_true(late.is_waiting);
    late.is_waiting = 0;
    late.answer(late.context, late.result, late.has_record ? &late.record : NULL);
}

static int set_up(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, NULL, make_late);
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

static void a_late_answer_seats_the_pair_and_the_payload_survives_the_wait(void **state)
{
    struct cr_nameplate plate;
    struct cr_frame frame;

    (void)state;
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
    struct cr_nameplate plate;

    (void)state;
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
    (void)state;
    phone_connect(&other, 1);
    say_resume(&other, 1, 0);
    late.result = STORE_AWAY;
    late_arrives();
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
}

static void pair_meets(void)
{
    struct cr_nameplate plate;

    phone_connect(&displayer, 1);
    say_allocate(&displayer, 1);
    late_arrives();
    plate = phone_hears(&displayer, CR_FRAME_ALLOCATED).nameplate;
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    late_arrives();
    phone_catch_up(&typist);
    phone_catch_up(&displayer);
}

static void closed_is_told_only_when_the_store_knows_it(void **state)
{
    (void)state;
    pair_meets();
    say_close(&typist, CR_MOOD_DONE);
    phone_hears_nothing(&typist);
    say_send(&typist, 2, "more");
    phone_hears_nothing(&typist);
    late_arrives();
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
    phone_is_shown_out(&typist);
}

static void closed_is_told_too_when_the_engine_is_away(void **state)
{
    (void)state;
    pair_meets();
    say_close(&typist, CR_MOOD_CANCELLED);
    late.result = STORE_AWAY;
    late_arrives();
    assert_int_equal(phone_hears(&typist, CR_FRAME_CLOSED).code, CR_MOOD_CANCELLED);
    phone_is_shown_out(&typist);
}

static void who_closes_and_leaves_waits_for_nothing(void **state)
{
    (void)state;
    pair_meets();
    say_close(&typist, CR_MOOD_DONE);
    phone_cut(&typist);
    late_arrives();
    phone_hears(&displayer, CR_FRAME_PEER);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_CLOSED).code, CR_MOOD_DONE);
}

static void who_closes_is_not_kept_by_a_store_that_never_answers(void **state)
{
    (void)state;
    pair_meets();
    say_close(&typist, CR_MOOD_DONE);
    desk_pass(11000);
    assert_true(typist.is_dropped);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_late_answer_seats_the_pair_and_the_payload_survives_the_wait),
        TEST(who_left_before_the_answer_finds_its_seat_when_it_comes_back),
        TEST(an_engine_that_is_away_is_busy_and_not_gone),
        TEST(closed_is_told_only_when_the_store_knows_it),
        TEST(closed_is_told_too_when_the_engine_is_away),
        TEST(who_closes_and_leaves_waits_for_nothing),
        TEST(who_closes_is_not_kept_by_a_store_that_never_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
