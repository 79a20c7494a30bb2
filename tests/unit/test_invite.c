/* The invitation of a QR code: written, read again, and every malformed form. */
#include "support.h"

#include <certrelay/code.h>

#include <string.h>

#define CODE "v=1&do=send&code=482177301944"
#define PLATE "v=1&do=receive&plate=4821"
#define KEY "&key=AAECAwQFBgcICQoLDA0ODw"

static const struct cr_invite WITH_ALL = {
    .wants_send = 1,
    .has_digits = 1,
    .has_long = 1,
    .code = {{4, 4821}, {'7', '7', '3', '0', '1', '9', '4'}},
    .long_secret = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .relay = "wss://relay.example/ws?a=b&c=d#e%",
};

static int parse(const char *fragment, struct cr_invite *invite)
{
    return cr_invite_parse(fragment, strlen(fragment), invite);
}

static void the_invitation_is_written_as_the_protocol_says(void **state)
{
    char text[CR_INVITE_TEXT_BYTES];

    (void)state;
    assert_int_equal(cr_invite_format(&WITH_ALL, text, sizeof text), CR_OK);
    assert_string_equal(text, CODE "&relay=wss%3A%2F%2Frelay.example%2Fws%3Fa%3Db%26c%3Dd%23e%25" KEY);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (int form = 0; form < 16; form++) {
        struct cr_invite want = WITH_ALL, got;
        char text[CR_INVITE_TEXT_BYTES];

        want.wants_send = form & 1;
        want.has_digits = (form & 2) == 0;
        want.has_long = (form & 4) != 0 || !want.has_digits;
        if (form & 8)
            want.relay[0] = '\0';
        assert_int_equal(cr_invite_format(&want, text, sizeof text), CR_OK);
        assert_int_equal(parse(text, &got), CR_OK);
        assert_int_equal(got.wants_send, want.wants_send);
        assert_int_equal(got.has_digits, want.has_digits);
        assert_int_equal(got.has_long, want.has_long);
        assert_int_equal(got.code.nameplate.digits, 4);
        assert_int_equal(got.code.nameplate.value, 4821);
        assert_string_equal(got.relay, want.relay);
        if (want.has_digits)
            assert_memory_equal(got.code.secret, want.code.secret, CR_SECRET_DIGITS);
        if (want.has_long)
            assert_memory_equal(got.long_secret, want.long_secret, CR_LONG_SECRET_BYTES);
    }
}

static void without_digits_to_type_only_the_nameplate_is_written(void **state)
{
    struct cr_invite invite = WITH_ALL;
    char text[CR_INVITE_TEXT_BYTES];

    (void)state;
    invite.has_digits = 0;
    invite.relay[0] = '\0';
    invite.code.nameplate = (struct cr_nameplate){8, 90210318};
    assert_int_equal(cr_invite_format(&invite, text, sizeof text), CR_OK);
    assert_string_equal(text, "v=1&do=send&plate=90210318" KEY);
}

static void an_invitation_without_a_secret_is_not_written(void **state)
{
    struct cr_invite invite = WITH_ALL;
    char text[CR_INVITE_TEXT_BYTES];

    (void)state;
    invite.has_digits = invite.has_long = 0;
    assert_int_equal(cr_invite_format(&invite, text, sizeof text), CR_E_MALFORMED);
}

static void a_room_too_small_by_one_is_refused(void **state)
{
    char text[CR_INVITE_TEXT_BYTES];
    size_t length;

    (void)state;
    assert_int_equal(cr_invite_format(&WITH_ALL, text, sizeof text), CR_OK);
    length = strlen(text);
    assert_int_equal(cr_invite_format(&WITH_ALL, text, length + 1), CR_OK);
    assert_int_equal(cr_invite_format(&WITH_ALL, text, length), CR_E_LIMIT);
}

static void any_order_and_unknown_keys_are_read(void **state)
{
    static const char *const GOOD[] = {
        CODE,
        "code=482177301944&do=send&v=1",
        CODE "&later=x&_=",
        "theme=dark&" CODE KEY,
        PLATE KEY,
        CODE "&relay=wss%3a%2f%2fr.example%2Fws",
        CODE "&relay=wss://r.example/ws",
        CODE "&relay=",
        "v=1&do=send&code=4821-7730-1944",
        CODE "&code2=000000000000&V=2",
    };
    struct cr_invite invite;

    (void)state;
    for (size_t i = 0; i < COUNT(GOOD); i++)
        assert_int_equal(parse(GOOD[i], &invite), CR_OK);
}

