/* Calendars by RFC 5545, and texts broken at spaces. */
#include "calendar.h"
#include "table.h"
#include "texts.h"
#include "wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LAST 1797778799 /* 2026-12-20 23:59:59 in Korea */
#define DAY 86400

static char owner[256], none[] = "", serial[] = "1001eef", use[] = "은행/보험용",
                        issuer[] = "금융결제원(yessign)";
static struct store_entry entries[2];
static const struct store_list list = {.entries = entries, .count = 2};
static const size_t both[] = {0, 1};

static int prepare(void **state)
{
    (void)state;
    memset(entries, 0, sizeof(entries));
    strcpy(owner, "홍길동");
    for (size_t i = 0; i < 2; i++) {
        struct store_facts *facts = &entries[i].facts;

        facts->owner = owner;
        facts->serial = serial;
        facts->use_ko = facts->use_en = use;
        facts->issuer_ko = facts->issuer_en = issuer;
        facts->policy = none;
        facts->not_before = LAST - 365 * DAY;
        facts->not_after = LAST;
        memset(facts->identity, (int)(0x12 + i), sizeof(facts->identity));
    }
    return 0;
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

/* As a reader unfolds it. Caller frees. */
static char *unfolded(const char *text)
{
    char *copy = strdup(text), *to = copy;

    for (const char *at = text; *at; at++) {
        if (!strncmp(at, "\r\n ", 3))
            at += 2;
        else
            *to++ = *at;
    }
    *to = '\0';
    return copy;
}

static void a_last_day_is_the_one_in_korea(void **state)
{
    char *text = calendar_text(&list, both, 1, LAST - 100 * DAY);

    (void)state;
    assert_non_null(text);
    assert_non_null(strstr(text, "\r\nDTSTART;VALUE=DATE:20261220\r\n"));
    assert_non_null(strstr(text, "\r\nDTEND;VALUE=DATE:20261221\r\n"));
    free(text);
}

static void an_event_has_all_that_is_required(void **state)
{
    static const char *const needed[] = {"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:",
                                         "\r\nUID:12121212121212121212121212121212@certrelay\r\n",
                                         "\r\nDTSTAMP:20260911T145959Z\r\n",
                                         "\r\nSUMMARY:",
                                         "\r\nTRIGGER:-P30D\r\n",
                                         "\r\nTRIGGER:-P7D\r\n",
                                         "END:VEVENT\r\nEND:VCALENDAR\r\n"};
    char *text = calendar_text(&list, both, 1, LAST - 100 * DAY);

    (void)state;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!strstr(text, needed[i]))
            fail_msg("no %s in %s", needed[i], text);
    assert_int_equal(count(text, "BEGIN:VALARM"), 2);
    assert_int_equal(count(text, "ACTION:DISPLAY"), 2);
    free(text);
}

static void each_certificate_keeps_a_uid_of_its_own(void **state)
{
    char *one = calendar_text(&list, both, 2, LAST - 100 * DAY);
    char *later = calendar_text(&list, both, 2, LAST - 50 * DAY);

    (void)state;
    assert_int_equal(count(one, "UID:"), 2);
    assert_non_null(strstr(one, "UID:1313"));
    assert_non_null(strstr(later, "UID:1212"));
    assert_non_null(strstr(later, "UID:1313"));
    free(one);
    free(later);
}

static void what_has_expired_is_left_out(void **state)
{
    char *text;

    (void)state;
    assert_null(calendar_text(&list, both, 2, LAST + 1));
    entries[1].facts.not_after = LAST + DAY;
    text = calendar_text(&list, both, 2, LAST + 1);
    assert_int_equal(count(text, "BEGIN:VEVENT"), 1);
    assert_non_null(strstr(text, "UID:1313"));
    free(text);
}

static void names_are_escaped(void **state)
{
    char *text, *whole;

    (void)state;
    strcpy(owner, "A;B,C\\D\nE\"센터\"");
    text = calendar_text(&list, both, 1, LAST - 100 * DAY);
    whole = unfolded(text);
    assert_non_null(strstr(whole, "A\\;B\\,C\\\\D\\nE\"센터\"\r\n"));
    free(whole);
    free(text);
}

