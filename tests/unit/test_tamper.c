/* A relay that flips, repeats, reorders, cuts and swaps: no changed message is ever accepted, and each ends the session. */
#include "support.h"

#include "pump.h"

#include <stdlib.h>
#include <string.h>

#define HANDSHAKE_MESSAGES 4
#define RECORD_BYTES 4096
#define TEXT "the first record"

/* The n-th handshake message with one bit flipped; 0 when the message has no such bit. */
static int run_flipped(struct pump *pump, int n, size_t bit)
{
    uint8_t payload[512];

    for (int i = 0; i < HANDSHAKE_MESSAGES; i++) {
        struct cr_session *from = i % 2 ? pump->displayer : pump->typist;
        struct cr_session *to = i % 2 ? pump->typist : pump->displayer;
        size_t length = pump_take(from, payload, sizeof payload);
        int error;

        if (i == n && bit / 8 >= length)
            return 0;
        if (i == n)
            payload[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (length == 0)
            break;
        error = cr_session_input(to, payload, length);
        if (i % 2)
            pump->typist_error = pump->typist_error ? pump->typist_error : error;
        else
            pump->displayer_error = pump->displayer_error ? pump->displayer_error : error;
    }
    return 1;
}

/* Whoever is open now speaks; the header in CONFIRM is only noticed by the first record. */
static void expect_nothing_accepted(struct pump *pump)
{
    (void)cr_session_seal(pump->typist, (const uint8_t *)TEXT, sizeof TEXT, 0);
    (void)cr_session_seal(pump->displayer, (const uint8_t *)TEXT, sizeof TEXT, 0);
    pump_run(pump, 1);
    assert_string_equal(pump->typist_heard, "");
    assert_string_equal(pump->displayer_heard, "");
    assert_true(pump->typist_error < 0 || pump->displayer_error < 0);
}

static void no_flipped_bit_of_the_handshake_is_accepted(void **state)
{
    size_t bits[HANDSHAKE_MESSAGES] = {0};

    (void)state;
    for (int n = 0; n < HANDSHAKE_MESSAGES; n++) {
        for (int has_bit = 1; has_bit; bits[n] += (size_t)has_bit) {
            struct pump pump;

            assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
            has_bit = run_flipped(&pump, n, bits[n]);
            if (has_bit)
                expect_nothing_accepted(&pump);
            pump_free(&pump);
        }
    }
    assert_int_equal(bits[0], 8 * 54);
    assert_int_equal(bits[1], 8 * 35);
    assert_int_equal(bits[2], 8 * 89);
    assert_int_equal(bits[3], 8 * 89);
}

/* After a changed START or REPLY the displayer must not prove anything. */
static void the_displayer_proves_nothing_after_a_flipped_proof(void **state)
{
    (void)state;
    for (size_t bit = 8; bit < 8 * 65; bit += 7) {
        struct pump pump;
        const uint8_t *payload;
        size_t length;

        assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
        assert_true(run_flipped(&pump, 2, bit));
        assert_int_equal(pump.displayer_error, CR_E_CODE);
        assert_int_equal(cr_session_output(pump.displayer, &payload, &length), CR_INCOMPLETE);
        pump_free(&pump);
    }
}

/* An open pair and two records on their way to the displayer; saved is how it stood before they came. */
struct wire {
    struct pump pump;
    struct cr_session saved;
    uint8_t first[RECORD_BYTES], second[RECORD_BYTES];
};

static struct wire *wire_new(int is_final)
{
    struct wire *wire = malloc(sizeof *wire);

    assert_non_null(wire);
    assert_int_equal(pump_new(&wire->pump, CR_SENDER, "dd"), CR_OK);
    pump_run(&wire->pump, 1);
    assert_int_equal(cr_session_seal(wire->pump.typist, (const uint8_t *)TEXT, sizeof TEXT, is_final), CR_OK);
    assert_int_equal(pump_take(wire->pump.typist, wire->first, RECORD_BYTES), RECORD_BYTES);
    if (!is_final) {
        assert_int_equal(cr_session_seal(wire->pump.typist, (const uint8_t *)"2", 2, 0), CR_OK);
        assert_int_equal(pump_take(wire->pump.typist, wire->second, RECORD_BYTES), RECORD_BYTES);
    }
    wire->saved = *wire->pump.displayer;
    return wire;
}

static void wire_free(struct wire *wire)
{
    pump_free(&wire->pump);
    free(wire);
}

/* The displayer as it stood takes these bytes: refused, nothing read, ended. */
static void expect_tampered(struct wire *wire, const uint8_t *payload, size_t length)
{
    struct cr_session *s = wire->pump.displayer;
    const uint8_t *messages;
    size_t count;

    *s = wire->saved;
    assert_int_equal(cr_session_input(s, payload, length), CR_E_TAMPERED);
    assert_int_equal(cr_session_record(s, &messages, &count), CR_INCOMPLETE);
    assert_int_equal(s->state, FAILED);
    assert_int_equal(sodium_is_zero(s->prk, sizeof s->prk), 1);
    assert_int_equal(sodium_is_zero((const uint8_t *)&s->push, sizeof s->push), 1);
    assert_int_equal(sodium_is_zero((const uint8_t *)&s->pull, sizeof s->pull), 1);
    assert_int_equal(cr_session_input(s, wire->first, RECORD_BYTES), CR_E_TAMPERED);
}

static void expect_opens(struct wire *wire, const uint8_t *payload, const char *text)
{
    const uint8_t *messages;
    size_t count;

    assert_int_equal(cr_session_input(wire->pump.displayer, payload, RECORD_BYTES), CR_OK);
    assert_int_equal(cr_session_record(wire->pump.displayer, &messages, &count), CR_OK);
    assert_int_equal(count, RECORD_BYTES - 18);
    assert_string_equal((const char *)messages, text);
}

static void no_flipped_bit_of_a_record_is_accepted(void **state)
{
    struct wire *wire = wire_new(0);

    (void)state;
    for (size_t bit = 0; bit < 8 * RECORD_BYTES; bit++) {
        wire->first[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_tampered(wire, wire->first, RECORD_BYTES);
        wire->first[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    *wire->pump.displayer = wire->saved;
    expect_opens(wire, wire->first, TEXT);
    wire_free(wire);
}

static void a_record_of_another_length_is_refused(void **state)
{
    static uint8_t longer[2 * CR_PAYLOAD_MAX_BYTES];
    static const size_t LENGTHS[] = {
        1, 2, 17, 18, 19, 2048, 4094, 4095, 4097, 6000, 8191, 8192, 16384, 32768, 65535, 65536,
    };
    struct wire *wire = wire_new(0);

    (void)state;
    memcpy(longer, wire->first, RECORD_BYTES);
    for (size_t i = 0; i < COUNT(LENGTHS); i++)
        expect_tampered(wire, longer, LENGTHS[i]);
    wire_free(wire);
}

static void a_payload_past_the_limit_is_refused(void **state)
{
    static uint8_t longer[2 * CR_PAYLOAD_MAX_BYTES] = {FRAME_RECORD};
    struct wire *wire = wire_new(0);

    (void)state;
    assert_int_equal(cr_session_input(wire->pump.displayer, longer, CR_PAYLOAD_MAX_BYTES + 1),
                     CR_E_MALFORMED);
    assert_int_equal(wire->pump.displayer->state, FAILED);
    wire_free(wire);
}

static void a_record_comes_once_and_in_order(void **state)
{
    struct wire *wire = wire_new(0);

    (void)state;
    expect_tampered(wire, wire->second, RECORD_BYTES); /* the first is missing */
    *wire->pump.displayer = wire->saved;
    expect_opens(wire, wire->first, TEXT);
    cr_session_input(wire->pump.displayer, wire->second, RECORD_BYTES);
    assert_int_equal(cr_session_input(wire->pump.displayer, wire->second, RECORD_BYTES), CR_E_TAMPERED);
    *wire->pump.displayer = wire->saved;
    expect_opens(wire, wire->first, TEXT);
    assert_int_equal(cr_session_input(wire->pump.displayer, wire->first, RECORD_BYTES), CR_E_TAMPERED);
    *wire->pump.displayer = wire->saved;
    expect_opens(wire, wire->first, TEXT);
    expect_opens(wire, wire->second, "2");
    wire_free(wire);
}

static void a_record_sent_back_to_its_sender_is_refused(void **state)
{
    struct wire *wire = wire_new(0);

    (void)state;
    assert_int_equal(cr_session_input(wire->pump.typist, wire->first, RECORD_BYTES), CR_E_TAMPERED);
    wire_free(wire);
}

static void a_record_of_another_session_is_refused(void **state)
{
    struct wire *one = wire_new(0), *other = wire_new(0);

    (void)state;
    expect_tampered(one, other->first, RECORD_BYTES);
    wire_free(one);
    wire_free(other);
}

static void a_reply_of_another_session_proves_nothing(void **state)
{
    struct pump one, other;
    uint8_t payload[512];
    size_t length;

    (void)state;
    assert_int_equal(pump_new(&one, CR_SENDER, "dd"), CR_OK);
    assert_int_equal(pump_new(&other, CR_SENDER, "dd"), CR_OK);
    assert_true(pump_one(&one, one.typist));
    assert_true(pump_one(&other, other.typist));
    length = pump_take(other.displayer, payload, sizeof payload);
    assert_int_equal(cr_session_input(one.typist, payload, length), CR_OK);
    assert_true(pump_one(&one, one.typist));
    assert_int_equal(one.displayer_error, CR_E_CODE);
    pump_free(&one);
    pump_free(&other);
}

static void nothing_is_taken_after_final(void **state)
{
    struct wire *wire = wire_new(1);
    struct cr_session *s = wire->pump.displayer;

    (void)state;
    expect_opens(wire, wire->first, TEXT);
    assert_true(cr_session_is_ended(s));
    assert_true(cr_session_is_open(s)); /* its own direction is still open */
    assert_int_equal(cr_session_seal(s, (const uint8_t *)"x", 1, 1), CR_OK);
    assert_int_equal(cr_session_seal(s, (const uint8_t *)"x", 1, 0), CR_E_STATE);
    assert_int_equal(cr_session_seal(wire->pump.typist, (const uint8_t *)"x", 1, 0), CR_E_STATE);
    assert_int_equal(cr_session_input(s, wire->first, RECORD_BYTES), CR_E_TAMPERED);
    assert_false(cr_session_is_ended(s));
    wire_free(wire);
}

/* A record with the right key of this length and tag, made past cr_session_seal. */
static size_t forge(struct cr_session *from, uint8_t *out, size_t length, uint8_t tag)
{
    static const uint8_t PLAIN[CR_PAYLOAD_MAX_BYTES];

    out[0] = FRAME_RECORD;
    crypto_secretstream_xchacha20poly1305_push(&from->push, out + 1, NULL, PLAIN, length - 18, NULL, 0, tag);
    return length;
}

static void an_authentic_record_of_a_wrong_size_or_tag_is_refused(void **state)
{
    static const struct {
        size_t length;
        uint8_t tag;
        int error;
    } FORGED[] = {
        {4096, 0, CR_OK},          {4096, 3, CR_OK},         {65536, 0, CR_OK},
        {4096, 1, CR_E_TAMPERED},  {4096, 2, CR_E_TAMPERED}, {4096, 0x40, CR_E_TAMPERED},
        {4095, 0, CR_E_TAMPERED},  {4097, 0, CR_E_TAMPERED}, {5000, 0, CR_E_TAMPERED},
        {18, 0, CR_E_TAMPERED},    {2048, 0, CR_E_TAMPERED}, {12288, 0, CR_E_TAMPERED},
        {65535, 3, CR_E_TAMPERED},
    };
    static uint8_t payload[CR_PAYLOAD_MAX_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(FORGED); i++) {
        struct pump pump;
        size_t length;

        assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
        pump_run(&pump, 1);
        length = forge(pump.typist, payload, FORGED[i].length, FORGED[i].tag);
        assert_int_equal(cr_session_input(pump.displayer, payload, length), FORGED[i].error);
        pump_free(&pump);
    }
}

static void records_are_padded_to_the_smallest_size_that_fits(void **state)
{
    static const struct {
        size_t plain, payload;
    } SIZES[] = {
        {0, 4096},      {1, 4096},      {4078, 4096},   {4079, 8192},   {8174, 8192},   {8175, 16384},
        {16366, 16384}, {16367, 32768}, {32750, 32768}, {32751, 65536}, {65518, 65536},
    };
    static uint8_t plain[CR_RECORD_MAX_PLAIN_BYTES + 1], payload[CR_PAYLOAD_MAX_BYTES];
    struct pump pump;

    (void)state;
    memset(plain, 0xee, sizeof plain);
    assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
    pump_run(&pump, 1);
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        const uint8_t *messages;
        size_t length;

        assert_int_equal(cr_session_seal(pump.typist, plain, SIZES[i].plain, 0), CR_OK);
        assert_int_equal(pump_take(pump.typist, payload, sizeof payload), SIZES[i].payload);
        assert_int_equal(cr_session_input(pump.displayer, payload, SIZES[i].payload), CR_OK);
        assert_int_equal(cr_session_record(pump.displayer, &messages, &length), CR_OK);
        assert_int_equal(length, SIZES[i].payload - 18);
        assert_memory_equal(messages, plain, SIZES[i].plain);
        for (size_t at = SIZES[i].plain; at < length; at++)
            assert_int_equal(messages[at], 0);
    }
    assert_int_equal(cr_session_seal(pump.typist, plain, sizeof plain, 0), CR_E_LIMIT);
    pump_free(&pump);
}

/* What each state lets in is exactly what the protocol's step table says. */
static void a_message_out_of_turn_ends_the_session(void **state)
{
    static const uint8_t TYPES[] = {0,           FRAME_START, FRAME_REPLY, FRAME_CONFIRM, FRAME_RECORD,
                                    FRAME_ABORT, 0xff};

    (void)state;
    for (int moves = 0; moves <= HANDSHAKE_MESSAGES; moves++) {
        for (size_t i = 0; i < 2 * COUNT(TYPES); i++) {
            uint8_t payload[100] = {TYPES[i / 2]};
            struct pump pump;
            struct cr_session *s;

            assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
            for (int m = 0; m < moves; m++)
                assert_true(pump_one(&pump, m % 2 ? pump.displayer : pump.typist));
            s = i % 2 ? pump.typist : pump.displayer;
            assert_true(cr_session_input(s, payload, sizeof payload) < 0);
            assert_int_equal(s->state, FAILED);
            pump_free(&pump);
        }
    }
}

static void an_empty_payload_ends_the_session(void **state)
{
    struct pump pump;

    (void)state;
    assert_int_equal(pump_new(&pump, CR_SENDER, "dd"), CR_OK);
    assert_int_equal(cr_session_input(pump.displayer, (const uint8_t *)"", 0), CR_E_MALFORMED);
    assert_int_equal(cr_session_input(pump.typist, NULL, 0), CR_E_MALFORMED);
    pump_free(&pump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_bit_of_the_handshake_is_accepted),
        cmocka_unit_test(the_displayer_proves_nothing_after_a_flipped_proof),
        cmocka_unit_test(no_flipped_bit_of_a_record_is_accepted),
        cmocka_unit_test(a_record_of_another_length_is_refused),
        cmocka_unit_test(a_payload_past_the_limit_is_refused),
        cmocka_unit_test(a_record_comes_once_and_in_order),
        cmocka_unit_test(a_record_sent_back_to_its_sender_is_refused),
        cmocka_unit_test(a_record_of_another_session_is_refused),
        cmocka_unit_test(a_reply_of_another_session_proves_nothing),
        cmocka_unit_test(nothing_is_taken_after_final),
        cmocka_unit_test(an_authentic_record_of_a_wrong_size_or_tag_is_refused),
        cmocka_unit_test(records_are_padded_to_the_smallest_size_that_fits),
        cmocka_unit_test(a_message_out_of_turn_ends_the_session),
        cmocka_unit_test(an_empty_payload_ends_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
