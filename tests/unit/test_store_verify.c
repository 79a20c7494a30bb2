/* Looking into certificates with their password: every sample as its manifest says, every broken one by its own fault. */
#include "key.h"
#include "store_help.h"
#include "verify.h"
#include "vid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The first entry below dir; the list to be freed. */
static const struct store_entry *first(const char *dir, struct store_list *list)
{
    assert_int_equal(store_scan(dir, list), STORE_OK);
    assert_true(list->count >= 1);
    return &list->entries[0];
}

static enum store_fault look(const char *dir, const char *password, const char *number, time_t now,
                             struct store_verdict *verdict)
{
    struct store_list list;
    const struct store_question question = {.password = password,
                                            .length = strlen(password),
                                            .number = number,
                                            .number_length = number == NULL ? 0 : strlen(number),
                                            .now = now};
    enum store_fault fault = store_verify(first(dir, &list), &question, verdict);
    store_list_free(&list);
    return fault;
}

static struct store_verdict see(const char *dir, const char *number)
{
    struct store_verdict verdict;
    assert_int_equal(look(dir, TEST_PASSWORD, number, help_now(), &verdict), STORE_OK);
    return verdict;
}

static const char *user_dir(const char *set, const json_t *user)
{
    return help_path("%s/%s", set, help_string(user, "dir"));
}

static void for_each_user(void (*check)(const char *dir, const json_t *user))
{
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            print_message("  %s\n", help_string(user, "id"));
            check(user_dir(*set, user), user);
        }
        json_decref(manifest);
    }
}

static int is_gpki(const json_t *user)
{
    return json_object_get(user, "base") != NULL;
}

static void check_forms(const struct store_verdict *verdict, const json_t *user)
{
    const json_t *km = json_object_get(user, "km");
    if (is_gpki(user)) {
        assert_string_equal(verdict->keys[0].form.name, "1.15");
        assert_string_equal(verdict->keys[1].form.name, "1.4.2");
        return;
    }
    assert_string_equal(verdict->keys[0].form.name, help_string(user, "key_form"));
    assert_int_equal(verdict->keys[0].form.iterations,
                     json_integer_value(json_object_get(user, "iterations")));
    if (km != NULL && help_string(km, "key_form") != NULL) {
        assert_string_equal(verdict->keys[1].form.name, help_string(km, "key_form"));
    }
}

static enum store_random wanted_random(const json_t *user)
{
    const char *id = help_string(user, "id");
    return strcmp(id, "y-noR") == 0 || strcmp(id, "s-special") == 0 ? STORE_RANDOM_NONE
                                                                    : STORE_RANDOM_PRESENT;
}

