/* Names and texts: what is shown, and what folders are called. */
#include "names.h"
#include "store_help.h"
#include "tables.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GONE "\xef\xbf\xbd"

static void assert_shown(const char *bytes, size_t length, const char *wanted)
{
    char *shown = store_printable(bytes, length);
    assert_string_equal(shown, wanted);
    free(shown);
}
#define ASSERT_SHOWN(bytes, wanted) assert_shown(bytes, sizeof(bytes) - 1, wanted)

static void ordinary_text_is_shown_as_it_is(void **state)
{
    (void)state;
    ASSERT_SHOWN("홍길동 Hong, \"Co.\" (주) \xf0\x9f\x94\x91", "홍길동 Hong, \"Co.\" (주) \xf0\x9f\x94\x91");
    ASSERT_SHOWN("", "");
}

static void what_moves_a_cursor_is_not_shown(void **state)
{
    (void)state;
    ASSERT_SHOWN("a\x1b[2Jb", "a" GONE "[2Jb");
    ASSERT_SHOWN("a\r\n\tb\x7f", "a" GONE GONE GONE "b" GONE);
    ASSERT_SHOWN("a\0b", "a" GONE "b");
    ASSERT_SHOWN("a\xc2\x9b"
                 "31mb",
                 "a" GONE "31mb");
    ASSERT_SHOWN("a\xe2\x80\xa8\xe2\x80\xa9"
                 "b",
                 "a" GONE GONE "b");
}

static void what_reverses_or_hides_text_is_not_shown(void **state)
{
    (void)state;
    static const char *const HIDDEN[] = {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c",
                                         "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
                                         "\u200b", "\ufeff", "\u3164", "\u115f", "\uffa0"};
    for (size_t i = 0; i < sizeof HIDDEN / sizeof HIDDEN[0]; i++) {
        assert_shown(HIDDEN[i], strlen(HIDDEN[i]), GONE);
    }
}

static void what_is_not_utf8_is_not_shown(void **state)
{
    (void)state;
    static const char *const BROKEN[] = {"\xc0\x9b", "\xe0\x80\x9b", "\xf0\x80\x80\x9b", "\xed\xa0\x80",
                                         "\xff",     "\xc3",         "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        char *shown = store_printable(BROKEN[i], strlen(BROKEN[i]));
        assert_true(strlen(shown) >= 3 && strncmp(shown, GONE, 3) == 0);
        assert_null(strchr(shown, 0x1b));
        for (const char *at = shown; *at != '\0'; at += 3) {
            assert_memory_equal(at, GONE, 3);
        }
        free(shown);
    }
    ASSERT_SHOWN("\xc0\x9b[A", GONE GONE "[A");
}

static void assert_name(const char *common_name, const char *wanted)
{
    char *name = name_without_tail(common_name);
    assert_string_equal(name, wanted);
    free(name);
}

static void the_tail_of_a_common_name_is_not_shown(void **state)
{
    (void)state;
    assert_name("홍길동()0020041200806232804005", "홍길동");
    assert_name("홍길동()0099011201104260001", "홍길동");
    assert_name("(주)한글상사()0099011202608120000003", "(주)한글상사");
    assert_name("전자세금용001()00996802021031000007", "전자세금용001");
    assert_name("홍길동(Hong Gil Dong)0099011201104260001", "홍길동");
}

static void a_common_name_without_a_tail_stays(void **state)
{
    (void)state;
    assert_name("김영희", "김영희");
    assert_name("시험상사(Test Corp)", "시험상사(Test Corp)");
    assert_name("홍길동()12345678901234", "홍길동()12345678901234");
    assert_name("()0020041200806232804005", "()0020041200806232804005");
    assert_name("0020041200806232804005", "0020041200806232804005");
    assert_name("a)0020041200806232804005", "a)0020041200806232804005");
    assert_name("", "");
}

static void assert_safe(const char *text, size_t max, const char *wanted)
{
    char *name = name_safe(text, max);
    assert_string_equal(name, wanted);
    free(name);
}

static void a_folder_name_holds_nothing_a_file_system_forbids(void **state)
{
    (void)state;
    assert_safe("cn=A/S \"센터\", 본점 + <1>()0099011202608120000016,ou=TEST", 200,
                "cn=A_S _센터_, 본점 + _1_()0099011202608120000016,ou=TEST");
    assert_safe("a\\b:c*d?e|f\ng\x7fh\u202ei", 200, "a_b_c_d_e_f_g_h_i");
    assert_safe("..", 200, "_");
    assert_safe("../../etc", 200, "_._.._etc");
    assert_safe(".hidden", 200, "_hidden");
    assert_safe("ends in dots. . ", 200, "ends in dots");
    assert_safe("", 200, "_");
}

