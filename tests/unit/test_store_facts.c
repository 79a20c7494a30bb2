/* What certificates say of themselves, against what the makers of the samples put into them. */
#include "store_help.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static char *utc(int64_t seconds)
{
    static char text[32];
    time_t at = (time_t)seconds;
    struct tm parts;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &parts));
    return text;
}

/* The sign certificate's bytes, whatever its file is called. */
static struct cr_bundle *load_user(const char *set, const json_t *user)
{
    return help_load(help_path("%s/%s", set, help_string(user, "dir")));
}

static const struct cr_file *file_of(const struct cr_bundle *bundle, enum cr_file_kind kind)
{
    for (size_t i = 0; i < bundle->certs[0].file_count; i++) {
        if (bundle->certs[0].files[i].kind == kind) {
            return &bundle->certs[0].files[i];
        }
    }
    fail();
    return NULL;
}

static void check_texts(const json_t *user, const struct store_facts *facts)
{
    const char *issuer = help_string(user, "issuer");
    assert_string_equal(facts->owner, help_string(user, "real_name"));
    assert_string_equal(facts->subject, help_string(user, "subject"));
    assert_string_equal(facts->policy, help_string(user, "policy"));
    assert_string_equal(facts->serial, help_string(user, "serial"));
    assert_memory_equal(facts->issuer_cn, issuer + 3, strlen(facts->issuer_cn));
    assert_int_equal(issuer[3 + strlen(facts->issuer_cn)], ',');
    assert_string_equal(utc(facts->not_before), help_string(user, "not_before"));
    assert_string_equal(utc(facts->not_after), help_string(user, "not_after"));
}

/* The folder a full-length writer would use; the manifest's own may be cut shorter. */
static void check_folder(const json_t *user, const struct store_facts *facts)
{
    const char *dir = help_string(user, "dir");
    const char *last = strrchr(dir, '/') + 1;
    assert_memory_equal(facts->folder, last, strlen(last));
    assert_memory_equal(dir, "NPKI/", 5);
    assert_memory_equal(dir + 5, facts->ca_folder, strlen(facts->ca_folder));
    assert_int_equal(dir[5 + strlen(facts->ca_folder)], '/');
    assert_true(strlen(facts->folder) <= 200);
}

static void check_form(const json_t *user, const struct cr_bundle *bundle)
{
    struct store_key_form form;
    const struct cr_file *key = file_of(bundle, CR_FILE_SIGN_KEY);
    assert_int_equal(store_key_form_read(key->bytes, key->size, &form), STORE_OK);
    assert_string_equal(form.name, help_string(user, "key_form"));
    assert_int_equal(form.iterations, json_integer_value(json_object_get(user, "iterations")));
}

static void each_user(void (*check)(const json_t *user, const struct cr_bundle *bundle,
                                    const struct store_facts *facts))
{
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        size_t seen = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            if (strcmp(help_string(user, "id"), "gpki") == 0) {
                continue;
            }
            struct store_facts facts;
            struct cr_bundle *bundle = load_user(*set, user);
            const struct cr_file *sign = file_of(bundle, CR_FILE_SIGN_CERT);
            assert_int_equal(store_facts_read(sign->bytes, sign->size, &facts), STORE_OK);
            check(user, bundle, &facts);
            store_facts_wipe(&facts);
            cr_bundle_free(bundle);
            seen++;
        }
        assert_true(seen >= 6);
        json_decref(manifest);
    }
}

static void check_user(const json_t *user, const struct cr_bundle *bundle, const struct store_facts *facts)
{
    print_message("  %s\n", help_string(user, "id"));
    check_texts(user, facts);
    check_folder(user, facts);
    check_form(user, bundle);
    assert_true(facts->key_bits == 2048 || strcmp(help_string(user, "id"), "y-3072") == 0);
    assert_true(strstr(facts->issuer_ko, facts->ca_folder) != NULL);
}

static void every_sample_is_read_as_its_maker_meant_it(void **state)
{
    (void)state;
    each_user(check_user);
}

static const struct expectation {
    const char *begins;
    enum store_state state;
    int has_days, days;
} EXPECTATIONS[] = {
    {"expired 5 days", STORE_EXPIRED, 1, -5},  {"expires in 12 days", STORE_RENEW_SOON, 1, 12},
    {"not yet valid", STORE_NOT_YET, 0, 0},    {"last day", STORE_RENEW_SOON, 1, 0},
    {"30 days left", STORE_RENEW_SOON, 1, 30}, {"", STORE_VALID, 0, 0},
};

