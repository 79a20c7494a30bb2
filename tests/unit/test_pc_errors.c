/* Every value of every enumeration has its entry in the catalogue, and every entry is whole. */
#include "errors.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const int exit_codes[] = {0, 10, 64, 65, 66, 69, 71, 73, 75, 76, 77, 80, 130};

static int is_exit_code(int code)
{
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
        if (exit_codes[i] == code)
            return 1;
    return 0;
}

static void every_entry_says_what_happened_and_has_a_known_exit_code(void **state)
{
    (void)state;
    for (int id = ERROR_NONE + 1; id < ERROR_COUNT; id++) {
        const struct error *error = error_get((enum error_id)id);

        assert_true(*error->what);
        assert_true(is_exit_code(error->exit_code));
        for (const char *at = error->name; *at; at++)
            assert_true(islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '-');
    }
}

static void names_are_unique(void **state)
{
    (void)state;
    for (int id = 1; id < ERROR_COUNT; id++)
        for (int other = 1; other < id; other++)
            assert_string_not_equal(error_get((enum error_id)id)->name,
                                    error_get((enum error_id)other)->name);
}

static void every_store_fault_has_an_entry(void **state)
{
    (void)state;
    assert_int_equal(error_of_store(STORE_OK), ERROR_NONE);
    for (int fault = STORE_OK + 1; fault <= STORE_MEMORY; fault++)
        assert_int_not_equal(error_of_store((enum store_fault)fault), ERROR_NONE);
}

static void every_code_fault_has_an_entry(void **state)
{
    (void)state;
    assert_int_equal(error_of_code(CR_CODE_GOOD), ERROR_NONE);
    for (int fault = CR_CODE_GOOD + 1; fault <= CR_CODE_CHECK_DIGIT; fault++)
        assert_int_not_equal(error_of_code((enum cr_code_fault)fault), ERROR_NONE);
}

static void every_net_failure_has_an_entry(void **state)
{
    (void)state;
    assert_int_equal(error_of_net(NET_OK), ERROR_NONE);
    for (int failure = NET_OK + 1; failure <= NET_MEMORY; failure++)
        assert_int_not_equal(error_of_net((enum net_failure)failure), ERROR_NONE);
}

static void every_end_has_an_entry_of_its_own_but_success(void **state)
{
    (void)state;
    assert_int_equal(error_of_end(CR_END_DONE), ERROR_NONE);
    for (int end = CR_END_DONE_UNHEARD; end <= CR_END_MEMORY; end++) {
        assert_int_not_equal(error_of_end((enum cr_end)end), ERROR_NONE);
        for (int other = CR_END_DONE_UNHEARD; other < end; other++)
            assert_int_not_equal(error_of_end((enum cr_end)end), error_of_end((enum cr_end)other));
    }
}

static void exit_codes_are_the_promised_ones(void **state)
{
    (void)state;
    assert_int_equal(error_get(error_of_end(CR_END_WRONG_CODE))->exit_code, 80);
    assert_int_equal(error_get(error_of_end(CR_END_DECLINED))->exit_code, 77);
    assert_int_equal(error_get(error_of_end(CR_END_CANCELLED))->exit_code, 130);
    assert_int_equal(error_get(error_of_end(CR_END_TAMPERED))->exit_code, 76);
    assert_int_equal(error_get(error_of_end(CR_END_RELAY_UNREACHABLE))->exit_code, 69);
    assert_int_equal(error_get(error_of_end(CR_END_RELAY_FULL))->exit_code, 75);
    assert_int_equal(error_get(error_of_store(STORE_WRONG_PASSWORD))->exit_code, 65);
    assert_int_equal(error_get(error_of_store(STORE_NO_SPACE))->exit_code, 73);
    assert_int_equal(error_get(ERROR_EXPIRING)->exit_code, 10);
}

static void unknown_values_are_not_read_past_the_tables(void **state)
{
    (void)state;
    assert_int_equal(error_of_end((enum cr_end)1000), ERROR_END_PROTOCOL);
    assert_int_equal(error_of_store((enum store_fault)1000), ERROR_END_PROTOCOL);
    assert_non_null(error_reason((enum cr_reason)1000));
    for (int reason = CR_REASON_DECLINED; reason <= CR_REASON_OTHER; reason++)
        assert_true(*error_reason((enum cr_reason)reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_says_what_happened_and_has_a_known_exit_code),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(every_store_fault_has_an_entry),
        cmocka_unit_test(every_code_fault_has_an_entry),
        cmocka_unit_test(every_net_failure_has_an_entry),
        cmocka_unit_test(every_end_has_an_entry_of_its_own_but_success),
        cmocka_unit_test(exit_codes_are_the_promised_ones),
        cmocka_unit_test(unknown_values_are_not_read_past_the_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