static void a_folder_name_is_composed_and_cut_between_characters(void **state)
{
    (void)state;
    assert_safe("\u1112\u1169\u11bc", 200, "홍");
    assert_safe("홍길동", 8, "홍길");
    assert_safe("홍길동", 9, "홍길동");
    assert_safe("홍 길동", 4, "홍");
    assert_safe("홍길동", 2, "_");
}

static void euc_kr_is_read_where_it_is_meant(void **state)
{
    (void)state;
    static const uint8_t OLD[] = {0xbf, 0xbe, 0xb1, 0xdb, 0xc0, 0xda};
    char *text = text_decode(OLD, sizeof OLD);
    assert_string_equal(text, "옛글자");
    free(text);
    text = text_decode((const uint8_t *)"옛글자", strlen("옛글자"));
    assert_string_equal(text, "옛글자");
    free(text);
    size_t length = 0;
    char *old = text_encode_cp949("옛글자", strlen("옛글자"), &length);
    assert_int_equal(length, sizeof OLD);
    assert_memory_equal(old, OLD, sizeof OLD);
    free(old);
    assert_null(text_encode_cp949("\xf0\x9f\x94\x91", 4, &length));
}

static void assert_use(const char *oid, const char *ko)
{
    const struct table_policy *policy = table_policy(oid);
    if (ko == NULL) {
        assert_null(policy);
        return;
    }
    assert_non_null(policy);
    assert_string_equal(policy->ko, ko);
}

static void a_policy_is_found_by_its_longest_prefix(void **state)
{
    (void)state;
    assert_use("1.2.410.200005.1.1.1", "범용(개인)");
    assert_use("1.2.410.200005.1.1.4", "은행/신용카드/보험용(개인)");
    assert_use("1.2.410.200005.1.1.6", "용도제한용");
    assert_use("1.2.410.200005.1.1.6.8", "전자세금용");
    assert_use("1.2.410.200005.1.1.6.9", "용도제한용");
    assert_use("1.2.410.200004.5.2.1.1", "범용(사업자)");
    assert_use("1.2.410.100001.5.3.1.7", "교육(EPKI)");
    assert_use("1.2.410.200012.1.1.101", "은행/보험용");
}

static void a_policy_is_not_found_by_half_a_component(void **state)
{
    (void)state;
    assert_use("1.2.410.200005.1.1.99.1", NULL);
    assert_use("1.2.410.200005.1.1.44", NULL);
    assert_use("1.2.410.200005.1.1", NULL);
    assert_use("1.2.410.200004.5.1.1.6", NULL);
    assert_use("", NULL);
}

static void folded_texts_are_equal_when_the_texts_are_the_same(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "", "a", "A", "USER", "user", "cn=홍", "CN=\u1112\u1169\u11bc", "\xc8\xab", "\xc8\xac", "ab"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        for (size_t j = 0; j < sizeof TEXTS / sizeof TEXTS[0]; j++) {
            char *one = text_fold(TEXTS[i]);
            char *other = text_fold(TEXTS[j]);
            assert_int_equal(strcmp(one, other) == 0, text_is_same(TEXTS[i], TEXTS[j]));
            free(one);
            free(other);
        }
    }
}

static void names_are_the_same_whatever_case_and_composition(void **state)
{
    (void)state;
    assert_true(text_is_same("USER", "user"));
    assert_true(text_is_same("cn=홍", "CN=\u1112\u1169\u11bc"));
    assert_false(text_is_same("cn=홍", "cn=길"));
    assert_false(text_is_same("a", "ab"));
    assert_true(text_is_same("\xc8\xab", "\xc8\xab"));
    assert_false(text_is_same("\xc8\xab", "\xc8\xac"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_text_is_shown_as_it_is),
        cmocka_unit_test(what_moves_a_cursor_is_not_shown),
        cmocka_unit_test(what_reverses_or_hides_text_is_not_shown),
        cmocka_unit_test(what_is_not_utf8_is_not_shown),
        cmocka_unit_test(the_tail_of_a_common_name_is_not_shown),
        cmocka_unit_test(a_common_name_without_a_tail_stays),
        cmocka_unit_test(a_folder_name_holds_nothing_a_file_system_forbids),
        cmocka_unit_test(a_folder_name_is_composed_and_cut_between_characters),
        cmocka_unit_test(euc_kr_is_read_where_it_is_meant),
        cmocka_unit_test(a_policy_is_found_by_its_longest_prefix),
        cmocka_unit_test(a_policy_is_not_found_by_half_a_component),
        cmocka_unit_test(names_are_the_same_whatever_case_and_composition),
        cmocka_unit_test(folded_texts_are_equal_when_the_texts_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
