/* Killed, or refused by the file system, at every step of copying, backing up and writing a container: all is there or nothing. */
#include "convert.h"
#include "copy.h"
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

static void put_sources(const char *dir)
{
    help_copy(km(), help_path("%s/from/NPKI/KICA/USER/" CN, dir));
    help_copy(bank(), help_path("%s/from/NPKI/yessign/USER/cn=b", dir));
    help_copy(help_path("%s/p12", CR_SAMPLES), help_path("%s/from", dir));
    mkdir(help_path("%s/stick", dir), 0700);
}

static enum store_fault copy_all(const char *dir)
{
    struct store_list list;
    char **paths = NULL;
    const struct store_entry *entries[8];
    size_t count = 0;
    assert_int_equal(store_scan(help_path("%s/from", dir), &list), STORE_OK);
    for (; count < 8 && count < list.count && list.entries[count].fault == STORE_OK; count++) {
        entries[count] = &list.entries[count];
    }
    enum store_fault fault = store_copy(entries, count, help_path("%s/stick/NPKI", dir), 0, &paths);
    store_paths_free(paths);
    store_list_free(&list);
    return fault;
}

static void recover_stick(const char *dir)
{
    store_recover(help_path("%s/stick/NPKI", dir));
    rmdir(help_path("%s/stick/NPKI", dir));
}

static void a_copy_is_all_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {put_sources, copy_all, recover_stick, NULL, 0, NULL, NULL, NULL};
    step_play(&scene);
}

static void where_no_modes_are_kept_a_copy_is_too(void **state)
{
    (void)state;
    struct scene scene = {put_sources, copy_all, recover_stick, NULL, 0, NULL, NULL, NULL};
    store_lacks_modes = 1;
    step_play(&scene);
    store_lacks_modes = 0;
}

static enum store_fault back_up(const char *dir)
{
    struct store_list list;
    struct store_backup made;
    assert_int_equal(store_scan(help_path("%s/from", dir), &list), STORE_OK);
    enum store_fault fault = store_backup(&list, help_path("%s/stick", dir), &made);
    store_backup_wipe(&made);
    store_list_free(&list);
    return fault;
}

static void recover_backup(const char *dir)
{
    store_recover(help_path("%s/stick", dir));
}

static void put_one_source(const char *dir)
{
    help_copy(bank(), help_path("%s/from/NPKI/yessign/USER/cn=b", dir));
    mkdir(help_path("%s/stick", dir), 0700);
}

static void a_backup_is_all_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {put_one_source, back_up, recover_backup, NULL, 0, NULL, NULL, NULL};
    step_play(&scene);
}

static void where_no_modes_are_kept_a_backup_is_too(void **state)
{
    (void)state;
    struct scene scene = {put_one_source, back_up, recover_backup, NULL, 0, NULL, NULL, NULL};
    store_lacks_modes = 1;
    step_play(&scene);
    store_lacks_modes = 0;
}

static struct cr_bundle *container;

static enum store_fault write_container(const char *dir)
{
    return store_write_container(help_path("%s/a.p12", dir), &container->certs[0]);
}

/* The next one written there clears up. */
static void write_beside(const char *dir)
{
    const char *other = help_path("%s/b.p12", dir);
    assert_int_equal(store_write_container(other, &container->certs[0]), STORE_OK);
    assert_int_equal(unlink(other), 0);
}

static void put_nothing(const char *dir)
{
    (void)dir;
}

static void a_written_container_is_whole_or_not_there(void **state)
{
    (void)state;
    container = help_load(help_path("%s/p12/s-bank.p12", CR_SAMPLES));
    struct scene scene = {put_nothing, write_container, write_beside, ".", 1, NULL, NULL, NULL};
    step_play(&scene);
    cr_bundle_free(container);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_all_there_or_not),
        cmocka_unit_test(where_no_modes_are_kept_a_copy_is_too),
        cmocka_unit_test(a_backup_is_all_there_or_not),
        cmocka_unit_test(where_no_modes_are_kept_a_backup_is_too),
        cmocka_unit_test(a_written_container_is_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, step_probe, NULL);
}
