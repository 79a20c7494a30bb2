/* What nodes write to each other: every type is read as it was written, and nothing else is read at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "envelope.h"

#include <string.h>

static uint8_t out[ENVELOPE_MAX_BYTES + 16];

static struct envelope sample(enum envelope_type type)
{
    return (struct envelope){
        .type = type,
        .link = UINT64_C(0x0102030405060708),
        .nameplate = {5, 42},
        .era = 3,
        .seen = 9,
        .seat = 1,
        .arrival = 2,
        .bytes = UINT64_C(0x1112131415161718),
        .payload = (const uint8_t *)"payload",
        .payload_bytes = 7,
    };
}

static int is_with_seat(enum envelope_type type)
{
    return type == ENVELOPE_SIT;
}

static int is_with_bytes(enum envelope_type type)
{
    return type == ENVELOPE_TOLD || type == ENVELOPE_HEARD;
}

static int is_with_payload(enum envelope_type type)
{
    return type == ENVELOPE_SIT || type == ENVELOPE_HEAR || type == ENVELOPE_SAY || type == ENVELOPE_PREFIXES;
}

static void every_type_is_read_as_it_was_written(void **state)
{
    struct envelope read;

    (void)state;
    for (unsigned type = ENVELOPE_SIT; type <= ENVELOPE_PREFIXES; type++) {
        struct envelope written = sample((enum envelope_type)type);
        size_t length = envelope_encode(&written, out, sizeof out);

        assert_true(length >= 10 && length <= ENVELOPE_MAX_BYTES);
        assert_int_equal(envelope_decode(out, length, &read), CR_OK);
        assert_int_equal(read.type, type);
        assert_true(read.link == written.link);
        assert_int_equal(read.nameplate.value, is_with_seat(written.type) ? 42 : 0);
        assert_int_equal(read.era, is_with_seat(written.type) ? 3 : 0);
        assert_int_equal(read.seen, is_with_seat(written.type) ? 9 : 0);
        assert_int_equal(read.seat, is_with_seat(written.type));
        assert_int_equal(read.arrival, is_with_seat(written.type) ? 2 : 0);
        assert_true(read.bytes == (is_with_bytes(written.type) ? written.bytes : 0));
        assert_int_equal(read.payload_bytes, is_with_payload(written.type) ? 7 : 0);
        if (read.payload_bytes > 0)
            assert_memory_equal(read.payload, "payload", 7);
    }
}

static void a_byte_that_is_missing_is_noticed_and_one_too_many_is_not_read(void **state)
{
    struct envelope read;

    (void)state;
    for (unsigned type = ENVELOPE_SIT; type <= ENVELOPE_PREFIXES; type++) {
        struct envelope written = sample((enum envelope_type)type);
        size_t length = envelope_encode(&written, out, sizeof out);

        for (size_t part = 0; part < length; part++)
            assert_int_equal(envelope_decode(out, part, &read), CR_E_MALFORMED);
        out[length] = 0xff;
        assert_int_equal(envelope_decode(out, length + 1, &read), CR_OK);
    }
}

static void another_version_and_an_unknown_type_are_refused(void **state)
{
    struct envelope written = sample(ENVELOPE_LEAVE), read;
    size_t length = envelope_encode(&written, out, sizeof out);

    (void)state;
    out[0] = 2;
    assert_int_equal(envelope_decode(out, length, &read), CR_E_MALFORMED);
    out[0] = 1;
    for (unsigned type = 0; type < 256; type++) {
        out[1] = (uint8_t)type;
        if (type == 0 || type > ENVELOPE_PREFIXES)
            assert_int_equal(envelope_decode(out, length, &read), CR_E_MALFORMED);
    }
    written.type = (enum envelope_type)0;
    assert_int_equal(envelope_encode(&written, out, sizeof out), 0);
}

static void a_seat_that_no_mailbox_has_is_refused(void **state)
{
    struct envelope good = sample(ENVELOPE_SIT), bad;

    (void)state;
    assert_true(envelope_encode(&good, out, sizeof out) > 0);
    bad = good;
    bad.seat = 2;
    assert_int_equal(envelope_encode(&bad, out, sizeof out), 0);
    bad = good;
    bad.arrival = 3;
    assert_int_equal(envelope_encode(&bad, out, sizeof out), 0);
    bad = good;
    bad.nameplate.value = 100000;
    assert_int_equal(envelope_encode(&bad, out, sizeof out), 0);
}

static void nothing_is_longer_than_it_may_be(void **state)
{
    static uint8_t payload[CR_FRAME_MAX_BYTES + 1];
    struct envelope say = sample(ENVELOPE_SAY);

    (void)state;
    say.payload = payload;
    say.payload_bytes = CR_FRAME_MAX_BYTES;
    assert_true(envelope_encode(&say, out, ENVELOPE_MAX_BYTES) > CR_FRAME_MAX_BYTES);
    assert_int_equal(envelope_encode(&say, out, ENVELOPE_MAX_BYTES - 1), 0);
    say.payload_bytes++;
    assert_int_equal(envelope_encode(&say, out, sizeof out), 0);
}

static void sums_keep_their_sign(void **state)
{
    const struct prefix written = {UINT64_C(0xffff0a0000000000), -3};
    uint8_t bytes[ENVELOPE_PREFIX_BYTES];
    struct prefix read;

    (void)state;
    prefix_write(&written, bytes);
    prefix_read(bytes, &read);
    assert_true(read.network == written.network);
    assert_int_equal(read.count, -3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_as_it_was_written),
        cmocka_unit_test(a_byte_that_is_missing_is_noticed_and_one_too_many_is_not_read),
        cmocka_unit_test(another_version_and_an_unknown_type_are_refused),
        cmocka_unit_test(a_seat_that_no_mailbox_has_is_refused),
        cmocka_unit_test(nothing_is_longer_than_it_may_be),
        cmocka_unit_test(sums_keep_their_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
