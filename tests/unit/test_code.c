/* The pairing code: check digit, drawing, formatting and what a person may type. */
#include "support.h"

#include <certrelay/code.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define DRAWS 100000

static const char *const WHOLE = "482177301944"; /* as in tests/vectors/transcript.json */

static enum cr_code_fault parse(const char *text, struct cr_code *code)
{
    return cr_code_parse(text, strlen(text), code);
}

static void random_digits(char *digits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        digits[i] = (char)('0' + randombytes_uniform(10));
}

static void the_check_digit_is_the_one_of_the_thesis(void **state)
{
    (void)state;
    assert_int_equal(cr_damm("572", 3), 4); /* the example that goes with the table */
    assert_int_equal(cr_damm("5724", 4), 0);
    assert_int_equal(cr_damm("48217730194", 11), 4);
    assert_int_equal(cr_damm("", 0), 0);
    assert_int_not_equal(cr_damm("5725", 4), 0);
}

static void every_single_wrong_digit_is_noticed(void **state)
{
    char digits[CR_CODE_MAX_DIGITS];

    (void)state;
    for (int round = 0; round < 500; round++) {
        size_t count = CR_CODE_MIN_DIGITS + randombytes_uniform(5);

        random_digits(digits, count - 1);
        digits[count - 1] = (char)('0' + cr_damm(digits, count - 1));
        assert_int_equal(cr_damm(digits, count), 0);
        for (size_t i = 0; i < count; i++) {
            char right = digits[i];

            for (char wrong = '0'; wrong <= '9'; wrong++) {
                digits[i] = wrong;
                assert_int_equal(cr_damm(digits, count) == 0, wrong == right);
            }
            digits[i] = right;
        }
    }
}

static void every_swap_of_two_neighbours_is_noticed(void **state)
{
    char digits[CR_CODE_MAX_DIGITS];

    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t count = CR_CODE_MIN_DIGITS + randombytes_uniform(5);

        random_digits(digits, count - 1);
        digits[count - 1] = (char)('0' + cr_damm(digits, count - 1));
        for (size_t i = 1; i < count; i++) {
            char left = digits[i - 1], right = digits[i];

            digits[i - 1] = right;
            digits[i] = left;
            assert_int_equal(cr_damm(digits, count) == 0, left == right);
            digits[i - 1] = left;
            digits[i] = right;
        }
    }
}

static void a_code_is_shown_in_groups_of_four(void **state)
{
    static const struct {
        struct cr_code code;
        const char *text;
    } SHOWN[] = {
        {{{4, 4821}, {'7', '7', '3', '0', '1', '9', '4'}}, "4821 7730 1944"},
        {{{5, 427}, {'0', '0', '0', '0', '0', '0', '7'}}, "0042 7000 0007 6"},
        {{{8, 0}, {'0', '0', '0', '0', '0', '0', '0'}}, "0000 0000 0000 0000"},
    };
    char text[CR_CODE_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(SHOWN); i++) {
        cr_code_format(&SHOWN[i].code, text);
        assert_string_equal(text, SHOWN[i].text);
    }
}

static void what_is_shown_is_what_is_read_for_12_to_16_digits(void **state)
{
    uint32_t end = 10000;

    (void)state;
    for (uint8_t digits = 4; digits <= 8; digits++, end *= 10) {
        for (int round = 0; round < 200; round++) {
            struct cr_nameplate plate = {digits, round == 0 ? 0 : randombytes_uniform(end)};
            struct cr_code drawn, read;
            char text[CR_CODE_TEXT_BYTES];

            cr_code_draw(&drawn, &plate);
            cr_code_format(&drawn, text);
            assert_int_equal(strlen(text), digits + 8U + (digits + 7U) / 4);
            assert_int_equal(parse(text, &read), CR_CODE_GOOD);
            assert_int_equal(read.nameplate.digits, digits);
            assert_int_equal(read.nameplate.value, plate.value);
            assert_memory_equal(read.secret, drawn.secret, CR_SECRET_DIGITS);
        }
    }
}

static void leading_zeros_are_kept(void **state)
{
    struct cr_code code;

    (void)state;
    assert_int_equal(parse("0042700000076", &code), CR_CODE_GOOD);
    assert_int_equal(code.nameplate.digits, 5);
    assert_int_equal(code.nameplate.value, 427);
    assert_memory_equal(code.secret, "0000007", CR_SECRET_DIGITS);
}