static int is_utf8(const char *line, size_t length)
{
    return length == 0 || (((unsigned char)line[0] & 0xc0) != 0x80);
}

/* At every length of the name, so that each fold falls on each byte of a character once. */
static void lines_are_folded_at_75_bytes_and_never_within_a_character(void **state)
{
    (void)state;
    for (size_t length = 0; length < 60; length++) {
        char *text, *whole, needle[256];

        memset(owner, 'x', length);
        strcpy(owner + length, "가나다라마바사아자차카타파하가나다라마바사아자차카타파하");
        text = calendar_text(&list, both, 1, LAST - 100 * DAY);
        for (const char *line = text, *end; *line; line = end + 2) {
            end = strstr(line, "\r\n");
            assert_non_null(end);
            assert_true(end - line <= 75);
            assert_true(is_utf8(line + (*line == ' '), (size_t)(end - line)));
        }
        whole = unfolded(text);
        snprintf(needle, sizeof(needle), "%.230s\r\n", owner);
        assert_non_null(strstr(whole, needle));
        free(whole);
        free(text);
    }
}

static void bare_newlines_do_not_occur(void **state)
{
    char *text = calendar_text(&list, both, 2, LAST - 100 * DAY);

    (void)state;
    assert_int_equal(count(text, "\n"), count(text, "\r\n"));
    free(text);
}

static void check_wrapped(const char *text, int columns, int start, int indent, const char *expected)
{
    char *wrapped = wrap_text(text, columns, start, indent);

    assert_string_equal(wrapped, expected);
    free(wrapped);
}

static void lines_are_broken_at_spaces_by_their_width_on_the_screen(void **state)
{
    (void)state;
    check_wrapped("one two three four five six", 24, 0, 0, "one two three four five\nsix");
    check_wrapped("  one two three four five six", 24, 0, 2, "  one two three four\n  five six");
    check_wrapped("one two three four five", 30, 20, 4, "one two\n    three four five");
    check_wrapped("공동인증서를 다른 기기로 옮깁니다", 23, 0, 0, "공동인증서를 다른\n기기로 옮깁니다");
    check_wrapped("one two", 0, 0, 0, "one two");
    check_wrapped("first\nsecond", 40, 0, 2, "first\n  second");
}

static void a_word_longer_than_the_line_stays_whole(void **state)
{
    (void)state;
    check_wrapped("at /a/very/long/path/that/is/longer/than/a/line end", 24, 0, 0,
                  "at /a/very/long/path/that/is/longer/than/a/line\nend");
}

static void a_path_stays_behind_its_number(void **state)
{
    (void)state;
    check_wrapped("  1  /media/someone/USB12", 24, 0, 2, "  1  /media/someone/USB12");
    check_wrapped("  12  /media/someone/USB12 end", 24, 0, 2, "  12  /media/someone/USB12\n  end");
    check_wrapped("  three  /media/someone/U", 24, 0, 2, "  three \n  /media/someone/U");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_last_day_is_the_one_in_korea, prepare),
        cmocka_unit_test_setup(an_event_has_all_that_is_required, prepare),
        cmocka_unit_test_setup(each_certificate_keeps_a_uid_of_its_own, prepare),
        cmocka_unit_test_setup(what_has_expired_is_left_out, prepare),
        cmocka_unit_test_setup(names_are_escaped, prepare),
        cmocka_unit_test_setup(lines_are_folded_at_75_bytes_and_never_within_a_character, prepare),
        cmocka_unit_test_setup(bare_newlines_do_not_occur, prepare),
        cmocka_unit_test(lines_are_broken_at_spaces_by_their_width_on_the_screen),
        cmocka_unit_test(a_word_longer_than_the_line_stays_whole),
        cmocka_unit_test(a_path_stays_behind_its_number),
    };

    texts_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
