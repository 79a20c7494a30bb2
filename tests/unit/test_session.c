/* The session: every pairing opens, wrong ones end as they must, and nothing is left of the keys. */
#include "support.h"

#include "pump.h"

#include <sodium.h>
#include <string.h>

#define SMALL_BYTES 512
#define START_SHARE_AT 19 /* type, version, suite, sid */
#define START_AD_AT (START_SHARE_AT + CPACE_POINT_BYTES)

/* A displayer and a START that the test may change before it arrives. */
struct fixture {
    struct pump pump;
    uint8_t start[SMALL_BYTES];
    size_t start_bytes;
};

static void begin(struct fixture *f, const char *secrets)
{
    assert_int_equal(pump_new(&f->pump, CR_SENDER, secrets), CR_OK);
    f->start_bytes = pump_take(f->pump.typist, f->start, sizeof f->start);
    assert_int_equal(f->start_bytes, START_AD_AT + 3);
}

static void assert_no_output(const struct cr_session *session)
{
    const uint8_t *payload;
    size_t length;

    assert_int_equal(cr_session_output(session, &payload, &length), CR_INCOMPLETE);
}

static void assert_keyless(struct cr_session *s)
{
    static const uint8_t ZEROS[sizeof *s];

    assert_int_equal(s->state, FAILED);
    assert_memory_equal(&s->config, ZEROS, sizeof s->config);
    assert_memory_equal(s->y, ZEROS, sizeof s->y);
    assert_memory_equal(s->isk, ZEROS, sizeof s->isk);
    assert_memory_equal(s->prk, ZEROS, sizeof s->prk);
    assert_memory_equal(&s->push, ZEROS, sizeof s->push);
    assert_memory_equal(&s->pull, ZEROS, sizeof s->pull);
    assert_null(s->record);
}

/* Ended for good: every call says so, and the keys are gone. */
static void assert_dead(struct cr_session *s, int error)
{
    static const uint8_t ANY[64] = {FRAME_CONFIRM};
    const uint8_t *bytes;
    uint8_t key[16];
    size_t length;

    assert_int_equal(cr_session_error(s), error);
    assert_int_equal(cr_session_input(s, ANY, sizeof ANY), error);
    assert_int_equal(cr_session_seal(s, ANY, 1, 0), CR_E_STATE);
    assert_int_equal(cr_session_export(s, "l", key, sizeof key), CR_E_STATE);
    assert_int_equal(cr_session_record(s, &bytes, &length), CR_INCOMPLETE);
    assert_false(cr_session_is_open(s));
    assert_false(cr_session_is_ended(s));
    assert_keyless(s);
}

static void every_pairing_opens_and_speaks_both_ways(void **state)
{
    static const char *const SECRETS[] = {"dd", "db", "ll", "lb", "bb", "bl"};
    static const size_t BURSTS[] = {1, 2, 7, ALL_AT_ONCE};
    static const char WORDS[] = "abcdefghij";

    (void)state;
    for (size_t i = 0; i < COUNT(SECRETS) * COUNT(BURSTS) * 2; i++) {
        size_t burst = BURSTS[i / 2 % COUNT(BURSTS)];
        struct pump pump;

        assert_int_equal(pump_new(&pump, i % 2 ? CR_SENDER : CR_RECEIVER, SECRETS[i / 2 / COUNT(BURSTS)]),
                         CR_OK);
        pump_run(&pump, burst);
        assert_true(cr_session_is_open(pump.typist) && cr_session_is_open(pump.displayer));
        for (size_t w = 0; w < strlen(WORDS); w++) {
            int is_last = WORDS[w + 1] == '\0';

            assert_int_equal(cr_session_seal(pump.typist, (const uint8_t *)&WORDS[w], 1, is_last), CR_OK);
            assert_int_equal(cr_session_seal(pump.displayer, (const uint8_t *)&WORDS[w], 1, is_last), CR_OK);
        }
        pump_run(&pump, burst);
        assert_int_equal(pump.typist_error, CR_OK);
        assert_int_equal(pump.displayer_error, CR_OK);
        assert_string_equal(pump.typist_heard, WORDS);
        assert_string_equal(pump.displayer_heard, WORDS);
        assert_true(cr_session_is_ended(pump.typist) && cr_session_is_ended(pump.displayer));
        pump_free(&pump);
    }
}

