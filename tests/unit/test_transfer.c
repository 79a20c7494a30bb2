/* Two whole devices through a relay: every pairing completes, whatever the connections do. */
#include "support.h"

#include "pair.h"
#include "transfer_state.h"

#include <string.h>

#define STEPS_MAX 2000

static const size_t SMALL[] = {900, 1200, 1, 3000, 0, 700, 0, 0};
static struct cr_bundle *small;

static void assert_told(const struct device *device, enum cr_event_type type, unsigned times)
{
    assert_int_equal(device->told[type], times);
}

static void assert_clean(const struct pair *pair)
{
    assert_int_equal(pair->relay.malformed, 0);
    assert_int_equal(pair->idle_ticks, 0);
}

static void assert_done(struct pair *pair)
{
    assert_clean(pair);
    assert_int_equal(pair_device(pair, CR_SENDER)->ended.end, CR_END_DONE);
    assert_int_equal(pair_device(pair, CR_RECEIVER)->ended.end, CR_END_DONE);
    assert_false(pair_device(pair, CR_SENDER)->ended.has_data_left);
    assert_true(pair_is_same(pair->arrived, pair->bundle));
}

static void assert_events_of_a_whole_transfer(struct pair *pair)
{
    const struct device *sender = pair_device(pair, CR_SENDER), *receiver = pair_device(pair, CR_RECEIVER);

    assert_told(&pair->devices[FAKERELAY_DISPLAYER], CR_EVENT_CODE, 1);
    assert_told(&pair->devices[FAKERELAY_TYPIST], CR_EVENT_CODE, 0);
    for (int i = 0; i < 2; i++) {
        assert_told(&pair->devices[i], CR_EVENT_ONLINE, 1);
        assert_told(&pair->devices[i], CR_EVENT_OFFLINE, 0);
        assert_told(&pair->devices[i], CR_EVENT_CONFIRMED, 1);
        assert_told(&pair->devices[i], CR_EVENT_HELLO, 1);
        assert_told(&pair->devices[i], CR_EVENT_ENDED, 1);
        assert_told(&pair->devices[i], CR_EVENT_STALE, 0);
    }
    assert_told(sender, CR_EVENT_SENDING, 1);
    assert_told(sender, CR_EVENT_SAVED, 1);
    assert_told(sender, CR_EVENT_OFFER, 0);
    assert_told(receiver, CR_EVENT_OFFER, 1);
    assert_told(receiver, CR_EVENT_ARRIVED, 1);
    assert_told(receiver, CR_EVENT_SAVED, 0);
}

static void every_pairing_completes_without_waiting(void **state)
{
    static const enum cr_secrets SECRETS[] = {CR_SECRET_DIGITS_ONLY, CR_SECRET_BOTH, CR_SECRET_LONG_ONLY};

    (void)state;
    for (int form = 0; form < 12; form++) {
        struct pair pair;

        pair_init(&pair, form & 1 ? CR_SENDER : CR_RECEIVER, small);
        pair.is_typist_early = (form & 2) != 0;
        pair.secrets = SECRETS[form / 4];
        pair_settle(&pair);
        assert_done(&pair);
        assert_events_of_a_whole_transfer(&pair);
        assert_true(cr_transfer_is_finished(pair.devices[0].transfer));
        assert_true(cr_transfer_is_finished(pair.devices[1].transfer));
        assert_true(cr_transfer_deadline(pair.devices[0].transfer) == CR_NEVER);
        assert_true(cr_transfer_deadline(pair.devices[1].transfer) == CR_NEVER);
        pair_free(&pair);
    }
}

static void each_device_learns_who_the_other_is(void **state)
{
    struct pair pair;
    const struct cr_hello *hello;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair_settle(&pair);
    hello = &pair.devices[FAKERELAY_TYPIST].transfer->peer_hello;
    assert_string_equal(hello->name, "showing device");
    assert_int_equal(hello->role, CR_RECEIVER);
    hello = &pair.devices[FAKERELAY_DISPLAYER].transfer->peer_hello;
    assert_string_equal(hello->name, "typing device");
    assert_string_equal(hello->platform, "test");
    assert_string_equal(hello->program, "pair 1");
    pair_free(&pair);
}

