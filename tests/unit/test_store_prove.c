/* Passwords and pairs: the right one opens, and each way of failing has its own name. */
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static enum store_fault prove(const struct cr_bundle *bundle, const char *password, char *detail)
{
    return store_prove(&bundle->certs[0], password, strlen(password), detail);
}

static void prove_user(const char *set, const json_t *user)
{
    char detail[STORE_DETAIL_BYTES];
    const char *password = help_string(user, "password");
    struct cr_bundle *bundle = help_load(help_path("%s/%s", set, help_string(user, "dir")));
    print_message("  %s\n", help_string(user, "id"));
    assert_int_equal(prove(bundle, password, detail), STORE_OK);
    assert_string_equal(detail, "");
    assert_int_equal(prove(bundle, "Npki!Test2026", detail), STORE_WRONG_PASSWORD);
    assert_non_null(strstr(detail, "signPri.key"));
    assert_int_equal(prove(bundle, "", detail), STORE_WRONG_PASSWORD);
    assert_int_equal(prove(bundle, "비밀번호", detail), STORE_WRONG_PASSWORD);
    cr_bundle_free(bundle);
}

static void the_right_password_opens_every_sample_and_a_wrong_one_none(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            prove_user(*set, user);
        }
        json_decref(manifest);
    }
}

static void a_gpki_group_is_proved_with_both_keys(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        char detail[STORE_DETAIL_BYTES];
        struct cr_bundle *bundle = help_load(help_path("%s/GPKI", *set));
        assert_int_equal(bundle->certs[0].format, CR_FORMAT_GPKI);
        assert_int_equal(bundle->certs[0].file_count, 4);
        assert_int_equal(prove(bundle, TEST_PASSWORD, detail), STORE_OK);
        assert_int_equal(prove(bundle, "wrong", detail), STORE_WRONG_PASSWORD);
        cr_bundle_free(bundle);
    }
}

/* A Hangul password typed as decomposed letters, as some Macs send it, is the same password. */
static void a_decomposed_password_is_composed_first(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    if (!help_has_shared()) {
        skip();
    }
    struct cr_bundle *bundle = help_load(help_user("y-kopw-utf8", ""));
    assert_int_equal(prove(bundle, "한글비밀번호!1", detail), STORE_OK);
    assert_int_equal(prove(bundle, "\u1112\u1161\u11ab\u1100\u1173\u11af비밀번호!1", detail), STORE_OK);
    assert_int_equal(prove(bundle, "한글비밀번호!2", detail), STORE_WRONG_PASSWORD);
    cr_bundle_free(bundle);
    bundle = help_load(help_user("y-kopw-cp949", ""));
    assert_int_equal(prove(bundle, "\u1112\u1161\u11ab\u1100\u1173\u11af비밀번호!1", detail), STORE_OK);
    cr_bundle_free(bundle);
}

static const struct bad {
    const char *name;
    enum store_fault fault;
    const char *detail;
} BAD[] = {
    {"pair-mismatch", STORE_WRONG_PAIR, "signPri.key"},
    {"key-bitflip", STORE_DAMAGED_KEY, "signPri.key"},
    {"key-truncated", STORE_DAMAGED_KEY, "signPri.key"},
    {"key-empty", STORE_DAMAGED_KEY, "signPri.key"},
    {"key-trailing", STORE_OK, ""},
    {"key-iter-zero", STORE_BAD_ITERATIONS, "signPri.key"},
    {"key-iter-huge", STORE_BAD_ITERATIONS, "signPri.key"},
    {"key-unknown-oid", STORE_UNKNOWN_CIPHER, "signPri.key 1.2.410.200004.1."},
    {"cert-truncated", STORE_DAMAGED_CERT, "signCert.der"},
    {"cert-is-html", STORE_DAMAGED_CERT, "signCert.der"},
    {"no-key", STORE_NO_KEY, "signPri.key"},
    {"no-cert", STORE_NO_CERT, "signCert.der"},
};