static void secrets_are_wiped_once_the_keys_are_there(void **state)
{
    static const uint8_t ZEROS[CPACE_ISK_BYTES];
    struct pump pump;

    (void)state;
    assert_int_equal(pump_new(&pump, CR_SENDER, "bb"), CR_OK);
    assert_memory_not_equal(pump.typist->y, ZEROS, CPACE_SCALAR_BYTES);
    pump_run(&pump, 1);
    for (int side = 0; side < 2; side++) {
        struct cr_session *s = side ? pump.displayer : pump.typist;

        assert_memory_equal(s->y, ZEROS, sizeof s->y);
        assert_memory_equal(s->isk, ZEROS, sizeof s->isk);
        assert_memory_equal(s->config.digits, ZEROS, sizeof s->config.digits);
        assert_memory_equal(s->config.long_secret, ZEROS, sizeof s->config.long_secret);
    }
    pump_free(&pump);
}

/* One config whose code, nameplate or long secret differs. */
static void expect_wrong_code(struct cr_session_config typist, struct cr_session_config displayer)
{
    struct pump pump = {0};

    assert_int_equal(cr_session_new(&pump.typist, &typist), CR_OK);
    assert_int_equal(cr_session_new(&pump.displayer, &displayer), CR_OK);
    assert_true(pump_one(&pump, pump.typist));
    assert_true(pump_one(&pump, pump.displayer));
    assert_true(pump_one(&pump, pump.typist)); /* the wrong proof */
    assert_int_equal(pump.displayer_error, CR_E_CODE);
    assert_no_output(pump.displayer);
    assert_dead(pump.displayer, CR_E_CODE);
    assert_true(cr_session_is_spent(pump.displayer));
    assert_true(cr_session_is_spent(pump.typist));
    assert_false(cr_session_is_open(pump.typist));
    pump_free(&pump);
}

static void after_a_wrong_code_the_displayer_says_nothing(void **state)
{
    struct cr_session_config typist = pump_config(CR_TYPIST, CR_SENDER, 'd'), right = typist;
    struct cr_session_config displayer = pump_config(CR_DISPLAYER, CR_RECEIVER, 'b');

    (void)state;
    typist.digits[6] = '5';
    expect_wrong_code(typist, displayer);
    typist = right;
    typist.nameplate.value = 4822;
    expect_wrong_code(typist, displayer);
    typist = right;
    typist.nameplate.digits = 5; /* 04821 is another plate than 4821 */
    expect_wrong_code(typist, displayer);
    typist = pump_config(CR_TYPIST, CR_SENDER, 'l');
    typist.long_secret[15] ^= 1;
    expect_wrong_code(typist, displayer);
}

static void the_code_is_spent_the_moment_reply_exists(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "dd");
    assert_true(cr_session_is_spent(f.pump.typist));
    assert_false(cr_session_is_spent(f.pump.displayer));
    assert_int_equal(cr_session_input(f.pump.displayer, f.start, f.start_bytes), CR_OK);
    assert_true(cr_session_is_spent(f.pump.displayer));
    pump_free(&f.pump);
}