static void check_state(const json_t *user, const struct cr_bundle *bundle, const struct store_facts *facts)
{
    (void)bundle;
    const struct expectation *wanted = EXPECTATIONS;
    while (strncmp(help_string(user, "expect"), wanted->begins, strlen(wanted->begins)) != 0) {
        wanted++;
    }
    print_message("  %s\n", help_string(user, "id"));
    assert_int_equal(store_facts_state(facts, help_now()), wanted->state);
    if (wanted->has_days) {
        assert_int_equal(store_facts_days_left(facts, help_now()), wanted->days);
    }
}

static void every_sample_is_in_the_state_its_maker_meant(void **state)
{
    (void)state;
    each_user(check_state);
}

static void days_are_korean_days(void **state)
{
    (void)state;
    /* Valid to 23:59:59 in Korea of 2026-11-20. */
    struct store_facts facts = {.not_before = 0, .not_after = 1795186799};
    assert_int_equal(store_facts_days_left(&facts, 1795186799), 0);
    assert_int_equal(store_facts_days_left(&facts, 1795186799 - 86399), 0);
    assert_int_equal(store_facts_days_left(&facts, 1795186799 - 86400), 1);
    assert_int_equal(store_facts_days_left(&facts, 1795186799 + 1), -1);
    assert_int_equal(store_facts_state(&facts, 1795186799), STORE_RENEW_SOON);
    assert_int_equal(store_facts_state(&facts, 1795186800), STORE_EXPIRED);
    assert_int_equal(store_facts_state(&facts, 1795186799 - 31 * 86400), STORE_VALID);
    facts.not_before = 1795143601;
    assert_int_equal(store_facts_state(&facts, 1795143600), STORE_NOT_YET);
    assert_int_equal(store_facts_state(&facts, 1795143601), STORE_RENEW_SOON);
}

static void pem_is_read_like_der(void **state)
{
    (void)state;
    struct store_facts der_facts;
    struct store_facts pem_facts;
    size_t length = 0;
    uint8_t *der = help_read(help_path("%s/signCert.der", help_user("y-bank-115", "s-bank")), &length);
    assert_int_equal(store_facts_read(der, length, &der_facts), STORE_OK);
    char pem[8192];
    size_t at = (size_t)sprintf(pem, "some words\n-----BEGIN CERTIFICATE-----\n");
    at += (size_t)EVP_EncodeBlock((unsigned char *)pem + at, der, (int)length);
    at += (size_t)sprintf(pem + at, "\n-----END CERTIFICATE-----\n");
    assert_int_equal(store_facts_read((const uint8_t *)pem, at, &pem_facts), STORE_OK);
    assert_memory_equal(der_facts.identity, pem_facts.identity, 32);
    assert_string_equal(der_facts.owner, pem_facts.owner);
    store_facts_wipe(&der_facts);
    store_facts_wipe(&pem_facts);
    free(der);
}

static void what_is_no_certificate_is_damaged(void **state)
{
    (void)state;
    struct store_facts facts;
    size_t length = 0;
    uint8_t *der = help_read(help_path("%s/signCert.der", help_user("y-bank-115", "s-bank")), &length);
    for (size_t cut = 0; cut < length; cut++) {
        assert_int_equal(store_facts_read(der, cut, &facts), STORE_DAMAGED_CERT);
        assert_null(facts.owner);
    }
    assert_int_equal(store_facts_read((const uint8_t *)"<html>404</html>", 16, &facts), STORE_DAMAGED_CERT);
    store_facts_wipe(&facts);
    free(der);
}

static void a_test_authority_is_marked(void **state)
{
    (void)state;
    struct store_facts facts;
    size_t length = 0;
    uint8_t *der = help_read(help_path("%s/signCert.der", help_user("y-bank-115", "s-bank")), &length);
    assert_int_equal(store_facts_read(der, length, &facts), STORE_OK);
    assert_false(facts.is_test);
    store_facts_wipe(&facts);
    /* The issuer's name begins with yessignCA: make it TestignCA in place. */
    for (size_t i = 0; i + 9 < length; i++) {
        if (memcmp(der + i, "yessignCA", 9) == 0) {
            memcpy(der + i, "Test", 4);
            break;
        }
    }
    assert_int_equal(store_facts_read(der, length, &facts), STORE_OK);
    assert_true(facts.is_test);
    store_facts_wipe(&facts);
    free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_read_as_its_maker_meant_it),
        cmocka_unit_test(every_sample_is_in_the_state_its_maker_meant),
        cmocka_unit_test(days_are_korean_days),
        cmocka_unit_test(pem_is_read_like_der),
        cmocka_unit_test(what_is_no_certificate_is_damaged),
        cmocka_unit_test(a_test_authority_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
