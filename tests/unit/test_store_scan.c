/* Finding certificates: every usual place, and nothing that is not one. */
#include "scan.h"
#include "store_help.h"

#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static const char *expired(void)
{
    return help_user("sk-stock-expired", "s-expired");
}

static size_t count_usable(const struct store_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        count += list->entries[i].fault == STORE_OK;
    }
    return count;
}

/* Scans the usual places of a made-up home and system. */
static void scan_places(const char *home, const char *system, struct store_list *list)
{
    struct scan scan = {.list = list, .names_left = 50000};
    memset(list, 0, sizeof *list);
    places_scan(&scan, home, system);
    assert_int_equal(scan.fault, STORE_OK);
    free(scan.visited);
}

static const char *const PLACES[] = {
    "home/NPKI/yessign/USER/cn=a,c=kr",
    "home/npki/yessign/user/cn=a,c=kr",
    "home/Library/Preferences/NPKI/yessign/USER/cn=a,c=kr",
    "home/Documents/NPKI/yessign/USER/cn=a,c=kr",
    "home/AppData/LocalLow/NPKI/yessign/USER/cn=a,c=kr",
    "home/.pki/NPKI/yessign/USER/cn=a,c=kr",
    "home/NPKI/NPKI/yessign/USER/cn=a,c=kr",
    "home/NPKI/yessign/USER/not called cn",
    "home/NPKI/some unknown authority/User/cn=a,c=kr",
    "home/NPKI/yessign/USER",
    "system/media/stick/NPKI/yessign/USER/cn=a,c=kr",
    "system/media/person/stick/NPKI/yessign/USER/cn=a,c=kr",
    "system/run/media/person/stick/NPKI/yessign/USER/cn=a,c=kr",
    "system/Volumes/STICK/NPKI/yessign/USER/cn=a,c=kr",
    "system/mnt/c/Program Files/NPKI/yessign/USER/cn=a,c=kr",
    "system/mnt/c/Program Files (x86)/NPKI/yessign/USER/cn=a,c=kr",
    "system/mnt/c/Users/person/AppData/LocalLow/NPKI/yessign/USER/cn=a,c=kr",
    "system/mnt/usb/NPKI/yessign/USER/cn=a,c=kr",
};

static void every_usual_place_is_found(void **state)
{
    (void)state;
    const char *from = bank();
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        struct store_list list;
        char *dir = help_temporary();
        print_message("  %s\n", PLACES[i]);
        mkdir(help_path("%s/home", dir), 0700);
        mkdir(help_path("%s/system", dir), 0700);
        help_copy(from, help_path("%s/%s", dir, PLACES[i]));
        scan_places(help_path("%s/home", dir), help_path("%s/system", dir), &list);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entries[0].fault, STORE_OK);
        assert_string_equal(list.entries[0].path, help_path("%s/%s", dir, PLACES[i]));
        store_list_free(&list);
        help_remove(dir);
    }
}

static void what_is_in_no_usual_place_is_not_found(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    mkdir(help_path("%s/system", dir), 0700);
    help_copy(bank(), help_path("%s/home/Pictures/NPKIx/yessign/USER/cn=a", dir));
    scan_places(help_path("%s/home", dir), help_path("%s/system", dir), &list);
    assert_int_equal(list.count, 0);
    store_list_free(&list);
    help_remove(dir);
}

static void a_pair_lying_in_the_given_folder_is_found(void **state)
{
    (void)state;
    struct store_list list;
    assert_int_equal(store_scan(bank(), &list), STORE_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entries[0].file_count, 2);
    assert_int_equal(list.entries[0].format, CR_FORMAT_NPKI);
    store_list_free(&list);
}

/* Who runs this program, as the system says: in place of the C library's own. */
static struct passwd person;

struct passwd *getpwuid(uid_t uid)
{
    (void)uid;
    return person.pw_dir == NULL ? NULL : &person;
}

static int is_listed(const char *path)
{
    struct store_list list;
    int is_there = 0;
    store_scan(NULL, &list);
    for (size_t i = 0; i < list.count; i++) {
        is_there |= strcmp(list.entries[i].path, path) == 0;
    }
    store_list_free(&list);
    return is_there;
}