static void check_user(const char *dir, const json_t *user)
{
    struct store_verdict verdict;
    const char *encoding = help_string(user, "password_encoding");
    assert_int_equal(look(dir, help_string(user, "password"), NULL, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.fault, STORE_OK);
    assert_int_equal(verdict.keys[0].kind, CR_FILE_SIGN_KEY);
    assert_int_equal(verdict.keys[0].is_cp949, encoding != NULL && strcmp(encoding, "cp949") == 0);
    assert_int_equal(verdict.number, STORE_NUMBER_NOT_ASKED);
    assert_int_equal(verdict.random, wanted_random(user));
    check_forms(&verdict, user);
    assert_int_equal(look(dir, "Npki!Test2026", NULL, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.fault, STORE_WRONG_PASSWORD);
    assert_int_equal(verdict.random, STORE_RANDOM_UNKNOWN);
}

static void every_sample_is_as_its_manifest_says(void **state)
{
    (void)state;
    for_each_user(check_user);
}

static void check_number(const char *dir, const json_t *user)
{
    const char *number = help_string(user, "idn");
    const char *password = help_string(user, "password");
    struct store_verdict verdict;
    char other[16];
    if (number == NULL) {
        return;
    }
    int has_vid = help_string(user, "vid_hash") != NULL || is_gpki(user);
    assert_int_equal(look(dir, password, number, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.number, has_vid ? STORE_NUMBER_SAME : STORE_NUMBER_UNKNOWN);
    snprintf(other, sizeof other, "%s", number);
    other[4] = other[4] == '9' ? '0' : (char)(other[4] + 1);
    assert_int_equal(look(dir, password, other, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.number, has_vid ? STORE_NUMBER_OTHER : STORE_NUMBER_UNKNOWN);
}

static void the_number_a_certificate_was_issued_for_is_recognised_and_no_other(void **state)
{
    (void)state;
    for_each_user(check_number);
}

static void a_number_may_have_hyphens_but_no_letters(void **state)
{
    (void)state;
    if (!help_has_shared()) {
        print_message("SKIP: the shared fixtures are not here\n");
        return;
    }
    const char *dir = help_user("y-bank-115", "s-bank");
    assert_int_equal(see(dir, "800101-1234567").number, STORE_NUMBER_SAME);
    assert_int_equal(see(dir, " 800101 - 1234567 ").number, STORE_NUMBER_SAME);
    assert_int_equal(see(help_user("y-corp-14", "s-bank"), "123-45-67891").number, STORE_NUMBER_SAME);
    assert_int_equal(see(dir, "80010112345678").number, STORE_NUMBER_MALFORMED);
    assert_int_equal(see(dir, "80010112345").number, STORE_NUMBER_MALFORMED);
    assert_int_equal(see(dir, "800101123456x").number, STORE_NUMBER_MALFORMED);
    assert_int_equal(see(dir, "").number, STORE_NUMBER_MALFORMED);
}

/* R as the manifest has it, read from the key by the way that verify reads it. */
static void check_random(const char *dir, const json_t *user)
{
    struct provider provider;
    struct vid_random random;
    PKCS8_PRIV_KEY_INFO *key = NULL;
    char oid[64];
    char hex[2 * VID_RANDOM_MAX_BYTES + 1] = "";
    if (help_string(user, "R") == NULL || strcmp(help_string(user, "password"), TEST_PASSWORD) != 0) {
        return;
    }
    struct cr_bundle *bundle = help_load(dir);
    const struct cr_file *file = &bundle->certs[0].files[1];
    assert_int_equal(provider_open(&provider), STORE_OK);
    X509_SIG *sealed = key_read(file->bytes, file->size);
    assert_int_equal(key_open(&provider, sealed, TEST_PASSWORD, strlen(TEST_PASSWORD), &key, oid), STORE_OK);
    assert_int_equal(vid_random_read(key, &random), STORE_RANDOM_PRESENT);
    for (size_t i = 0; i < random.length; i++) {
        snprintf(hex + 2 * i, 3, "%02x", random.bytes[i]);
    }
    assert_string_equal(hex, help_string(user, "R"));
    PKCS8_PRIV_KEY_INFO_free(key);
    X509_SIG_free(sealed);
    provider_close(&provider);
    cr_bundle_free(bundle);
}

static void the_random_number_is_that_of_the_manifest(void **state)
{
    (void)state;
    for_each_user(check_random);
}

static const struct broken {
    const char *name;
    enum store_fault entry; /* what the list already says of it, or STORE_OK */
    enum store_fault key;
} BROKEN[] = {
    {"cert-is-html", STORE_DAMAGED_CERT, STORE_OK},
    {"cert-truncated", STORE_DAMAGED_CERT, STORE_OK},
    {"key-bitflip", STORE_OK, STORE_DAMAGED_KEY},
    {"key-empty", STORE_DAMAGED_KEY, STORE_OK},
    {"key-iter-huge", STORE_OK, STORE_BAD_ITERATIONS},
    {"key-iter-zero", STORE_OK, STORE_BAD_ITERATIONS},
    {"key-trailing", STORE_OK, STORE_OK},
    {"key-truncated", STORE_DAMAGED_KEY, STORE_OK},
    {"key-unknown-oid", STORE_OK, STORE_UNKNOWN_CIPHER},
    {"no-cert", STORE_NO_CERT, STORE_OK},
    {"no-key", STORE_NO_KEY, STORE_OK},
    {"pair-mismatch", STORE_OK, STORE_WRONG_PAIR},
};

static void check_broken(const char *set, const struct broken *broken)
{
    struct store_verdict verdict;
    print_message("  %s\n", broken->name);
    const char *dir = help_path("%s/bad/%s", set, broken->name);
    assert_int_equal(look(dir, TEST_PASSWORD, NULL, help_now(), &verdict), broken->entry);
    if (broken->entry != STORE_OK) {
        assert_int_equal(verdict.key_count, 0);
        return;
    }
    assert_int_equal(verdict.key_count, 1);
    assert_int_equal(verdict.keys[0].fault, broken->key);
    assert_int_equal(verdict.fault, broken->key);
    assert_string_equal(verdict.keys[0].file, "signPri.key");
    assert_int_equal(verdict.keys[0].has_trailing, strcmp(broken->name, "key-trailing") == 0);
    assert_int_equal(verdict.keys[0].oid[0] != '\0', broken->key == STORE_UNKNOWN_CIPHER);
    assert_int_equal(verdict.random, broken->key == STORE_OK ? STORE_RANDOM_PRESENT : STORE_RANDOM_UNKNOWN);
}

static void every_broken_set_has_its_own_fault(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
            check_broken(*set, &BROKEN[i]);
        }
    }
}

static void a_wrong_password_and_a_wrong_pair_are_told_apart(void **state)
{
    (void)state;
    struct store_verdict verdict;
    const char *dir = help_path("%s/bad/pair-mismatch", help_best_set());
    assert_int_equal(look(dir, "wrong", NULL, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.fault, STORE_WRONG_PASSWORD);
    assert_int_equal(look(dir, TEST_PASSWORD, NULL, help_now(), &verdict), STORE_OK);
    assert_int_equal(verdict.fault, STORE_WRONG_PAIR);
}

static void a_file_gone_since_it_was_listed_is_said_to_be_gone(void **state)
{
    (void)state;
    struct store_list list;
    struct store_verdict verdict;
    char *dir = help_temporary();
    const struct store_question question = {.password = TEST_PASSWORD, .length = 13, .now = help_now()};
    help_copy(help_user("y-bank-115", "s-bank"), dir);
    const struct store_entry *entry = first(dir, &list);
    assert_int_equal(unlink(help_path("%s/signPri.key", dir)), 0);
    assert_int_equal(store_verify(entry, &question, &verdict), STORE_NOT_FOUND);
    store_list_free(&list);
    help_remove(dir);
}

/* A scan leaves such files out; here they count. */
static void a_damaged_key_management_file_is_named(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(help_user("kica-univ-km", "s-kica-km"), dir);
    help_write(help_path("%s/kmPri.key", dir), "x", 1);
    struct store_verdict verdict = see(dir, NULL);
    assert_int_equal(verdict.key_count, 2);
    assert_int_equal(verdict.keys[0].fault, STORE_OK);
    assert_int_equal(verdict.keys[1].kind, CR_FILE_KM_KEY);
    assert_int_equal(verdict.keys[1].fault, STORE_DAMAGED_KEY);
    assert_string_equal(verdict.keys[1].file, "kmPri.key");
    unlink(help_path("%s/kmPri.key", dir));
    verdict = see(dir, NULL);
    assert_int_equal(verdict.key_count, 2);
    assert_int_equal(verdict.keys[1].fault, STORE_NOT_FOUND);
    unlink(help_path("%s/kmCert.der", dir));
    verdict = see(dir, NULL);
    assert_int_equal(verdict.key_count, 1);
    help_remove(dir);
}

static void a_pkcs12_is_looked_into_with_its_random_number(void **state)
{
    (void)state;
    static const char *const FILES[] = {"y-bank-115-3des", "y-bank-115-aes", "y-bank-115-rc2",
                                        "y-bank-115-seed"};
    struct store_verdict verdict = see(help_path("%s/p12/s-bank.p12", CR_SAMPLES), NULL);
    assert_int_equal(verdict.fault, STORE_OK);
    assert_int_equal(verdict.random, STORE_RANDOM_PRESENT);
    for (size_t i = 0; help_has_shared() && i < sizeof FILES / sizeof FILES[0]; i++) {
        const char *file = help_path("%s/p12/%s.p12", CR_SHARED_FIXTURES, FILES[i]);
        verdict = see(file, "8001011234567");
        assert_int_equal(verdict.fault, STORE_OK);
        assert_int_equal(verdict.keys[0].kind, CR_FILE_PKCS12);
        assert_int_equal(verdict.number, STORE_NUMBER_SAME);
        assert_int_equal(look(file, "wrong", NULL, help_now(), &verdict), STORE_OK);
        assert_int_equal(verdict.fault, STORE_WRONG_PASSWORD);
        assert_int_equal(verdict.key_count, 1);
    }
}

/* A whole root to change: authorities and one person's certificate. */
static char *copy_root(void)
{
    char *dir = help_temporary();
    help_copy(help_path("%s/NPKI", CR_SAMPLES), help_path("%s/NPKI", dir));
    return dir;
}

static const char *bank_in(const char *dir)
{
    return help_path("%s/NPKI/yessign/USER", dir);
}

static char *authority_in(const char *dir, const char *folder)
{
    static char path[2048];
    FILE *found = popen(help_path("ls '%s/NPKI/%s/'*.der", dir, folder), "r");
    assert_non_null(found);
    assert_non_null(fgets(path, sizeof path, found));
    path[strcspn(path, "\n")] = '\0';
    pclose(found);
    return path;
}

static void a_chain_is_complete_when_all_authorities_lie_there(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        struct store_verdict verdict = see(help_path("%s/NPKI/KICA/USER", *set), NULL);
        assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_COMPLETE);
        assert_true(verdict.keys[0].name[0] != '\0');
        assert_int_equal(verdict.keys[1].chain, STORE_CHAIN_COMPLETE);
    }
}

static void a_missing_authority_is_named(void **state)
{
    (void)state;
    char *dir = copy_root();
    assert_int_equal(see(bank_in(dir), NULL).keys[0].chain, STORE_CHAIN_COMPLETE);
    assert_int_equal(unlink(authority_in(dir, "KISA")), 0);
    struct store_verdict verdict = see(bank_in(dir), NULL);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_MISSING);
    char *root_name = strdup(verdict.keys[0].name);
    assert_int_equal(unlink(authority_in(dir, "yessign")), 0);
    verdict = see(bank_in(dir), NULL);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_MISSING);
    assert_string_not_equal(verdict.keys[0].name, root_name);
    assert_non_null(strstr(verdict.keys[0].name, "yessign"));
    free(root_name);
    help_remove(dir);
}