/* START with one byte changed: the displayer answers ABORT with this reason, and its code is not spent. */
static void expect_abort(size_t at, uint8_t value, size_t length, uint8_t reason, int error)
{
    struct fixture f;
    uint8_t answer[SMALL_BYTES];

    begin(&f, "dd");
    f.start[at] = value;
    assert_int_equal(cr_session_input(f.pump.displayer, f.start, length), error);
    assert_int_equal(pump_take(f.pump.displayer, answer, sizeof answer), 2);
    assert_int_equal(answer[0], FRAME_ABORT);
    assert_int_equal(answer[1], reason);
    assert_no_output(f.pump.displayer);
    assert_false(cr_session_is_spent(f.pump.displayer));
    assert_dead(f.pump.displayer, error);
    assert_int_equal(cr_session_input(f.pump.typist, answer, 2), error);
    assert_no_output(f.pump.typist);
    assert_dead(f.pump.typist, error);
    pump_free(&f.pump);
}

static void what_b_cannot_take_is_aborted_before_reply_and_costs_no_code(void **state)
{
    (void)state;
    expect_abort(1, 2, START_AD_AT + 3, 1, CR_E_VERSION);
    expect_abort(2, 2, START_AD_AT + 3, 1, CR_E_VERSION);
    expect_abort(1, 2, 3, 1, CR_E_VERSION); /* a later version may be laid out in another way */
    expect_abort(START_AD_AT + 1, CR_RECEIVER, START_AD_AT + 3, 2, CR_E_ROLE);
    expect_abort(START_AD_AT + 1, 0, START_AD_AT + 3, 3, CR_E_MALFORMED);
    expect_abort(START_AD_AT + 1, 3, START_AD_AT + 3, 3, CR_E_MALFORMED);
    expect_abort(START_AD_AT + 2, 2, START_AD_AT + 3, 3, CR_E_MALFORMED); /* it has no long secret */
    expect_abort(START_AD_AT + 2, 0, START_AD_AT + 3, 3, CR_E_MALFORMED);
    expect_abort(START_AD_AT, 1, START_AD_AT + 2, 3, CR_E_MALFORMED);
    expect_abort(START_AD_AT, 0, START_AD_AT + 1, 3, CR_E_MALFORMED);
    for (size_t length = 3; length < START_AD_AT + 3; length++)
        expect_abort(1, 1, length, 3, CR_E_MALFORMED);
    expect_abort(1, 1, START_AD_AT + 4, 3, CR_E_MALFORMED);
}

static void two_devices_of_one_role_are_told_so(void **state)
{
    static const enum cr_role ROLES[] = {CR_SENDER, CR_RECEIVER};

    (void)state;
    for (size_t i = 0; i < COUNT(ROLES); i++) {
        struct cr_session_config typist = pump_config(CR_TYPIST, ROLES[i], 'd');
        struct cr_session_config displayer = pump_config(CR_DISPLAYER, ROLES[i], 'd');
        struct pump pump = {0};

        assert_int_equal(cr_session_new(&pump.typist, &typist), CR_OK);
        assert_int_equal(cr_session_new(&pump.displayer, &displayer), CR_OK);
        pump_run(&pump, 1);
        assert_int_equal(pump.displayer_error, CR_E_ROLE);
        assert_int_equal(pump.typist_error, CR_E_ROLE);
        assert_false(cr_session_is_spent(pump.displayer));
        pump_free(&pump);
    }
}

static void a_typist_refuses_a_reply_of_its_own_role(void **state)
{
    struct fixture f;
    uint8_t reply[SMALL_BYTES];
    size_t length;

    (void)state;
    begin(&f, "dd");
    assert_int_equal(cr_session_input(f.pump.displayer, f.start, f.start_bytes), CR_OK);
    length = pump_take(f.pump.displayer, reply, sizeof reply);
    assert_int_equal(reply[length - 1], CR_RECEIVER);
    reply[length - 1] = CR_SENDER;
    assert_int_equal(cr_session_input(f.pump.typist, reply, length), CR_E_ROLE);
    assert_no_output(f.pump.typist);
    assert_dead(f.pump.typist, CR_E_ROLE);
    pump_free(&f.pump);
}

