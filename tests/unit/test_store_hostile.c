/* Storing where somebody set traps, or where the disk does not play along: nothing is left behind, nothing led astray. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static void save_ok(const char *root, const struct cr_bundle *bundle, int may_replace, char ***paths)
{
    uint8_t digest[CR_DIGEST_BYTES];
    uint8_t wanted[CR_DIGEST_BYTES];
    assert_int_equal(store_save(root, bundle, may_replace, digest, paths), STORE_OK);
    assert_int_equal(cr_bundle_digest(bundle, wanted), CR_OK);
    assert_memory_equal(digest, wanted, sizeof wanted);
}

static void save_fails(const char *root, const struct cr_bundle *bundle, int may_replace,
                       enum store_fault fault)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    assert_int_equal(store_save(root, bundle, may_replace, digest, &paths), fault);
    assert_null(paths);
}

/* A link to a folder outside, in place of each folder on the way. */
static void links_do_not_lead_out(void **state)
{
    (void)state;
    static const char *const TRAPS[] = {"NPKI/yessign", "NPKI/Yessign", "NPKI/yessign/USER",
                                        "NPKI/yessign/user"};
    for (size_t i = 0; i < sizeof TRAPS / sizeof TRAPS[0]; i++) {
        char *dir = help_temporary();
        struct cr_bundle *bundle = help_load(bank());
        help_write(help_path("%s/outside/USER/witness", dir), "x", 1);
        help_write(help_path("%s/%s", dir, TRAPS[i]), "", 0);
        unlink(help_path("%s/%s", dir, TRAPS[i]));
        assert_int_equal(symlink(help_path("%s/outside", dir), help_path("%s/%s", dir, TRAPS[i])), 0);
        char *before = help_picture(dir);
        save_fails(help_path("%s/NPKI", dir), bundle, 1, STORE_NOT_WRITABLE);
        char *after = help_picture(dir);
        assert_string_equal(before, after);
        free(before);
        free(after);
        cr_bundle_free(bundle);
        help_remove(dir);
    }
}

static void a_link_in_place_of_the_certificate_is_set_aside_and_not_followed(void **state)
{
    (void)state;
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    const char *root = help_path("%s/NPKI", dir);
    const char *last = strrchr(bank(), '/') + 1;
    help_write(help_path("%s/outside/witness", dir), "x", 1);
    help_write(help_path("%s/NPKI/yessign/USER/x/y", dir), "x", 1);
    assert_int_equal(symlink("../../../outside", help_path("%s/NPKI/yessign/USER/%s", dir, last)), 0);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_OTHER);
    char *before = help_picture(dir);
    save_fails(root, bundle, 0, STORE_EXISTS);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    save_ok(root, bundle, 1, &paths);
    free(after);
    after = help_picture(help_path("%s/outside", dir));
    assert_non_null(strstr(after, "/witness"));
    assert_null(strstr(after, "sign"));
    free(before);
    free(after);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_planted_journal_moves_nothing_elsewhere(void **state)
{
    (void)state;
    static const char *const JOURNALS[] = {
        "certrelay journal 1\nr\t0\t..\tvictim\t\nend\n",
        "certrelay journal 1\np\t0\tvictims\tvictim\tgone\nend\n",
        "certrelay journal 1\nr\t0\ta/../b\tvictim\t\nend\n",
        "certrelay journal 1\nr\t0\ta\t../victim\t\nend\n",
        "certrelay journal 1\nr\t0\t/etc\tvictim\t\nend\n",
        "certrelay journal 1\nr\t9\ta\tvictim\t\nend\n",
        "certrelay journal 1\nr\t0\ta\tvictim\n",
        "something else",
    };
    for (size_t i = 0; i < sizeof JOURNALS / sizeof JOURNALS[0]; i++) {
        char *dir = help_temporary();
        help_write(help_path("%s/victim", dir), "x", 1);
        help_write(help_path("%s/victims/victim", dir), "x", 1);
        help_write(help_path("%s/NPKI/.certrelay-00/0", dir), "evil", 4);
        help_write(help_path("%s/NPKI/.certrelay-00/journal", dir), JOURNALS[i], strlen(JOURNALS[i]));
        char *before = help_picture(dir);
        store_recover(help_path("%s/NPKI", dir));
        char *after = help_picture(dir);
        assert_string_equal(before, after);
        free(before);
        free(after);
        help_remove(dir);
    }
}

static void a_stage_that_is_a_link_is_left_alone(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_write(help_path("%s/outside/witness", dir), "x", 1);
    mkdir(help_path("%s/NPKI", dir), 0700);
    assert_int_equal(symlink("../outside", help_path("%s/NPKI/.certrelay-00", dir)), 0);
    store_recover(help_path("%s/NPKI", dir));
    assert_int_equal(access(help_path("%s/outside/witness", dir), F_OK), 0);
    help_remove(dir);
}

