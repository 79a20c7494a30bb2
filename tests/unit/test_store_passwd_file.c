/* Passwords of PKCS#12 and PEM files changed: every bag and every line stays. */
#include "passwd_help.h"
#include "store_help.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define KOREAN "한글비밀번호!2"

/* Strong forms are slow: once is enough. */
static void check_pkcs12(const char *file, int may_be_slow)
{
    char *dir = help_temporary();
    const char *copy = help_path("%s/mine.p12", dir);
    size_t length = 0;
    uint8_t *bytes = help_read(file, &length);
    help_write(copy, bytes, length);
    free(bytes);
    static const struct {
        const char *old, *new;
        enum store_seal seal;
    } CHANGES[] = {{TEST_PASSWORD, KOREAN, STORE_SEAL_SAME},
                   {KOREAN, NEW_PASSWORD, STORE_SEAL_COMMON},
                   {NEW_PASSWORD, TEST_PASSWORD, STORE_SEAL_SAME},
                   {TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_STRONG}};
    for (size_t i = 0; i < (may_be_slow ? 4 : 3); i++) {
        assert_int_equal(passwd_change(copy, CHANGES[i].old, CHANGES[i].new, CHANGES[i].seal), STORE_OK);
        assert_int_equal(passwd_see(copy, CHANGES[i].new).random, STORE_RANDOM_PRESENT);
        assert_int_equal(passwd_see(copy, CHANGES[i].old).fault, STORE_WRONG_PASSWORD);
    }
    passwd_refuse(copy, "wrong", NEW_PASSWORD, STORE_WRONG_PASSWORD, "PKCS#12");
    help_remove(dir);
}

static void a_pkcs12_keeps_its_random_number_in_every_form(void **state)
{
    (void)state;
    static const char *const FILES[] = {"y-bank-115-3des", "y-bank-115-aes", "y-bank-115-rc2",
                                        "y-bank-115-seed"};
    check_pkcs12(help_path("%s/p12/s-bank.p12", CR_SAMPLES), 1);
    for (size_t i = 0; help_has_shared() && i < sizeof FILES / sizeof FILES[0]; i++) {
        check_pkcs12(help_path("%s/p12/%s.p12", CR_SHARED_FIXTURES, FILES[i]), 0);
    }
}

/* A PEM file with lines between its blocks. */
static void write_pem(const char *path)
{
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    const struct cr_file *files = bundle->certs[0].files;
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("Bag Attributes\r\n  friendlyName: x\n", out);
    PEM_write(out, PEM_STRING_X509, "", files[0].bytes, files[0].size);
    fputs("between\n", out);
    PEM_write(out, PEM_STRING_PKCS8, "", files[1].bytes, files[1].size);
    fputs("after", out);
    fclose(out);
    cr_bundle_free(bundle);
}

static void a_pem_file_keeps_all_its_lines(void **state)
{
    (void)state;
    char *dir = help_temporary();
    const char *file = help_path("%s/mine.pem", dir);
    size_t length = 0;
    size_t new_length = 0;
    write_pem(file);
    uint8_t *before = help_read(file, &length);
    assert_int_equal(passwd_change(file, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(file, NEW_PASSWORD).random, STORE_RANDOM_PRESENT);
    assert_int_equal(passwd_see(file, TEST_PASSWORD).fault, STORE_WRONG_PASSWORD);
    uint8_t *after = help_read(file, &new_length);
    assert_int_equal(new_length, length);
    before[length] = after[length] = '\0';
    size_t key = (size_t)(strstr((char *)before, "between") - (char *)before) + strlen("between\n");
    assert_memory_equal(before, after, key + 38);
    assert_memory_not_equal(before, after, length);
    assert_string_equal((char *)after + length - 5, "after");
    assert_int_equal(passwd_change(file, NEW_PASSWORD, TEST_PASSWORD, STORE_SEAL_STRONG), STORE_OK);
    assert_int_equal(passwd_see(file, TEST_PASSWORD).fault, STORE_OK);
    passwd_refuse(file, "wrong", NEW_PASSWORD, STORE_WRONG_PASSWORD, "PEM");
    free(before);
    free(after);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pkcs12_keeps_its_random_number_in_every_form),
        cmocka_unit_test(a_pem_file_keeps_all_its_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
