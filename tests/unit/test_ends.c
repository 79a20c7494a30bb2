/* How a transfer ends by its persons, its code and its messages: each cause has its own end, on both sides. */
#include "ends.h"

static const size_t SMALL[] = {900, 1200, 0, 0};
static struct cr_bundle *small;

static void a_wrong_code_is_told_to_both(void **state)
{
    static const enum cr_secrets SECRETS[] = {CR_SECRET_DIGITS_ONLY, CR_SECRET_BOTH, CR_SECRET_LONG_ONLY};

    (void)state;
    for (size_t i = 0; i < COUNT(SECRETS); i++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        pair.secrets = SECRETS[i];
        pair.is_code_wrong = 1;
        pair_settle(&pair);
        assert_ends(&pair, CR_END_WRONG_CODE, CR_END_WRONG_CODE);
        assert_int_equal(pair.relay.seats[DISPLAYER].close_mood, CR_MOOD_WRONG_CODE);
        assert_int_equal(pair.devices[DISPLAYER].told[CR_EVENT_CONFIRMED], 0);
        pair_free(&pair);
    }
}

static void two_devices_of_one_role_are_both_told_so(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        pair.devices[DISPLAYER].role = pair.devices[TYPIST].role = form ? CR_SENDER : CR_RECEIVER;
        pair_settle(&pair);
        assert_ends(&pair, CR_END_SAME_ROLE, CR_END_SAME_ROLE);
        pair_free(&pair);
    }
}

static void later_version(struct pair *pair, int device, uint8_t *message, size_t length)
{
    (void)pair;
    if (device == TYPIST && message[0] == CR_FRAME_JOIN && length > CR_FRAME_HEAD_MAX_BYTES)
        message[CR_FRAME_HEAD_MAX_BYTES + 1] = 2;
}

static void another_version_is_told_to_both(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.mangle = later_version;
    pair_settle(&pair);
    assert_ends(&pair, CR_END_VERSION, CR_END_VERSION);
    pair_free(&pair);
}

/* The last byte of every record of the sender. */
static void flip_record(struct pair *pair, int device, uint8_t *message, size_t length)
{
    if (pair->devices[device].role == CR_SENDER && message[0] == CR_FRAME_SEND && length > 4096)
        message[length - 1] ^= 1;
}

static void a_changed_record_is_told_as_tampering(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    run_until(&pair, TYPIST, CR_EVENT_HELLO);
    pair.mangle = flip_record;
    pair_settle(&pair);
    assert_role_ends(&pair, CR_END_PEER_ERROR, CR_END_TAMPERED);
    assert_null(pair.arrived);
    pair_free(&pair);
}

static void a_sender_that_says_no_sends_nothing(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NO;
    pair_settle(&pair);
    assert_role_ends(&pair, CR_END_DECLINED, CR_END_PEER_DECLINED);
    assert_int_equal(pair_device(&pair, CR_RECEIVER)->told[CR_EVENT_OFFER], 0);
    assert_null(cr_transfer_bundle(pair_device(&pair, CR_RECEIVER)->transfer));
    pair_free(&pair);
}

static void a_receiver_that_cannot_store_tells_why(void **state)
{
    (void)state;
    for (int reason = CR_REASON_DECLINED; reason <= CR_REASON_OTHER; reason++) {
        struct pair pair;
        int is_declined = reason == CR_REASON_DECLINED;

        pair_init(&pair, CR_RECEIVER, small);
        pair_device(&pair, CR_RECEIVER)->answer = ANSWER_NO;
        pair_device(&pair, CR_RECEIVER)->reason = (enum cr_reason)reason;
        pair_settle(&pair);
        assert_role_ends(&pair, is_declined ? CR_END_PEER_DECLINED : CR_END_PEER_REFUSED,
                         is_declined ? CR_END_DECLINED : CR_END_REFUSED);
        assert_int_equal(pair_device(&pair, CR_SENDER)->ended.reason, reason);
        assert_int_equal(pair_device(&pair, CR_RECEIVER)->ended.reason, reason);
        assert_false(pair_device(&pair, CR_SENDER)->ended.has_data_left);
        pair_free(&pair);
    }
}