static void an_abort_with_an_unknown_reason_or_length_still_ends(void **state)
{
    static const struct {
        uint8_t bytes[3];
        size_t length;
        int error;
    } ABORTS[] = {
        {{FRAME_ABORT, 1}, 2, CR_E_VERSION},   {{FRAME_ABORT, 2}, 2, CR_E_ROLE},
        {{FRAME_ABORT, 3}, 2, CR_E_MALFORMED}, {{FRAME_ABORT, 99}, 2, CR_E_MALFORMED},
        {{FRAME_ABORT, 0}, 1, CR_E_MALFORMED}, {{FRAME_ABORT, 1, 0}, 3, CR_E_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ABORTS); i++) {
        struct fixture f;

        begin(&f, "dd");
        assert_int_equal(cr_session_input(f.pump.typist, ABORTS[i].bytes, ABORTS[i].length), ABORTS[i].error);
        assert_dead(f.pump.typist, ABORTS[i].error);
        pump_free(&f.pump);
    }
}

static const char *const BAD_SHARES[] = {
    "0000000000000000000000000000000000000000000000000000000000000000", /* the identity */
    "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c", /* no element */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* not canonical */
};

static void a_start_with_a_bad_share_gets_no_reply(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(BAD_SHARES); i++) {
        struct fixture f;

        begin(&f, "dd");
        unhex(BAD_SHARES[i], f.start + START_SHARE_AT, CPACE_POINT_BYTES);
        assert_int_equal(cr_session_input(f.pump.displayer, f.start, f.start_bytes), CR_E_MALFORMED);
        assert_no_output(f.pump.displayer);
        assert_false(cr_session_is_spent(f.pump.displayer));
        assert_dead(f.pump.displayer, CR_E_MALFORMED);
        pump_free(&f.pump);
    }
}

static void a_reply_with_a_bad_share_gets_no_proof(void **state)
{
    (void)state;
    for (size_t i = 0; i <= COUNT(BAD_SHARES); i++) {
        uint8_t reply[1 + CPACE_POINT_BYTES + 2] = {FRAME_REPLY};
        struct fixture f;

        begin(&f, "dd");
        memcpy(reply + 1, f.start + START_SHARE_AT, CPACE_POINT_BYTES); /* its own share sent back */
        if (i < COUNT(BAD_SHARES))
            unhex(BAD_SHARES[i], reply + 1, CPACE_POINT_BYTES);
        reply[sizeof reply - 2] = 1;
        reply[sizeof reply - 1] = CR_RECEIVER;
        assert_int_equal(cr_session_input(f.pump.typist, reply, sizeof reply), CR_E_MALFORMED);
        assert_no_output(f.pump.typist);
        assert_dead(f.pump.typist, CR_E_MALFORMED);
        pump_free(&f.pump);
    }
}

/* The displayer draws the scalar that the typist drew, so that Ya = Yb. */
static void a_displayer_that_would_send_the_typists_share_ends(void **state)
{
    uint8_t scalar[CPACE_SCALAR_BYTES];
    struct fixture f;

    (void)state;
    begin(&f, "dd");
    memcpy(scalar, f.pump.typist->y, sizeof scalar);
    random_script(scalar, sizeof scalar);
    assert_int_equal(cr_session_input(f.pump.displayer, f.start, f.start_bytes), CR_E_MALFORMED);
    assert_int_equal(random_left(), 0);
    random_restore();
    assert_no_output(f.pump.displayer);
    assert_false(cr_session_is_spent(f.pump.displayer));
    pump_free(&f.pump);
}

