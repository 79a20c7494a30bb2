/* The messages inside records: written, read, and every way in which they may be wrong. */
#include "support.h"

#include <certrelay/message.h>

#include <stdlib.h>
#include <string.h>

#define ROW_BYTES 40000

struct row {
    uint8_t bytes[ROW_BYTES];
    struct cr_writer out;
};

static struct row *row_new(void)
{
    struct row *row = malloc(sizeof *row);

    assert_non_null(row);
    memset(row, 0, sizeof *row);
    cr_writer_init(&row->out, row->bytes, sizeof row->bytes);
    return row;
}

/* The value of the one message in these bytes; they are copied so that the sanitizer sees a read past their end. */
static uint8_t *only_value(const uint8_t *bytes, size_t length, uint8_t type, struct cr_reader *value)
{
    uint8_t *copy = malloc(length), got = 0;
    struct cr_reader record;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    cr_reader_init(&record, copy, length);
    assert_int_equal(cr_message_next(&record, &got, value), CR_OK);
    assert_int_equal(got, type);
    assert_int_equal(cr_message_next(&record, &got, &(struct cr_reader){0}), CR_INCOMPLETE);
    return copy;
}

static const struct cr_hello HELLO = {CR_RECEIVER, "\xed\x8f\xb0", "Android", "page 1"};

static int read_hello(const uint8_t *bytes, size_t length, struct cr_hello *hello)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct cr_reader value;
    int error;

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    cr_reader_init(&value, copy, length);
    error = cr_message_read_hello(&value, hello);
    free(copy);
    return error;
}

static void hello_is_written_as_the_protocol_says(void **state)
{
    static const char WANT[] = "\x01\0\0\0\x17\x02\0\x03\xed\x8f\xb0\0\x07"
                               "Android\0\x06page 1";
    struct row *row = row_new();
    struct cr_reader value;
    struct cr_hello got;
    uint8_t *copy;

    (void)state;
    cr_message_write_hello(&row->out, &HELLO);
    assert_int_equal(row->out.error, CR_OK);
    assert_int_equal(row->out.length, sizeof WANT - 1);
    assert_memory_equal(row->bytes, WANT, sizeof WANT - 1);
    copy = only_value(row->bytes, row->out.length, CR_MESSAGE_HELLO, &value);
    assert_int_equal(cr_message_read_hello(&value, &got), CR_OK);
    assert_int_equal(got.role, CR_RECEIVER);
    assert_string_equal(got.name, HELLO.name);
    assert_string_equal(got.platform, HELLO.platform);
    assert_string_equal(got.program, HELLO.program);
    free(copy);
    free(row);
}

static void a_hello_that_is_wrong_is_refused(void **state)
{
    static const char GOOD[] = "\x01\0\x01n\0\x01p\0\x01q";
    uint8_t bytes[sizeof GOOD];
    struct cr_hello hello;

    (void)state;
    memcpy(bytes, GOOD, sizeof GOOD);
    assert_int_equal(read_hello(bytes, sizeof GOOD - 1, &hello), CR_OK);
    for (size_t length = 0; length < sizeof GOOD - 1; length++)
        assert_int_equal(read_hello(bytes, length, &hello), CR_E_MALFORMED);
    assert_int_equal(read_hello(bytes, sizeof GOOD, &hello), CR_E_MALFORMED);
    bytes[0] = 0;
    assert_int_equal(read_hello(bytes, sizeof GOOD - 1, &hello), CR_E_MALFORMED);
    bytes[0] = 3;
    assert_int_equal(read_hello(bytes, sizeof GOOD - 1, &hello), CR_E_MALFORMED);
    bytes[0] = 1;
    bytes[3] = '\0'; /* a NUL inside a text */
    assert_int_equal(read_hello(bytes, sizeof GOOD - 1, &hello), CR_E_MALFORMED);
}

