/* Whole sessions of tests/vectors/transcript.json, written by another implementation, byte for byte. */
#include "support.h"

#include "pump.h"

#include <certrelay/message.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *vectors;

/* The randomness that one session of the file gives, in the order in which ours draws it. */
struct given {
    uint8_t prs[32], sid[16], ya[32], yb[32], header_typist[24], header_displayer[24];
    size_t prs_bytes;
};

static void read_given(const json_t *session, struct given *given)
{
    const json_t *group = json_object_get(session, "given");

    given->prs_bytes = vector_bytes(group, "prs", given->prs, sizeof given->prs);
    vector_bytes(group, "sid", given->sid, sizeof given->sid);
    vector_bytes(group, "ya", given->ya, sizeof given->ya);
    vector_bytes(group, "yb", given->yb, sizeof given->yb);
    vector_bytes(group, "header_typist", given->header_typist, sizeof given->header_typist);
    vector_bytes(group, "header_displayer", given->header_displayer, sizeof given->header_displayer);
}

static struct cr_session_config config_of(const json_t *session, const struct given *given, enum cr_side side)
{
    const char *plate = vector_text(session, "nameplate");
    int role = (int)json_integer_value(json_object_get(session, "typist_role"));
    struct cr_session_config config = {.side = side};

    config.nameplate = (struct cr_nameplate){(uint8_t)strlen(plate), (uint32_t)strtoul(plate, NULL, 10)};
    config.role = (enum cr_role)(side == CR_TYPIST ? role : 3 - role);
    config.has_long = json_integer_value(json_object_get(session, "secret_kind")) == 2;
    config.has_digits = !config.has_long;
    if (config.has_long)
        memcpy(config.long_secret, given->prs, sizeof config.long_secret);
    else
        memcpy(config.digits, given->prs, sizeof config.digits);
    return config;
}

/* The next output of from is this hexadecimal; the other side takes it. */
static void expect_payload(struct pump *pump, struct cr_session *from, const char *hex)
{
    size_t capacity = strlen(hex) / 2, length, want_bytes;
    uint8_t *want = malloc(capacity);
    const uint8_t *payload;

    assert_non_null(want);
    want_bytes = unhex(hex, want, capacity);
    assert_int_equal(cr_session_output(from, &payload, &length), CR_OK);
    assert_int_equal(length, want_bytes);
    assert_memory_equal(payload, want, length);
    free(want);
    assert_true(pump_one(pump, from));
    assert_int_equal(pump->typist_error, CR_OK);
    assert_int_equal(pump->displayer_error, CR_OK);
}

static void open_pair(struct pump *pump, const json_t *session)
{
    const json_t *frames = json_object_get(session, "frames");
    struct cr_session_config typist, displayer;
    struct given given;

    memset(pump, 0, sizeof *pump);
    read_given(session, &given);
    typist = config_of(session, &given, CR_TYPIST);
    displayer = config_of(session, &given, CR_DISPLAYER);
    random_script(given.sid, sizeof given.sid);
    random_script(given.ya, sizeof given.ya);
    random_script(given.yb, sizeof given.yb);
    random_script(given.header_typist, sizeof given.header_typist);
    random_script(given.header_displayer, sizeof given.header_displayer);
    assert_int_equal(cr_session_new(&pump->typist, &typist), CR_OK);
    assert_int_equal(cr_session_new(&pump->displayer, &displayer), CR_OK);
    expect_payload(pump, pump->typist, vector_text(frames, "START"));
    expect_payload(pump, pump->displayer, vector_text(frames, "REPLY"));
    expect_payload(pump, pump->typist, vector_text(frames, "CONFIRM_typist"));
    expect_payload(pump, pump->displayer, vector_text(frames, "CONFIRM_displayer"));
    assert_int_equal(random_left(), 0);
    random_restore();
}

static void expect_keys(const struct pump *pump, const json_t *session)
{
    const json_t *derived = json_object_get(session, "derived");
    const char *label = vector_text(session, "exporter_label");
    uint8_t want[64], got[64];
    size_t length = vector_bytes(derived, "PRK", want, sizeof want);

    assert_memory_equal(pump->typist->prk, want, length);
    assert_memory_equal(pump->displayer->prk, want, length);
    length = vector_bytes(derived, "exporter", want, sizeof want);
    assert_int_equal(cr_session_export(pump->typist, label, got, length), CR_OK);
    assert_memory_equal(got, want, length);
}

