/* Storing: byte for byte, by our own names, all or nothing, and never over another certificate. */
#include "steps.h"
#include "store_help.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

/* Loads, saves, loads again from the place named, and compares. */
static void round_trip(const char *from)
{
    uint8_t before[CR_DIGEST_BYTES];
    uint8_t after[CR_DIGEST_BYTES];
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(from);
    const char *root = help_path("%s/NPKI", dir);
    assert_int_equal(cr_bundle_digest(bundle, before), CR_OK);
    help_save_ok(root, bundle, 0, &paths);
    const char *place = paths[0];
    char folder[2048];
    snprintf(folder, sizeof folder, "%s", place);
    if (bundle->certs[0].format == CR_FORMAT_GPKI) {
        *strrchr(folder, '/') = '\0';
    }
    struct cr_bundle *again = help_load(folder);
    assert_int_equal(again->certs[0].format, bundle->certs[0].format);
    assert_int_equal(cr_bundle_digest(again, after), CR_OK);
    assert_memory_equal(before, after, sizeof before);
    if (bundle->certs[0].format == CR_FORMAT_NPKI) {
        assert_int_equal(mode_of(place), 0700);
        assert_int_equal(mode_of(help_path("%s/signPri.key", place)), 0600);
    }
    cr_bundle_free(again);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void every_sample_is_stored_byte_for_byte(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        json_t *manifest = help_manifest(*set);
        const json_t *user = NULL;
        size_t i = 0;
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            print_message("  %s\n", help_string(user, "id"));
            round_trip(help_path("%s/%s", *set, help_string(user, "dir")));
        }
        json_decref(manifest);
    }
    round_trip(help_path("%s/p12/s-bank.p12", CR_SAMPLES));
}

static size_t pem_block(char *out, const char *kind, const struct cr_file *file)
{
    size_t at = (size_t)sprintf(out, "-----BEGIN %s-----\n", kind);
    at += (size_t)EVP_EncodeBlock((unsigned char *)out + at, file->bytes, (int)file->size);
    return at + (size_t)sprintf(out + at, "\n-----END %s-----\n", kind);
}

static void a_pem_file_is_found_proved_and_stored(void **state)
{
    (void)state;
    char text[16384];
    char detail[STORE_DETAIL_BYTES];
    struct store_list list;
    char *dir = help_temporary();
    const char *path = help_path("%s/mine.pem", dir);
    struct cr_bundle *bundle = help_load(help_bank());
    size_t at = pem_block(text, "CERTIFICATE", &bundle->certs[0].files[0]);
    help_write(path, text, at);
    assert_int_equal(store_scan(dir, &list), STORE_NOT_FOUND);
    store_list_free(&list);
    at += pem_block(text + at, "ENCRYPTED PRIVATE KEY", &bundle->certs[0].files[1]);
    help_write(path, text, at);
    cr_bundle_free(bundle);
    bundle = help_load(path);
    assert_int_equal(bundle->certs[0].format, CR_FORMAT_PEM);
    assert_string_equal(bundle->certs[0].owner, "홍길동");
    assert_int_equal(store_prove(&bundle->certs[0], TEST_PASSWORD, strlen(TEST_PASSWORD), detail), STORE_OK);
    assert_int_equal(store_prove(&bundle->certs[0], "wrong", 5, detail), STORE_WRONG_PASSWORD);
    assert_string_equal(detail, "PEM");
    cr_bundle_free(bundle);
    round_trip(path);
    help_remove(dir);
}

static void names_come_from_the_certificate_and_not_from_the_peer(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_bank());
    strcpy(bundle->certs[0].owner, "../../../../tmp/evil");
    strcpy(bundle->certs[0].issuer, "../evil");
    help_save_ok(help_path("%s/NPKI", dir), bundle, 0, &paths);
    const char *last = strrchr(help_bank(), '/') + 1;
    assert_string_equal(paths[0], help_path("%s/NPKI/yessign/USER/%s", dir, last));
    assert_null(paths[1]);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    bundle = help_load(help_path("%s/p12/s-bank.p12", CR_SAMPLES));
    strcpy(bundle->certs[0].owner, "../../../../tmp/evil");
    help_save_ok(help_path("%s/NPKI", dir), bundle, 0, &paths);
    const char *begin = help_path("%s/NPKI/certrelay/certificate-", dir);
    assert_memory_equal(paths[0], begin, strlen(begin));
    assert_string_equal(paths[0] + strlen(begin) + 8, ".p12");
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_gpki_group_goes_beside_the_root(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_path("%s/GPKI", help_best_set()));
    help_save_ok(help_path("%s/NPKI", dir), bundle, 0, &paths);
    assert_string_equal(paths[0], help_path("%s/GPKI/Certificate/class2/123공무원001_sig.cer", dir));
    store_paths_free(paths);
    assert_int_equal(store_clash(help_path("%s/NPKI", dir), &bundle->certs[0]), STORE_CLASH_SAME);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void existing_folders_are_used_whatever_their_case(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    help_copy(help_bank(), help_path("%s/NPKI/Yessign/User/cn=other", dir));
    struct cr_bundle *bundle = help_load(help_bank());
    help_save_ok(help_path("%s/NPKI", dir), bundle, 0, &paths);
    const char *begin = help_path("%s/NPKI/Yessign/User/cn=", dir);
    assert_memory_equal(paths[0], begin, strlen(begin));
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void the_very_same_certificate_counts_as_stored(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = help_load(help_bank());
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_NONE);
    help_save_ok(root, bundle, 0, &paths);
    store_paths_free(paths);
    char *before = help_picture(dir);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_SAME);
    help_save_ok(root, bundle, 1, &paths);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    assert_non_null(paths[0]);
    store_paths_free(paths);
    free(before);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

