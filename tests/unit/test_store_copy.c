/* Copying certificates to a folder or drive, and all of them into a backup. */
#include "copy.h"
#include "steps.h"
#include "store_help.h"

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

static struct store_list scan(const char *dir)
{
    struct store_list list;
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    return list;
}

static size_t count_usable(const struct store_list *list)
{
    size_t count = 0;
    while (count < list->count && list->entries[count].fault == STORE_OK) {
        count++;
    }
    return count;
}

static void the_root_is_the_npki_of_the_folder(void **state)
{
    (void)state;
    char *dir = help_temporary();
    mkdir(help_path("%s/stick", dir), 0700);
    mkdir(help_path("%s/old", dir), 0700);
    mkdir(help_path("%s/old/npki", dir), 0700);
    static const char *const ROWS[][2] = {
        {"stick", "stick/NPKI"},  {"stick/", "stick/NPKI"},  {"old", "old/npki"},
        {"old/npki", "old/npki"}, {"old/npki/", "old/npki"}, {"missing", "missing/NPKI"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char *root = store_root_in(help_path("%s/%s", dir, ROWS[i][0]));
        assert_string_equal(root, help_path("%s/%s", dir, ROWS[i][1]));
        free(root);
    }
    help_remove(dir);
}

static void a_copy_is_found_again_as_the_same_certificate(void **state)
{
    (void)state;
    char *dir = help_temporary();
    char **paths = NULL;
    help_copy(help_user("kica-univ-km", "s-kica-km"), help_path("%s/from/NPKI/KICA/USER/cn=a", dir));
    mkdir(help_path("%s/stick", dir), 0700);
    struct store_list list = scan(help_path("%s/from", dir));
    const struct store_entry *entry = &list.entries[0];
    char *root = store_root_in(help_path("%s/stick", dir));
    assert_int_equal(store_copy(&entry, 1, root, 0, &paths), STORE_OK);
    assert_int_equal(access(help_path("%s/kmPri.key", paths[0]), R_OK), 0);
    struct store_list both = scan(dir);
    assert_int_equal(both.count, 1);
    assert_non_null(both.entries[0].other_places);
    free(root);
    store_paths_free(paths);
    store_list_free(&both);
    store_list_free(&list);
    help_remove(dir);
}

static void what_changed_since_the_scan_or_cannot_be_used_is_not_copied(void **state)
{
    (void)state;
    char *dir = help_temporary();
    char **paths = NULL;
    size_t length = 0;
    help_copy(bank(), help_path("%s/from/cn=a", dir));
    help_copy(help_path("%s/bad/no-key", help_best_set()), help_path("%s/bad/cn=b", dir));
    struct store_list list = scan(help_path("%s/from", dir));
    struct store_list bad = scan(help_path("%s/bad", dir));
    const struct store_entry *entries[] = {&list.entries[0], &bad.entries[0]};
    const char *key = help_path("%s/from/cn=a/signPri.key", dir);
    assert_int_equal(store_copy(entries, 2, help_path("%s/NPKI", dir), 0, &paths), STORE_NO_KEY);
    uint8_t *bytes = help_read(key, &length);
    bytes[length - 1] ^= 1;
    help_write(key, bytes, length);
    assert_int_equal(store_copy(entries, 1, help_path("%s/NPKI", dir), 0, &paths), STORE_CHANGED);
    assert_int_equal(store_copy(entries, 0, help_path("%s/NPKI", dir), 0, &paths), STORE_NOT_FOUND);
    assert_null(paths);
    assert_int_equal(access(help_path("%s/NPKI", dir), F_OK), -1);
    free(bytes);
    store_list_free(&list);
    store_list_free(&bad);
    help_remove(dir);
}

/* More than one transfer carries, all with one name: each in a folder of its own. */
static void put_many(const char *dir, int count)
{
    size_t length = 0;
    uint8_t *key = help_read(help_path("%s/signPri.key", bank()), &length);
    for (int i = 0; i < count; i++) {
        help_copy(bank(), help_path("%s/NPKI/yessign/USER/cn=%d", dir, i));
        key[length - 1] = (uint8_t)i;
        help_write(help_path("%s/NPKI/yessign/USER/cn=%d/signPri.key", dir, i), key, length);
    }
    free(key);
}

static void assert_all_backed_up(const struct store_list *list, const char *path)
{
    struct store_list there = scan(path);
    assert_int_equal(count_usable(&there), there.count);
    assert_int_equal(there.count, count_usable(list));
    for (size_t i = 0; i < count_usable(list); i++) {
        int is_found = 0;
        for (size_t j = 0; j < there.count; j++) {
            is_found |= there.entries[j].format == list->entries[i].format &&
                        memcmp(there.entries[j].digests, list->entries[i].digests,
                               sizeof list->entries[i].digests) == 0;
        }
        assert_true(is_found);
    }
    store_list_free(&there);
}

static void a_backup_holds_everything_usable_whatever_the_number(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct store_backup made;
    put_many(help_path("%s/from", dir), 40);
    help_copy(help_path("%s/GPKI", help_best_set()), help_path("%s/from/GPKI", dir));
    help_copy(help_path("%s/p12", CR_SAMPLES), help_path("%s/from/p12", dir));
    help_copy(help_path("%s/bad/no-key", help_best_set()), help_path("%s/from/bad", dir));
    mkdir(help_path("%s/stick", dir), 0700);
    struct store_list list = scan(help_path("%s/from", dir));
    store_time = 1795132800;
    assert_int_equal(store_backup(&list, help_path("%s/stick", dir), &made), STORE_OK);
    assert_string_equal(made.path, help_path("%s/stick/certrelay-backup-20261120", dir));
    assert_int_equal(made.copied, count_usable(&list));
    assert_true(made.copied > CR_CERTS_MAX);
    assert_int_equal(made.left_out, 1);
    assert_all_backed_up(&list, made.path);
    store_backup_wipe(&made);
    store_list_free(&list);
    help_remove(dir);
}

static void each_backup_of_a_day_has_its_own_name(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct store_list list = scan(bank());
    store_time = 1795132800;
    for (int i = 1; i < 4; i++) {
        struct store_backup made;
        char suffix[4] = {'-', (char)('0' + i), '\0', '\0'};
        assert_int_equal(store_backup(&list, dir, &made), STORE_OK);
        assert_string_equal(made.path,
                            help_path("%s/certrelay-backup-20261120%s", dir, i == 1 ? "" : suffix));
        store_backup_wipe(&made);
    }
    char *picture = help_picture(dir);
    assert_null(strstr(picture, ".certrelay-"));
    free(picture);
    store_list_free(&list);
    help_remove(dir);
}

static void a_backup_of_nothing_or_to_nowhere_is_none(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct store_backup made;
    const struct store_list none = {0};
    struct store_list list = scan(bank());
    assert_int_equal(store_backup(&none, dir, &made), STORE_NOT_FOUND);
    assert_int_equal(store_backup(&list, help_path("%s/missing", dir), &made), STORE_NOT_FOUND);
    assert_null(made.path);
    char *picture = help_picture(dir);
    assert_string_equal(picture, "");
    free(picture);
    store_list_free(&list);
    help_remove(dir);
}

/* The source goes bad while it is copied: no backup is better than one that lacks something. */
static void a_backup_that_cannot_be_whole_is_not_made(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct store_backup made;
    put_many(help_path("%s/from", dir), 2);
    mkdir(help_path("%s/stick", dir), 0700);
    struct store_list list = scan(help_path("%s/from", dir));
    assert_int_equal(unlink(help_path("%s/from/NPKI/yessign/USER/cn=1/signPri.key", dir)), 0);
    assert_int_equal(store_backup(&list, help_path("%s/stick", dir), &made), STORE_NOT_FOUND);
    char *picture = help_picture(help_path("%s/stick", dir));
    assert_string_equal(picture, "");
    free(picture);
    store_list_free(&list);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_is_the_npki_of_the_folder),
        cmocka_unit_test(a_copy_is_found_again_as_the_same_certificate),
        cmocka_unit_test(what_changed_since_the_scan_or_cannot_be_used_is_not_copied),
        cmocka_unit_test(a_backup_holds_everything_usable_whatever_the_number),
        cmocka_unit_test(each_backup_of_a_day_has_its_own_name),
        cmocka_unit_test(a_backup_of_nothing_or_to_nowhere_is_none),
        cmocka_unit_test(a_backup_that_cannot_be_whole_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
