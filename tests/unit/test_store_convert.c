/* From one format to another and back: nothing that is inside a key changes, and other programs open what we write. */
#include "convert.h"
#include "key.h"
#include "plain.h"
#include "spell.h"
#include "store_help.h"
#include "x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HANGUL "한글 비밀번호!1"

static struct provider provider;

static const struct cr_file *file_of(const struct cr_cert *cert, enum cr_file_kind kind)
{
    for (size_t i = 0; i < cert->file_count; i++) {
        if (cert->files[i].kind == kind) {
            return &cert->files[i];
        }
    }
    return NULL;
}

static struct plain plain_of(const struct cr_cert *cert, enum cr_file_kind kind, const char *password)
{
    struct plain plain = {0};
    struct spellings spellings;
    char oid[64];
    const struct cr_file *file = file_of(cert, kind);
    X509_SIG *sealed = file == NULL ? NULL : key_read(file->bytes, file->size);
    enum store_fault fault = STORE_WRONG_PASSWORD;
    spellings_make(password, strlen(password), &spellings);
    for (size_t i = 0; sealed != NULL && fault != STORE_OK && i < spellings.count; i++) {
        fault = plain_open(&provider, sealed, spellings.all[i].bytes, spellings.all[i].length, &plain, oid);
    }
    spellings_wipe(&spellings);
    X509_SIG_free(sealed);
    return plain;
}

/* Same certificates, and inside the keys the same bytes. */
static void assert_same(const struct cr_cert *one, const char *password, const struct cr_cert *other,
                        const char *new_password)
{
    static const enum cr_file_kind CERTS[] = {CR_FILE_SIGN_CERT, CR_FILE_KM_CERT};
    static const enum cr_file_kind KEYS[] = {CR_FILE_SIGN_KEY, CR_FILE_KM_KEY};
    assert_int_equal(one->file_count, other->file_count);
    for (size_t i = 0; i < 2 && file_of(one, KEYS[i]) != NULL; i++) {
        X509 *a = x509_read(file_of(one, CERTS[i])->bytes, file_of(one, CERTS[i])->size);
        X509 *b = x509_read(file_of(other, CERTS[i])->bytes, file_of(other, CERTS[i])->size);
        struct plain mine = plain_of(one, KEYS[i], password);
        struct plain theirs = plain_of(other, KEYS[i], new_password);
        assert_int_equal(X509_cmp(a, b), 0);
        assert_true(mine.length > 0);
        assert_int_equal(mine.length, theirs.length);
        assert_memory_equal(mine.bytes, theirs.bytes, mine.length);
        plain_wipe(&mine);
        plain_wipe(&theirs);
        X509_free(a);
        X509_free(b);
    }
}

static struct store_wish wish_for(enum cr_format format, const char *password)
{
    return (struct store_wish){.format = format, .password = password, .length = strlen(password)};
}

static enum store_fault convert(const struct cr_cert *cert, const struct store_wish *wish,
                                struct cr_bundle *bundle)
{
    char detail[STORE_DETAIL_BYTES];
    return store_convert(cert, wish, bundle, detail);
}

/* There and back. */
static void go_round(const struct cr_cert *cert, const char *password, enum cr_format by,
                     enum store_strength strength)
{
    struct cr_bundle *there = cr_bundle_new();
    struct cr_bundle *back = cr_bundle_new();
    struct store_wish wish = wish_for(by, password);
    wish.strength = strength;
    assert_int_equal(convert(cert, &wish, there), STORE_OK);
    assert_int_equal(there->cert_count, 1);
    assert_int_equal(store_check(there, NULL), STORE_OK);
    assert_string_equal(there->certs[0].owner, cert->owner);
    assert_true(help_openssl_opens(&there->certs[0], password));
    assert_false(help_openssl_opens(&there->certs[0], "not the password"));
    wish.format = cert->format;
    assert_int_equal(convert(&there->certs[0], &wish, back), STORE_OK);
    assert_int_equal(back->cert_count, 1);
    assert_int_equal(store_check(back, NULL), STORE_OK);
    assert_same(cert, password, &back->certs[0], password);
    cr_bundle_free(there);
    cr_bundle_free(back);
}

/* Calls for every user of all sets that its password opens. Returns how many. */
static int for_each_user(void (*visit)(const struct cr_cert *cert, const char *password))
{
    int count = 0;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            char detail[STORE_DETAIL_BYTES];
            const char *password = help_string(user, "password");
            password = password == NULL ? TEST_PASSWORD : password;
            struct cr_bundle *bundle = help_load(help_path("%s/%s", *set, help_string(user, "dir")));
            if (store_prove(&bundle->certs[0], password, strlen(password), detail) == STORE_OK) {
                print_message("  %s\n", help_string(user, "id"));
                visit(&bundle->certs[0], password);
                count++;
            }
            cr_bundle_free(bundle);
        }
        json_decref(manifest);
    }
    return count;
}