/* Puts another certificate where the bundle's would go. Returns its folder. */
static const char *occupy(const char *dir, const struct cr_bundle *bundle, const char *with)
{
    struct store_facts facts[CR_CERTS_MAX];
    assert_int_equal(store_check(bundle, facts), STORE_OK);
    const char *place = help_path("%s/NPKI/%s/USER/%s", dir, facts[0].ca_folder, facts[0].folder);
    help_copy(with, place);
    for (size_t i = 0; i < bundle->cert_count; i++) {
        store_facts_wipe(&facts[i]);
    }
    return place;
}

static void an_older_one_is_kept_beside_the_new_when_replaced(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = help_load(help_bank());
    const char *place = occupy(dir, bundle, help_user("sk-stock-expired", "s-expired"));
    char *before = help_picture(place);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_RENEWED);
    help_save_fails(root, bundle, 0, STORE_EXISTS);
    char *after = help_picture(place);
    assert_string_equal(before, after);
    free(after);
    help_save_ok(root, bundle, 1, &paths);
    assert_string_equal(paths[0], place);
    char *picture = help_picture(dir);
    const char *backup = strstr(picture, ".bak-20");
    assert_non_null(backup);
    assert_int_equal(strspn(backup + 5, "0123456789"), 8);
    char name[64];
    snprintf(name, sizeof name, "%.13s", backup);
    after = help_picture(help_path("%s%s", place, name));
    assert_string_equal(before, after);
    free(after);
    free(before);
    free(picture);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_second_backup_of_the_day_gets_a_number(void **state)
{
    (void)state;
    store_time = 1795132800; /* midnight in Korea may pass between the two */
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = help_load(help_bank());
    const char *place = occupy(dir, bundle, help_user("sk-stock-expired", "s-expired"));
    help_save_ok(root, bundle, 1, &paths);
    store_paths_free(paths);
    /* What is there now is the new one; spoil it, so that it is another. */
    help_write(help_path("%s/signPri.key", place), "x", 1);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_OTHER);
    help_save_ok(root, bundle, 1, &paths);
    char *picture = help_picture(dir);
    const char *first = strstr(picture, ".bak-20");
    assert_non_null(first);
    assert_non_null(strstr(first + 13, "-2 "));
    store_time = 0;
    free(picture);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void one_refused_certificate_keeps_all_out(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    help_add(bundle, help_bank());
    struct cr_bundle *second = help_load(help_bank());
    occupy(dir, second, help_user("sk-stock-expired", "s-expired"));
    char *before = help_picture(dir);
    help_save_fails(help_path("%s/NPKI", dir), bundle, 0, STORE_EXISTS);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    cr_bundle_free(second);
    cr_bundle_free(bundle);
    help_remove(dir);
}

/* Another certificate of the same name: valid from some years earlier. */
static void make_older(struct cr_cert *cert, int years)
{
    struct cr_file *file = &cert->files[0];
    uint8_t *at = file->bytes;
    assert_int_equal(file->kind, CR_FILE_SIGN_CERT);
    while (at[0] != 0x17 || at[1] != 13 || at[14] != 'Z') {
        at++;
        assert_true(at < file->bytes + file->size - 15);
    }
    at[2] = (uint8_t)(at[2] - years);
}

/* certs[0] is the oldest, certs[1] the newest, certs[2] between them. */
static struct cr_bundle *three_of_a_name(void)
{
    struct cr_bundle *bundle = help_load(help_bank());
    help_add(bundle, help_bank());
    help_add(bundle, help_bank());
    make_older(&bundle->certs[0], 2);
    make_older(&bundle->certs[2], 1);
    return bundle;
}

static void save_one(const char *root, struct cr_bundle *bundle, size_t number)
{
    char **paths = NULL;
    struct cr_bundle *one = cr_bundle_new();
    const struct cr_cert *cert = &bundle->certs[number];
    one->certs[one->cert_count++].format = cert->format;
    for (size_t i = 0; i < cert->file_count; i++) {
        const struct cr_file *file = &cert->files[i];
        assert_int_equal(cr_bundle_add_file(one, file->kind, file->bytes, file->size), CR_OK);
    }
    help_save_ok(root, one, 0, &paths);
    store_paths_free(paths);
    cr_bundle_free(one);
}

static int is_backup_of(const char *path, const char *place)
{
    return strstr(path, help_path("%s.bak-20", place)) == path;
}

