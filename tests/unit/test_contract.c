/* The frames between a device and the relay, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <certrelay/contract.h>
#include <certrelay/cursor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "000102030405060708090a0b0c0d0e0f"

/* Every frame of PROTOCOL.md section 2 as hexadecimal, written by hand from its table. */
struct sample {
    struct cr_frame frame;
    const char *hex;
};

#define WITH_TOKEN .token = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#define WITH_PLATE .nameplate = {4, 42}
#define WITH_PERMIT .permit = (const uint8_t *)"per", .permit_bytes = 3
#define WITH_PAYLOAD .payload = (const uint8_t *)"hi", .payload_bytes = 2

static const struct sample samples[] = {
    {{.type = CR_FRAME_ALLOCATE, WITH_TOKEN}, "01" TOKEN},
    {{.type = CR_FRAME_ALLOCATE, WITH_TOKEN, WITH_PERMIT}, "01" TOKEN "706572"},
    {{.type = CR_FRAME_JOIN, WITH_TOKEN, WITH_PLATE, WITH_PAYLOAD}, "02" TOKEN "040000002a6869"},
    {{.type = CR_FRAME_SEND, .seq = 0x01020304, WITH_PAYLOAD}, "03010203046869"},
    {{.type = CR_FRAME_ACK, .seq = 7}, "0400000007"},
    {{.type = CR_FRAME_RESUME, WITH_TOKEN, .seq = 9}, "05" TOKEN "00000009"},
    {{.type = CR_FRAME_EXTEND}, "06"},
    {{.type = CR_FRAME_CLOSE, .code = CR_MOOD_WRONG_CODE}, "0703"},
    {{.type = CR_FRAME_CLOCK}, "08"},
    {{.type = CR_FRAME_PROOF, .count = 0x0102030405060708}, "090102030405060708"},
    {{.type = CR_FRAME_ALLOCATED, WITH_PLATE, .seconds = 180}, "81040000002a00b4"},
    {{.type = CR_FRAME_JOINED, .seconds = 600}, "820258"},
    {{.type = CR_FRAME_DELIVER, .seq = 1, WITH_PAYLOAD}, "83000000016869"},
    {{.type = CR_FRAME_ACKED, .seq = 0xffffffff}, "84ffffffff"},
    {{.type = CR_FRAME_RESUMED, .seconds = 1, .code = CR_PEER_AWAY, .seq = 3}, "8500010200000003"},
    {{.type = CR_FRAME_TIME, .seconds = 65535}, "86ffff"},
    {{.type = CR_FRAME_PEER, .code = CR_PEER_NOBODY}, "8700"},
    {{.type = CR_FRAME_CLOSED, .code = CR_MOOD_EXPIRED}, "8805"},
    {{.type = CR_FRAME_REFUSED, .code = CR_REFUSED_BUSY, .seconds = 2}, "89080002"},
    {{.type = CR_FRAME_GOING_AWAY, .seconds = 30}, "8a001e"},
    {{.type = CR_FRAME_REFUSED, .code = CR_REFUSED_FORBIDDEN}, "89090000"},
    {{.type = CR_FRAME_PUZZLE, .code = 22, .salt = {1, 2, 3, 4, 5, 6, 7, 8}}, "8b160102030405060708"},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t length = strlen(hex) / 2;

    for (size_t i = 0; i < length; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return length;
}

static enum cr_direction direction_of(const uint8_t *bytes)
{
    return bytes[0] & 0x80 ? CR_FROM_RELAY : CR_FROM_DEVICE;
}

/* Decodes a copy of exactly that length, so that the sanitizer sees every read past the end. */
static int decode_exact(enum cr_direction from, const uint8_t *bytes, size_t length, struct cr_frame *frame)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    int error;

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    error = cr_frame_decode(from, copy, length, frame);
    free(copy);
    return error;
}

static void every_frame_is_written_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t want[64], got[64];
        size_t length = unhex(samples[i].hex, want), written = 0;

        assert_int_equal(cr_frame_encode(&samples[i].frame, got, length, &written), CR_OK);
        assert_int_equal(written, length);
        assert_memory_equal(got, want, length);
        assert_int_equal(cr_frame_bytes(&samples[i].frame), length);
    }
}