/* Where HOME says nothing, list and import both go by what the system knows of the person. */
static void without_home_the_default_store_is_still_a_usual_place(void **state)
{
    (void)state;
    char *dir = help_temporary();
    const char *path = help_path("%s/NPKI/yessign/USER/cn=a,c=kr", dir);
    char home[] = "/nowhere";
    help_copy(bank(), path);
    for (int is_set = 0; is_set < 2; is_set++) {
        assert_int_equal(is_set ? setenv("HOME", "", 1) : unsetenv("HOME"), 0);
        person.pw_dir = dir;
        char *root = store_default_root();
        assert_string_equal(root, help_path("%s/NPKI", dir));
        free(root);
        assert_true(is_listed(path));
        person.pw_dir = home;
        assert_false(is_listed(path));
        person.pw_dir = NULL;
        assert_null(store_default_root());
        assert_false(is_listed(path));
    }
    assert_int_equal(setenv("HOME", dir, 1), 0);
    assert_true(is_listed(path));
    help_remove(dir);
}

static void an_empty_or_missing_folder_is_not_found(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    assert_int_equal(store_scan(dir, &list), STORE_NOT_FOUND);
    store_list_free(&list);
    assert_int_equal(store_scan(help_path("%s/nothing", dir), &list), STORE_NOT_FOUND);
    store_list_free(&list);
    help_remove(dir);
}

