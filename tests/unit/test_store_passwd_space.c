/* A change of password on disks that are full, from any step on: all of it is done or nothing, and what failed has said so. */
#include "key_scene.h"
#include "steps.h"
#include "store_help.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int refuse_when_due(const char *name)
{
    (void)name;
    return key_scene_steps_left-- == 0;
}

/* Whichever step it is that finds no space. */
static void a_step_that_finds_no_space_changes_nothing(void **state)
{
    (void)state;
    const struct key_scene scenes[] = {KEY_SCENE_PAIR, KEY_SCENE_SIGN_ONLY, KEY_SCENE_GPKI};
    for (size_t i = 0; i < 3; i++) {
        struct key_scene scene = scenes[i];
        unsigned refused = 0;
        key_scene_open(&scene);
        for (unsigned at = 0; at < 40; at++) {
            char *dir = key_scene_make(&scene);
            struct store_list list;
            const struct store_entry *entry = passwd_first(dir, &list);
            key_scene_steps_left = at;
            store_refuses = refuse_when_due;
            enum store_fault fault = passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME);
            store_refuses = NULL;
            store_passwd_recover(entry);
            assert_true(fault == STORE_OK || fault == STORE_NO_SPACE);
            assert_int_equal(key_scene_judge(&scene, dir), fault == STORE_OK);
            refused += fault == STORE_NO_SPACE;
            store_list_free(&list);
            help_remove(dir);
        }
        assert_true(refused > 8);
        assert_true(refused < 40);
        key_scene_close(&scene);
    }
}

/* From some step on no file can grow: as on a full disk. */
static void fill_when_due(const char *name)
{
    const struct rlimit limit = {0, 0};
    (void)name;
    if (key_scene_steps_left-- == 0) {
        setrlimit(RLIMIT_FSIZE, &limit);
    }
}

static int change_on_a_disk_full_from(unsigned at, const char *dir)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        key_scene_steps_left = at;
        store_step = fill_when_due;
        key_scene_change(dir);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_disk_that_fills_at_any_step_changes_nothing(void **state)
{
    (void)state;
    const struct key_scene scenes[] = {KEY_SCENE_PAIR, KEY_SCENE_SIGN_ONLY, KEY_SCENE_GPKI};
    for (size_t i = 0; i < 3; i++) {
        struct key_scene scene = scenes[i];
        unsigned refused = 0;
        key_scene_open(&scene);
        for (unsigned at = 0; at < 30; at++) {
            char *dir = key_scene_make(&scene);
            int fault = change_on_a_disk_full_from(at, dir);
            assert_true(fault == STORE_OK || fault == STORE_NO_SPACE);
            assert_int_equal(key_scene_judge(&scene, dir), fault == STORE_OK);
            refused += fault == STORE_NO_SPACE;
            help_remove(dir);
        }
        assert_true(refused > 2);
        assert_true(refused < 30);
        key_scene_close(&scene);
    }
}

/* Every size from too small for anything up to just enough. */
static void a_small_disk_changes_nothing_at_any_size(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct key_scene scene = KEY_SCENE_PAIR;
    int changed = 0;
    int refused = 0;
    key_scene_open(&scene);
    for (int inodes = 9; inodes < 30 && !changed; inodes++) {
        if (mount("cr_store", dir, "tmpfs", 0, help_path("nr_inodes=%d,size=1m", inodes)) != 0) {
            print_message("SKIP: no file system can be mounted here (%s)\n", strerror(errno));
            break;
        }
        char *from = key_scene_make(&scene);
        help_copy(from, dir);
        help_remove(from);
        enum store_fault fault = passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME);
        changed = fault == STORE_OK;
        refused += fault == STORE_NO_SPACE;
        assert_true(changed || fault == STORE_NO_SPACE);
        assert_int_equal(key_scene_judge(&scene, dir), changed);
        assert_int_equal(umount(dir), 0);
    }
    assert_true(changed == (refused > 0));
    key_scene_close(&scene);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_that_finds_no_space_changes_nothing),
        cmocka_unit_test(a_disk_that_fills_at_any_step_changes_nothing),
        cmocka_unit_test(a_small_disk_changes_nothing_at_any_size),
    };
    return cmocka_run_group_tests(tests, key_scene_probe, NULL);
}