static void every_frame_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct cr_frame *want = &samples[i].frame;
        uint8_t bytes[64];
        size_t length = unhex(samples[i].hex, bytes);
        struct cr_frame got;

        assert_int_equal(cr_frame_decode(direction_of(bytes), bytes, length, &got), CR_OK);
        assert_int_equal(got.type, want->type);
        assert_memory_equal(got.token, want->token, CR_TOKEN_BYTES);
        assert_int_equal(got.nameplate.digits, want->nameplate.digits);
        assert_int_equal(got.nameplate.value, want->nameplate.value);
        assert_int_equal(got.seq, want->seq);
        assert_int_equal(got.seconds, want->seconds);
        assert_int_equal(got.code, want->code);
        assert_int_equal(got.payload_bytes, want->payload_bytes);
        if (want->payload_bytes > 0)
            assert_memory_equal(got.payload, want->payload, want->payload_bytes);
        assert_int_equal(got.permit_bytes, want->permit_bytes);
        if (want->permit_bytes > 0)
            assert_memory_equal(got.permit, want->permit, want->permit_bytes);
        assert_memory_equal(got.salt, want->salt, CR_SALT_BYTES);
        assert_true(got.count == want->count);
    }
}

static void a_frame_cut_short_anywhere_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[64];
        size_t length = unhex(samples[i].hex, bytes);
        /* A payload may be shorter and still be one; its last byte may not go. A permit may be missing. */
        size_t shortest = length - samples[i].frame.permit_bytes -
                          (samples[i].frame.payload_bytes > 0 ? samples[i].frame.payload_bytes - 1 : 0);
        struct cr_frame frame;

        for (size_t cut = 0; cut < shortest; cut++)
            assert_int_equal(decode_exact(direction_of(bytes), bytes, cut, &frame), CR_E_MALFORMED);
    }
}

static void a_trailing_byte_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[64];
        size_t length = unhex(samples[i].hex, bytes);
        struct cr_frame frame;

        bytes[length] = 0;
        if (samples[i].frame.payload_bytes == 0 && samples[i].frame.type != CR_FRAME_ALLOCATE)
            assert_int_equal(decode_exact(direction_of(bytes), bytes, length + 1, &frame), CR_E_MALFORMED);
    }
}

static void a_frame_of_the_other_direction_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t bytes[64];
        size_t length = unhex(samples[i].hex, bytes);
        enum cr_direction other = direction_of(bytes) == CR_FROM_RELAY ? CR_FROM_DEVICE : CR_FROM_RELAY;
        struct cr_frame frame;

        assert_int_equal(cr_frame_decode(other, bytes, length, &frame), CR_E_MALFORMED);
    }
}

static void an_unknown_type_is_malformed(void **state)
{
    struct cr_frame frame = {0};
    uint8_t out[8];
    size_t written = 99;

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        uint8_t byte = (uint8_t)type;
        int is_known = (type >= 0x01 && type <= 0x09) || (type >= 0x81 && type <= 0x8b);
        struct cr_frame asked = {.type = (enum cr_frame_type)type};

        assert_int_equal(cr_frame_bytes(&asked) > 0, is_known);
        if (is_known)
            continue;
        assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, &byte, 1, &frame), CR_E_MALFORMED);
        assert_int_equal(cr_frame_decode(CR_FROM_RELAY, &byte, 1, &frame), CR_E_MALFORMED);
        assert_int_equal(cr_frame_encode(&asked, out, sizeof out, &written), CR_E_MALFORMED);
    }
    assert_int_equal(written, 99);
}