/* The last byte of a certificate is its signature's. */
static void damage(const char *path)
{
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    bytes[length - 1] ^= 1;
    help_write(path, bytes, length);
    free(bytes);
}

static void a_signature_that_does_not_hold_is_found_at_each_step(void **state)
{
    (void)state;
    static const char *const FOLDERS[] = {"KISA", "yessign"};
    for (size_t i = 0; i < sizeof FOLDERS / sizeof FOLDERS[0]; i++) {
        char *dir = copy_root();
        char path[2048];
        snprintf(path, sizeof path, "%s", authority_in(dir, FOLDERS[i]));
        damage(path);
        struct store_verdict verdict = see(bank_in(dir), NULL);
        assert_int_equal(verdict.fault, STORE_OK);
        assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_BROKEN);
        assert_true(verdict.keys[0].name[0] != '\0');
        help_remove(dir);
    }
    char *dir = copy_root();
    struct store_list list;
    char path[2048];
    snprintf(path, sizeof path, "%s", first(bank_in(dir), &list)->paths[0]);
    store_list_free(&list);
    damage(path);
    struct store_verdict verdict = see(bank_in(dir), NULL);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_BROKEN);
    assert_int_equal(unlink(authority_in(dir, "KISA")), 0);
    assert_int_equal(see(bank_in(dir), NULL).keys[0].chain, STORE_CHAIN_BROKEN);
    help_remove(dir);
}