static void expect_carried(const size_t *sizes)
{
    struct cr_bundle *bundle = pair_bundle(sizes);
    struct pair pair;

    pair_init(&pair, CR_SENDER, bundle);
    pair_settle(&pair);
    assert_done(&pair);
    assert_true(pair.relay.total_bytes <= CR_MAILBOX_MAX_BYTES);
    pair_free(&pair);
    cr_bundle_free(bundle);
}

static void the_largest_bundle_fits_into_a_mailbox(void **state)
{
    static const size_t LARGE[] = {65536, 65536, 65536, 65536, 65536, 0, 65536,
                                   65536, 65536, 65536, 65536, 0,     0};
    size_t many[32 * 7 + 1] = {0};

    (void)state;
    expect_carried(LARGE);
    for (size_t cert = 0; cert < 32; cert++)
        for (size_t file = 0; file < 6; file++)
            many[7 * cert + file] = CR_BUNDLE_MAX_BYTES / (32 * 6);
    expect_carried(many);
}

/* Sizes around the ends of a DATA message and of a record. */
static void files_are_cut_where_records_end(void **state)
{
    static const size_t EDGES[] = {32767, 32768, 32769, 65536, 1, 0, 65535, 32757, 32758, 0, 1, 0, 0};
    size_t one[] = {0, 0, 0};

    (void)state;
    expect_carried(EDGES);
    for (one[0] = 65380; one[0] <= 65536; one[0]++)
        expect_carried(one);
}

static void cut_and_run(struct pair *pair, int device, unsigned message, int is_lossy)
{
    pair->devices[device].cut_after = message;
    pair->devices[device].is_cut_lossy = is_lossy;
    pair_run(pair);
    assert_clean(pair);
}

/* Also a cut at the very last word: who said it comes back to say it again. */
static void assert_complete(struct pair *pair)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(pair->devices[i].ended.end, CR_END_DONE);
    assert_true(pair_is_same(pair->arrived, pair->bundle));
}

static void a_connection_cut_at_any_message_loses_nothing(void **state)
{
    unsigned cuts = 0;

    (void)state;
    for (int form = 0; form < 8; form++) {
        int is_cut = 1, device = form & 1;

        for (unsigned message = 1; is_cut; message++) {
            struct pair pair;

            pair_init(&pair, form & 2 ? CR_SENDER : CR_RECEIVER, small);
            cut_and_run(&pair, device, message, form & 4);
            is_cut = pair.devices[device].crossed >= message;
            assert_complete(&pair);
            pair_free(&pair);
            cuts += (unsigned)is_cut;
        }
    }
    assert_true(cuts > 8 * 10);
}

static void both_connections_cut_at_any_message_lose_nothing(void **state)
{
    int is_cut = 1;

    (void)state;
    for (unsigned message = 1; is_cut; message++) {
        for (unsigned later = 0; later < 6; later++) {
            struct pair pair;

            pair_init(&pair, CR_SENDER, small);
            pair.devices[0].cut_after = message;
            pair.devices[0].is_cut_lossy = 1;
            cut_and_run(&pair, 1, message + later, later & 1);
            is_cut = pair.devices[0].crossed >= message;
            assert_complete(&pair);
            pair_free(&pair);
        }
    }
}

/* A page that the phone suspends for 50 seconds, at any message, whichever way the certificate goes. */
static int away_for_50_s(enum cr_role role, unsigned message)
{
    struct pair pair;
    struct device *phone = &pair.devices[FAKERELAY_TYPIST];
    int is_back = 0, is_cut;

    pair_init(&pair, role, small);
    phone->cut_after = message;
    do {
        pair_settle(&pair);
        if (phone->told[CR_EVENT_OFFLINE] > 0 && !is_back) {
            phone->back_at_ms = pair.now + 50000;
            is_back = 1;
        }
    } while (pair_wait(&pair));
    is_cut = phone->crossed >= message;
    assert_clean(&pair);
    assert_int_equal(pair_device(&pair, CR_SENDER)->ended.end, CR_END_DONE);
    assert_true(pair_is_same(pair.arrived, pair.bundle)); /* who is away at BYE says it too late */
    pair_free(&pair);
    return is_cut;
}

