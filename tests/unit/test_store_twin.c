/* Several places changed with one twin: what were the same files are the same again, and nothing else gets their bytes. */
#include "passwd_help.h"
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static enum store_fault change_with(struct store_twin *twin, const char *dir)
{
    const struct store_passwd change = {.old_password = TEST_PASSWORD,
                                        .old_length = strlen(TEST_PASSWORD),
                                        .new_password = NEW_PASSWORD,
                                        .new_length = strlen(NEW_PASSWORD),
                                        .twin = twin};
    char detail[STORE_DETAIL_BYTES];
    struct store_list list;
    enum store_fault fault = store_passwd(passwd_first(dir, &list), &change, detail);
    store_list_free(&list);
    return fault;
}

static void digest_of(const char *dir, enum cr_file_kind kind, uint8_t digest[static 32])
{
    struct store_list list;
    const struct store_entry *entry = passwd_first(dir, &list);
    memset(digest, 0, 32);
    for (size_t i = 0; i < entry->file_count; i++) {
        if (entry->kinds[i] == kind) {
            memcpy(digest, entry->digests[i], 32);
        }
    }
    store_list_free(&list);
}

static int is_same(const char *one, const char *other, enum cr_file_kind kind)
{
    uint8_t a[32];
    uint8_t b[32];
    digest_of(one, kind, a);
    digest_of(other, kind, b);
    return memcmp(a, b, sizeof a) == 0;
}

static void check_two(const char *id, const char *sample, int has_twin)
{
    struct store_twin *twin = has_twin ? store_twin_new() : NULL;
    char *one = passwd_store(id, sample);
    char *other = passwd_store(id, sample);
    assert_int_equal(change_with(twin, one), STORE_OK);
    assert_int_equal(change_with(twin, other), STORE_OK);
    assert_int_equal(is_same(one, other, CR_FILE_SIGN_KEY), has_twin);
    assert_int_equal(passwd_see(one, NEW_PASSWORD).fault, STORE_OK);
    assert_int_equal(passwd_see(other, NEW_PASSWORD).fault, STORE_OK);
    store_twin_free(twin);
    help_remove(one);
    help_remove(other);
}

static void with_a_twin_both_places_get_the_same_files(void **state)
{
    (void)state;
    check_two("y-bank-115", "s-bank", 1);
    check_two("kica-univ-km", "s-kica-km", 1);
}

static void without_a_twin_each_has_a_salt_of_its_own(void **state)
{
    (void)state;
    check_two("y-bank-115", "s-bank", 0);
}

static void another_certificate_gets_nothing_of_the_twin(void **state)
{
    (void)state;
    struct store_twin *twin = store_twin_new();
    char *one = passwd_store("y-bank-115", "s-bank");
    char *other = passwd_store("kica-univ-km", "s-kica-km");
    assert_int_equal(change_with(twin, one), STORE_OK);
    assert_int_equal(change_with(twin, other), STORE_OK);
    assert_false(is_same(one, other, CR_FILE_SIGN_KEY));
    assert_int_equal(passwd_see(other, NEW_PASSWORD).fault, STORE_OK);
    store_twin_free(twin);
    help_remove(one);
    help_remove(other);
}

/* The same certificate, but its key under a password that is not the one told. */
static void a_copy_with_another_password_is_refused_as_ever(void **state)
{
    (void)state;
    struct store_twin *twin = store_twin_new();
    char *one = passwd_store("y-bank-115", "s-bank");
    char *other = passwd_store("y-bank-115", "s-bank");
    assert_int_equal(passwd_change(other, TEST_PASSWORD, "Else:where7", STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(change_with(twin, one), STORE_OK);
    assert_int_equal(change_with(twin, other), STORE_WRONG_PASSWORD);
    assert_int_equal(passwd_see(other, "Else:where7").fault, STORE_OK);
    store_twin_free(twin);
    help_remove(one);
    help_remove(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_a_twin_both_places_get_the_same_files),
        cmocka_unit_test(without_a_twin_each_has_a_salt_of_its_own),
        cmocka_unit_test(another_certificate_gets_nothing_of_the_twin),
        cmocka_unit_test(a_copy_with_another_password_is_refused_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
