/* Passwords changed where certificates lie: what is inside stays byte for byte, the form stays, and a refusal changes nothing. */
#include "passwd_help.h"
#include "spell.h"
#include "steps.h"
#include "store_help.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void change_user(const char *dir, const char *password, int is_cp949)
{
    struct store_verdict before = passwd_see(dir, password);
    char *names = passwd_names(dir);
    struct plain sign = {0};
    struct plain km = {0};
    assert_int_equal(before.fault, STORE_OK);
    if (!is_cp949) {
        sign = passwd_inside(dir, CR_FILE_SIGN_KEY, password, strlen(password));
        km = passwd_inside(dir, CR_FILE_KM_KEY, password, strlen(password));
    }
    assert_int_equal(passwd_change(dir, password, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    struct store_verdict after = passwd_see(dir, NEW_PASSWORD);
    assert_int_equal(after.fault, STORE_OK);
    assert_int_equal(after.random, before.random);
    assert_int_equal(after.key_count, before.key_count);
    for (size_t i = 0; i < after.key_count; i++) {
        assert_string_equal(after.keys[i].form.name, before.keys[i].form.name);
        assert_int_equal(after.keys[i].form.iterations, before.keys[i].form.iterations);
    }
    assert_int_equal(passwd_see(dir, password).fault, STORE_WRONG_PASSWORD);
    if (!is_cp949) {
        struct plain new_sign = passwd_inside(dir, CR_FILE_SIGN_KEY, NEW_PASSWORD, strlen(NEW_PASSWORD));
        struct plain new_km = passwd_inside(dir, CR_FILE_KM_KEY, NEW_PASSWORD, strlen(NEW_PASSWORD));
        passwd_assert_same(&sign, &new_sign);
        passwd_assert_same(&km, &new_km);
    }
    char *new_names = passwd_names(dir);
    assert_string_equal(names, new_names);
    free(names);
    free(new_names);
}

static void every_sample_keeps_its_inside_and_its_form(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            const char *encoding = help_string(user, "password_encoding");
            const char *at = help_string(user, "dir");
            char *dir = help_temporary();
            print_message("  %s\n", help_string(user, "id"));
            help_copy(help_path("%s/%s", *set, at), help_path("%s/%s", dir, at));
            change_user(dir, help_string(user, "password"),
                        encoding != NULL && strcmp(encoding, "cp949") == 0);
            help_remove(dir);
        }
        json_decref(manifest);
    }
}

static void a_gpki_group_changes_both_its_keys(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        char *dir = help_temporary();
        help_copy(help_path("%s/GPKI", *set), help_path("%s/GPKI", dir));
        change_user(dir, TEST_PASSWORD, 0);
        assert_int_equal(passwd_see(dir, NEW_PASSWORD).key_count, 2);
        help_remove(dir);
    }
}

static void the_salt_is_new_each_time(void **state)
{
    (void)state;
    char *dir = passwd_store("y-bank-115", "s-bank");
    char *before = help_picture(dir);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, TEST_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    char *after = help_picture(dir);
    assert_string_not_equal(before, after);
    assert_int_equal(passwd_see(dir, TEST_PASSWORD).fault, STORE_OK);
    free(before);
    free(after);
    help_remove(dir);
}

static void assert_forms(const char *dir, const char *password, const char *name, uint32_t iterations)
{
    struct store_verdict verdict = passwd_see(dir, password);
    assert_int_equal(verdict.fault, STORE_OK);
    assert_int_equal(verdict.random, STORE_RANDOM_PRESENT);
    for (size_t i = 0; i < verdict.key_count; i++) {
        assert_string_equal(verdict.keys[i].form.name, name);
        assert_int_equal(verdict.keys[i].form.iterations, iterations);
    }
}

