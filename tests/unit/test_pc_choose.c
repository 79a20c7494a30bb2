/* Certificates named by number, fingerprint or name; and columns that line up. */
#include "choose.h"
#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char names[3][32] = {"홍길동", "홍길순", "(주)한글상사"};
static struct store_entry entries[3];
static const struct store_list list = {.entries = entries, .count = 3};

static int prepare(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        entries[i].facts.owner = names[i];
        memset(entries[i].facts.identity, (int)(0x12 + i), sizeof(entries[i].facts.identity));
    }
    return 0;
}

static enum error_id pick(const char *word, struct choice *choice)
{
    memset(choice, 0, sizeof(*choice));
    return choose_word(&list, word, choice);
}

static void a_number_of_the_list_is_taken(void **state)
{
    struct choice choice;

    (void)state;
    assert_int_equal(pick("3", &choice), ERROR_NONE);
    assert_int_equal(choice.count, 1);
    assert_int_equal(choice.numbers[0], 2);
    assert_int_equal(pick("0", &choice), ERROR_NO_MATCH);
    assert_int_equal(pick("4", &choice), ERROR_NO_MATCH);
}

static void part_of_a_name_is_taken_if_it_is_the_only_one(void **state)
{
    struct choice choice;

    (void)state;
    assert_int_equal(pick("길순", &choice), ERROR_NONE);
    assert_int_equal(choice.numbers[0], 1);
    assert_int_equal(pick("홍길", &choice), ERROR_AMBIGUOUS);
    assert_int_equal(pick("이순신", &choice), ERROR_NO_MATCH);
    assert_int_equal(pick("", &choice), ERROR_NO_MATCH);
}

static void digits_alone_are_no_part_of_a_name(void **state)
{
    char subject[] = "cn=hong()0099011202608120000001,o=yessign";
    struct choice choice;

    (void)state;
    entries[0].facts.subject = subject;
    assert_int_equal(pick("9", &choice), ERROR_NO_MATCH);
    assert_int_equal(pick("00990112", &choice), ERROR_NO_MATCH);
    assert_int_equal(pick("hong()0099", &choice), ERROR_NONE);
    entries[0].facts.subject = NULL;
}

static void the_start_of_a_fingerprint_is_taken(void **state)
{
    struct choice choice;

    (void)state;
    assert_int_equal(pick("131313", &choice), ERROR_NONE);
    assert_int_equal(choice.numbers[0], 1);
    assert_int_equal(pick("141", &choice), ERROR_NO_MATCH);
}

static void the_same_one_twice_is_one(void **state)
{
    struct choice choice;

    (void)state;
    assert_int_equal(pick("1", &choice), ERROR_NONE);
    assert_int_equal(choose_word(&list, "길동", &choice), ERROR_NONE);
    assert_int_equal(choice.count, 1);
}

static char printed[4][64];
static size_t printed_count;

static void note(const char *row)
{
    snprintf(printed[printed_count++ % 4], sizeof(printed[0]), "%s", row);
}

static void hangul_is_two_columns_wide(void **state)
{
    struct table *table = table_new(2);

    (void)state;
    assert_int_equal(table_width("홍길동"), 6);
    table_add(table, "홍길동");
    table_add(table, "a");
    table_add(table, "x");
    table_add(table, "b");
    printed_count = 0;
    table_print(table, 10, 1, note);
    table_free(table);
    assert_int_equal(printed_count, 2);
    assert_string_equal(printed[0], "홍길동  a");
    assert_string_equal(printed[1], "x       b");
}

static void a_table_too_wide_for_the_screen_has_two_lines_a_row(void **state)
{
    struct table *table = table_new(3);

    (void)state;
    table_add(table, "1");
    table_add(table, "홍길동");
    table_add(table, "state");
    printed_count = 0;
    table_print(table, 15, 2, note);
    assert_int_equal(printed_count, 2);
    assert_string_equal(printed[0], "1  홍길동");
    assert_string_equal(printed[1], "     state");
    printed_count = 0;
    table_print(table, 16, 2, note);
    table_print(table, 0, 2, note);
    table_free(table);
    assert_int_equal(printed_count, 2);
    assert_string_equal(printed[0], "1  홍길동  state");
}

static void a_text_is_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(table_fit("홍길동", 6), 9);
    assert_int_equal(table_fit("홍길동", 5), 6);
    assert_int_equal(table_fit("abc", 2), 2);
    assert_int_equal(table_fit("abc", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_of_the_list_is_taken),
        cmocka_unit_test(part_of_a_name_is_taken_if_it_is_the_only_one),
        cmocka_unit_test(digits_alone_are_no_part_of_a_name),
        cmocka_unit_test(the_start_of_a_fingerprint_is_taken),
        cmocka_unit_test(the_same_one_twice_is_one),
        cmocka_unit_test(hangul_is_two_columns_wide),
        cmocka_unit_test(a_table_too_wide_for_the_screen_has_two_lines_a_row),
        cmocka_unit_test(a_text_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
