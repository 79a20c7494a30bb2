/* A change of password killed at every step, and on disks that are full: each key has the old password or the new, both keys of a
 * folder the same, nothing lies in the clear, and after recovery there is nothing else. */
#include "exchange.h"
#include "key.h"
#include "passwd_help.h"
#include "steps.h"
#include "store_help.h"

#include <errno.h>
#include <fcntl.h>
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

#define CLEAR_BYTES 48

static unsigned steps_left;
static int can_exchange;
static int keeps_backup;

static void kill_when_due(const char *name)
{
    (void)name;
    if (steps_left-- == 0) {
        kill(getpid(), SIGKILL);
    }
}

static void change_it(const char *dir)
{
    char detail[STORE_DETAIL_BYTES];
    _exit((int)passwd_change_to(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME, keeps_backup, detail));
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
        steps_left = at;
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

/* What one key file is under: 'o' the old password, 'n' the new; anything else fails the test. */
static char state_of_key(const struct provider *provider, const char *path, const struct plain *clear)
{
    size_t length = 0;
    char oid[64];
    char state = 0;
    uint8_t *bytes = help_read(path, &length);
    X509_SIG *sealed = key_read(bytes, length);
    assert_non_null(sealed);
    for (size_t i = 0; i < 2; i++) {
        const char *password = i == 0 ? TEST_PASSWORD : NEW_PASSWORD;
        struct plain plain;
        if (plain_open(provider, sealed, password, strlen(password), &plain, oid) == STORE_OK &&
            plain.length == clear->length && memcmp(plain.bytes, clear->bytes, plain.length) == 0) {
            state = i == 0 ? 'o' : 'n';
        }
        plain_wipe(&plain);
    }
    assert_true(state != 0);
    X509_SIG_free(sealed);
    free(bytes);
    return state;
}

struct scene {
    const char *id, *sample;
    int is_loose; /* a folder of no layout, with a folder in it */
    int is_gpki;
    int is_single; /* its keys change each for itself, in any case */
    struct plain clear[2];
    char *before;
};

static char *make_store(const struct scene *scene)
{
    char *dir = help_temporary();
    if (scene->is_gpki) {
        help_copy(help_path("%s/GPKI", help_best_set()), help_path("%s/GPKI", dir));
    } else if (scene->is_loose) {
        help_copy(help_user(scene->id, scene->sample), dir);
        help_write(help_path("%s/below/file", dir), "x", 1);
    } else {
        help_remove(dir);
        dir = passwd_store(scene->id, scene->sample);
    }
    return dir;
}

/* Of both keys, as they are found now; '-' where there is none. Those of a scene that had gaps may be gone for the moment. */
static void state_of(const struct scene *scene, const char *dir, char state[static 2])
{
    struct provider provider;
    struct store_list list;
    state[0] = state[1] = '-';
    if (store_scan(dir, &list) != STORE_OK || list.entries[0].fault != STORE_OK) {
        store_list_free(&list);
        return;
    }
    assert_int_equal(provider_open(&provider), STORE_OK);
    for (size_t i = 0; i < list.entries[0].file_count; i++) {
        enum cr_file_kind kind = list.entries[0].kinds[i];
        if (kind == CR_FILE_SIGN_KEY || kind == CR_FILE_KM_KEY) {
            size_t at = kind == CR_FILE_KM_KEY;
            state[at] = state_of_key(&provider, list.entries[0].paths[i], &scene->clear[at]);
        }
    }
    provider_close(&provider);
    store_list_free(&list);
}

static void search_file(const char *path, const struct scene *scene)
{
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    for (size_t at = 0; at < 2; at++) {
        const uint8_t *wanted =
            scene->clear[at].bytes == NULL ? NULL : scene->clear[at].bytes + scene->clear[at].length - 200;
        for (size_t i = 0; wanted != NULL && i + CLEAR_BYTES <= length; i++) {
            assert_memory_not_equal(bytes + i, wanted, CLEAR_BYTES);
        }
    }
    free(bytes);
}

/* No file at all holds a piece of a key in the clear. */
static void search_everywhere(const char *dir, const struct scene *scene)
{
    FILE *found = popen(help_path("find '%s' -type f", dir), "r");
    char path[2048];
    assert_non_null(found);
    while (fgets(path, sizeof path, found) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        search_file(path, scene);
    }
    pclose(found);
}

static void open_scene(struct scene *scene)
{
    char *dir = make_store(scene);
    scene->clear[0] = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    scene->clear[1] = passwd_inside(dir, CR_FILE_KM_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    scene->before = passwd_names(dir);
    help_remove(dir);
}

static void close_scene(struct scene *scene)
{
    plain_wipe(&scene->clear[0]);
    plain_wipe(&scene->clear[1]);
    free(scene->before);
}

static int has_gaps(void)
{
    return store_lacks_exchange || !can_exchange;
}

/* At once, before any recovery. */
static void look(const struct scene *scene, const char *dir)
{
    char state[2];
    state_of(scene, dir, state);
    search_everywhere(dir, scene);
    if (!has_gaps()) {
        assert_true(state[0] != '-');
    }
    if (!has_gaps() && !scene->is_single && scene->clear[1].bytes != NULL) {
        assert_int_equal(state[0], state[1]);
    }
}

/* After recovery: all old or all new, the same names as before, and no more. Returns whether new. */
static int judge(const struct scene *scene, const char *dir)
{
    char state[2];
    state_of(scene, dir, state);
    assert_true(state[0] != '-');
    if (scene->clear[1].bytes != NULL) {
        assert_int_equal(state[0], state[1]);
    }
    char *names = passwd_names(dir);
    if (!keeps_backup || state[0] == 'o') {
        assert_string_equal(names, scene->before);
    } else {
        assert_non_null(strstr(names, ".bak-"));
        assert_null(strstr(names, ".certrelay-"));
    }
    free(names);
    return state[0] == 'n';
}

static void kill_at_every_step(struct scene scene)
{
    open_scene(&scene);
    int is_new = 0;
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        char *dir = make_store(&scene);
        assert_int_equal(store_scan(dir, &listed), STORE_OK);
        died = run_until(at, change_it, dir);
        look(&scene, dir);
        store_passwd_recover(&listed.entries[0]);
        int now = judge(&scene, dir);
        assert_true(now >= is_new);
        is_new = now;
        store_list_free(&listed);
        help_remove(dir);
    }
    assert_true(is_new);
    assert_true(at > 10);
    print_message("  killed before each of %u steps\n", at - 1);
    close_scene(&scene);
}

/* The change killed at every third step, then its recovery at every one. */
static void kill_the_recovery_too(struct scene scene)
{
    open_scene(&scene);
    int change_died = 1;
    for (unsigned at = 0; change_died; at += 3) {
        int recovery_died = 1;
        for (unsigned second = 0; recovery_died; second++) {
            char *dir = make_store(&scene);
            assert_int_equal(store_scan(dir, &listed), STORE_OK);
            change_died = run_until(at, change_it, dir);
            recovery_died = run_until(second, recover_it, dir);
            look(&scene, dir);
            store_passwd_recover(&listed.entries[0]);
            judge(&scene, dir);
            store_list_free(&listed);
            help_remove(dir);
        }
    }
    close_scene(&scene);
}

static const struct scene PAIR = {.id = "kica-univ-km", .sample = "s-kica-km"};
static const struct scene SIGN_ONLY = {.id = "y-bank-115", .sample = "s-bank", .is_single = 1};
static const struct scene LOOSE = {
    .id = "kica-univ-km", .sample = "s-kica-km", .is_loose = 1, .is_single = 1};
static const struct scene GPKI = {.is_gpki = 1, .is_single = 1};

static void both_keys_of_a_folder_change_in_one_instant(void **state)
{
    (void)state;
    kill_at_every_step(PAIR);
}

static void a_sign_key_alone_is_under_the_old_or_the_new(void **state)
{
    (void)state;
    kill_at_every_step(SIGN_ONLY);
}

static void of_a_gpki_group_both_keys_change_or_neither(void **state)
{
    (void)state;
    kill_at_every_step(GPKI);
}

static void of_a_folder_that_cannot_be_exchanged_both_keys_change_or_neither(void **state)
{
    (void)state;
    kill_at_every_step(LOOSE);
}

static void without_exchange_it_is_so_after_recovery(void **state)
{
    (void)state;
    store_lacks_exchange = 1;
    kill_at_every_step(PAIR);
    kill_at_every_step(SIGN_ONLY);
    kill_the_recovery_too(PAIR);
    store_lacks_exchange = 0;
}

static void a_killed_recovery_is_recovered_from(void **state)
{
    (void)state;
    kill_the_recovery_too(PAIR);
    kill_the_recovery_too(GPKI);
}

static void with_a_backup_it_is_all_the_same(void **state)
{
    (void)state;
    keeps_backup = 1;
    kill_at_every_step(PAIR);
    kill_at_every_step(SIGN_ONLY);
    keeps_backup = 0;
}

static void the_next_change_recovers_by_itself(void **state)
{
    (void)state;
    struct scene scene = PAIR;
    open_scene(&scene);
    int died = 1;
    for (unsigned at = 0; died; at += 4) {
        char state_now[2];
        char *dir = make_store(&scene);
        died = run_until(at, change_it, dir);
        state_of(&scene, dir, state_now);
        const char *old = state_now[0] == 'o' ? TEST_PASSWORD : NEW_PASSWORD;
        enum store_fault fault = passwd_change(dir, old, NEW_PASSWORD, STORE_SEAL_SAME);
        assert_true(fault == STORE_OK || fault == STORE_CHANGED || fault == STORE_WRONG_PASSWORD);
        judge(&scene, dir);
        help_remove(dir);
    }
    close_scene(&scene);
}

static int refuse_when_due(const char *name)
{
    (void)name;
    return steps_left-- == 0;
}

/* Whichever step it is that finds no space. */
static void a_step_that_finds_no_space_changes_nothing(void **state)
{
    (void)state;
    const struct scene scenes[] = {PAIR, SIGN_ONLY, GPKI};
    for (size_t i = 0; i < 3; i++) {
        struct scene scene = scenes[i];
        unsigned refused = 0;
        open_scene(&scene);
        for (unsigned at = 0; at < 40; at++) {
            char *dir = make_store(&scene);
            struct store_list list;
            const struct store_entry *entry = passwd_first(dir, &list);
            steps_left = at;
            store_refuses = refuse_when_due;
            enum store_fault fault = passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME);
            store_refuses = NULL;
            store_passwd_recover(entry);
            assert_true(fault == STORE_OK || fault == STORE_NO_SPACE);
            assert_int_equal(judge(&scene, dir), fault == STORE_OK);
            refused += fault == STORE_NO_SPACE;
            store_list_free(&list);
            help_remove(dir);
        }
        assert_true(refused > 8);
        assert_true(refused < 40);
        close_scene(&scene);
    }
}