static void reserved_data_is_not_read_but_bound(void **state)
{
    uint8_t bytes[SMALL_BYTES];
    struct fixture f;
    size_t length;

    (void)state;
    begin(&f, "dd");
    f.start[START_AD_AT] = 3;
    f.start[f.start_bytes++] = 0x55;
    assert_int_equal(cr_session_input(f.pump.displayer, f.start, f.start_bytes), CR_OK);
    length = pump_take(f.pump.displayer, bytes, sizeof bytes);
    assert_int_equal(cr_session_input(f.pump.typist, bytes, length), CR_OK);
    length = pump_take(f.pump.typist, bytes, sizeof bytes);
    assert_int_equal(cr_session_input(f.pump.displayer, bytes, length), CR_E_CODE);
    pump_free(&f.pump);
}

static void exports_are_equal_on_both_sides_and_differ_by_label(void **state)
{
    static const char LONGEST[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static uint8_t a[KEYS_EXPORT_MAX_BYTES + 1], b[KEYS_EXPORT_MAX_BYTES + 1];
    char too_long[sizeof LONGEST + 1] = "x";
    struct pump pump;

    (void)state;
    assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
    assert_int_equal(cr_session_export(pump.typist, "a", a, 32), CR_E_STATE);
    pump_run(&pump, 1);
    assert_int_equal(cr_session_export(pump.typist, "a", a, sizeof a - 1), CR_OK);
    assert_int_equal(cr_session_export(pump.displayer, "a", b, sizeof b - 1), CR_OK);
    assert_memory_equal(a, b, sizeof a - 1);
    assert_int_equal(cr_session_export(pump.displayer, "b", b, 32), CR_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(cr_session_export(pump.displayer, "", b, 32), CR_OK);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(cr_session_export(pump.displayer, "a", b, sizeof b), CR_E_LIMIT);
    assert_int_equal(cr_session_export(pump.displayer, LONGEST, b, 32), CR_OK);
    strcat(too_long, LONGEST);
    assert_int_equal(cr_session_export(pump.displayer, too_long, b, 32), CR_E_LIMIT);
    pump_free(&pump);
    assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
    pump_run(&pump, 1);
    assert_int_equal(cr_session_export(pump.displayer, "a", b, 32), CR_OK);
    assert_memory_not_equal(a, b, 32); /* another session, another key */
    pump_free(&pump);
}

static void a_session_without_a_secret_or_a_nameplate_is_not_made(void **state)
{
    struct cr_session_config config = pump_config(CR_TYPIST, CR_SENDER, 'b');
    struct cr_session *session;

    (void)state;
    config.has_digits = config.has_long = 0;
    assert_int_equal(cr_session_new(&session, &config), CR_E_STATE);
    assert_null(session);
    config.has_digits = 1;
    config.nameplate = (struct cr_nameplate){3, 123};
    assert_int_equal(cr_session_new(&session, &config), CR_E_STATE);
    config.nameplate = (struct cr_nameplate){4, 10000};
    assert_int_equal(cr_session_new(&session, &config), CR_E_STATE);
    assert_null(session);
    cr_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pairing_opens_and_speaks_both_ways),
        cmocka_unit_test(secrets_are_wiped_once_the_keys_are_there),
        cmocka_unit_test(after_a_wrong_code_the_displayer_says_nothing),
        cmocka_unit_test(the_code_is_spent_the_moment_reply_exists),
        cmocka_unit_test(what_b_cannot_take_is_aborted_before_reply_and_costs_no_code),
        cmocka_unit_test(two_devices_of_one_role_are_told_so),
        cmocka_unit_test(a_typist_refuses_a_reply_of_its_own_role),
        cmocka_unit_test(an_abort_with_an_unknown_reason_or_length_still_ends),
        cmocka_unit_test(a_start_with_a_bad_share_gets_no_reply),
        cmocka_unit_test(a_reply_with_a_bad_share_gets_no_proof),
        cmocka_unit_test(a_displayer_that_would_send_the_typists_share_ends),
        cmocka_unit_test(reserved_data_is_not_read_but_bound),
        cmocka_unit_test(exports_are_equal_on_both_sides_and_differ_by_label),
        cmocka_unit_test(a_session_without_a_secret_or_a_nameplate_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