static void a_name_past_its_limit_is_neither_written_nor_read(void **state)
{
    struct row *row = row_new();
    struct cr_hello hello = HELLO, got;
    struct cr_reader value;
    uint8_t *copy;

    (void)state;
    memset(hello.name, 'n', CR_NAME_MAX_BYTES);
    cr_message_write_hello(&row->out, &hello);
    copy = only_value(row->bytes, row->out.length, CR_MESSAGE_HELLO, &value);
    assert_int_equal(cr_message_read_hello(&value, &got), CR_OK);
    assert_string_equal(got.name, hello.name);
    hello.name[CR_NAME_MAX_BYTES] = 'n'; /* not even terminated */
    cr_writer_init(&row->out, row->bytes, sizeof row->bytes);
    cr_message_write_hello(&row->out, &hello);
    assert_int_equal(row->out.error, CR_E_LIMIT);
    memset(row->bytes, 'n', 400);
    memcpy(row->bytes, "\x01\0\x81", 3);
    memcpy(row->bytes + 3 + 129, "\0\0\0\0", 4);
    assert_int_equal(read_hello(row->bytes, 3 + 129 + 4, &got), CR_E_MALFORMED);
    free(copy);
    free(row);
}

static struct cr_bundle *bundle_of(uint8_t certs, uint8_t files, size_t size)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES];
    struct cr_bundle *bundle = cr_bundle_new();

    assert_non_null(bundle);
    for (uint8_t c = 0; c < certs; c++) {
        bundle->cert_count++;
        bundle->certs[c].format = CR_FORMAT_NPKI;
        strcpy(bundle->certs[c].owner, "owner");
        for (uint8_t f = 0; f < files; f++)
            assert_int_equal(cr_bundle_add_file(bundle, (enum cr_file_kind)(f + 1), bytes, size), CR_OK);
    }
    return bundle;
}

static int read_offer(const uint8_t *bytes, size_t length)
{
    struct cr_bundle *bundle = cr_bundle_new();
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct cr_reader value;
    int error;

    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes, length);
    cr_reader_init(&value, copy, length);
    error = cr_message_read_offer(&value, bundle);
    if (error != CR_OK)
        assert_true(error == CR_E_MALFORMED || error == CR_E_LIMIT);
    cr_bundle_free(bundle);
    free(copy);
    return error;
}

/* One certificate, one file of 258 bytes; every byte of it may be bent by a test. */
#define OFFER                          \
    "\x01"                             \
    "\x01\0\x02ow\0\x01i\0\x01u"       \
    "\0\0\0\0\x65\x53\xf1\0"           \
    "\xff\xff\xff\xff\xff\xff\xff\xff" \
    "\x01\x02\0\0\x01\x02"
#define OFFER_BYTES (sizeof OFFER - 1)

static void an_offer_is_written_as_the_protocol_says(void **state)
{
    static const uint8_t FILE_BYTES[258];
    struct cr_bundle *bundle = cr_bundle_new();
    struct row *row = row_new();

    (void)state;
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_NPKI;
    strcpy(bundle->certs[0].owner, "ow");
    strcpy(bundle->certs[0].issuer, "i");
    strcpy(bundle->certs[0].use, "u");
    bundle->certs[0].not_before = 1700000000;
    bundle->certs[0].not_after = -1;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_SIGN_KEY, FILE_BYTES, sizeof FILE_BYTES), CR_OK);
    cr_message_write_offer(&row->out, bundle);
    assert_int_equal(row->out.length, 5 + OFFER_BYTES);
    assert_int_equal(row->bytes[0], CR_MESSAGE_OFFER);
    assert_memory_equal(row->bytes + 5, OFFER, OFFER_BYTES);
    cr_bundle_free(bundle);
    free(row);
}