static void keys_can_be_made_stronger_and_common_again(void **state)
{
    (void)state;
    char *dir = passwd_store("kica-corp-km-mixed", "s-kica-km");
    struct plain before = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_STRONG), STORE_OK);
    assert_forms(dir, NEW_PASSWORD, "PBES2/seed/sha256", 600000);
    assert_int_equal(passwd_change(dir, NEW_PASSWORD, TEST_PASSWORD, STORE_SEAL_COMMON), STORE_OK);
    assert_forms(dir, TEST_PASSWORD, "1.15", 2048);
    struct plain after = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    passwd_assert_same(&before, &after);
    help_remove(dir);
}

#define KOREAN "한글비밀번호!2"
/* The same in CP949. */
static const char KOREAN_CP949[] = "\xc7\xd1\xb1\xdb\xba\xf1\xb9\xd0\xb9\xf8\xc8\xa3!2";

static void a_korean_password_is_written_as_utf_8(void **state)
{
    (void)state;
    char *dir = passwd_store("y-bank-115", "s-bank");
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, KOREAN, STORE_SEAL_SAME), STORE_OK);
    struct plain plain = passwd_inside(dir, CR_FILE_SIGN_KEY, KOREAN, strlen(KOREAN));
    plain_wipe(&plain);
    assert_int_equal(passwd_see(dir, KOREAN).keys[0].is_cp949, 0);
    assert_int_equal(passwd_change(dir, KOREAN, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(dir, NEW_PASSWORD).fault, STORE_OK);
    help_remove(dir);
}

static void where_the_old_was_cp949_the_new_is_too(void **state)
{
    (void)state;
    struct plain plain;
    char *dir = passwd_store("y-bank-115", "s-bank");
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, KOREAN_CP949, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(dir, KOREAN).keys[0].is_cp949, 1);
    assert_int_equal(passwd_change(dir, KOREAN, "새" KOREAN, STORE_SEAL_SAME), STORE_OK);
    plain =
        passwd_inside(dir, CR_FILE_SIGN_KEY, help_path("\xbb\xf5%s", KOREAN_CP949), strlen(KOREAN_CP949) + 2);
    plain_wipe(&plain);
    assert_int_equal(passwd_see(dir, "새" KOREAN).keys[0].is_cp949, 1);
    assert_int_equal(passwd_change(dir, "새" KOREAN, "€" KOREAN "😀", STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(dir, "€" KOREAN "😀").keys[0].is_cp949, 0);
    help_remove(dir);
}

/* Decomposed, as a Mac may send it. */
static void a_korean_password_is_composed_before_it_is_written(void **state)
{
    (void)state;
    static const char DECOMPOSED[] = "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab!2aaaaaaa";
    char *dir = passwd_store("y-bank-115", "s-bank");
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, DECOMPOSED, STORE_SEAL_SAME), STORE_OK);
    struct plain plain = passwd_inside(dir, CR_FILE_SIGN_KEY, "한!2aaaaaaa", strlen("한!2aaaaaaa"));
    plain_wipe(&plain);
    help_remove(dir);
}

/* R ends (and begins) in zeros, which encoders like to drop. */
static void zeros_at_the_end_of_the_random_number_stay(void **state)
{
    (void)state;
    struct provider provider;
    char *dir = passwd_store("y-bank-115", "s-bank");
    struct plain plain = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    struct spelling password = spelling_new(TEST_PASSWORD, strlen(TEST_PASSWORD), 0);
    X509_SIG *sealed = NULL;
    unsigned char *der = NULL;
    memset(plain.bytes + plain.length - 20, 0, 20);
    plain.bytes[plain.length - 9] = 0x7f;
    assert_int_equal(provider_open(&provider), STORE_OK);
    sealed = plain_seal(&provider, &plain, PLAIN_NPKI, password.bytes, password.length);
    int length = i2d_X509_SIG(sealed, &der);
    struct store_list list;
    help_write(help_path("%s", passwd_first(dir, &list)->paths[1]), der, (size_t)length);
    store_list_free(&list);
    static const enum store_seal SEALS[] = {STORE_SEAL_SAME, STORE_SEAL_STRONG, STORE_SEAL_COMMON};
    const char *passwords[] = {TEST_PASSWORD, NEW_PASSWORD, TEST_PASSWORD, NEW_PASSWORD};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(passwd_change(dir, passwords[i], passwords[i + 1], SEALS[i]), STORE_OK);
    }
    struct plain after = passwd_inside(dir, CR_FILE_SIGN_KEY, NEW_PASSWORD, strlen(NEW_PASSWORD));
    passwd_assert_same(&plain, &after);
    OPENSSL_free(der);
    X509_SIG_free(sealed);
    spelling_wipe(&password);
    provider_close(&provider);
    help_remove(dir);
}