static void expect_record(struct pump *pump, const json_t *record)
{
    int is_typist = strcmp(vector_text(record, "from"), "typist") == 0;
    struct cr_session *from = is_typist ? pump->typist : pump->displayer;
    struct cr_session *to = is_typist ? pump->displayer : pump->typist;
    uint8_t *row = malloc(CR_RECORD_MAX_PLAIN_BYTES);
    const uint8_t *messages;
    size_t length, row_bytes;
    int is_final = json_integer_value(json_object_get(record, "tag")) == 3;

    assert_non_null(row);
    row_bytes = vector_bytes(record, "row", row, CR_RECORD_MAX_PLAIN_BYTES);
    assert_int_equal(cr_session_seal(from, row, row_bytes, is_final), CR_OK);
    expect_payload(pump, from, vector_text(record, "payload"));
    assert_int_equal(cr_session_record(to, &messages, &length), CR_OK);
    assert_memory_equal(messages, row, row_bytes);
    assert_int_equal(cr_session_is_ended(to), is_final);
    free(row);
}

static void a_session_with_given_randomness_is_the_other_implementations(void **state)
{
    const json_t *session, *record;
    size_t i, r;

    (void)state;
    assert_true(json_array_size(json_object_get(vectors, "sessions")) > 0);
    json_array_foreach(json_object_get(vectors, "sessions"), i, session)
    {
        struct pump pump;

        open_pair(&pump, session);
        expect_keys(&pump, session);
        assert_true(json_array_size(json_object_get(session, "records")) > 0);
        json_array_foreach(json_object_get(session, "records"), r, record) expect_record(&pump, record);
        pump_free(&pump);
    }
}

/* Code and invitation as the other implementation writes them. */
static void its_code_and_invitation_are_read_and_written_alike(void **state)
{
    const json_t *session;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(vectors, "sessions"), i, session)
    {
        const char *fragment = strchr(vector_text(session, "invitation"), '#') + 1;
        const char *code = json_string_value(json_object_get(session, "code"));
        char text[CR_INVITE_TEXT_BYTES];
        struct cr_invite invite;
        struct cr_code read;

        assert_int_equal(cr_invite_parse(fragment, strlen(fragment), &invite), CR_OK);
        assert_int_equal(cr_invite_format(&invite, text, sizeof text), CR_OK);
        assert_string_equal(text, fragment);
        if (code == NULL)
            continue;
        assert_int_equal(cr_code_parse(code, strlen(code), &read), CR_CODE_GOOD);
        assert_int_equal(read.nameplate.value, invite.code.nameplate.value);
        assert_memory_equal(read.secret, invite.code.secret, CR_SECRET_DIGITS);
    }
}

static void add_file(struct cr_bundle *bundle, const json_t *file)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES];
    size_t length = vector_bytes(file, "bytes", bytes, sizeof bytes);
    enum cr_file_kind kind = (enum cr_file_kind)json_integer_value(json_object_get(file, "kind"));

    assert_int_equal(cr_bundle_add_file(bundle, kind, bytes, length), CR_OK);
}

static void its_digest_of_what_was_stored_is_ours(void **state)
{
    const json_t *session, *cert, *file;
    size_t i, c, f;

    (void)state;
    json_array_foreach(json_object_get(vectors, "sessions"), i, session)
    {
        struct cr_bundle *bundle = cr_bundle_new();
        uint8_t want[CR_DIGEST_BYTES], got[CR_DIGEST_BYTES];

        assert_non_null(bundle);
        json_array_foreach(json_object_get(session, "files"), c, cert)
        {
            bundle->cert_count++;
            json_array_foreach(cert, f, file) add_file(bundle, file);
        }
        vector_bytes(json_object_get(session, "derived"), "saved", want, sizeof want);
        assert_int_equal(cr_bundle_digest(bundle, got), CR_OK);
        assert_memory_equal(got, want, sizeof want);
        cr_bundle_free(bundle);
    }
}

static int load(void **state)
{
    (void)state;
    vectors = vectors_load(CR_VECTORS "/transcript.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_with_given_randomness_is_the_other_implementations),
        cmocka_unit_test(its_code_and_invitation_are_read_and_written_alike),
        cmocka_unit_test(its_digest_of_what_was_stored_is_ours),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
