/* What an authenticated but hostile or mistaken peer may say, and what comes of it. */
#include "support.h"

#include "puppet.h"
#include "transfer_state.h"

#include <string.h>

#define HELLO_SENDER "\x01\0\0\0\x0a\x01\0\x01n\0\x01p\0\x01q"
#define HELLO_RECEIVER "\x01\0\0\0\x0a\x02\0\x01n\0\x01p\0\x01q"
/* two certificates, of one file of 3 bytes and of two of 1 byte */
#define OFFER                            \
    "\x02\0\0\0\x41\x02"                 \
    "\x01\0\x01o\0\0\0\0"                \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" \
    "\x01\x01\0\0\0\x03"                 \
    "\x04\0\0\0\0\0\0"                   \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"   \
    "\x02\x05\0\0\0\x01\x06\0\0\0\x01"
#define DATA_1 "\x03\0\0\0\x09\0\0\0\0\0\0abc"
#define DATA_2 "\x03\0\0\0\x07\x01\0\0\0\0\0d"
#define DATA_3 "\x03\0\0\0\x07\x01\x01\0\0\0\0e"
#define DIGEST "0123456789abcdef0123456789abcdef"
#define SAVED "\x04\0\0\0\x20" DIGEST
#define REFUSE "\x05\0\0\0\x01\x02"
#define BYE "\x06\0\0\0\0"

struct line {
    const char *row;
    size_t length;
    int is_final;
};

#define SAY(row)                \
    {                           \
        row, sizeof(row) - 1, 0 \
    }
#define SAY_FINAL(row)          \
    {                           \
        row, sizeof(row) - 1, 1 \
    }
#define LINES_MAX 5

/* Says these lines to a device of this role; how it ended. */
static enum cr_end end_after(enum cr_role role, const struct line *lines, struct puppet *puppet)
{
    puppet_init(puppet, role);
    assert_int_equal(puppet->told[CR_EVENT_CONFIRMED], 1);
    assert_int_equal(puppet->heard[0], CR_MESSAGE_HELLO);
    for (int i = 0; i < LINES_MAX && lines[i].row != NULL; i++)
        assert_true(puppet_say(puppet, (const uint8_t *)lines[i].row, lines[i].length, lines[i].is_final));
    return puppet->ended.end;
}

static void expect_end(enum cr_role role, const struct line *lines, enum cr_end end)
{
    struct puppet puppet;

    assert_int_equal(end_after(role, lines, &puppet), end);
    assert_int_equal(puppet.told[CR_EVENT_ARRIVED], 0);
    assert_int_equal(puppet.told[CR_EVENT_SAVED], 0);
    puppet_free(&puppet);
}

static void files_arrive_in_one_record_or_in_many(void **state)
{
    static const struct line ONE[LINES_MAX] = {SAY(HELLO_SENDER), SAY(OFFER DATA_1 DATA_2 DATA_3)};
    static const struct line MANY[LINES_MAX] = {SAY(HELLO_SENDER), SAY(OFFER), SAY(DATA_1),
                                                SAY(DATA_2 DATA_3)};
    static const struct line ALL[LINES_MAX] = {SAY(HELLO_SENDER OFFER DATA_1 DATA_2 DATA_3)};
    static const struct line *const FORMS[] = {ONE, MANY, ALL};

    (void)state;
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        struct puppet puppet;
        const struct cr_bundle *bundle;

        assert_int_equal(end_after(CR_RECEIVER, FORMS[i], &puppet), CR_END_NONE);
        assert_int_equal(puppet.told[CR_EVENT_ARRIVED], 1);
        bundle = cr_transfer_bundle(puppet.device);
        assert_memory_equal(bundle->certs[0].files[0].bytes, "abc", 3);
        assert_memory_equal(bundle->certs[1].files[0].bytes, "d", 1);
        assert_memory_equal(bundle->certs[1].files[1].bytes, "e", 1);
        puppet_free(&puppet);
    }
}

