/* A record's plaintext: every message is read, and what can be read is written as it came. */
#include "fuzz.h"

#include <certrelay/message.h>

#include <stdlib.h>
#include <string.h>

/* Writes what was read again; it must be the value that came. */
static void expect_same(const struct cr_writer *out, const uint8_t *value, size_t length)
{
    fuzz_require(out->error == CR_OK && out->length == 5 + length);
    fuzz_require(memcmp(out->bytes + 5, value, length) == 0);
}

static void read_hello(struct cr_reader value, struct cr_writer *out)
{
    const struct cr_reader whole = value;
    struct cr_hello hello;

    if (cr_message_read_hello(&value, &hello) != CR_OK)
        return;
    cr_message_write_hello(out, &hello);
    expect_same(out, whole.at, whole.left);
}

static void read_offer(struct cr_reader value, struct cr_writer *out)
{
    const struct cr_reader whole = value;
    struct cr_bundle *bundle = cr_bundle_new();
    uint8_t digest[CR_DIGEST_BYTES];

    fuzz_require(bundle != NULL);
    if (cr_message_read_offer(&value, bundle) == CR_OK) {
        fuzz_require(cr_bundle_check(bundle) == CR_OK);
        fuzz_require(cr_bundle_digest(bundle, digest) == CR_E_STATE);
        cr_message_write_offer(out, bundle);
        expect_same(out, whole.at, whole.left);
    }
    cr_bundle_free(bundle);
}

static void read_data(struct cr_reader value, struct cr_writer *out)
{
    const struct cr_reader whole = value;
    struct cr_data data;

    if (cr_message_read_data(&value, &data) != CR_OK)
        return;
    cr_message_write_data(out, &data);
    expect_same(out, whole.at, whole.left);
}

static void read_short(struct cr_reader value)
{
    uint8_t digest[CR_DIGEST_BYTES];
    enum cr_reason reason;
    struct cr_reader again = value;

    fuzz_require((cr_message_read_saved(&again, digest) == CR_OK) == (value.left == CR_DIGEST_BYTES));
    if (cr_message_read_refuse(&value, &reason) == CR_OK)
        fuzz_require(reason >= CR_REASON_DECLINED && reason <= CR_REASON_OTHER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t capacity = size + 16;
    uint8_t *bytes = malloc(capacity), type;
    struct cr_reader record, value;
    int error;

    fuzz_require(bytes != NULL);
    cr_reader_init(&record, data, size);
    while ((error = cr_message_next(&record, &type, &value)) == CR_OK) {
        struct cr_writer out;

        fuzz_require(type != 0);
        for (int reader = 0; reader < 3; reader++) {
            cr_writer_init(&out, bytes, capacity);
            if (reader == 0)
                read_hello(value, &out);
            else if (reader == 1)
                read_offer(value, &out);
            else
                read_data(value, &out);
        }
        read_short(value);
    }
    fuzz_require(error == CR_INCOMPLETE || error < 0);
    free(bytes);
    return 0;
}