static void an_offer_is_read_as_it_was_written(void **state)
{
    struct cr_bundle *bundle = cr_bundle_new();
    struct cr_reader value;
    const struct cr_cert *cert = &bundle->certs[0];

    (void)state;
    cr_reader_init(&value, (const uint8_t *)OFFER, OFFER_BYTES);
    assert_int_equal(cr_message_read_offer(&value, bundle), CR_OK);
    assert_int_equal(bundle->cert_count, 1);
    assert_int_equal(cert->format, CR_FORMAT_NPKI);
    assert_string_equal(cert->owner, "ow");
    assert_string_equal(cert->issuer, "i");
    assert_string_equal(cert->use, "u");
    assert_true(cert->not_before == 1700000000 && cert->not_after == -1);
    assert_int_equal(cert->file_count, 1);
    assert_int_equal(cert->files[0].kind, CR_FILE_SIGN_KEY);
    assert_int_equal(cert->files[0].size, 258);
    assert_null(cert->files[0].bytes);
    cr_bundle_free(bundle);
}

static void an_offer_cut_or_extended_anywhere_is_refused(void **state)
{
    uint8_t bytes[OFFER_BYTES + 1] = OFFER;

    (void)state;
    assert_int_equal(read_offer(bytes, OFFER_BYTES), CR_OK);
    for (size_t length = 0; length < OFFER_BYTES; length++)
        assert_int_equal(read_offer(bytes, length), CR_E_MALFORMED);
    assert_int_equal(read_offer(bytes, OFFER_BYTES + 1), CR_E_MALFORMED);
}

static void every_field_of_an_offer_has_its_range(void **state)
{
    static const struct {
        size_t at;
        const char *bytes;
        size_t count;
    } BENT[] = {
        {0, "\0", 1},
        {0, "\x21", 1},
        {1, "\0", 1},
        {1, "\x05", 1},
        {4, "\0", 1},
        {2, "\x01\x01", 2},
        {28, "\0", 1},
        {28, "\x09", 1},
        {28, "\x02", 1},
        {29, "\0", 1},
        {29, "\x07", 1},
        {30, "\0\0\0\0", 4},
        {30, "\0\x01\0\x01", 4},
        {30, "\xff\xff\xff\xff", 4},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(BENT); i++) {
        uint8_t bytes[OFFER_BYTES + 1] = OFFER;

        memcpy(bytes + BENT[i].at, BENT[i].bytes, BENT[i].count);
        assert_int_not_equal(read_offer(bytes, OFFER_BYTES), CR_OK);
    }
}

static void one_kind_comes_once_in_a_certificate(void **state)
{
    static const char TWO[] = "\x01\x01\0\0\0\0\0\0"
                              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                              "\x02\x01\0\0\0\x01\x02\0\0\0\x01";
    uint8_t bytes[sizeof TWO];

    (void)state;
    memcpy(bytes, TWO, sizeof TWO);
    assert_int_equal(read_offer(bytes, sizeof TWO - 1), CR_OK);
    bytes[sizeof TWO - 6] = 1;
    assert_int_equal(read_offer(bytes, sizeof TWO - 1), CR_E_MALFORMED);
}

/* The largest offer fits into a record, so that it is always the first thing in one. */
static void thirty_two_certificates_fit_and_one_more_does_not(void **state)
{
    struct cr_bundle *bundle = bundle_of(CR_CERTS_MAX, 6, 1);
    struct row *row = row_new();
    struct cr_reader value;
    uint8_t *copy;

    (void)state;
    for (size_t c = 0; c < CR_CERTS_MAX; c++) {
        memset(bundle->certs[c].owner, 'o', CR_TEXT_MAX_BYTES);
        memset(bundle->certs[c].issuer, 'i', CR_TEXT_MAX_BYTES);
        memset(bundle->certs[c].use, 'u', CR_TEXT_MAX_BYTES);
    }
    assert_int_equal(cr_bundle_check(bundle), CR_OK);
    cr_message_write_offer(&row->out, bundle);
    assert_int_equal(row->out.error, CR_OK);
    assert_true(row->out.length <= CR_RECORD_MAX_PLAIN_BYTES);
    copy = only_value(row->bytes, row->out.length, CR_MESSAGE_OFFER, &value);
    assert_int_equal(read_offer(value.at, value.left), CR_OK);
    row->bytes[5] = CR_CERTS_MAX + 1;
    assert_int_equal(read_offer(row->bytes + 5, row->out.length - 5), CR_E_MALFORMED);
    bundle->cert_count = CR_CERTS_MAX + 1;
    assert_int_equal(cr_bundle_check(bundle), CR_E_MALFORMED);
    bundle->cert_count = 0;
    assert_int_equal(cr_bundle_check(bundle), CR_E_MALFORMED);
    free(copy);
    free(row);
    cr_bundle_free(bundle);
}