static void a_file_arrives_in_pieces(void **state)
{
    static const struct line LINES[LINES_MAX] = {
        SAY(HELLO_SENDER OFFER),
        SAY("\x03\0\0\0\x07\0\0\0\0\0\0a\x03\0\0\0\x08\0\0\0\0\0\x01"
            "bc"),
        SAY(DATA_2 DATA_3),
    };
    struct puppet puppet;

    (void)state;
    assert_int_equal(end_after(CR_RECEIVER, LINES, &puppet), CR_END_NONE);
    assert_int_equal(puppet.told[CR_EVENT_ARRIVED], 1);
    assert_memory_equal(cr_transfer_bundle(puppet.device)->certs[0].files[0].bytes, "abc", 3);
    puppet_free(&puppet);
}

static void an_unknown_optional_message_is_skipped_and_another_refused(void **state)
{
    static const struct line SKIPPED[LINES_MAX] = {SAY("\x80\0\0\0\x02hi" HELLO_SENDER "\xff\0\0\0\0"),
                                                   SAY(OFFER "\x90\0\0\0\x01x" DATA_1 DATA_2 DATA_3)};
    static const struct line REFUSED[][LINES_MAX] = {{SAY("\x07\0\0\0\0")},
                                                     {SAY(HELLO_SENDER), SAY("\x7f\0\0\0\x01x")},
                                                     {SAY(HELLO_SENDER OFFER "\x08\0\0\0\0")}};
    struct puppet puppet;

    (void)state;
    assert_int_equal(end_after(CR_RECEIVER, SKIPPED, &puppet), CR_END_NONE);
    assert_int_equal(puppet.told[CR_EVENT_ARRIVED], 1);
    puppet_free(&puppet);
    for (size_t i = 0; i < COUNT(REFUSED); i++)
        expect_end(CR_RECEIVER, REFUSED[i], CR_END_PROTOCOL);
}

static void a_sender_out_of_turn_is_refused(void **state)
{
    static const struct line LINES[][LINES_MAX] = {
        {SAY(OFFER)}, /* before HELLO */
        {SAY(DATA_1)},
        {SAY(HELLO_SENDER HELLO_SENDER)}, /* twice */
        {SAY(HELLO_RECEIVER)},            /* our own role */
        {SAY(HELLO_SENDER DATA_1)},       /* before OFFER */
        {SAY(HELLO_SENDER OFFER OFFER)},
        {SAY(HELLO_SENDER OFFER DATA_2)}, /* not the first file */
        {SAY(HELLO_SENDER OFFER DATA_1 DATA_1)},
        {SAY(HELLO_SENDER OFFER DATA_1 DATA_3)}, /* a gap */
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x08\0\0\0\0\0\x01"
                                "bc")},                             /* a gap in a file */
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x0a\0\0\0\0\0\0abcd")}, /* past its end */
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x07\0\0\0\0\0\0"
                                "a\x03\0\0\0\x09\0\0\0\0\0\x01"
                                "bcd")},
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x07\0\0\xff\xff\xff\xff"
                                "a")},
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x06\0\0\0\0\0\0")}, /* empty */
        {SAY(HELLO_SENDER OFFER "\x03\0\0\0\x07\x02\0\0\0\0\0"
                                "a")}, /* no such certificate */
        {SAY(HELLO_SENDER SAVED)},
        {SAY(HELLO_SENDER BYE)},
        {SAY_FINAL(HELLO_SENDER BYE)},
        {SAY_FINAL(HELLO_SENDER)}, /* FINAL without a last word */
        {SAY_FINAL(HELLO_SENDER OFFER)},
        {SAY_FINAL("")},
        {SAY(HELLO_SENDER REFUSE)}, /* a last word without FINAL */
        {SAY("\x01\0\0\0\x0b\x01\0\x01n\0\x01p\0\x01qx")},
        {SAY("\x01\0\0\x10\x0a\x01")},
        {SAY("\0\0\x01")}, /* padding that is not zero */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(LINES); i++)
        expect_end(CR_RECEIVER, LINES[i], CR_END_PROTOCOL);
}