static void a_device_away_for_less_than_the_patience_goes_on(void **state)
{
    (void)state;
    for (unsigned message = 2; away_for_50_s(CR_RECEIVER, message); message++)
        continue;
    for (unsigned message = 2; away_for_50_s(CR_SENDER, message); message++)
        continue;
}

static void a_busy_relay_is_asked_again(void **state)
{
    (void)state;
    for (unsigned step = 0; step < 60; step++) {
        struct pair pair;

        pair_init(&pair, CR_SENDER, small);
        for (unsigned i = 0; i < step; i++)
            pair_step(&pair);
        pair.relay.busy_times = 2;
        pair_run(&pair);
        assert_clean(&pair);
        assert_int_equal(pair_device(&pair, CR_SENDER)->ended.end, CR_END_DONE);
        assert_true(
            pair_is_same(pair.arrived, pair.bundle)); /* BYE alone may be lost: CLOSE follows at once */
        pair_free(&pair);
    }
}

/* Every call at every point of a transfer, where it does not belong. */
static void a_call_out_of_turn_is_told_so(void **state)
{
    static const struct cr_invite NO_INVITE;
    uint8_t digest[CR_DIGEST_BYTES] = {0};
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    for (int step = 0; step < STEPS_MAX && pair_step(&pair); step++) {
        for (int i = 0; i < 2; i++) {
            struct cr_transfer *t = pair.devices[i].transfer;

            if (t == NULL)
                continue;
            assert_int_equal(cr_transfer_enter(t, &NO_INVITE, pair.now), CR_E_STATE);
            if (t->stage != EXPECT_CONSENT)
                assert_int_equal(cr_transfer_consent(t, small, pair.now), CR_E_STATE);
            if (t->stage != EXPECT_STORE)
                assert_int_equal(cr_transfer_stored(t, digest, pair.now), CR_E_STATE);
            if (t->stage != EXPECT_STORE && t->stage != EXPECT_DATA)
                assert_int_equal(cr_transfer_refuse(t, CR_REASON_OTHER, pair.now), CR_E_STATE);
        }
    }
    assert_done(&pair);
    pair_free(&pair);
}

static void a_bundle_that_breaks_a_limit_is_not_sent(void **state)
{
    struct cr_bundle *empty = cr_bundle_new();
    struct pair pair;
    struct device *sender;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    sender = pair_device(&pair, CR_SENDER);
    sender->answer = ANSWER_NEVER;
    pair_settle(&pair);
    assert_told(sender, CR_EVENT_HELLO, 1);
    assert_int_equal(cr_transfer_consent(sender->transfer, empty, pair.now), CR_E_MALFORMED);
    assert_int_equal(cr_transfer_consent(sender->transfer, small, pair.now),
                     CR_OK); /* the person may choose again */
    pair_run(&pair);
    assert_done(&pair);
    pair_free(&pair);
    cr_bundle_free(empty);
}

/* A text without an end must be refused as such, not end the transfer. */
static void a_text_past_its_limit_is_refused_before_anything_leaves(void **state)
{
    struct cr_bundle *bundle = pair_bundle(SMALL);
    struct pair pair;
    struct device *sender;

    (void)state;
    memset(bundle->certs[0].owner, 'o', sizeof bundle->certs[0].owner);
    pair_init(&pair, CR_SENDER, small);
    sender = pair_device(&pair, CR_SENDER);
    sender->answer = ANSWER_NEVER;
    pair_settle(&pair);
    assert_int_equal(cr_transfer_consent(sender->transfer, bundle, pair.now), CR_E_LIMIT);
    assert_told(sender, CR_EVENT_ENDED, 0);
    assert_int_equal(cr_transfer_consent(sender->transfer, small, pair.now), CR_OK);
    pair_run(&pair);
    assert_done(&pair);
    pair_free(&pair);
    cr_bundle_free(bundle);
}