static void a_receiver_that_read_back_other_bytes_does_not_say_saved(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_RECEIVER, small);
    pair_device(&pair, CR_RECEIVER)->answer = ANSWER_OTHER_BYTES;
    pair_settle(&pair);
    assert_role_ends(&pair, CR_END_PEER_REFUSED, CR_END_REFUSED);
    assert_int_equal(pair_device(&pair, CR_SENDER)->told[CR_EVENT_SAVED], 0);
    pair_free(&pair);
}

static void a_sender_does_not_believe_another_digest(void **state)
{
    struct pair pair;
    struct device *sender = pair_device(&pair, CR_SENDER);

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    sender = pair_device(&pair, CR_SENDER);
    run_until(&pair, TYPIST, CR_EVENT_SENDING);
    sender->transfer->digest[31] ^= 1;
    pair_settle(&pair);
    assert_role_ends(&pair, CR_END_MISMATCH, CR_END_DONE_UNHEARD);
    assert_int_equal(sender->told[CR_EVENT_SAVED], 0);
    assert_true(sender->ended.has_data_left);
    pair_free(&pair);
}

/* Whatever the other device was doing, it hears of it and ends too. */
static void a_person_may_stop_at_any_moment(void **state)
{
    int has_more = 1;

    (void)state;
    for (int steps = 1; has_more; steps++) {
        for (int device = 0; device < 2; device++) {
            struct pair pair;
            struct device *other;

            pair_init(&pair, CR_SENDER, small);
            pair.is_typist_early = 1;
            for (int i = 0; i < steps; i++)
                has_more = pair_step(&pair);
            other = &pair.devices[!device];
            cr_transfer_cancel(pair.devices[device].transfer, pair.now);
            if (other->told[CR_EVENT_ENDED] == 0 && pair.devices[TYPIST].transfer->stage == EXPECT_CODE)
                cr_transfer_cancel(other->transfer, pair.now); /* nobody will ever type */
            pair_run(&pair);
            assert_int_equal(pair.idle_ticks, 0);
            assert_int_equal(pair.devices[device].told[CR_EVENT_ENDED], 1);
            assert_int_equal(other->told[CR_EVENT_ENDED], 1);
            assert_true(cr_transfer_is_finished(pair.devices[device].transfer));
            if (other->ended.end == CR_END_DONE || other->ended.end == CR_END_DONE_UNHEARD)
                assert_non_null(pair.arrived);
            pair_free(&pair);
        }
    }
}

static void a_cancelled_transfer_tells_the_other_device(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_device(&pair, CR_SENDER)->answer = ANSWER_NEVER;
    pair_settle(&pair);
    cr_transfer_cancel(pair_device(&pair, CR_SENDER)->transfer, pair.now);
    pair_settle(&pair);
    assert_role_ends(&pair, CR_END_CANCELLED, CR_END_PEER_CANCELLED);
    pair_free(&pair);
}

static int make(void **state)
{
    (void)state;
    small = pair_bundle(SMALL);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    cr_bundle_free(small);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_code_is_told_to_both),
        cmocka_unit_test(two_devices_of_one_role_are_both_told_so),
        cmocka_unit_test(another_version_is_told_to_both),
        cmocka_unit_test(a_changed_record_is_told_as_tampering),
        cmocka_unit_test(a_sender_that_says_no_sends_nothing),
        cmocka_unit_test(a_receiver_that_cannot_store_tells_why),
        cmocka_unit_test(a_receiver_that_read_back_other_bytes_does_not_say_saved),
        cmocka_unit_test(a_sender_does_not_believe_another_digest),
        cmocka_unit_test(a_person_may_stop_at_any_moment),
        cmocka_unit_test(a_cancelled_transfer_tells_the_other_device),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
