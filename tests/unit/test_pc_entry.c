/* Numbers and links as a person enters them. */
#include "entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct address relay;
static char good[CR_CODE_TEXT_BYTES];

static int prepare(void **state)
{
    const struct cr_nameplate nameplate = {4, 4821};
    struct cr_code code;

    (void)state;
    cr_code_draw(&code, &nameplate);
    cr_code_format(&code, good);
    return address_read("wss://relay.example/ws", &relay) == ADDRESS_OK ? 0 : -1;
}

static enum error_id enter(const char *text, struct cr_invite *invite)
{
    return entry_read(text, strlen(text), &relay, invite);
}

static void a_number_as_shown_is_taken(void **state)
{
    struct cr_invite invite;

    (void)state;
    assert_int_equal(enter(good, &invite), ERROR_NONE);
    assert_true(invite.has_digits);
    assert_int_equal(invite.code.nameplate.value, 4821);
}

static void every_fault_has_its_own_words(void **state)
{
    struct cr_invite invite;
    char wrong[CR_CODE_TEXT_BYTES];

    (void)state;
    snprintf(wrong, sizeof(wrong), "%s", good);
    wrong[strlen(wrong) - 1] = (char)('0' + (wrong[strlen(wrong) - 1] - '0' + 1) % 10);
    assert_int_equal(enter(wrong, &invite), ERROR_CODE_CHECK_DIGIT);
    assert_int_equal(enter("", &invite), ERROR_CODE_EMPTY);
    assert_int_equal(enter("12345", &invite), ERROR_CODE_TOO_SHORT);
    assert_int_equal(enter("12345678901234567", &invite), ERROR_CODE_TOO_LONG);
    assert_int_equal(enter("1234 abcd 5678", &invite), ERROR_CODE_NOT_DIGITS);
}

static void something_endless_is_too_long(void **state)
{
    struct cr_invite invite;
    char text[1000];

    (void)state;
    memset(text, '1', sizeof(text));
    assert_int_equal(entry_read(text, sizeof(text), &relay, &invite), ERROR_CODE_TOO_LONG);
}

static void link_with(const char *url, char *link, size_t capacity)
{
    struct cr_invite invite = {.has_long = 1, .has_digits = 1, .wants_send = 1};
    char fragment[CR_INVITE_TEXT_BYTES];

    assert_int_equal(cr_code_parse(good, strlen(good), &invite.code), CR_CODE_GOOD);
    snprintf(invite.relay, sizeof(invite.relay), "%s", url);
    assert_int_equal(cr_invite_format(&invite, fragment, sizeof(fragment)), CR_OK);
    snprintf(link, capacity, "https://page.example/#%s", fragment);
}

static void a_pasted_link_is_taken(void **state)
{
    struct cr_invite invite;
    char link[2 * CR_INVITE_TEXT_BYTES];

    (void)state;
    link_with("", link, sizeof(link));
    assert_int_equal(enter(link, &invite), ERROR_NONE);
    assert_true(invite.has_long);
    link_with("wss://relay.example/ws", link, sizeof(link));
    assert_int_equal(enter(link, &invite), ERROR_NONE);
}

static void a_link_of_another_relay_is_refused(void **state)
{
    struct cr_invite invite;
    char link[2 * CR_INVITE_TEXT_BYTES];

    (void)state;
    link_with("wss://other.example/ws", link, sizeof(link));
    assert_int_equal(enter(link, &invite), ERROR_CODE_OTHER_RELAY);
    assert_int_equal(enter("https://page.example/#v=1&nonsense", &invite), ERROR_CODE_NOT_DIGITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_as_shown_is_taken),         cmocka_unit_test(every_fault_has_its_own_words),
        cmocka_unit_test(something_endless_is_too_long),      cmocka_unit_test(a_pasted_link_is_taken),
        cmocka_unit_test(a_link_of_another_relay_is_refused),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