static void a_text_past_its_limit_is_not_offered(void **state)
{
    struct cr_bundle *bundle = bundle_of(1, 1, 1);
    struct row *row = row_new();

    (void)state;
    memset(bundle->certs[0].use, 'u', sizeof bundle->certs[0].use);
    cr_message_write_offer(&row->out, bundle);
    assert_int_equal(row->out.error, CR_E_LIMIT);
    free(row);
    cr_bundle_free(bundle);
}

static void a_bundle_whose_bytes_have_not_come_has_no_digest(void **state)
{
    struct cr_bundle *bundle = cr_bundle_new();
    struct cr_reader value;
    uint8_t digest[CR_DIGEST_BYTES];

    (void)state;
    cr_reader_init(&value, (const uint8_t *)OFFER, OFFER_BYTES);
    assert_int_equal(cr_message_read_offer(&value, bundle), CR_OK);
    assert_int_equal(cr_bundle_digest(bundle, digest), CR_E_STATE);
    cr_bundle_free(bundle);
}

static void data_carries_1_to_32768_bytes(void **state)
{
    static uint8_t bytes[6 + CR_DATA_MAX_BYTES + 1] = {1, 2, 0, 0, 3, 4, 'x'};
    struct cr_reader value;
    struct cr_data data;

    (void)state;
    cr_reader_init(&value, bytes, 7);
    assert_int_equal(cr_message_read_data(&value, &data), CR_OK);
    assert_int_equal(data.cert, 1);
    assert_int_equal(data.file, 2);
    assert_int_equal(data.offset, 0x304);
    assert_int_equal(data.length, 1);
    assert_int_equal(data.bytes[0], 'x');
    for (size_t length = 0; length < 7; length++) {
        cr_reader_init(&value, bytes, length);
        assert_int_equal(cr_message_read_data(&value, &data), CR_E_MALFORMED);
    }
    cr_reader_init(&value, bytes, sizeof bytes - 1);
    assert_int_equal(cr_message_read_data(&value, &data), CR_OK);
    cr_reader_init(&value, bytes, sizeof bytes);
    assert_int_equal(cr_message_read_data(&value, &data), CR_E_MALFORMED);
}

static void saved_refuse_and_bye_are_read_to_their_end(void **state)
{
    static const uint8_t DIGEST[CR_DIGEST_BYTES + 1] = {1, 2, 3};
    uint8_t got[CR_DIGEST_BYTES];
    struct cr_reader value;
    enum cr_reason reason;

    (void)state;
    for (size_t length = 0; length <= sizeof DIGEST; length++) {
        cr_reader_init(&value, DIGEST, length);
        assert_int_equal(cr_message_read_saved(&value, got),
                         length == CR_DIGEST_BYTES ? CR_OK : CR_E_MALFORMED);
    }
    assert_memory_equal(got, DIGEST, 3);
    for (size_t length = 0; length <= 2; length++) {
        cr_reader_init(&value, DIGEST, length);
        assert_int_equal(cr_message_read_refuse(&value, &reason), length == 1 ? CR_OK : CR_E_MALFORMED);
    }
    for (uint8_t code = 0; code < 255; code++) {
        cr_reader_init(&value, &code, 1);
        assert_int_equal(cr_message_read_refuse(&value, &reason), CR_OK);
        assert_int_equal(reason, code >= 1 && code <= 5 ? code : CR_REASON_OTHER);
    }
}