static void every_broken_set_has_its_own_fault(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
            char detail[STORE_DETAIL_BYTES];
            struct cr_bundle *bundle = cr_bundle_new();
            print_message("  %s\n", BAD[i].name);
            help_add_raw(bundle, help_path("%s/bad/%s", *set, BAD[i].name));
            assert_int_equal(prove(bundle, TEST_PASSWORD, detail), BAD[i].fault);
            assert_memory_equal(detail, BAD[i].detail, strlen(BAD[i].detail));
            cr_bundle_free(bundle);
        }
    }
}

/* 2^31-1 rounds would take minutes: it must be refused without one. Processor time, so that a busy machine does not matter. */
static void a_huge_count_is_refused_before_deriving(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    struct cr_bundle *bundle = cr_bundle_new();
    help_add_raw(bundle, help_path("%s/bad/key-iter-huge", help_best_set()));
    clock_t before = clock();
    assert_int_equal(prove(bundle, TEST_PASSWORD, detail), STORE_BAD_ITERATIONS);
    assert_true(clock() - before < 20 * CLOCKS_PER_SEC);
    cr_bundle_free(bundle);
}

static void a_pkcs12_opens_by_its_password_and_then_has_facts(void **state)
{
    (void)state;
    static const char *const SHARED[] = {"y-bank-115-3des", "y-bank-115-aes", "y-bank-115-seed",
                                         "y-bank-115-rc2", NULL};
    static const char *const OURS[] = {"s-bank", NULL};
    for (const char *const *name = help_has_shared() ? SHARED : OURS; *name != NULL; name++) {
        char detail[STORE_DETAIL_BYTES];
        struct store_facts facts;
        struct cr_bundle *bundle = help_load(help_path("%s/p12/%s.p12", help_best_set(), *name));
        print_message("  %s\n", *name);
        assert_int_equal(prove(bundle, TEST_PASSWORD, detail), STORE_OK);
        assert_int_equal(prove(bundle, "wrong", detail), STORE_WRONG_PASSWORD);
        assert_string_equal(detail, "PKCS#12");
        assert_int_equal(store_facts_open(&bundle->certs[0], TEST_PASSWORD, strlen(TEST_PASSWORD), &facts),
                         STORE_OK);
        assert_string_equal(facts.owner, "홍길동");
        assert_string_equal(facts.policy, "1.2.410.200005.1.1.4");
        store_facts_wipe(&facts);
        assert_int_equal(store_facts_open(&bundle->certs[0], "wrong", 5, &facts), STORE_OK);
        assert_string_equal(facts.subject, "");
        store_facts_wipe(&facts);
        cr_bundle_free(bundle);
    }
}

static void a_damaged_pkcs12_is_no_wrong_password(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    struct cr_cert cert = {.format = CR_FORMAT_PKCS12, .file_count = 1};
    size_t length = 0;
    const char *name = help_has_shared() ? "y-bank-115-3des" : "s-bank";
    uint8_t *bytes = help_read(help_path("%s/p12/%s.p12", help_best_set(), name), &length);
    cert.files[0] = (struct cr_file){CR_FILE_PKCS12, (uint32_t)length - 30, bytes};
    assert_int_equal(store_prove(&cert, TEST_PASSWORD, strlen(TEST_PASSWORD), detail), STORE_DAMAGED_CERT);
    free(bytes);
}

static void the_key_management_key_is_proved_too(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    struct cr_bundle *other = help_load(help_user("y-bank-115", "s-bank"));
    struct cr_cert mixed = bundle->certs[0];
    assert_int_equal(mixed.file_count, 4);
    for (size_t i = 0; i < mixed.file_count; i++) {
        if (mixed.files[i].kind == CR_FILE_KM_KEY) {
            mixed.files[i].bytes = other->certs[0].files[1].bytes;
            mixed.files[i].size = other->certs[0].files[1].size;
        }
    }
    assert_int_equal(store_prove(&mixed, TEST_PASSWORD, strlen(TEST_PASSWORD), detail), STORE_WRONG_PAIR);
    assert_string_equal(detail, "kmPri.key");
    cr_bundle_free(other);
    cr_bundle_free(bundle);
}