static void a_field_out_of_its_range_is_malformed_both_ways(void **state)
{
    static const struct sample bad[] = {
        {{.type = CR_FRAME_CLOSE, .code = 0}, "0700"},
        {{.type = CR_FRAME_CLOSE, .code = CR_MOOD_EXPIRED}, "0705"},
        {{.type = CR_FRAME_CLOSED, .code = 0}, "8800"},
        {{.type = CR_FRAME_CLOSED, .code = 6}, "8806"},
        {{.type = CR_FRAME_PEER, .code = 3}, "8703"},
        {{.type = CR_FRAME_REFUSED, .code = 0}, "89000000"},
        {{.type = CR_FRAME_REFUSED, .code = 10}, "890a0000"},
        {{.type = CR_FRAME_PUZZLE, .code = 0}, "8b000000000000000000"},
        {{.type = CR_FRAME_PUZZLE, .code = 23}, "8b170000000000000000"},
        {{.type = CR_FRAME_RESUMED, .code = 3, .seq = 1}, "8500000300000001"},
        {{.type = CR_FRAME_RESUMED, .code = 1, .seq = 0}, "8500000100000000"},
        {{.type = CR_FRAME_SEND, .seq = 0, WITH_PAYLOAD}, "03000000006869"},
        {{.type = CR_FRAME_DELIVER, .seq = 0, WITH_PAYLOAD}, "83000000006869"},
        {{.type = CR_FRAME_SEND, .seq = 1}, "0300000001"},
        {{.type = CR_FRAME_ALLOCATED, .nameplate = {3, 1}}, "8103000000010000"},
        {{.type = CR_FRAME_ALLOCATED, .nameplate = {9, 1}}, "8109000000010000"},
        {{.type = CR_FRAME_ALLOCATED, .nameplate = {4, 10000}}, "8104000027100000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t bytes[64], out[64];
        size_t length = unhex(bad[i].hex, bytes), written;
        struct cr_frame frame;

        assert_int_equal(cr_frame_decode(direction_of(bytes), bytes, length, &frame), CR_E_MALFORMED);
        assert_int_equal(cr_frame_encode(&bad[i].frame, out, sizeof out, &written), CR_E_MALFORMED);
    }
}

static void a_nameplate_has_four_to_eight_digits_and_no_more(void **state)
{
    struct cr_nameplate plate;
    uint32_t end = 10000;

    (void)state;
    for (uint8_t digits = 4; digits <= 8; digits++, end *= 10) {
        plate = (struct cr_nameplate){digits, end - 1};
        assert_true(cr_nameplate_is_valid(&plate));
        plate.value = end;
        assert_false(cr_nameplate_is_valid(&plate));
        plate.value = 0;
        assert_true(cr_nameplate_is_valid(&plate));
    }
    plate = (struct cr_nameplate){3, 0};
    assert_false(cr_nameplate_is_valid(&plate));
    plate.digits = 9;
    assert_false(cr_nameplate_is_valid(&plate));
}

static void the_longest_payload_passes_and_one_byte_more_is_over_the_limit(void **state)
{
    size_t room = CR_FRAME_MAX_BYTES + 1, written = 0;
    uint8_t *payload = calloc(1, room), *bytes = malloc(room);
    struct cr_frame frame = {.type = CR_FRAME_JOIN, WITH_TOKEN, WITH_PLATE};
    struct cr_frame back;

    (void)state;
    assert_non_null(payload);
    assert_non_null(bytes);
    frame.payload = payload;
    frame.payload_bytes = CR_PAYLOAD_MAX_BYTES;
    assert_int_equal(cr_frame_encode(&frame, bytes, room, &written), CR_OK);
    assert_int_equal(written, CR_FRAME_MAX_BYTES);
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, bytes, written, &back), CR_OK);
    bytes[written] = 0;
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, bytes, written + 1, &back), CR_E_LIMIT);
    frame.payload_bytes++;
    assert_int_equal(cr_frame_encode(&frame, bytes, room + 1, &written), CR_E_LIMIT);
    free(payload);
    free(bytes);
}

static void a_permit_has_up_to_64_bytes(void **state)
{
    uint8_t permit[CR_PERMIT_MAX_BYTES + 1] = {0}, bytes[128];
    struct cr_frame frame = {.type = CR_FRAME_ALLOCATE, WITH_TOKEN, .permit = permit};
    struct cr_frame back;
    size_t written = 0;

    (void)state;
    frame.permit_bytes = CR_PERMIT_MAX_BYTES;
    assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &written), CR_OK);
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, bytes, written, &back), CR_OK);
    bytes[written] = 0;
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, bytes, written + 1, &back), CR_E_LIMIT);
    frame.permit_bytes++;
    assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &written), CR_E_LIMIT);
}