static void a_name_past_its_limit_makes_no_transfer(void **state)
{
    char name[CR_NAME_MAX_BYTES + 2] = {0};
    struct cr_transfer_config config = {.side = CR_DISPLAYER, .role = CR_SENDER, .secrets = CR_SECRET_BOTH};
    struct cr_transfer *transfer;

    (void)state;
    memset(name, 'n', CR_NAME_MAX_BYTES + 1);
    config.name = name;
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_E_LIMIT);
    assert_null(transfer);
    name[CR_NAME_MAX_BYTES] = '\0';
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_OK);
    cr_transfer_free(transfer);
    cr_transfer_free(NULL);
}

static void a_typist_needs_a_secret_to_join(void **state)
{
    struct cr_invite invite = {.code = {.nameplate = {4, 4821}}};
    struct cr_transfer_config config = {.side = CR_TYPIST, .role = CR_SENDER, .invite = &invite};
    struct cr_transfer *transfer;

    (void)state;
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_E_STATE);
    assert_null(transfer);
    config.invite = NULL;
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_OK);
    assert_int_equal(cr_transfer_enter(transfer, &invite, 0), CR_E_STATE);
    memcpy(invite.code.secret, "1234567", CR_SECRET_DIGITS);
    invite.has_digits = 1;
    assert_int_equal(cr_transfer_enter(transfer, &invite, 0), CR_OK); /* the person may type again */
    cr_transfer_free(transfer);
}

/* A relay that keeps a silent connection for long: the patience begins when the code has been typed. */
static void a_code_typed_late_on_an_open_connection_has_its_full_time(void **state)
{
    const struct cr_invite invite = {.has_digits = 1,
                                     .code = {{4, 4821}, {'7', '7', '3', '0', '1', '9', '4'}}};
    const struct cr_transfer_config config = {.side = CR_TYPIST, .role = CR_SENDER};
    struct cr_transfer *transfer;

    (void)state;
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_OK);
    cr_transfer_connecting(transfer, 0);
    cr_transfer_connected(transfer, 100);
    assert_true(cr_transfer_deadline(transfer) == CR_NEVER);
    assert_int_equal(cr_transfer_enter(transfer, &invite, 100000), CR_OK);
    assert_int_equal(cr_transfer_deadline(transfer), 110000);
    cr_transfer_free(transfer);
}

/* A connection that its relay closed while the person was typing is opened again with the code. */
static void a_code_typed_after_the_connection_went_opens_another(void **state)
{
    struct pair pair;

    (void)state;
    pair_init(&pair, CR_SENDER, small);
    pair.is_typist_early = 1;
    pair_step(&pair);
    pair.devices[FAKERELAY_DISPLAYER].is_frozen = 1;
    pair_settle(&pair);
    assert_true(pair.devices[FAKERELAY_TYPIST].is_connected);
    pair_cut(&pair, FAKERELAY_TYPIST);
    pair_settle(&pair);
    assert_false(pair.devices[FAKERELAY_TYPIST].is_connected);
    pair.devices[FAKERELAY_DISPLAYER].is_frozen = 0;
    pair_settle(&pair);
    assert_done(&pair);
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
        cmocka_unit_test(every_pairing_completes_without_waiting),
        cmocka_unit_test(each_device_learns_who_the_other_is),
        cmocka_unit_test(the_largest_bundle_fits_into_a_mailbox),
        cmocka_unit_test(files_are_cut_where_records_end),
        cmocka_unit_test(a_connection_cut_at_any_message_loses_nothing),
        cmocka_unit_test(both_connections_cut_at_any_message_lose_nothing),
        cmocka_unit_test(a_device_away_for_less_than_the_patience_goes_on),
        cmocka_unit_test(a_busy_relay_is_asked_again),
        cmocka_unit_test(a_call_out_of_turn_is_told_so),
        cmocka_unit_test(a_bundle_that_breaks_a_limit_is_not_sent),
        cmocka_unit_test(a_text_past_its_limit_is_refused_before_anything_leaves),
        cmocka_unit_test(a_name_past_its_limit_makes_no_transfer),
        cmocka_unit_test(a_typist_needs_a_secret_to_join),
        cmocka_unit_test(a_code_typed_late_on_an_open_connection_has_its_full_time),
        cmocka_unit_test(a_code_typed_after_the_connection_went_opens_another),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
