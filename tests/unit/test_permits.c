/* The permits of an organisation: which lines are some, and who holds one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "permits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char error[PERMITS_ERROR_BYTES];

static struct permits *read_text(const char *text)
{
    error[0] = '\0';
    return permits_read(text, strlen(text), error);
}

static int holds(const struct permits *permits, const char *permit)
{
    return permits_hold(permits, (const uint8_t *)permit, strlen(permit));
}

static void each_line_is_a_permit_and_remarks_are_none(void **state)
{
    struct permits *permits =
        read_text("# of 2026\n\nspring-2026\r\nsummer-2026 \t\n#autumn-2026\nwinter-2026");

    (void)state;
    assert_non_null(permits);
    assert_true(holds(permits, "spring-2026"));
    assert_true(holds(permits, "summer-2026"));
    assert_true(holds(permits, "winter-2026"));
    assert_false(holds(permits, "#autumn-2026"));
    assert_false(holds(permits, "autumn-2026"));
    assert_false(holds(permits, ""));
    permits_free(permits);
}

static void only_the_whole_permit_is_right(void **state)
{
    struct permits *permits = read_text("spring-2026\n");
    uint8_t longer[CR_PERMIT_MAX_BYTES + 1] = "spring-2026";

    (void)state;
    assert_non_null(permits);
    assert_false(holds(permits, "spring-202"));
    assert_false(holds(permits, "spring-20266"));
    assert_false(holds(permits, "Spring-2026"));
    assert_false(holds(permits, "spring-2027"));
    assert_false(permits_hold(permits, longer, sizeof longer));
    permits_free(permits);
}

static void zeros_behind_a_permit_are_not_those_that_fill_it_up(void **state)
{
    struct permits *permits = read_text("spring-2026\n");

    (void)state;
    assert_non_null(permits);
    assert_false(permits_hold(permits, (const uint8_t *)"spring-2026\0", 12));
    assert_false(permits_hold(permits, (const uint8_t *)"\0\0\0\0\0\0\0\0", 8));
    permits_free(permits);
}

static void every_single_bit_counts(void **state)
{
    char text[CR_PERMIT_MAX_BYTES + 2];
    uint8_t permit[CR_PERMIT_MAX_BYTES];
    struct permits *permits;

    (void)state;
    memset(permit, 'k', sizeof permit);
    memcpy(text, permit, sizeof permit);
    strcpy(text + sizeof permit, "\n");
    permits = read_text(text);
    assert_non_null(permits);
    for (size_t bit = 0; bit < 8 * sizeof permit; bit++) {
        permit[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(permits_hold(permits, permit, sizeof permit));
        permit[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(permits_hold(permits, permit, sizeof permit));
    permits_free(permits);
}

static void each_of_many_is_found_wherever_it_stands(void **state)
{
    char text[PERMITS_MAX * 16 + 32] = "", permit[32];
    struct permits *permits;

    (void)state;
    for (int i = 0; i < PERMITS_MAX; i++)
        sprintf(text + strlen(text), "permit-%04d\n", i);
    permits = read_text(text);
    assert_non_null(permits);
    for (int i = 0; i < PERMITS_MAX; i++) {
        sprintf(permit, "permit-%04d", i);
        assert_true(holds(permits, permit));
    }
    permits_free(permits);
    strcat(text, "one-too-many\n");
    assert_null(read_text(text));
    assert_non_null(strstr(error, "line 65 "));
}

static void what_is_no_permit_is_named_by_its_line_and_not_repeated(void **state)
{
    static const struct {
        const char *text, *line;
    } bad[] = {
        {"good-permit\nshort12\n", "line 2 "},
        {"# a\n\ntwo secret words\n", "line 3 "},
        {"secret-\x01-permit\n", "line 1 "},
        {"secret-\xed\x97\x88-permit\n", "line 1 "},
        {" secret-permit\n", "line 1 "},
        {"secret-permit-secret-permit-secret-permit-secret-permit-secret-permit", "line 1 "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(read_text(bad[i].text));
        assert_non_null(strstr(error, bad[i].line));
        assert_null(strstr(error, "secret"));
        assert_null(strstr(error, "short"));
    }
    assert_null(read_text("# nothing but this\n"));
    assert_non_null(strstr(error, "no permit"));
    assert_null(permits_read("a\0b-and-so-on\n", 14, error));
}

static void without_permits_nobody_holds_one(void **state)
{
    (void)state;
    assert_false(holds(NULL, "spring-2026"));
    permits_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_permit_and_remarks_are_none),
        cmocka_unit_test(only_the_whole_permit_is_right),
        cmocka_unit_test(zeros_behind_a_permit_are_not_those_that_fill_it_up),
        cmocka_unit_test(every_single_bit_counts),
        cmocka_unit_test(each_of_many_is_found_wherever_it_stands),
        cmocka_unit_test(what_is_no_permit_is_named_by_its_line_and_not_repeated),
        cmocka_unit_test(without_permits_nobody_holds_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