static void a_frame_that_does_not_fit_is_not_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t length = cr_frame_bytes(&samples[i].frame);

        for (size_t room = 0; room < length; room++) {
            uint8_t *out = malloc(room > 0 ? room : 1);
            size_t written = 99;

            assert_non_null(out);
            assert_int_equal(cr_frame_encode(&samples[i].frame, out, room, &written), CR_E_LIMIT);
            assert_int_equal(written, 99);
            free(out);
        }
    }
}

static void a_reader_that_failed_stays_failed(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct cr_reader reader;
    uint8_t copy[2] = {9, 9};

    (void)state;
    cr_reader_init(&reader, bytes, sizeof bytes);
    assert_int_equal(cr_read_u32(&reader), 0);
    assert_int_equal(cr_read_u8(&reader), 0);
    assert_null(cr_read_bytes(&reader, 0));
    cr_read_copy(&reader, copy, sizeof copy);
    assert_int_equal(copy[0] + copy[1], 0);
    assert_int_equal(cr_reader_end(&reader), CR_E_MALFORMED);
}

static void numbers_are_big_endian_both_ways(void **state)
{
    static const uint8_t want[] = {1, 0x0203 >> 8, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t bytes[sizeof want];
    struct cr_writer writer;
    struct cr_reader reader;

    (void)state;
    cr_writer_init(&writer, bytes, sizeof bytes);
    cr_write_u8(&writer, 1);
    cr_write_u16(&writer, 0x0203);
    cr_write_u32(&writer, 0x04050607);
    cr_write_u64(&writer, 0x08090a0b0c0d0e0f);
    assert_int_equal(writer.error, CR_OK);
    assert_int_equal(writer.length, sizeof want);
    assert_memory_equal(bytes, want, sizeof want);
    cr_reader_init(&reader, bytes, sizeof bytes);
    assert_int_equal(cr_read_u8(&reader), 1);
    assert_int_equal(cr_read_u16(&reader), 0x0203);
    assert_int_equal(cr_read_u32(&reader), 0x04050607);
    assert_true(cr_read_u64(&reader) == 0x08090a0b0c0d0e0f);
    assert_int_equal(cr_reader_end(&reader), CR_OK);
    cr_write_u8(&writer, 1);
    assert_int_equal(writer.error, CR_E_LIMIT);
    cr_write_bytes(&writer, want, 0);
    assert_int_equal(writer.error, CR_E_LIMIT);
}

static void bytes_left_over_are_an_error(void **state)
{
    static const uint8_t bytes[] = {1, 2};
    struct cr_reader reader;

    (void)state;
    cr_reader_init(&reader, bytes, sizeof bytes);
    cr_read_u8(&reader);
    assert_int_equal(cr_reader_end(&reader), CR_E_MALFORMED);
    cr_read_u8(&reader);
    assert_int_equal(cr_reader_end(&reader), CR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_written_as_the_table_says),
        cmocka_unit_test(every_frame_is_read_back),
        cmocka_unit_test(a_frame_cut_short_anywhere_is_malformed),
        cmocka_unit_test(a_trailing_byte_is_malformed),
        cmocka_unit_test(a_frame_of_the_other_direction_is_malformed),
        cmocka_unit_test(an_unknown_type_is_malformed),
        cmocka_unit_test(a_field_out_of_its_range_is_malformed_both_ways),
        cmocka_unit_test(a_nameplate_has_four_to_eight_digits_and_no_more),
        cmocka_unit_test(the_longest_payload_passes_and_one_byte_more_is_over_the_limit),
        cmocka_unit_test(a_permit_has_up_to_64_bytes),
        cmocka_unit_test(a_frame_that_does_not_fit_is_not_written),
        cmocka_unit_test(a_reader_that_failed_stays_failed),
        cmocka_unit_test(numbers_are_big_endian_both_ways),
        cmocka_unit_test(bytes_left_over_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