static void by_pkcs12(const struct cr_cert *cert, const char *password)
{
    go_round(cert, password, CR_FORMAT_PKCS12, STORE_COMPATIBLE);
}

static void by_strong_pkcs12_and_pem(const struct cr_cert *cert, const char *password)
{
    go_round(cert, password, CR_FORMAT_PKCS12, STORE_STRONG);
    go_round(cert, password, CR_FORMAT_PEM, STORE_STRONG);
}

static void by_pkcs12_and_back_nothing_in_a_key_changes(void **state)
{
    (void)state;
    assert_true(for_each_user(by_pkcs12) >= (help_has_shared() ? 25 : 5));
}

static void by_strong_pkcs12_and_by_pem_neither(void **state)
{
    (void)state;
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    assert_int_equal(bundle->certs[0].file_count, 4);
    by_strong_pkcs12_and_pem(&bundle->certs[0], TEST_PASSWORD);
    cr_bundle_free(bundle);
}

/* R ends the key's bytes: here in zeros, which an encoder of bit strings may drop. */
static void zeros_at_the_end_of_r_stay(void **state)
{
    (void)state;
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    struct cr_cert *cert = &bundle->certs[0];
    struct plain plain = plain_of(cert, CR_FILE_SIGN_KEY, TEST_PASSWORD);
    assert_true(plain.length > 60);
    assert_int_equal(plain.bytes[plain.length - 23], 3);
    assert_int_equal(plain.bytes[plain.length - 22], 21);
    memset(plain.bytes + plain.length - 9, 0, 9);
    X509_SIG *sealed = plain_seal(&provider, &plain, PLAIN_NPKI, TEST_PASSWORD, sizeof TEST_PASSWORD - 1);
    uint8_t *der = NULL;
    int length = i2d_X509_SIG(sealed, &der);
    assert_int_equal(length, cert->files[1].size);
    memcpy(cert->files[1].bytes, der, (size_t)length);
    go_round(cert, TEST_PASSWORD, CR_FORMAT_PKCS12, STORE_COMPATIBLE);
    go_round(cert, TEST_PASSWORD, CR_FORMAT_PKCS12, STORE_STRONG);
    go_round(cert, TEST_PASSWORD, CR_FORMAT_PEM, STORE_COMPATIBLE);
    OPENSSL_free(der);
    X509_SIG_free(sealed);
    plain_wipe(&plain);
    cr_bundle_free(bundle);
}

/* 3DES, AES, SEED and RC2, written by other code than ours. */
static void containers_of_other_makers_become_the_npki_they_came_from(void **state)
{
    (void)state;
    static const char *const MAKERS[] = {"3des", "aes", "rc2", "seed"};
    if (!help_has_shared()) {
        print_message("SKIP: no containers of other makers here\n");
        return;
    }
    struct cr_bundle *bank = help_load(help_user("y-bank-115", "s-bank"));
    for (size_t i = 0; i < sizeof MAKERS / sizeof MAKERS[0]; i++) {
        struct cr_bundle *from =
            help_load(help_path("%s/p12/y-bank-115-%s.p12", CR_SHARED_FIXTURES, MAKERS[i]));
        struct cr_bundle *made = cr_bundle_new();
        const struct store_wish wish = wish_for(CR_FORMAT_NPKI, TEST_PASSWORD);
        assert_int_equal(convert(&from->certs[0], &wish, made), STORE_OK);
        assert_same(&bank->certs[0], TEST_PASSWORD, &made->certs[0], TEST_PASSWORD);
        cr_bundle_free(from);
        cr_bundle_free(made);
    }
    cr_bundle_free(bank);
}

static void written_keys_have_the_form_that_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum store_strength strength;
        const char *name;
        uint32_t rounds;
    } FORMS[] = {{STORE_COMPATIBLE, "1.15", 2048}, {STORE_STRONG, "PBES2/seed/sha256", 600000}};
    struct cr_bundle *bundle = help_load(help_user("y-etax-aria256", "s-etax-aria"));
    for (size_t i = 0; i < 2; i++) {
        struct store_key_form form;
        struct cr_bundle *made = cr_bundle_new();
        struct store_wish wish = wish_for(CR_FORMAT_NPKI, TEST_PASSWORD);
        wish.strength = FORMS[i].strength;
        assert_int_equal(convert(&bundle->certs[0], &wish, made), STORE_OK);
        const struct cr_file *key = file_of(&made->certs[0], CR_FILE_SIGN_KEY);
        assert_int_equal(store_key_form_read(key->bytes, key->size, &form), STORE_OK);
        assert_string_equal(form.name, FORMS[i].name);
        assert_int_equal(form.iterations, FORMS[i].rounds);
        cr_bundle_free(made);
    }
    cr_bundle_free(bundle);
}