static void a_refusal_changes_nothing(void **state)
{
    (void)state;
    char *dir = passwd_store("kica-univ-km", "s-kica-km");
    char *long_password = calloc(1, 258);
    memset(long_password, 'a', 257);
    passwd_refuse(dir, "wrong", NEW_PASSWORD, STORE_WRONG_PASSWORD, "signPri.key");
    passwd_refuse(dir, TEST_PASSWORD, "", STORE_PLAIN_KEY, "");
    passwd_refuse(dir, TEST_PASSWORD, long_password, STORE_TOO_BIG, "");
    passwd_refuse(dir, long_password, NEW_PASSWORD, STORE_WRONG_PASSWORD, "");
    long_password[256] = '\0';
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, long_password, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(dir, long_password).fault, STORE_OK);
    free(long_password);
    help_remove(dir);
}

static const struct broken {
    const char *name;
    enum store_fault fault;
} BROKEN[] = {
    {"cert-is-html", STORE_DAMAGED_CERT},
    {"cert-truncated", STORE_DAMAGED_CERT},
    {"key-bitflip", STORE_DAMAGED_KEY},
    {"key-empty", STORE_DAMAGED_KEY},
    {"key-iter-huge", STORE_BAD_ITERATIONS},
    {"key-iter-zero", STORE_BAD_ITERATIONS},
    {"key-truncated", STORE_DAMAGED_KEY},
    {"key-unknown-oid", STORE_UNKNOWN_CIPHER},
    {"no-cert", STORE_NO_CERT},
    {"no-key", STORE_NO_KEY},
    {"pair-mismatch", STORE_WRONG_PAIR},
};

static void what_is_broken_is_not_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        char *dir = help_temporary();
        print_message("  %s\n", BROKEN[i].name);
        help_copy(help_path("%s/bad/%s", help_best_set(), BROKEN[i].name), dir);
        passwd_refuse(dir, TEST_PASSWORD, NEW_PASSWORD, BROKEN[i].fault, "");
        help_remove(dir);
    }
    char *dir = help_temporary();
    help_copy(help_path("%s/bad/key-trailing", help_best_set()), dir);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(passwd_see(dir, NEW_PASSWORD).keys[0].has_trailing, 0);
    help_remove(dir);
}