static void every_malformed_form_is_refused_and_leaves_nothing(void **state)
{
    static const char *const BAD[] = {
        "",
        "&",
        "v",
        "v=1",
        "do=send&code=482177301944",
        "v=1&code=482177301944",
        "v=1&do=send",
        PLATE,                  /* no secret at all */
        CODE "&plate=4821" KEY, /* both */
        CODE "&v=1",
        CODE "&do=send",
        CODE "&code=482177301944", /* repeated */
        PLATE KEY KEY,
        PLATE KEY "&plate=4821",
        CODE "&relay=a&relay=a",
        "v=1&do=sending&code=482177301944",
        "v=1&do=&code=482177301944",
        "v=1&do=Send&code=482177301944",
        "v=1&do=send&code=482177301945",
        "v=1&do=send&code=48217730194",
        "v=1&do=send&code=",
        "v=1&do=send&plate=482" KEY,
        "v=1&do=send&plate=482177301" KEY,
        "v=1&do=send&plate=48a1" KEY,
        "v=1&do=send&plate=" KEY,
        CODE "&key=",
        CODE "&key=AAECAwQFBgcICQoLDA0OD",    /* too short */
        CODE "&key=AAECAwQFBgcICQoLDA0ODw8",  /* too long */
        CODE "&key=AAECAwQFBgcICQoLDA0ODw==", /* padded */
        CODE "&key=AAECAwQFBgcICQoLDA0ODx",   /* not canonical */
        CODE "&key=AAECAwQFBgcICQoL+A0ODw",
        CODE "&key=AAECAwQFBgcICQoL A0ODw",
        CODE "&relay=a%2",
        CODE "&relay=a%",
        CODE "&relay=a%zz",
        CODE "&relay=a%00b",
        CODE "&relay=a%0Ab",
        CODE "&relay=a%20b",
        CODE "&relay=a b",
        CODE "&relay=a%7f",
        CODE "&relay=a%C3%A9",
        CODE "&relay=\xc3\xa9",
        CODE "&&x=1",
        CODE "&x",
    };
    static const struct cr_invite NOTHING;
    struct cr_invite invite;

    (void)state;
    for (size_t i = 0; i < COUNT(BAD); i++) {
        assert_int_equal(parse(BAD[i], &invite), CR_E_MALFORMED);
        assert_memory_equal(&invite, &NOTHING, sizeof invite);
    }
}

static void another_version_is_told_apart(void **state)
{
    struct cr_invite invite;

    (void)state;
    assert_int_equal(parse("v=2&do=send&code=482177301944", &invite), CR_E_VERSION);
    assert_int_equal(parse("v=&do=send&code=482177301944", &invite), CR_E_VERSION);
    assert_int_equal(parse("v=11&do=send&code=482177301944", &invite), CR_E_VERSION);
}

static void texts_past_their_limits_are_refused(void **state)
{
    char text[CR_INVITE_TEXT_BYTES + 1] = CODE "&relay=";
    size_t start = strlen(text);
    struct cr_invite invite;

    (void)state;
    memset(text + start, 'r', CR_INVITE_RELAY_BYTES);
    assert_int_equal(cr_invite_parse(text, start + CR_INVITE_RELAY_BYTES - 1, &invite), CR_OK);
    assert_int_equal(strlen(invite.relay), CR_INVITE_RELAY_BYTES - 1);
    assert_int_equal(cr_invite_parse(text, start + CR_INVITE_RELAY_BYTES, &invite), CR_E_MALFORMED);
    memset(text, 'x', sizeof text);
    memcpy(text, CODE "&x=", strlen(CODE "&x="));
    assert_int_equal(cr_invite_parse(text, CR_INVITE_TEXT_BYTES - 1, &invite), CR_OK);
    assert_int_equal(cr_invite_parse(text, CR_INVITE_TEXT_BYTES, &invite), CR_E_LIMIT);
}

static void a_zero_byte_inside_is_refused(void **state)
{
    static const char TEXT[] = CODE "&relay=a\0b";
    struct cr_invite invite;

    (void)state;
    assert_int_equal(cr_invite_parse(TEXT, sizeof TEXT - 1, &invite), CR_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_invitation_is_written_as_the_protocol_says),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(without_digits_to_type_only_the_nameplate_is_written),
        cmocka_unit_test(an_invitation_without_a_secret_is_not_written),
        cmocka_unit_test(a_room_too_small_by_one_is_refused),
        cmocka_unit_test(any_order_and_unknown_keys_are_read),
        cmocka_unit_test(every_malformed_form_is_refused_and_leaves_nothing),
        cmocka_unit_test(another_version_is_told_apart),
        cmocka_unit_test(texts_past_their_limits_are_refused),
        cmocka_unit_test(a_zero_byte_inside_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