static void a_receiver_out_of_turn_is_refused(void **state)
{
    static const struct line LINES[][LINES_MAX] = {
        {SAY(HELLO_RECEIVER OFFER)}, {SAY(HELLO_RECEIVER DATA_1)},    {SAY_FINAL(HELLO_RECEIVER SAVED)},
        {SAY(HELLO_SENDER)},         {SAY_FINAL(HELLO_RECEIVER BYE)}, {SAY_FINAL(SAVED)},
        {SAY_FINAL(REFUSE)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(LINES); i++)
        expect_end(CR_SENDER, LINES[i], CR_END_PROTOCOL);
}

/* A sender that has sent: its peer may say saved or refuse, each as the last word. */
static enum cr_end end_of_sender(const char *row, size_t length, int is_final, struct puppet *puppet)
{
    static const struct line HELLO[LINES_MAX] = {SAY(HELLO_RECEIVER)};
    struct cr_bundle *bundle = cr_bundle_new();

    assert_int_equal(end_after(CR_SENDER, HELLO, puppet), CR_END_NONE);
    assert_int_equal(puppet->told[CR_EVENT_HELLO], 1);
    assert_string_equal(puppet->device->peer_hello.name, "n");
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_PEM;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, (const uint8_t *)"pem", 3), CR_OK);
    assert_int_equal(cr_transfer_consent(puppet->device, bundle, puppet->now), CR_OK);
    puppet_drain(puppet);
    assert_memory_equal(puppet->heard, "\x01\x02\x03", 3);
    cr_bundle_free(bundle);
    assert_true(puppet_say(puppet, (const uint8_t *)row, length, is_final));
    return puppet->ended.end;
}

static void only_the_right_digest_as_the_last_word_means_sent(void **state)
{
    /* SHA-256 of 06 00000003 "pem", by sha256sum */
    static const char RIGHT[] = "\x04\0\0\0\x20"
                                "\xcb\xeb\x80\xcc\x2e\xf3\x65\x29\xbc\xb5\x16\xd8\xa2\x50\x9b\xe7"
                                "\x24\x30\xb0\x9c\xc1\xc3\xf3\x0e\xa8\x04\x36\xef\xef\xf2\xa5\x91";
    struct puppet puppet;

    (void)state;
    assert_int_equal(end_of_sender(RIGHT, sizeof RIGHT - 1, 1, &puppet), CR_END_DONE);
    assert_int_equal(puppet.told[CR_EVENT_SAVED], 1);
    assert_int_equal(puppet.heard[3], CR_MESSAGE_BYE);
    puppet_free(&puppet);
    assert_int_equal(end_of_sender(RIGHT, sizeof RIGHT - 1, 0, &puppet), CR_END_PROTOCOL);
    assert_int_equal(puppet.told[CR_EVENT_SAVED], 0);
    assert_true(puppet.ended.has_data_left);
    puppet_free(&puppet);
    assert_int_equal(end_of_sender(SAVED, sizeof SAVED - 1, 1, &puppet), CR_END_MISMATCH);
    assert_int_equal(puppet.told[CR_EVENT_SAVED], 0);
    assert_int_equal(puppet.heard_count, 3); /* no BYE */
    puppet_free(&puppet);
    assert_int_equal(end_of_sender(REFUSE, sizeof REFUSE - 1, 1, &puppet), CR_END_PEER_REFUSED);
    assert_int_equal(puppet.ended.reason, CR_REASON_NO_SPACE);
    puppet_free(&puppet);
    assert_int_equal(end_of_sender(REFUSE, sizeof REFUSE - 1, 0, &puppet), CR_END_PROTOCOL);
    puppet_free(&puppet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_arrive_in_one_record_or_in_many),
        cmocka_unit_test(a_file_arrives_in_pieces),
        cmocka_unit_test(an_unknown_optional_message_is_skipped_and_another_refused),
        cmocka_unit_test(a_sender_out_of_turn_is_refused),
        cmocka_unit_test(a_receiver_out_of_turn_is_refused),
        cmocka_unit_test(only_the_right_digest_as_the_last_word_means_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