static void everything_a_person_may_put_between_digits_is_skipped(void **state)
{
    static const char *const BETWEEN[] = {
        " ",      "\t",     "-",      ".",      "\u00a0", "\u2010", "\u2011", "\u2012",
        "\u2013", "\u2014", "\u2015", "\u2212", "\uff0d", "\u3000", " - ",
    };
    struct cr_code code;
    char text[CR_CODE_INPUT_MAX_BYTES];

    (void)state;
    for (size_t b = 0; b < COUNT(BETWEEN); b++) {
        size_t at = 0;

        for (size_t i = 0; WHOLE[i] != '\0'; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%c%s", WHOLE[i], BETWEEN[b]);
        assert_int_equal(parse(text, &code), CR_CODE_GOOD);
        assert_int_equal(code.nameplate.value, 4821);
        assert_memory_equal(code.secret, "7730194", CR_SECRET_DIGITS);
    }
}

static void full_width_digits_are_digits(void **state)
{
    struct cr_code code;

    (void)state;
    assert_int_equal(
        parse("\uff14\uff18\uff12\uff11 \uff17\uff17\uff13\uff10 \uff11\uff19\uff14\uff14", &code),
        CR_CODE_GOOD);
    assert_memory_equal(code.secret, "7730194", CR_SECRET_DIGITS);
    /* the neighbours of U+FF10 and U+FF19 */
    assert_int_equal(parse("48217730194\uff0f", &code), CR_CODE_NOT_DIGITS);
    assert_int_equal(parse("48217730194\uff1a", &code), CR_CODE_NOT_DIGITS);
}

static void what_is_no_code_is_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum cr_code_fault fault;
    } BAD[] = {
        {"", CR_CODE_EMPTY},
        {" - ", CR_CODE_EMPTY},
        {"4", CR_CODE_TOO_SHORT},
        {"48217730194", CR_CODE_TOO_SHORT},
        {"00000000000000000", CR_CODE_TOO_LONG},
        {"482177301945", CR_CODE_CHECK_DIGIT},
        {"842177301944", CR_CODE_CHECK_DIGIT},
        {"4821 7730 194O", CR_CODE_NOT_DIGITS},
        {"4821_7730_1944", CR_CODE_NOT_DIGITS},
        {"+482177301944", CR_CODE_NOT_DIGITS},
        {"4821773\u0660194", CR_CODE_NOT_DIGITS}, /* an Arabic zero */
        {"482177301944\u200b", CR_CODE_NOT_DIGITS},
        {"4821\u2016773\u200f1944", CR_CODE_NOT_DIGITS}, /* past the listed hyphens */
        {"482177301944\xe2\x80", CR_CODE_NOT_DIGITS},    /* cut in the middle of a character */
        {"482177301944\xef\xbc", CR_CODE_NOT_DIGITS},
        {"482177301944\xc2", CR_CODE_NOT_DIGITS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct cr_code code = {{7, 1234567}, "secret"};
        struct cr_code before = code;

        assert_int_equal(parse(BAD[i].text, &code), BAD[i].fault);
        assert_memory_equal(&code, &before, sizeof code);
    }
}

static void a_zero_byte_is_no_digit(void **state)
{
    struct cr_code code;

    (void)state;
    assert_int_equal(cr_code_parse("482177301944\0", 13, &code), CR_CODE_NOT_DIGITS);
    assert_int_equal(cr_code_parse("482177301944\0", 12, &code), CR_CODE_GOOD);
}

static void an_input_past_its_limit_is_not_looked_at(void **state)
{
    char text[CR_CODE_INPUT_MAX_BYTES + 1];
    struct cr_code code;

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, WHOLE, strlen(WHOLE));
    assert_int_equal(cr_code_parse(text, sizeof text - 1, &code), CR_CODE_GOOD);
    assert_int_equal(cr_code_parse(text, sizeof text, &code), CR_CODE_TOO_LONG);
}

/* Each digit place of the secret against the even distribution: 9 degrees of freedom, so that 40 is beyond one in 10^5. */
static void no_secret_is_likelier_than_another(void **state)
{
    static unsigned seen[CR_SECRET_DIGITS][10];
    struct cr_nameplate plate = {4, 1};
    struct cr_code code;

    (void)state;
    random_seed(20);
    for (int i = 0; i < DRAWS; i++) {
        cr_code_draw(&code, &plate);
        for (size_t d = 0; d < CR_SECRET_DIGITS; d++)
            seen[d][code.secret[d] - '0']++;
    }
    random_restore();
    for (size_t d = 0; d < CR_SECRET_DIGITS; d++) {
        double chi = 0, want = DRAWS / 10.0;

        for (int digit = 0; digit < 10; digit++)
            chi += (seen[d][digit] - want) * (seen[d][digit] - want) / want;
        assert_true(chi < 40);
    }
}

/* 2^32 = 429 * 10^7 + 4967296: numbers below that remainder would make the low secrets likelier. */
static void a_number_that_would_favour_some_secrets_is_drawn_again(void **state)
{
    static const uint32_t NUMBERS[] = {0, 4967295, 4967296 + 1234567};
    struct cr_nameplate plate = {4, 1};
    struct cr_code code;

    (void)state;
    random_numbers(NUMBERS, COUNT(NUMBERS));
    cr_code_draw(&code, &plate);
    assert_int_equal(random_left(), 0);
    random_restore();
    assert_memory_equal(code.secret, "6201863", CR_SECRET_DIGITS); /* (4967296 + 1234567) mod 10^7 */
}

static void a_number_past_the_remainder_is_taken_at_once(void **state)
{
    static const uint32_t NUMBERS[] = {4967296, 0xffffffff};
    struct cr_nameplate plate = {4, 1};
    struct cr_code code;

    (void)state;
    random_numbers(NUMBERS, COUNT(NUMBERS));
    cr_code_draw(&code, &plate);
    assert_int_equal(random_left(), 1);
    random_restore();
    assert_memory_equal(code.secret, "4967296", CR_SECRET_DIGITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_digit_is_the_one_of_the_thesis),
        cmocka_unit_test(every_single_wrong_digit_is_noticed),
        cmocka_unit_test(every_swap_of_two_neighbours_is_noticed),
        cmocka_unit_test(a_code_is_shown_in_groups_of_four),
        cmocka_unit_test(what_is_shown_is_what_is_read_for_12_to_16_digits),
        cmocka_unit_test(leading_zeros_are_kept),
        cmocka_unit_test(everything_a_person_may_put_between_digits_is_skipped),
        cmocka_unit_test(full_width_digits_are_digits),
        cmocka_unit_test(what_is_no_code_is_told_apart),
        cmocka_unit_test(a_zero_byte_is_no_digit),
        cmocka_unit_test(an_input_past_its_limit_is_not_looked_at),
        cmocka_unit_test(no_secret_is_likelier_than_another),
        cmocka_unit_test(a_number_that_would_favour_some_secrets_is_drawn_again),
        cmocka_unit_test(a_number_past_the_remainder_is_taken_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