/* The sign key alone is given another password, as a program that knows no key management does. */
static void two_passwords_in_one_folder_are_told_and_left(void **state)
{
    (void)state;
    char *dir = passwd_store("kica-univ-km", "s-kica-km");
    char *other = passwd_store("kica-univ-km", "s-kica-km");
    assert_int_equal(passwd_change(other, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    struct store_list from;
    struct store_list to;
    size_t length = 0;
    uint8_t *key = help_read(passwd_first(other, &from)->paths[1], &length);
    help_write(help_path("%s", passwd_first(dir, &to)->paths[1]), key, length);
    passwd_refuse(dir, NEW_PASSWORD, TEST_PASSWORD, STORE_WRONG_PASSWORD, "kmPri.key");
    passwd_refuse(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_WRONG_PASSWORD, "signPri.key");
    free(key);
    store_list_free(&from);
    store_list_free(&to);
    help_remove(dir);
    help_remove(other);
}

static void a_damaged_key_management_key_is_not_left_behind(void **state)
{
    (void)state;
    char *dir = passwd_store("kica-univ-km", "s-kica-km");
    struct store_list list;
    help_write(help_path("%s/kmPri.key", passwd_first(dir, &list)->path), "x", 1);
    store_list_free(&list);
    passwd_refuse(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_DAMAGED_KEY, "kmPri.key");
    help_remove(dir);
}

static void files_that_changed_since_they_were_listed_are_left(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    struct store_list list;
    char *dir = passwd_store("kica-univ-km", "s-kica-km");
    const struct store_passwd new = {TEST_PASSWORD, 13, NEW_PASSWORD, 14, STORE_SEAL_SAME, 0, NULL};
    const struct store_entry *entry = passwd_first(dir, &list);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, TEST_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(store_passwd(entry, &new, detail), STORE_CHANGED);
    assert_int_equal(passwd_see(dir, TEST_PASSWORD).fault, STORE_OK);
    assert_int_equal(unlink(entry->paths[1]), 0);
    assert_int_equal(store_passwd(entry, &new, detail), STORE_CHANGED);
    store_list_free(&list);
    help_remove(dir);
}

static const char *meddle_with;

/* Another program puts another certificate beside the key at the last moment. */
static void meddle(const char *name)
{
    if (meddle_with != NULL && strcmp(name, "exchange") == 0) {
        size_t length = 0;
        uint8_t *cert = help_read(help_path("%s/bad/pair-mismatch/signCert.der", help_best_set()), &length);
        cert[length - 1] ^= 1;
        help_write(meddle_with, cert, length);
        meddle_with = NULL;
        free(cert);
    }
}

static void a_certificate_exchanged_meanwhile_is_not_given_the_key(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = passwd_store("y-bank-115", "s-bank");
    struct plain before = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    meddle_with = help_path("%s", passwd_first(dir, &list)->paths[0]);
    store_list_free(&list);
    store_step = meddle;
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_READ_BACK);
    store_step = NULL;
    struct plain after = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    passwd_assert_same(&before, &after);
    char *names = passwd_names(dir);
    assert_null(strstr(names, ".certrelay-"));
    free(names);
    help_remove(dir);
}

static void while_another_program_stores_there_nothing_is_changed(void **state)
{
    (void)state;
    char *dir = passwd_store("y-bank-115", "s-bank");
    int root = open(help_path("%s/NPKI", dir), O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(root, LOCK_EX), 0);
    passwd_refuse(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_BUSY, "");
    close(root);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    help_remove(dir);
}

/* As who opened it before still sees it. */
static void the_old_file_is_overwritten(void **state)
{
    (void)state;
    struct store_list list;
    struct stat info;
    char *dir = passwd_store("y-bank-115", "s-bank");
    int old = open(passwd_first(dir, &list)->paths[1], O_RDONLY);
    store_list_free(&list);
    assert_true(old >= 0);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    uint8_t bytes[4096];
    ssize_t length = read(old, bytes, sizeof bytes);
    assert_int_equal(fstat(old, &info), 0);
    assert_int_equal(info.st_nlink, 0);
    assert_true(length > 1000);
    for (ssize_t i = 0; i < length; i++) {
        assert_int_equal(bytes[i], 0);
    }
    close(old);
    help_remove(dir);
}

static void a_backup_stays_only_when_it_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *id, *sample, *mark;
    } CASES[] = {{"kica-univ-km", "s-kica-km", "c=KR.bak-"}, {"y-bank-115", "s-bank", "/signPri.key.bak-"}};
    for (size_t i = 0; i < 2; i++) {
        char detail[STORE_DETAIL_BYTES];
        char *dir = passwd_store(CASES[i].id, CASES[i].sample);
        assert_int_equal(passwd_change_to(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME, 1, detail),
                         STORE_OK);
        char *names = passwd_names(dir);
        assert_non_null(strstr(names, CASES[i].mark));
        assert_null(strstr(names, ".certrelay-"));
        assert_int_equal(passwd_see(dir, NEW_PASSWORD).fault, STORE_OK);
        free(names);
        help_remove(dir);
    }
}