static void only_the_new_password_opens_the_result(void **state)
{
    (void)state;
    static const enum cr_format FORMATS[] = {CR_FORMAT_PKCS12, CR_FORMAT_PEM, CR_FORMAT_NPKI};
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    for (size_t i = 0; i < 3; i++) {
        char detail[STORE_DETAIL_BYTES];
        struct cr_bundle *made = cr_bundle_new();
        struct store_wish wish = wish_for(FORMATS[i], TEST_PASSWORD);
        wish.new_password = HANGUL;
        wish.new_length = sizeof HANGUL - 1;
        assert_int_equal(convert(&bundle->certs[0], &wish, made), STORE_OK);
        assert_int_equal(store_prove(&made->certs[0], HANGUL, sizeof HANGUL - 1, detail), STORE_OK);
        assert_int_equal(store_prove(&made->certs[0], TEST_PASSWORD, sizeof TEST_PASSWORD - 1, detail),
                         STORE_WRONG_PASSWORD);
        if (FORMATS[i] != CR_FORMAT_NPKI) {
            assert_true(help_openssl_opens(&made->certs[0], HANGUL));
        }
        cr_bundle_free(made);
    }
    cr_bundle_free(bundle);
}

/* Sealed by an old Windows program, which took the password's CP949 bytes. */
static void a_key_under_a_cp949_password_opens_as_typed_and_its_container_is_utf8(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    struct cr_cert *cert = &bundle->certs[0];
    struct plain plain = plain_of(cert, CR_FILE_SIGN_KEY, TEST_PASSWORD);
    struct spelling old = spelling_new(HANGUL, sizeof HANGUL - 1, 1);
    assert_true(old.is_cp949);
    X509_SIG *sealed = plain_seal(&provider, &plain, PLAIN_NPKI, old.bytes, old.length);
    uint8_t *der = NULL;
    int length = i2d_X509_SIG(sealed, &der);
    assert_int_equal(length, cert->files[1].size);
    memcpy(cert->files[1].bytes, der, (size_t)length);
    go_round(cert, HANGUL, CR_FORMAT_PKCS12, STORE_COMPATIBLE);
    const struct store_wish wish = wish_for(CR_FORMAT_NPKI, HANGUL);
    assert_int_equal(convert(cert, &wish, bundle), STORE_OK);
    /* A folder stays readable to the program that wrote it. */
    cert = &bundle->certs[1];
    struct spellings spellings;
    spellings_make(HANGUL, sizeof HANGUL - 1, &spellings);
    for (size_t i = 0; i < spellings.count; i++) {
        PKCS8_PRIV_KEY_INFO *key = NULL;
        char oid[64];
        X509_SIG *again = key_read(cert->files[1].bytes, cert->files[1].size);
        assert_int_equal(key_open(&provider, again, spellings.all[i].bytes, spellings.all[i].length, &key,
                                  oid) == STORE_OK,
                         spellings.all[i].is_cp949);
        PKCS8_PRIV_KEY_INFO_free(key);
        X509_SIG_free(again);
    }
    assert_int_equal(store_prove(cert, HANGUL, sizeof HANGUL - 1, detail), STORE_OK);
    spellings_wipe(&spellings);
    spelling_wipe(&old);
    OPENSSL_free(der);
    X509_SIG_free(sealed);
    plain_wipe(&plain);
    cr_bundle_free(bundle);
}

static void a_password_that_cannot_be_is_refused_and_the_bundle_stays(void **state)
{
    (void)state;
    static const char LONG[300] = {'x'};
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    struct store_wish wish = wish_for(CR_FORMAT_PKCS12, "wrong");
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_WRONG_PASSWORD);
    wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    wish.new_password = "";
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_PLAIN_KEY);
    wish.new_password = LONG;
    wish.new_length = sizeof LONG;
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_TOO_BIG);
    assert_int_equal(bundle->cert_count, 1);
    cr_bundle_free(bundle);
}

