/* The table of options, and reading command lines with it. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define READ(command, options, ...) \
    read_words(command, options, (const char *[]){"certrelay", __VA_ARGS__, NULL})

static const char *culprit;
static char words[16][64];
static char *argv[17];

static int copy_words(const char **from)
{
    int argc = 0;

    for (; from[argc]; argc++) {
        snprintf(words[argc], sizeof(words[argc]), "%s", from[argc]);
        argv[argc] = words[argc];
    }
    argv[argc] = NULL;
    return argc;
}

static enum options_fault read_words(unsigned command, struct options *options, const char **from)
{
    int argc = copy_words(from);

    return options_read(command, argc, argv, options, &culprit);
}

static void an_option_of_every_kind_is_read(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--relay", "wss://r/ws", "-y", "--cert=1", "-c", "hong",
                          "--password-fd", "7"),
                     OPTIONS_OK);
    assert_string_equal(options.relay, "wss://r/ws");
    assert_int_equal(options.yes, 1);
    assert_int_equal(options.cert_count, 2);
    assert_string_equal(options.certs[1], "hong");
    assert_int_equal(options.password_fd, 7);
    assert_int_equal(options.code_fd, -1);
    assert_null(options.rest[0]);
}

static void an_option_of_another_command_is_unknown(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_IMPORT, &options, "--password-file", "x"), OPTIONS_UNKNOWN);
    assert_int_equal(READ(FOR_LIST, &options, "--relay", "x"), OPTIONS_UNKNOWN);
    assert_int_equal(READ(FOR_LIST, &options, "--store", "x"), OPTIONS_OK);
}

static void a_misspelt_option_is_named(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--yess"), OPTIONS_UNKNOWN);
    assert_string_equal(culprit, "--yess");
}

static void a_missing_argument_is_told(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--relay"), OPTIONS_NO_ARGUMENT);
}

static void a_number_must_be_a_number(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--attempts", "3x"), OPTIONS_NOT_A_NUMBER);
    assert_string_equal(culprit, "attempts");
    assert_int_equal(READ(FOR_EXPORT, &options, "--attempts", "-1"), OPTIONS_NOT_A_NUMBER);
    assert_int_equal(READ(FOR_EXPORT, &options, "--attempts", "3"), OPTIONS_OK);
}

static void a_secret_is_refused_and_not_repeated(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--password=hunter2"), OPTIONS_DENIED_SECRET);
    assert_string_equal(culprit, "password");
    assert_int_equal(READ(FOR_IMPORT, &options, "--code", "482177301946"), OPTIONS_DENIED_SECRET);
    assert_string_equal(culprit, "code");
    assert_int_equal(READ(FOR_IMPORT, &options, "--permit=s3cret-permit"), OPTIONS_DENIED_SECRET);
    assert_string_equal(culprit, "permit");
    assert_int_equal(READ(FOR_IMPORT, &options, "--permit", "s3cret-permit"), OPTIONS_DENIED_SECRET);
    assert_int_equal(READ(FOR_IMPORT, &options, "--permit-file", "file"), OPTIONS_OK);
    assert_string_equal(options.permit_file, "file");
}

static void options_that_exclude_each_other_are_refused(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_EXPORT, &options, "--all", "--cert", "1"), OPTIONS_CLASH);
    assert_int_equal(READ(FOR_EXPORT, &options, "--show-code", "--code-fd", "3"), OPTIONS_CLASH);
    assert_int_equal(READ(FOR_IMPORT, &options, "--qr", "--no-qr"), OPTIONS_CLASH);
}

static void the_dialogue_takes_what_both_ways_take(void **state)
{
    struct options options;

    (void)state;
    assert_int_equal(READ(FOR_GUIDE, &options, "-r", "wss://r/ws", "--store", "x"), OPTIONS_OK);
    assert_string_equal(options.relay, "wss://r/ws");
    assert_int_equal(READ(FOR_GUIDE, &options, "--password-file", "x"), OPTIONS_UNKNOWN);
    assert_int_equal(READ(FOR_HELP, &options, "-r", "wss://r/ws"), OPTIONS_UNKNOWN);
}

static void too_many_certificates_are_refused(void **state)
{
    static char *many[2 * OPTIONS_CERTS_MAX + 4];
    struct options options;
    char word[] = "certrelay", option[] = "-c", value[] = "1";
    int argc = 0;

    (void)state;
    many[argc++] = word;
    for (int i = 0; i <= OPTIONS_CERTS_MAX; i++) {
        many[argc++] = option;
        many[argc++] = value;
    }
    assert_int_equal(options_read(FOR_EXPORT, argc, many, &options, &culprit), OPTIONS_TOO_MANY);
    assert_int_equal(options_read(FOR_EXPORT, argc - 2, many, &options, &culprit), OPTIONS_OK);
}

static void the_command_is_found_behind_options_and_their_arguments(void **state)
{
    (void)state;
    assert_int_equal(options_first_word(
                         copy_words((const char *[]){"certrelay", "--lang", "ko", "list", "-j", NULL}), argv),
                     3);
    assert_int_equal(options_first_word(copy_words((const char *[]){"certrelay", "list", NULL}), argv), 1);
    assert_int_equal(options_first_word(copy_words((const char *[]){"certrelay", "--json", NULL}), argv), 2);
}

static void every_row_is_for_some_command_and_has_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_row_count; i++) {
        assert_true(option_rows[i].commands & FOR_ALL);
        assert_true(option_rows[i].kind == OPTION_DENIED || option_rows[i].help);
        assert_true((option_rows[i].kind == OPTION_FLAG) == (option_rows[i].argument == NULL));
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(option_rows[i].name, option_rows[j].name) != 0 ||
                        !(option_rows[i].commands & option_rows[j].commands));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_of_every_kind_is_read),
        cmocka_unit_test(an_option_of_another_command_is_unknown),
        cmocka_unit_test(a_misspelt_option_is_named),
        cmocka_unit_test(a_missing_argument_is_told),
        cmocka_unit_test(a_number_must_be_a_number),
        cmocka_unit_test(a_secret_is_refused_and_not_repeated),
        cmocka_unit_test(options_that_exclude_each_other_are_refused),
        cmocka_unit_test(the_dialogue_takes_what_both_ways_take),
        cmocka_unit_test(too_many_certificates_are_refused),
        cmocka_unit_test(the_command_is_found_behind_options_and_their_arguments),
        cmocka_unit_test(every_row_is_for_some_command_and_has_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