/* Runs a test's inner part in a child, where limits and users can be changed. Returns what it returned. */
static int in_child(int (*inner)(const char *dir, const struct cr_bundle *bundle), const char *dir,
                    const struct cr_bundle *bundle)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(inner(dir, bundle));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int save_and_tell(const char *dir, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    int fault = (int)store_save(help_path("%s/NPKI", dir), bundle, 1, digest, &paths);
    store_paths_free(paths);
    return fault;
}

static int save_as_nobody(const char *dir, const struct cr_bundle *bundle)
{
    return geteuid() == 0 && seteuid(65534) != 0 ? 99 : save_and_tell(dir, bundle);
}

static void a_folder_that_may_not_be_written_says_so(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    help_copy(help_user("kica-univ-km", "s-kica-km"), help_path("%s/NPKI/KICA/USER/cn=a", dir));
    chmod(dir, 0755);
    chmod(help_path("%s/NPKI", dir), 0555);
    char *before = help_picture(dir);
    assert_int_equal(in_child(save_as_nobody, dir, bundle), STORE_NOT_WRITABLE);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    chmod(help_path("%s/NPKI", dir), 0755);
    free(before);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static int save_with_small_files(const char *dir, const struct cr_bundle *bundle)
{
    const struct rlimit limit = {1000, 1000};
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) != 0 ? 99 : save_and_tell(dir, bundle);
}

static void a_file_that_cannot_grow_leaves_nothing(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    mkdir(help_path("%s/NPKI", dir), 0700);
    char *before = help_picture(dir);
    assert_int_equal(in_child(save_with_small_files, dir, bundle), STORE_NO_SPACE);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

/* A disk of its own with so many inodes and pages; 0 when it may not be mounted here. */
static int mount_disk(const char *dir, const char *options, unsigned long flags)
{
    if (mount("cr_store", dir, "tmpfs", flags, options) == 0) {
        return 1;
    }
    print_message("SKIP: no file system can be mounted here (%s)\n", strerror(errno));
    return 0;
}

/* Every size from too small for anything up to just enough. */
static void a_full_disk_leaves_nothing_at_any_size(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    help_add(bundle, bank());
    int stored = 0;
    int refused = 0;
    for (int inodes = 2; inodes < 24 && !stored; inodes++) {
        if (!mount_disk(dir, help_path("nr_inodes=%d,size=1m", inodes), 0)) {
            break;
        }
        char *before = help_picture(dir);
        int fault = save_and_tell(dir, bundle);
        char *after = help_picture(dir);
        stored = fault == STORE_OK;
        if (!stored) {
            refused++;
            assert_int_equal(fault, STORE_NO_SPACE);
            assert_string_equal(before, after);
        }
        free(before);
        free(after);
        assert_int_equal(umount(dir), 0);
    }
    assert_true(stored == (refused > 0));
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_disk_without_pages_leaves_nothing(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    for (int pages = 1; pages <= 4; pages++) {
        if (!mount_disk(dir, help_path("nr_blocks=%d", pages), 0)) {
            break;
        }
        assert_int_equal(save_and_tell(dir, bundle), STORE_NO_SPACE);
        char *after = help_picture(dir);
        assert_string_equal(after, "");
        free(after);
        assert_int_equal(umount(dir), 0);
    }
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_read_only_disk_says_so(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    if (mount_disk(dir, "size=1m", 0)) {
        assert_int_equal(mkdir(help_path("%s/NPKI", dir), 0700), 0);
        assert_int_equal(mount("cr_store", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m"), 0);
        assert_int_equal(save_and_tell(dir, bundle), STORE_READ_ONLY);
        assert_int_equal(umount(dir), 0);
    }
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_root_whose_parent_is_missing_is_not_written(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    save_fails(help_path("%s/nowhere/NPKI", dir), bundle, 0, STORE_NOT_WRITABLE);
    char *after = help_picture(dir);
    assert_string_equal(after, "");
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_do_not_lead_out),
        cmocka_unit_test(a_link_in_place_of_the_certificate_is_set_aside_and_not_followed),
        cmocka_unit_test(a_planted_journal_moves_nothing_elsewhere),
        cmocka_unit_test(a_stage_that_is_a_link_is_left_alone),
        cmocka_unit_test(a_folder_that_may_not_be_written_says_so),
        cmocka_unit_test(a_file_that_cannot_grow_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing_at_any_size),
        cmocka_unit_test(a_disk_without_pages_leaves_nothing),
        cmocka_unit_test(a_read_only_disk_says_so),
        cmocka_unit_test(a_root_whose_parent_is_missing_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