/* From some step on no file can grow: as on a full disk. */
static void fill_when_due(const char *name)
{
    const struct rlimit limit = {0, 0};
    (void)name;
    if (steps_left-- == 0) {
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
        steps_left = at;
        store_step = fill_when_due;
        change_it(dir);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_disk_that_fills_at_any_step_changes_nothing(void **state)
{
    (void)state;
    const struct scene scenes[] = {PAIR, SIGN_ONLY, GPKI};
    for (size_t i = 0; i < 3; i++) {
        struct scene scene = scenes[i];
        unsigned refused = 0;
        open_scene(&scene);
        for (unsigned at = 0; at < 30; at++) {
            char *dir = make_store(&scene);
            int fault = change_on_a_disk_full_from(at, dir);
            assert_true(fault == STORE_OK || fault == STORE_NO_SPACE);
            assert_int_equal(judge(&scene, dir), fault == STORE_OK);
            refused += fault == STORE_NO_SPACE;
            help_remove(dir);
        }
        assert_true(refused > 2);
        assert_true(refused < 30);
        close_scene(&scene);
    }
}

/* Every size from too small for anything up to just enough. */
static void a_small_disk_changes_nothing_at_any_size(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct scene scene = PAIR;
    int changed = 0;
    int refused = 0;
    open_scene(&scene);
    for (int inodes = 9; inodes < 30 && !changed; inodes++) {
        if (mount("cr_store", dir, "tmpfs", 0, help_path("nr_inodes=%d,size=1m", inodes)) != 0) {
            print_message("SKIP: no file system can be mounted here (%s)\n", strerror(errno));
            break;
        }
        char *from = make_store(&scene);
        help_copy(from, dir);
        help_remove(from);
        enum store_fault fault = passwd_change(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME);
        changed = fault == STORE_OK;
        refused += fault == STORE_NO_SPACE;
        assert_true(changed || fault == STORE_NO_SPACE);
        assert_int_equal(judge(&scene, dir), changed);
        assert_int_equal(umount(dir), 0);
    }
    assert_true(changed == (refused > 0));
    close_scene(&scene);
    help_remove(dir);
}

static int probe(void **state)
{
    (void)state;
    store_time = 1795132800; /* the day is part of a backup's name */
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    char *dir = help_temporary();
    help_write(help_path("%s/a", dir), "a", 1);
    help_write(help_path("%s/b", dir), "b", 1);
    int folder = open(dir, O_RDONLY | O_DIRECTORY);
    can_exchange = exchange_at(folder, "a", folder, "b") == 0;
    if (!can_exchange) {
        print_message("SKIP: no exchange in %s: names may be empty for an instant\n", dir);
    }
    close(folder);
    help_remove(dir);
    return 0;
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
        cmocka_unit_test(a_step_that_finds_no_space_changes_nothing),
        cmocka_unit_test(a_disk_that_fills_at_any_step_changes_nothing),
        cmocka_unit_test(a_small_disk_changes_nothing_at_any_size),
    };
    return cmocka_run_group_tests(tests, probe, NULL);
}