/* In a child, because OpenSSL looks for its modules where the environment says. */
static int prove_without_legacy(const struct cr_bundle *bundle)
{
    char *empty = help_temporary();
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char detail[STORE_DETAIL_BYTES];
        setenv("OPENSSL_MODULES", empty, 1);
        _exit((int)prove(bundle, TEST_PASSWORD, detail));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    help_remove(empty);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void without_the_legacy_provider_seed_says_so_and_the_rest_works(void **state)
{
    (void)state;
    struct cr_bundle *seed = help_load(help_user("y-bank-115", "s-bank"));
    struct cr_bundle *seed_pbes2 = help_load(help_user("y-univ-pbes2", "s-kica-km"));
    struct cr_bundle *aria = help_load(help_user("y-etax-aria256", "s-etax-aria"));
    assert_int_equal(prove_without_legacy(seed), STORE_NO_LEGACY);
    assert_int_equal(prove_without_legacy(seed_pbes2), STORE_NO_LEGACY);
    assert_int_equal(prove_without_legacy(aria), STORE_OK);
    cr_bundle_free(seed);
    cr_bundle_free(seed_pbes2);
    cr_bundle_free(aria);
}

static void a_password_over_the_limit_is_just_wrong(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    char password[300];
    memset(password, 'x', sizeof password);
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    assert_int_equal(store_prove(&bundle->certs[0], password, sizeof password, detail), STORE_WRONG_PASSWORD);
    cr_bundle_free(bundle);
}

static void a_check_without_password_finds_what_does_not_parse(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum store_fault fault;
    } CASES[] = {{"pair-mismatch", STORE_OK},
                 {"key-truncated", STORE_DAMAGED_KEY},
                 {"key-trailing", STORE_OK},
                 {"cert-truncated", STORE_DAMAGED_CERT},
                 {"cert-is-html", STORE_DAMAGED_CERT},
                 {"no-key", STORE_NO_KEY},
                 {"no-cert", STORE_NO_CERT}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct store_facts facts[CR_CERTS_MAX];
        struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
        print_message("  %s\n", CASES[i].name);
        help_add_raw(bundle, help_path("%s/bad/%s", help_best_set(), CASES[i].name));
        assert_int_equal(store_check(bundle, NULL), CASES[i].fault);
        assert_int_equal(store_check(bundle, facts), CASES[i].fault);
        if (CASES[i].fault == STORE_OK) {
            assert_string_equal(facts[1].owner, "홍길동");
            store_facts_wipe(&facts[0]);
            store_facts_wipe(&facts[1]);
        }
        cr_bundle_free(bundle);
    }
}

static void a_check_refuses_files_that_the_format_has_not(void **state)
{
    (void)state;
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    bundle->certs[0].format = CR_FORMAT_PKCS12;
    assert_int_equal(store_check(bundle, NULL), STORE_DAMAGED_CERT);
    bundle->certs[0].format = CR_FORMAT_NPKI;
    assert_int_equal(store_check(bundle, NULL), STORE_OK);
    bundle->certs[0].files[1].kind = CR_FILE_PEM;
    assert_int_equal(store_check(bundle, NULL), STORE_DAMAGED_CERT);
    cr_bundle_free(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_opens_every_sample_and_a_wrong_one_none),
        cmocka_unit_test(a_gpki_group_is_proved_with_both_keys),
        cmocka_unit_test(a_decomposed_password_is_composed_first),
        cmocka_unit_test(every_broken_set_has_its_own_fault),
        cmocka_unit_test(a_huge_count_is_refused_before_deriving),
        cmocka_unit_test(a_pkcs12_opens_by_its_password_and_then_has_facts),
        cmocka_unit_test(a_damaged_pkcs12_is_no_wrong_password),
        cmocka_unit_test(the_key_management_key_is_proved_too),
        cmocka_unit_test(without_the_legacy_provider_seed_says_so_and_the_rest_works),
        cmocka_unit_test(a_password_over_the_limit_is_just_wrong),
        cmocka_unit_test(a_check_without_password_finds_what_does_not_parse),
        cmocka_unit_test(a_check_refuses_files_that_the_format_has_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