static void other_files_of_the_folder_stay(void **state)
{
    (void)state;
    char *dir = passwd_store("kica-univ-km", "s-kica-km");
    struct store_list list;
    const char *folder = help_path("%s", passwd_first(dir, &list)->path);
    store_list_free(&list);
    help_write(help_path("%s/CaPubs", folder), "not ours", 8);
    help_write(help_path("%s/empty", folder), "", 0);
    assert_int_equal(passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    size_t length = 0;
    uint8_t *bytes = help_read(help_path("%s/CaPubs", folder), &length);
    assert_int_equal(length, 8);
    assert_memory_equal(bytes, "not ours", 8);
    assert_int_equal(access(help_path("%s/empty", folder), F_OK), 0);
    free(bytes);
    /* With a folder in it, its files are exchanged each for itself. */
    help_write(help_path("%s/below/file", folder), "x", 1);
    assert_int_equal(passwd_change(dir, NEW_PASSWORD, TEST_PASSWORD, STORE_SEAL_SAME), STORE_OK);
    assert_int_equal(access(help_path("%s/below/file", folder), F_OK), 0);
    assert_int_equal(passwd_see(folder, TEST_PASSWORD).fault, STORE_OK);
    char *names = passwd_names(dir);
    assert_null(strstr(names, ".certrelay-"));
    assert_null(strstr(names, ".bak-"));
    free(names);
    help_remove(dir);
}

/* Files by other names, in a folder of no layout, through a link and a dot. */
static void a_folder_anywhere_will_do(void **state)
{
    (void)state;
    char *dir = help_temporary();
    const char *folder = help_path("%s/내 인증서", dir);
    help_copy(help_user("kica-univ-km", "s-kica-km"), folder);
    assert_int_equal(rename(help_path("%s/signPri.key", folder), help_path("%s/SignPri.KEY", folder)), 0);
    assert_int_equal(symlink(folder, help_path("%s.link", dir)), 0);
    assert_int_equal(passwd_change(help_path("%s.link", dir), TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME),
                     STORE_OK);
    assert_int_equal(passwd_change(help_path("%s/.", folder), NEW_PASSWORD, TEST_PASSWORD, STORE_SEAL_SAME),
                     STORE_OK);
    assert_int_equal(passwd_see(folder, TEST_PASSWORD).fault, STORE_OK);
    assert_int_equal(unlink(help_path("%s.link", dir)), 0);
    char *names = passwd_names(dir);
    assert_null(strstr(names, ".certrelay-"));
    assert_non_null(strstr(names, "/SignPri.KEY"));
    free(names);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_keeps_its_inside_and_its_form),
        cmocka_unit_test(a_gpki_group_changes_both_its_keys),
        cmocka_unit_test(the_salt_is_new_each_time),
        cmocka_unit_test(keys_can_be_made_stronger_and_common_again),
        cmocka_unit_test(a_korean_password_is_written_as_utf_8),
        cmocka_unit_test(where_the_old_was_cp949_the_new_is_too),
        cmocka_unit_test(a_korean_password_is_composed_before_it_is_written),
        cmocka_unit_test(zeros_at_the_end_of_the_random_number_stay),
        cmocka_unit_test(a_refusal_changes_nothing),
        cmocka_unit_test(what_is_broken_is_not_changed),
        cmocka_unit_test(two_passwords_in_one_folder_are_told_and_left),
        cmocka_unit_test(a_damaged_key_management_key_is_not_left_behind),
        cmocka_unit_test(files_that_changed_since_they_were_listed_are_left),
        cmocka_unit_test(a_certificate_exchanged_meanwhile_is_not_given_the_key),
        cmocka_unit_test(while_another_program_stores_there_nothing_is_changed),
        cmocka_unit_test(the_old_file_is_overwritten),
        cmocka_unit_test(a_backup_stays_only_when_it_is_asked_for),
        cmocka_unit_test(other_files_of_the_folder_stay),
        cmocka_unit_test(a_folder_anywhere_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