/* there: which of the three lies there before; 3 for none. */
static void store_three_of_a_name(size_t there, int may_replace)
{
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = three_of_a_name();
    if (there < 3) {
        save_one(root, bundle, there);
    }
    help_save_ok(root, bundle, may_replace, &paths);
    assert_true(is_backup_of(paths[0], paths[1]));
    assert_true(is_backup_of(paths[2], paths[1]));
    assert_string_not_equal(paths[0], paths[2]);
    assert_null(strstr(paths[1], ".bak-"));
    assert_int_equal(store_clash_all(root, bundle), STORE_CLASH_SAME);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_OTHER);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void of_one_name_the_newest_gets_it_and_the_others_lie_beside(void **state)
{
    (void)state;
    store_three_of_a_name(3, 0);
    store_three_of_a_name(1, 0);
    store_three_of_a_name(0, 1);
    store_three_of_a_name(2, 1);
}

static void of_one_name_what_is_there_is_replaced_only_if_it_may_be(void **state)
{
    (void)state;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = three_of_a_name();
    assert_int_equal(store_clash_all(root, bundle), STORE_CLASH_NONE);
    save_one(root, bundle, 0);
    assert_int_equal(store_clash_all(root, bundle), STORE_CLASH_RENEWED);
    char *before = help_picture(dir);
    help_save_fails(root, bundle, 0, STORE_EXISTS);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void the_same_certificate_twice_is_stored_once(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = three_of_a_name();
    help_add(bundle, help_bank());
    help_add(bundle, help_bank());
    make_older(&bundle->certs[4], 2);
    help_save_ok(help_path("%s/NPKI", dir), bundle, 0, &paths);
    assert_string_equal(paths[1], paths[3]);
    assert_string_equal(paths[0], paths[4]);
    char *picture = help_picture(dir);
    size_t count = 0;
    for (const char *at = picture; (at = strstr(at, "/signCert.der")) != NULL; at++) {
        count++;
    }
    assert_int_equal(count, 3);
    free(picture);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void of_two_gpki_groups_of_one_name_each_file_has_its_place(void **state)
{
    (void)state;
    char **paths = NULL;
    struct store_list list;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir), *group = help_path("%s/GPKI", help_best_set());
    struct cr_bundle *bundle = help_load(group);
    help_add(bundle, group);
    make_older(&bundle->certs[0], 1);
    save_one(root, bundle, 0);
    help_save_ok(root, bundle, 1, &paths);
    assert_true(is_backup_of(paths[0], paths[1]));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    store_list_free(&list);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static unsigned folder_syncs;

static void count_folder_syncs(const char *name)
{
    folder_syncs += strcmp(name, "fsync folder") == 0;
}

/* The stage's folder, the stage twice (what is in it, its journal) and the root before anything moves; the places after; the
 * stage once more when its journal is gone. Each place once, however many certificates go there. */
static void folders_are_synced_as_often_as_it_takes(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = help_load(help_bank());
    help_write(help_path("%s/yessign/USER/other", root), "x", 1);
    store_step = count_folder_syncs;
    folder_syncs = 0;
    help_save_ok(root, bundle, 0, &paths);
    assert_int_equal(folder_syncs, 1 + 2 + 1 + 1 + 1);
    store_paths_free(paths);
    help_add(bundle, help_bank());
    make_older(&bundle->certs[0], 1);
    bundle->certs[1].files[1].bytes[bundle->certs[1].files[1].size - 1] ^= 1;
    folder_syncs = 0;
    help_save_ok(root, bundle, 1, &paths);
    assert_int_equal(folder_syncs, 2 + 2 + 1 + 1 + 1);
    store_step = NULL;
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void what_does_not_parse_is_not_stored(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = cr_bundle_new();
    help_add_raw(bundle, help_path("%s/bad/cert-is-html", help_best_set()));
    help_save_fails(help_path("%s/NPKI", dir), bundle, 1, STORE_DAMAGED_CERT);
    char *after = help_picture(dir);
    assert_string_equal(after, "");
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_stored_byte_for_byte),
        cmocka_unit_test(a_pem_file_is_found_proved_and_stored),
        cmocka_unit_test(names_come_from_the_certificate_and_not_from_the_peer),
        cmocka_unit_test(a_gpki_group_goes_beside_the_root),
        cmocka_unit_test(existing_folders_are_used_whatever_their_case),
        cmocka_unit_test(the_very_same_certificate_counts_as_stored),
        cmocka_unit_test(an_older_one_is_kept_beside_the_new_when_replaced),
        cmocka_unit_test(a_second_backup_of_the_day_gets_a_number),
        cmocka_unit_test(one_refused_certificate_keeps_all_out),
        cmocka_unit_test(of_one_name_the_newest_gets_it_and_the_others_lie_beside),
        cmocka_unit_test(of_one_name_what_is_there_is_replaced_only_if_it_may_be),
        cmocka_unit_test(the_same_certificate_twice_is_stored_once),
        cmocka_unit_test(of_two_gpki_groups_of_one_name_each_file_has_its_place),
        cmocka_unit_test(folders_are_synced_as_often_as_it_takes),
        cmocka_unit_test(what_does_not_parse_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