static void the_same_certificate_in_two_places_is_one_entry(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/1/USER/cn=a", dir));
    help_copy(bank(), help_path("%s/2/USER/cn=b", dir));
    help_copy(bank(), help_path("%s/3", dir));
    help_copy(expired(), help_path("%s/4", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.entries[0].other_places[0], help_path("%s/2/USER/cn=b", dir));
    assert_string_equal(list.entries[0].other_places[1], help_path("%s/3", dir));
    assert_null(list.entries[0].other_places[2]);
    assert_null(list.entries[1].other_places);
    store_list_free(&list);
    help_remove(dir);
}

static void the_copy_with_more_files_leads(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    const char *km = help_user("kica-univ-km", "s-kica-km");
    help_copy(km, help_path("%s/1", dir));
    unlink(help_path("%s/1/kmPri.key", dir));
    help_copy(km, help_path("%s/2", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entries[0].file_count, 4);
    assert_string_equal(list.entries[0].path, help_path("%s/2", dir));
    assert_string_equal(list.entries[0].other_places[0], help_path("%s/1", dir));
    store_list_free(&list);
    help_remove(dir);
}

static void copies_with_another_key_are_entries_of_their_own(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(help_path("%s/bad/pair-mismatch", help_best_set()), help_path("%s/1", dir));
    help_copy(bank(), help_path("%s/2", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 2);
    assert_null(list.entries[0].other_places);
    assert_memory_equal(list.entries[0].facts.identity, list.entries[1].facts.identity, 32);
    store_list_free(&list);
    help_remove(dir);
}

static void faulty_entries_come_last_with_their_fault(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(help_path("%s/bad/no-key", help_best_set()), help_path("%s/1", dir));
    help_copy(help_path("%s/bad/cert-is-html", help_best_set()), help_path("%s/2", dir));
    help_copy(bank(), help_path("%s/3", dir));
    help_copy(help_path("%s/bad/key-truncated", help_best_set()), help_path("%s/4", dir));
    help_copy(expired(), help_path("%s/5", dir));
    help_copy(help_path("%s/bad/no-cert", help_best_set()), help_path("%s/6", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    static const enum store_fault WANTED[] = {STORE_OK,           STORE_OK,          STORE_NO_KEY,
                                              STORE_DAMAGED_CERT, STORE_DAMAGED_KEY, STORE_NO_CERT};
    assert_int_equal(list.count, sizeof WANTED / sizeof WANTED[0]);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.entries[i].fault, WANTED[i]);
        assert_true((list.entries[i].facts.owner == NULL) == (WANTED[i] != STORE_OK));
    }
    struct cr_bundle *bundle = cr_bundle_new();
    assert_int_equal(store_load(&list.entries[2], bundle), STORE_NO_KEY);
    assert_int_equal(bundle->cert_count, 0);
    cr_bundle_free(bundle);
    store_list_free(&list);
    help_remove(dir);
}

static void links_are_not_followed(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    mkdir(help_path("%s/store", dir), 0700);
    help_copy(bank(), help_path("%s/outside", dir));
    assert_int_equal(symlink("../outside", help_path("%s/store/linked", dir)), 0);
    mkdir(help_path("%s/store/files", dir), 0700);
    assert_int_equal(symlink("../../outside/signCert.der", help_path("%s/store/files/signCert.der", dir)), 0);
    assert_int_equal(symlink("../../outside/signPri.key", help_path("%s/store/files/signPri.key", dir)), 0);
    store_scan(help_path("%s/store", dir), &list);
    assert_int_equal(count_usable(&list), 0);
    store_list_free(&list);
    help_remove(dir);
}

static void a_pipe_in_place_of_a_file_does_not_hang(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    assert_int_equal(mkfifo(help_path("%s/signCert.der", dir), 0600), 0);
    assert_int_equal(mkfifo(help_path("%s/signPri.key", dir), 0600), 0);
    store_scan(dir, &list);
    assert_int_equal(count_usable(&list), 0);
    store_list_free(&list);
    help_remove(dir);
}

static void a_file_over_the_limit_is_too_big(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    uint8_t *big = calloc(1, CR_FILE_MAX_BYTES + 1);
    help_copy(bank(), help_path("%s/a", dir));
    help_write(help_path("%s/a/signPri.key", dir), big, CR_FILE_MAX_BYTES + 1);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.entries[0].fault, STORE_TOO_BIG);
    store_list_free(&list);
    free(big);
    help_remove(dir);
}

static void folders_are_walked_to_eight_levels_and_no_deeper(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/1/2/3/4/5/6/7/8", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    store_list_free(&list);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    store_list_free(&list);
    assert_int_equal(rename(help_path("%s/1", dir), help_path("%s/x", dir)), 0);
    mkdir(help_path("%s/1", dir), 0700);
    assert_int_equal(rename(help_path("%s/x", dir), help_path("%s/1/x", dir)), 0);
    assert_int_equal(store_scan(dir, &list), STORE_NOT_FOUND);
    store_list_free(&list);
    help_remove(dir);
}

static void a_folder_of_too_many_names_is_told(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/certificate", dir));
    for (int i = 1; i < 1999; i++) {
        help_write(help_path("%s/%04d", dir, i), "", 0);
    }
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_false(list.is_cut);
    store_list_free(&list);
    help_write(help_path("%s/1999", dir), "", 0);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_true(list.is_cut);
    store_list_free(&list);
    help_remove(dir);
}

static void a_name_that_is_not_utf8_stays_as_it_is(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/USER/cn=\xc8\xab\xb1\xe6\xb5\xbf", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.entries[0].fault, STORE_OK);
    assert_string_equal(list.entries[0].path, help_path("%s/USER/cn=\xc8\xab\xb1\xe6\xb5\xbf", dir));
    assert_string_equal(list.entries[0].facts.owner, "홍길동");
    struct cr_bundle *bundle = cr_bundle_new();
    assert_int_equal(store_load(&list.entries[0], bundle), STORE_OK);
    cr_bundle_free(bundle);
    store_list_free(&list);
    help_remove(dir);
}

static void file_names_in_another_case_are_found(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/a", dir));
    assert_int_equal(rename(help_path("%s/a/signCert.der", dir), help_path("%s/a/SIGNCERT.DER", dir)), 0);
    assert_int_equal(rename(help_path("%s/a/signPri.key", dir), help_path("%s/a/SignPri.key", dir)), 0);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.entries[0].fault, STORE_OK);
    store_list_free(&list);
    help_remove(dir);
}

static void backups_and_stages_are_left_out(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/USER/cn=a.bak-20261120", dir));
    help_copy(bank(), help_path("%s/USER/cn=a.bak-20261120-2", dir));
    help_copy(bank(), help_path("%s/.certrelay-0011223344556677/0", dir));
    assert_int_equal(store_scan(dir, &list), STORE_NOT_FOUND);
    store_list_free(&list);
    help_copy(bank(), help_path("%s/USER/cn=a.bak-yesterday", dir));
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    store_list_free(&list);
    help_remove(dir);
}

static void a_pkcs12_file_is_found_in_a_folder_or_by_itself(void **state)
{
    (void)state;
    struct store_list list;
    const char *dir = help_path("%s/p12", CR_SAMPLES);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entries[0].format, CR_FORMAT_PKCS12);
    assert_string_equal(list.entries[0].facts.owner, "s-bank");
    store_list_free(&list);
    assert_int_equal(store_scan(help_path("%s/s-bank.p12", dir), &list), STORE_OK);
    assert_int_equal(list.count, 1);
    store_list_free(&list);
    assert_int_equal(store_scan(help_path("%s/manifest.json", CR_SAMPLES), &list), STORE_NOT_FOUND);
    store_list_free(&list);
}

