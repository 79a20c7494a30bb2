/* Killed, or refused by the file system, at every step of removing: the certificate is whole or gone. */
#include "remove.h"
#include "step_play.h"
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

#define CN "cn=a,c=kr"

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static const char *km(void)
{
    return help_user("kica-univ-km", "s-kica-km");
}

static enum store_fault remove_place(const char *dir, const char *place, unsigned flags)
{
    struct store_list list;
    const char *path = help_path("%s/%s", dir, place);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    for (size_t i = 0; i < list.count; i++) {
        for (size_t at = 0; at < store_place_count(&list.entries[i]); at++) {
            if (strcmp(store_place(&list.entries[i], at), path) == 0) {
                enum store_fault fault = store_remove(&list.entries[i], at, flags);
                store_list_free(&list);
                return fault;
            }
        }
    }
    store_list_free(&list);
    return STORE_NOT_FOUND;
}

static void recover_npki(const char *dir)
{
    store_recover(help_path("%s/NPKI", dir));
    /* When it could not be removed once, it stays: an empty folder harms nobody. */
    rmdir(help_path("%s/NPKI/KICA/USER", dir));
}

static void recover_dir(const char *dir)
{
    store_recover(dir);
}

static enum store_fault recover_npki_once(const char *dir)
{
    store_recover(help_path("%s/NPKI", dir));
    return STORE_OK;
}

static enum store_fault recover_dir_once(const char *dir)
{
    store_recover(dir);
    return STORE_OK;
}

static void put_two(const char *dir)
{
    help_copy(km(), help_path("%s/NPKI/KICA/USER/" CN, dir));
    help_copy(km(), help_path("%s/stick/NPKI/KICA/USER/" CN, dir));
    help_copy(bank(), help_path("%s/NPKI/yessign/USER/cn=b", dir));
}

static enum store_fault remove_one_of_two(const char *dir)
{
    return remove_place(dir, "NPKI/KICA/USER/" CN, 0);
}

static void a_removed_certificate_is_whole_or_gone(void **state)
{
    (void)state;
    struct scene scene = {put_two, remove_one_of_two, recover_npki, "NPKI/KICA",
                          4,       recover_npki_once, NULL,         NULL};
    step_play(&scene);
}

static void put_one_with_a_note(const char *dir)
{
    help_copy(km(), help_path("%s/NPKI/KICA/USER/" CN, dir));
    help_write(help_path("%s/NPKI/KICA/USER/" CN "/note.txt", dir), "mine", 4);
}

static enum store_fault remove_the_last(const char *dir)
{
    return remove_place(dir, "NPKI/KICA/USER/" CN, STORE_REMOVE_LAST);
}

static void of_a_folder_with_other_files_only_the_certificate_goes(void **state)
{
    (void)state;
    struct scene scene = {
        put_one_with_a_note, remove_the_last, recover_npki, NULL, 0, recover_npki_once, NULL, NULL};
    step_play(&scene);
    char *dir = step_make(&scene);
    assert_int_equal(remove_the_last(dir), STORE_OK);
    assert_int_equal(access(help_path("%s/NPKI/KICA/USER/" CN "/note.txt", dir), F_OK), 0);
    assert_int_equal(access(help_path("%s/NPKI/KICA/USER/" CN "/signPri.key", dir), F_OK), -1);
    help_remove(dir);
}

static void put_group(const char *dir)
{
    help_copy(help_path("%s/GPKI/Certificate/class2", help_best_set()), dir);
}

static enum store_fault remove_group(const char *dir)
{
    struct store_list list;
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    enum store_fault fault = store_remove(&list.entries[0], 0, STORE_REMOVE_LAST);
    store_list_free(&list);
    return fault;
}

static void a_removed_gpki_group_is_whole_or_gone_after_recovery(void **state)
{
    (void)state;
    struct scene scene = {put_group, remove_group, recover_dir, NULL, 0, recover_dir_once, NULL, NULL};
    step_play(&scene);
}

static void put_pkcs12(const char *dir)
{
    help_copy(help_path("%s/p12", CR_SAMPLES), dir);
}

static enum store_fault remove_pkcs12(const char *dir)
{
    return remove_place(dir, "s-bank.p12", STORE_REMOVE_LAST);
}

static void a_removed_pkcs12_is_whole_or_gone(void **state)
{
    (void)state;
    struct scene scene = {put_pkcs12, remove_pkcs12,    recover_dir, "s-bank.p12",
                          1,          recover_dir_once, NULL,        NULL};
    step_play(&scene);
}

/* As a stick of FAT: a folder's mode proves nothing, the mark does. */
static void where_no_modes_are_kept_it_is_so_too(void **state)
{
    (void)state;
    struct scene removing = {put_two, remove_one_of_two, recover_npki, "NPKI/KICA",
                             4,       recover_npki_once, NULL,         NULL};
    store_lacks_modes = 1;
    step_play(&removing);
    store_lacks_modes = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_certificate_is_whole_or_gone),
        cmocka_unit_test(of_a_folder_with_other_files_only_the_certificate_goes),
        cmocka_unit_test(a_removed_gpki_group_is_whole_or_gone_after_recovery),
        cmocka_unit_test(a_removed_pkcs12_is_whole_or_gone),
        cmocka_unit_test(where_no_modes_are_kept_it_is_so_too),
    };
    return cmocka_run_group_tests(tests, step_probe, NULL);
}