static void an_authority_that_is_over_is_told_but_the_persons_own_date_is_not(void **state)
{
    (void)state;
    struct store_verdict verdict;
    char *dir = copy_root();
    time_t years = (time_t)365 * 86400;
    assert_int_equal(look(bank_in(dir), TEST_PASSWORD, NULL, help_now() + 2 * years, &verdict), STORE_OK);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_COMPLETE);
    assert_int_equal(look(bank_in(dir), TEST_PASSWORD, NULL, help_now() + 40 * years, &verdict), STORE_OK);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_EXPIRED);
    assert_int_equal(look(bank_in(dir), TEST_PASSWORD, NULL, help_now() - 30 * years, &verdict), STORE_OK);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_EXPIRED);
    help_remove(dir);
}

static void authorities_of_a_scan_elsewhere_complete_the_chain(void **state)
{
    (void)state;
    struct store_list list;
    struct store_list found;
    struct store_verdict verdict;
    char *dir = help_temporary();
    struct store_question question = {.password = TEST_PASSWORD, .length = 13, .now = help_now()};
    help_copy(help_user("y-bank-115", "s-bank"), dir);
    assert_int_equal(store_scan(help_path("%s/NPKI", help_best_set()), &found), STORE_OK);
    const struct store_entry *entry = first(dir, &list);
    assert_int_equal(store_verify(entry, &question, &verdict), STORE_OK);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_MISSING);
    question.found = &found;
    assert_int_equal(store_verify(entry, &question, &verdict), STORE_OK);
    assert_int_equal(verdict.keys[0].chain, STORE_CHAIN_COMPLETE);
    store_list_free(&found);
    store_list_free(&list);
    help_remove(dir);
}

static void looking_changes_nothing(void **state)
{
    (void)state;
    char *dir = copy_root();
    char *before = help_picture(dir);
    (void)see(bank_in(dir), "8001011234567");
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_as_its_manifest_says),
        cmocka_unit_test(the_number_a_certificate_was_issued_for_is_recognised_and_no_other),
        cmocka_unit_test(a_number_may_have_hyphens_but_no_letters),
        cmocka_unit_test(the_random_number_is_that_of_the_manifest),
        cmocka_unit_test(every_broken_set_has_its_own_fault),
        cmocka_unit_test(a_wrong_password_and_a_wrong_pair_are_told_apart),
        cmocka_unit_test(a_file_gone_since_it_was_listed_is_said_to_be_gone),
        cmocka_unit_test(a_damaged_key_management_file_is_named),
        cmocka_unit_test(a_pkcs12_is_looked_into_with_its_random_number),
        cmocka_unit_test(a_chain_is_complete_when_all_authorities_lie_there),
        cmocka_unit_test(a_missing_authority_is_named),
        cmocka_unit_test(a_signature_that_does_not_hold_is_found_at_each_step),
        cmocka_unit_test(an_authority_that_is_over_is_told_but_the_persons_own_date_is_not),
        cmocka_unit_test(authorities_of_a_scan_elsewhere_complete_the_chain),
        cmocka_unit_test(looking_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
