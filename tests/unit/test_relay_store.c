/* The store interface, as every engine behind it must behave; here the one in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mailbox.h"
#include "store.h"

#include <string.h>

static uint64_t dice = 1;
static struct store *store;

struct heard {
    enum store_result result;
    struct store_record record;
    int count;
};

static uint32_t draw(void *context)
{
    (void)context;
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 32);
}

static void hear(void *context, enum store_result result, const struct store_record *record)
{
    struct heard *heard = context;

    heard->result = result;
    heard->count++;
    assert_int_equal(record != NULL, result == STORE_FOUND || result == STORE_NEW);
    if (record != NULL)
        heard->record = *record;
}

static void count_only(void *context, enum store_result result, const struct store_record *record)
{
    struct heard *heard = context;

    assert_int_equal(result, STORE_FOUND);
    assert_null(record);
    heard->count++;
}

static const uint8_t *token(uint8_t number)
{
    static uint8_t bytes[256][CR_TOKEN_BYTES];

    memset(bytes[number], number, CR_TOKEN_BYTES);
    return bytes[number];
}

static struct heard allocate(uint8_t number, void *local)
{
    struct heard heard = {0};

    store->allocate(store, token(number), local, 1000, 0, hear, &heard);
    return heard;
}

static struct heard claim(struct cr_nameplate plate, uint8_t number)
{
    struct heard heard = {0};

    store->claim(store, &plate, token(number), 1000, hear, &heard);
    return heard;
}

static struct heard find(uint8_t number)
{
    struct heard heard = {0};

    store->find(store, token(number), hear, &heard);
    return heard;
}

static int set_up(void **state)
{
    (void)state;
    store = store_memory_new(600000, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    return store == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    store->close(store);
    return 0;
}

static void allocating_twice_with_a_token_gives_the_same_mailbox(void **state)
{
    int here, there;
    struct heard first = allocate(1, &here), again = allocate(1, &there);

    (void)state;
    assert_int_equal(first.result, STORE_NEW);
    assert_int_equal(first.record.seat, SEAT_DISPLAYER);
    assert_true(first.record.owner == store->self);
    assert_int_equal(again.result, STORE_FOUND);
    assert_ptr_equal(again.record.local, &here);
    assert_int_equal(again.record.nameplate.value, first.record.nameplate.value);
    assert_int_equal(allocate(2, &there).result, STORE_NEW);
}

static void exactly_one_token_ever_claims_a_nameplate(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;
    struct heard won = claim(plate, 2);

    (void)state;
    assert_int_equal(won.result, STORE_NEW);
    assert_int_equal(won.record.seat, SEAT_TYPIST);
    assert_ptr_equal(won.record.local, &here);
    assert_int_equal(claim(plate, 2).result, STORE_FOUND);
    assert_int_equal(claim(plate, 3).result, STORE_NOTHING);
    assert_int_equal(claim(plate, 2).result, STORE_FOUND);
}

static void the_displayer_cannot_claim_its_own_mailbox(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;

    (void)state;
    assert_int_equal(claim(plate, 1).result, STORE_NOTHING);
    assert_int_equal(claim(plate, 2).result, STORE_NEW);
}

static void a_token_that_holds_a_seat_claims_no_other(void **state)
{
    int here, there;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;
    struct cr_nameplate other = allocate(2, &there).record.nameplate;

    (void)state;
    assert_int_equal(claim(plate, 3).result, STORE_NEW);
    assert_int_equal(claim(other, 3).result, STORE_NOTHING);
    assert_int_equal(claim(other, 4).result, STORE_NEW);
}

static void a_token_finds_its_seat_and_an_unknown_one_nothing(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;

    (void)state;
    assert_int_equal(find(2).result, STORE_NOTHING);
    claim(plate, 2);
    assert_int_equal(find(1).record.seat, SEAT_DISPLAYER);
    assert_int_equal(find(2).record.seat, SEAT_TYPIST);
    assert_int_equal(find(3).result, STORE_NOTHING);
}

static void a_released_mailbox_is_forgotten_with_its_tokens(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;

    (void)state;
    claim(plate, 2);
    store->release(store, &plate, 0);
    assert_int_equal(find(1).result, STORE_NOTHING);
    assert_int_equal(find(2).result, STORE_NOTHING);
    assert_int_equal(claim(plate, 3).result, STORE_NOTHING);
    store->release(store, &plate, 0);
    assert_int_equal(allocate(1, &here).result, STORE_NEW);
}

static void released_nameplates_rest_and_come_back(void **state)
{
    int here;
    uint64_t now_ms = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct heard heard = {0};

        if (i % 900 == 0)
            now_ms += 600000;
        store->allocate(store, token(1), &here, 1000, now_ms, hear, &heard);
        assert_int_equal(heard.record.nameplate.digits, 4);
        store->release(store, &heard.record.nameplate, now_ms);
    }
    for (int i = 0; i < 1100; i++) {
        struct heard heard = {0};

        store->allocate(store, token(1), &here, 1000, now_ms, hear, &heard);
        store->release(store, &heard.record.nameplate, now_ms);
        if (heard.record.nameplate.digits == 5)
            return;
    }
    fail_msg("nameplates do not rest");
}

static void a_nameplate_of_another_length_is_another_nameplate(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;

    (void)state;
    plate.digits++;
    assert_int_equal(claim(plate, 2).result, STORE_NOTHING);
    plate.digits--;
    assert_int_equal(claim(plate, 2).result, STORE_NEW);
}

static void an_owner_that_tells_of_its_mailbox_changes_nothing_for_others(void **state)
{
    int here;
    struct cr_nameplate plate = allocate(1, &here).record.nameplate;
    struct heard heard = {0};

    (void)state;
    store->note(store, &plate, 0, 1000);
    store->closed(store, &plate, SEAT_DISPLAYER, CR_MOOD_DONE, count_only, &heard);
    assert_int_equal(heard.count, 1);
    assert_false(find(1).record.is_joined);
    claim(plate, 2);
    assert_true(find(1).record.is_joined);
    assert_int_equal(find(1).record.era, 1);
}

static void a_single_relay_has_nobody_to_write_to(void **state)
{
    (void)state;
    assert_false(store->is_shared);
    assert_int_equal(store->publish(store, store->self + 1, (const uint8_t *)"no", 2), -1);
    assert_int_equal(store->publish(store, STORE_EVERYBODY, (const uint8_t *)"no", 2), 0);
    assert_int_equal(store->state(store, NULL), STORE_HERE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(allocating_twice_with_a_token_gives_the_same_mailbox, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(exactly_one_token_ever_claims_a_nameplate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_displayer_cannot_claim_its_own_mailbox, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_that_holds_a_seat_claims_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_finds_its_seat_and_an_unknown_one_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_released_mailbox_is_forgotten_with_its_tokens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(released_nameplates_rest_and_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_nameplate_of_another_length_is_another_nameplate, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_owner_that_tells_of_its_mailbox_changes_nothing_for_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_single_relay_has_nobody_to_write_to, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