static void one_file_stands_for_its_certificate(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"123공무원001_env.key", "signPri.key"};
    char *dir = help_temporary();
    struct store_list list;
    help_copy(help_path("%s/GPKI/Certificate/class2", help_best_set()), dir);
    help_copy(bank(), dir);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(store_scan(help_path("%s/%s", dir, NAMES[i]), &list), STORE_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entries[0].format, i == 0 ? CR_FORMAT_GPKI : CR_FORMAT_NPKI);
        store_list_free(&list);
    }
    help_write(help_path("%s/note.txt", dir), "x", 1);
    assert_int_equal(store_scan(help_path("%s/note.txt", dir), &list), STORE_NOT_FOUND);
    store_list_free(&list);
    help_remove(dir);
}

static void every_sample_is_in_the_list_of_its_set(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        struct store_list list;
        json_t *manifest = help_manifest(*set);
        size_t users = json_array_size(json_object_get(manifest, "users"));
        assert_int_equal(store_scan(help_path("%s/NPKI", *set), &list), STORE_OK);
        size_t found = list.count;
        assert_int_equal(count_usable(&list), found);
        store_list_free(&list);
        assert_int_equal(store_scan(help_path("%s/GPKI", *set), &list), STORE_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.entries[0].format, CR_FORMAT_GPKI);
        store_list_free(&list);
        assert_int_equal(found, strcmp(*set, CR_SAMPLES) == 0 ? users : users - 1);
        json_decref(manifest);
    }
}

static void a_certificate_more_than_a_transfer_carries_is_too_big(void **state)
{
    (void)state;
    struct store_list list;
    struct cr_bundle *bundle = cr_bundle_new();
    assert_int_equal(store_scan(bank(), &list), STORE_OK);
    for (size_t i = 0; i < CR_CERTS_MAX; i++) {
        assert_int_equal(store_load(&list.entries[0], bundle), STORE_OK);
    }
    assert_int_equal(store_load(&list.entries[0], bundle), STORE_TOO_BIG);
    assert_int_equal(bundle->cert_count, CR_CERTS_MAX);
    assert_string_equal(bundle->certs[0].owner, "홍길동");
    assert_string_equal(bundle->certs[0].use, "은행/신용카드/보험용(개인)");
    assert_string_equal(bundle->certs[0].issuer, "금융결제원(yessign)");
    store_list_free(&list);
    cr_bundle_free(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_usual_place_is_found),
        cmocka_unit_test(what_is_in_no_usual_place_is_not_found),
        cmocka_unit_test(without_home_the_default_store_is_still_a_usual_place),
        cmocka_unit_test(a_pair_lying_in_the_given_folder_is_found),
        cmocka_unit_test(an_empty_or_missing_folder_is_not_found),
        cmocka_unit_test(the_same_certificate_in_two_places_is_one_entry),
        cmocka_unit_test(the_copy_with_more_files_leads),
        cmocka_unit_test(copies_with_another_key_are_entries_of_their_own),
        cmocka_unit_test(faulty_entries_come_last_with_their_fault),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(a_pipe_in_place_of_a_file_does_not_hang),
        cmocka_unit_test(a_file_over_the_limit_is_too_big),
        cmocka_unit_test(folders_are_walked_to_eight_levels_and_no_deeper),
        cmocka_unit_test(a_folder_of_too_many_names_is_told),
        cmocka_unit_test(a_name_that_is_not_utf8_stays_as_it_is),
        cmocka_unit_test(file_names_in_another_case_are_found),
        cmocka_unit_test(backups_and_stages_are_left_out),
        cmocka_unit_test(a_pkcs12_file_is_found_in_a_folder_or_by_itself),
        cmocka_unit_test(one_file_stands_for_its_certificate),
        cmocka_unit_test(every_sample_is_in_the_list_of_its_set),
        cmocka_unit_test(a_certificate_more_than_a_transfer_carries_is_too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
