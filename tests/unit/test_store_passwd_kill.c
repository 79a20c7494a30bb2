/* A change of password killed at every step: each key has the old password or the new, both keys of a folder the same, nothing lies in
 * the clear, and after recovery there is nothing else. */
#include "key_scene.h"
#include "steps.h"
#include "store_help.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void kill_when_due(const char *name)
{
    (void)name;
    if (key_scene_steps_left-- == 0) {
        kill(getpid(), SIGKILL);
    }
}

/* The entry as it was listed before: what a killed change has left may show nothing, where entries cannot be exchanged. */
static struct store_list listed;

static void recover_it(const char *dir)
{
    (void)dir;
    store_passwd_recover(&listed.entries[0]);
    _exit(0);
}

/* Returns whether it died, before step number at. */
static int run_until(unsigned at, void (*work)(const char *dir), const char *dir)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        key_scene_steps_left = at;
        store_step = kill_when_due;
        work(dir);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return 1;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return 0;
}

static void kill_at_every_step(struct key_scene scene)
{
    key_scene_open(&scene);
    int is_new = 0;
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        char *dir = key_scene_make(&scene);
        assert_int_equal(store_scan(dir, &listed), STORE_OK);
        died = run_until(at, key_scene_change, dir);
        key_scene_look(&scene, dir);
        store_passwd_recover(&listed.entries[0]);
        int now = key_scene_judge(&scene, dir);
        assert_true(now >= is_new);
        is_new = now;
        store_list_free(&listed);
        help_remove(dir);
    }
    assert_true(is_new);
    assert_true(at > 10);
    print_message("  killed before each of %u steps\n", at - 1);
    key_scene_close(&scene);
}

/* The change killed at every third step, then its recovery at every one. */
static void kill_the_recovery_too(struct key_scene scene)
{
    key_scene_open(&scene);
    int change_died = 1;
    for (unsigned at = 0; change_died; at += 3) {
        int recovery_died = 1;
        for (unsigned second = 0; recovery_died; second++) {
            char *dir = key_scene_make(&scene);
            assert_int_equal(store_scan(dir, &listed), STORE_OK);
            change_died = run_until(at, key_scene_change, dir);
            recovery_died = run_until(second, recover_it, dir);
            key_scene_look(&scene, dir);
            store_passwd_recover(&listed.entries[0]);
            key_scene_judge(&scene, dir);
            store_list_free(&listed);
            help_remove(dir);
        }
    }
    key_scene_close(&scene);
}

static void both_keys_of_a_folder_change_in_one_instant(void **state)
{
    (void)state;
    kill_at_every_step(KEY_SCENE_PAIR);
}

static void a_sign_key_alone_is_under_the_old_or_the_new(void **state)
{
    (void)state;
    kill_at_every_step(KEY_SCENE_SIGN_ONLY);
}

static void of_a_gpki_group_both_keys_change_or_neither(void **state)
{
    (void)state;
    kill_at_every_step(KEY_SCENE_GPKI);
}

static void of_a_folder_that_cannot_be_exchanged_both_keys_change_or_neither(void **state)
{
    (void)state;
    kill_at_every_step(KEY_SCENE_LOOSE);
}

static void without_exchange_it_is_so_after_recovery(void **state)
{
    (void)state;
    store_lacks_exchange = 1;
    kill_at_every_step(KEY_SCENE_PAIR);
    kill_at_every_step(KEY_SCENE_SIGN_ONLY);
    kill_the_recovery_too(KEY_SCENE_PAIR);
    store_lacks_exchange = 0;
}

static void a_killed_recovery_is_recovered_from(void **state)
{
    (void)state;
    kill_the_recovery_too(KEY_SCENE_PAIR);
    kill_the_recovery_too(KEY_SCENE_GPKI);
}

static void with_a_backup_it_is_all_the_same(void **state)
{
    (void)state;
    key_scene_keeps_backup = 1;
    kill_at_every_step(KEY_SCENE_PAIR);
    kill_at_every_step(KEY_SCENE_SIGN_ONLY);
    key_scene_keeps_backup = 0;
}

static void the_next_change_recovers_by_itself(void **state)
{
    (void)state;
    struct key_scene scene = KEY_SCENE_PAIR;
    key_scene_open(&scene);
    int died = 1;
    for (unsigned at = 0; died; at += 4) {
        char state_now[2];
        char *dir = key_scene_make(&scene);
        died = run_until(at, key_scene_change, dir);
        key_scene_state(&scene, dir, state_now);
        const char *old = state_now[0] == 'o' ? TEST_PASSWORD : NEW_PASSWORD;
        enum store_fault fault = passwd_change(dir, old, NEW_PASSWORD, STORE_SEAL_SAME);
        assert_true(fault == STORE_OK || fault == STORE_CHANGED || fault == STORE_WRONG_PASSWORD);
        key_scene_judge(&scene, dir);
        help_remove(dir);
    }
    key_scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_keys_of_a_folder_change_in_one_instant),
        cmocka_unit_test(a_sign_key_alone_is_under_the_old_or_the_new),
        cmocka_unit_test(of_a_gpki_group_both_keys_change_or_neither),
        cmocka_unit_test(of_a_folder_that_cannot_be_exchanged_both_keys_change_or_neither),
        cmocka_unit_test(without_exchange_it_is_so_after_recovery),
        cmocka_unit_test(a_killed_recovery_is_recovered_from),
        cmocka_unit_test(with_a_backup_it_is_all_the_same),
        cmocka_unit_test(the_next_change_recovers_by_itself),
    };
    return cmocka_run_group_tests(tests, key_scene_probe, NULL);
}