static void messages_follow_each_other_up_to_the_padding(void **state)
{
    struct row *row = row_new();
    struct cr_reader record, value;
    uint8_t type;

    (void)state;
    cr_message_write_bye(&row->out);
    cr_message_write_refuse(&row->out, CR_REASON_EXISTS);
    cr_message_write_data(&row->out, &(struct cr_data){1, 2, 3, (const uint8_t *)"abc", 3});
    cr_message_write_saved(&row->out, (const uint8_t *)"0123456789abcdef0123456789abcdef");
    cr_reader_init(&record, row->bytes, 4078);
    assert_int_equal(cr_message_next(&record, &type, &value), CR_OK);
    assert_true(type == CR_MESSAGE_BYE && value.left == 0);
    assert_int_equal(cr_message_next(&record, &type, &value), CR_OK);
    assert_true(type == CR_MESSAGE_REFUSE && value.left == 1 && value.at[0] == CR_REASON_EXISTS);
    assert_int_equal(cr_message_next(&record, &type, &value), CR_OK);
    assert_true(type == CR_MESSAGE_DATA && value.left == 9);
    assert_int_equal(cr_message_next(&record, &type, &value), CR_OK);
    assert_true(type == CR_MESSAGE_SAVED && value.left == CR_DIGEST_BYTES);
    assert_int_equal(cr_message_next(&record, &type, &value), CR_INCOMPLETE);
    row->bytes[4077] = 1; /* the last byte of the padding */
    assert_int_equal(cr_message_next(&record, &type, &value), CR_E_MALFORMED);
    free(row);
}

static void a_length_past_the_record_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        int error;
    } ROWS[] = {
        {"\x06\0\0\0\0", 5, CR_OK},
        {"\x06\0\0\0\x01", 5, CR_E_MALFORMED},
        {"\x06\0\0\0", 4, CR_E_MALFORMED},
        {"\x06", 1, CR_E_MALFORMED},
        {"\x81\xff\xff\xff\xff", 5, CR_E_MALFORMED},
        {"", 0, CR_INCOMPLETE},
        {"\0\0", 2, CR_INCOMPLETE},
        {"\0\x01", 2, CR_E_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint8_t *copy = malloc(ROWS[i].length + 1), type;
        struct cr_reader record, value;

        assert_non_null(copy);
        memcpy(copy + 1, ROWS[i].bytes, ROWS[i].length);
        cr_reader_init(&record, copy + 1, ROWS[i].length);
        assert_int_equal(cr_message_next(&record, &type, &value), ROWS[i].error);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_written_as_the_protocol_says),
        cmocka_unit_test(a_hello_that_is_wrong_is_refused),
        cmocka_unit_test(a_name_past_its_limit_is_neither_written_nor_read),
        cmocka_unit_test(an_offer_is_written_as_the_protocol_says),
        cmocka_unit_test(an_offer_is_read_as_it_was_written),
        cmocka_unit_test(an_offer_cut_or_extended_anywhere_is_refused),
        cmocka_unit_test(every_field_of_an_offer_has_its_range),
        cmocka_unit_test(one_kind_comes_once_in_a_certificate),
        cmocka_unit_test(thirty_two_certificates_fit_and_one_more_does_not),
        cmocka_unit_test(a_text_past_its_limit_is_not_offered),
        cmocka_unit_test(a_bundle_whose_bytes_have_not_come_has_no_digest),
        cmocka_unit_test(data_carries_1_to_32768_bytes),
        cmocka_unit_test(saved_refuse_and_bye_are_read_to_their_end),
        cmocka_unit_test(messages_follow_each_other_up_to_the_padding),
        cmocka_unit_test(a_length_past_the_record_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