static void a_full_bundle_takes_no_more(void **state)
{
    (void)state;
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    const struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    while (bundle->cert_count < CR_CERTS_MAX) {
        help_add(bundle, help_user("y-bank-115", "s-bank"));
    }
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_TOO_BIG);
    assert_int_equal(bundle->cert_count, CR_CERTS_MAX);
    cr_bundle_free(bundle);
}

static void another_certificates_key_is_not_wrapped(void **state)
{
    (void)state;
    struct cr_bundle *bundle = cr_bundle_new();
    const struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    help_add_raw(bundle, help_path("%s/bad/pair-mismatch", help_best_set()));
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_WRONG_PAIR);
    cr_bundle_free(bundle);
}

/* How many certificates are inside, by what the program prints. */
static int count_certs(const struct cr_cert *cert)
{
    struct cr_bundle *pem = cr_bundle_new();
    const struct store_wish wish = wish_for(CR_FORMAT_PEM, TEST_PASSWORD);
    int count = 0;
    assert_int_equal(convert(cert, &wish, pem), STORE_OK);
    const struct cr_file *file = &pem->certs[0].files[0];
    char *text = calloc(1, file->size + 1U);
    memcpy(text, file->bytes, file->size);
    for (const char *at = text; (at = strstr(at, "BEGIN CERT")) != NULL; at++) {
        count++;
    }
    free(text);
    cr_bundle_free(pem);
    return count;
}

static void the_chain_and_the_second_pair_go_along_as_asked(void **state)
{
    (void)state;
    struct store_list found;
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    assert_int_equal(store_scan(help_path("%s/NPKI", help_best_set()), &found), STORE_OK);
    for (int with_chain = 0; with_chain < 2; with_chain++) {
        for (int is_sign_only = 0; is_sign_only < 2; is_sign_only++) {
            struct cr_bundle *made = cr_bundle_new();
            struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
            wish.authorities = with_chain ? &found : NULL;
            wish.is_sign_only = is_sign_only;
            assert_int_equal(convert(&bundle->certs[0], &wish, made), STORE_OK);
            assert_int_equal(count_certs(&made->certs[0]), (is_sign_only ? 1 : 2) + (with_chain ? 2 : 0));
            cr_bundle_free(made);
        }
    }
    store_list_free(&found);
    cr_bundle_free(bundle);
}

static void a_container_is_written_closed_to_others_and_over_nothing(void **state)
{
    (void)state;
    struct stat info;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    const struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_OK);
    const struct cr_cert *cert = &bundle->certs[1];
    char *name = store_container_name(cert, TEST_PASSWORD, sizeof TEST_PASSWORD - 1);
    assert_string_equal(name, "홍길동.p12");
    const char *path = help_path("%s/%s", dir, name);
    help_write(help_path("%s/.certrelay-0123456789abcdef.new", dir), "half", 4);
    assert_int_equal(store_write_container(path, cert), STORE_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(access(help_path("%s/.certrelay-0123456789abcdef.new", dir), F_OK), -1);
    char *picture = help_picture(dir);
    assert_int_equal(store_write_container(path, cert), STORE_EXISTS);
    assert_int_equal(store_write_container(help_path("%s/no/x.p12", dir), cert), STORE_NOT_FOUND);
    char *after = help_picture(dir);
    assert_string_equal(picture, after);
    free(picture);
    free(after);
    free(name);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static int open_provider(void **state)
{
    (void)state;
    return provider_open(&provider) == STORE_OK && provider.legacy != NULL ? 0 : -1;
}

static int close_provider(void **state)
{
    (void)state;
    provider_close(&provider);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_pkcs12_and_back_nothing_in_a_key_changes),
        cmocka_unit_test(by_strong_pkcs12_and_by_pem_neither),
        cmocka_unit_test(zeros_at_the_end_of_r_stay),
        cmocka_unit_test(containers_of_other_makers_become_the_npki_they_came_from),
        cmocka_unit_test(written_keys_have_the_form_that_was_asked_for),
        cmocka_unit_test(only_the_new_password_opens_the_result),
        cmocka_unit_test(a_key_under_a_cp949_password_opens_as_typed_and_its_container_is_utf8),
        cmocka_unit_test(a_password_that_cannot_be_is_refused_and_the_bundle_stays),
        cmocka_unit_test(a_full_bundle_takes_no_more),
        cmocka_unit_test(another_certificates_key_is_not_wrapped),
        cmocka_unit_test(the_chain_and_the_second_pair_go_along_as_asked),
        cmocka_unit_test(a_container_is_written_closed_to_others_and_over_nothing),
    };
    return cmocka_run_group_tests(tests, open_provider, close_provider);
}
