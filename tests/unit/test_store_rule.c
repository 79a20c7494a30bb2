/* The rules that Korean issuers have for new passwords. */
#include "passwd.h"
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *password;
    enum store_rule rule;
} RULES[] = {
    {"b4ttery:Staple", STORE_RULE_NONE},
    {"npki!Test2026", STORE_RULE_NONE},
    {"short1!", STORE_RULE_SHORT},
    {"tenchars1", STORE_RULE_SHORT},
    {"tenchars1!", STORE_RULE_NONE},
    {"", STORE_RULE_SHORT},
    {"한글비밀번호!1", STORE_RULE_SHORT},
    {"한글비밀번호!1한글", STORE_RULE_NOT_ASCII},
    {"with space 1!", STORE_RULE_NOT_ASCII},
    {"control\t1!aa", STORE_RULE_NOT_ASCII},
    {"quote'12!abx", STORE_RULE_FORBIDDEN},
    {"quote\"12!abx", STORE_RULE_FORBIDDEN},
    {"back\\slash1!", STORE_RULE_FORBIDDEN},
    {"pipe|line12!", STORE_RULE_FORBIDDEN},
    {"1357924680!@", STORE_RULE_NO_LETTER},
    {"letters!only", STORE_RULE_NO_DIGIT},
    {"letters0nly9", STORE_RULE_NO_SIGN},
    {"baaad!word19", STORE_RULE_REPEATED},
    {"bAaad!word19", STORE_RULE_REPEATED},
    {"good!!!word1", STORE_RULE_REPEATED},
    {"xabcy!word19", STORE_RULE_CONSECUTIVE},
    {"xCbAy!word19", STORE_RULE_CONSECUTIVE},
    {"good!word123", STORE_RULE_CONSECUTIVE},
    {"good!word987", STORE_RULE_CONSECUTIVE},
    {"good!word890", STORE_RULE_NONE},
    {"g/01word!4x7", STORE_RULE_NONE},
    {"aabbccdd1!xq", STORE_RULE_NONE},
};

static void each_rule_for_new_passwords_is_named(void **state)
{
    (void)state;
    char exact[58];
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        print_message("  %s\n", RULES[i].password);
        assert_int_equal(store_password_rule(RULES[i].password, strlen(RULES[i].password)), RULES[i].rule);
    }
    for (size_t i = 0; i < sizeof exact; i++) {
        exact[i] = "a1!"[i % 3];
    }
    assert_int_equal(store_password_rule(exact, 56), STORE_RULE_NONE);
    assert_int_equal(store_password_rule(exact, 57), STORE_RULE_LONG);
    assert_int_equal(store_password_rule("nul\0inside1!", 12), STORE_RULE_NOT_ASCII);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_for_new_passwords_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
