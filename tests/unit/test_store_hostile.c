/* Storing where somebody set traps, or where the disk does not play along: nothing is left behind, nothing led astray. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A link to a folder outside, in place of each folder on the way. */
static void links_do_not_lead_out(void **state)
{
    (void)state;
    static const char *const TRAPS[] = {"NPKI/yessign", "NPKI/Yessign", "NPKI/yessign/USER",
                                        "NPKI/yessign/user"};
    for (size_t i = 0; i < sizeof TRAPS / sizeof TRAPS[0]; i++) {
        char *dir = help_temporary();
        struct cr_bundle *bundle = help_load(help_bank());
        help_write(help_path("%s/outside/USER/witness", dir), "x", 1);
        help_write(help_path("%s/%s", dir, TRAPS[i]), "", 0);
        unlink(help_path("%s/%s", dir, TRAPS[i]));
        assert_int_equal(symlink(help_path("%s/outside", dir), help_path("%s/%s", dir, TRAPS[i])), 0);
        char *before = help_picture(dir);
        help_save_fails(help_path("%s/NPKI", dir), bundle, 1, STORE_NOT_WRITABLE);
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
    struct cr_bundle *bundle = help_load(help_bank());
    const char *root = help_path("%s/NPKI", dir);
    const char *last = strrchr(help_bank(), '/') + 1;
    help_write(help_path("%s/outside/witness", dir), "x", 1);
    help_write(help_path("%s/NPKI/yessign/USER/x/y", dir), "x", 1);
    assert_int_equal(symlink("../../../outside", help_path("%s/NPKI/yessign/USER/%s", dir, last)), 0);
    assert_int_equal(store_clash(root, &bundle->certs[0]), STORE_CLASH_OTHER);
    char *before = help_picture(dir);
    help_save_fails(root, bundle, 0, STORE_EXISTS);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    help_save_ok(root, bundle, 1, &paths);
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

#define MARK "0123456789abcdef0123456789abcdef"
#define LINE(begin) "certrelay journal 2\n" begin "\t" MARK "\t\nend\n"

/* A store with a stage in which this journal lies, and things that it could reach. */
static char *planted(const char *journal, const char *name)
{
    char *dir = help_temporary();
    help_write(help_path("%s/victim", dir), "x", 1);
    help_write(help_path("%s/victims/victim", dir), "x", 1);
    help_write(help_path("%s/NPKI/a/b", dir), "x", 1);
    help_write(help_path("%s/NPKI/.certrelay-00/0", dir), "evil", 4);
    help_write(help_path("%s/NPKI/.certrelay-00/%s", dir, name), journal, strlen(journal));
    return dir;
}

static int recovery_changes(const char *journal, const char *name)
{
    char *dir = planted(journal, name);
    char *before = help_picture(dir);
    store_recover(help_path("%s/NPKI", dir));
    char *after = help_picture(dir);
    int is_changed = strcmp(before, after) != 0;
    free(before);
    free(after);
    help_remove(dir);
    return is_changed;
}

static void a_planted_journal_moves_nothing_elsewhere(void **state)
{
    (void)state;
    static const char *const JOURNALS[] = {
        LINE("r\t0\t..\tvictim\t"),
        LINE("p\t0\tvictims\tvictim\tgone"),
        LINE("r\t0\ta/../b\tvictim\t"),
        LINE("r\t0\ta\t../victim\t"),
        LINE("r\t0\ta\tc\t../victim"),
        LINE("r\t0\ta\t.hidden\t"),
        LINE("r\t0\t/etc\tvictim\t"),
        LINE("r\t9\ta\tvictim\t"),
        LINE("r\t0\ta/b/c/d\te\t"),
        LINE("r\t0\t\t..\t"),
        LINE("r\t0\ta\tb\t/.."),
        LINE("x\t0\ta\tvictim\t"),
        LINE("r\t0\ta\tvictim"),
        LINE("r\t0\ta\tvictim\t\t"),
        "certrelay journal 1\nr\t0\ta\tc\t\t" MARK "\t\nend\n",
        "certrelay journal 2\nr\t0\ta\tc\t\t" MARK "\t\n",
        "certrelay journal 2\nr\t0\ta\tc\t\t" MARK "\t" MARK "\nend\n",
        "certrelay journal 2\nr\t0\ta\tc\t\t" MARK "0\t\nend\n",
        "certrelay journal 2\nr\t0\ta\tc\t\t0123456789ABCDEF0123456789abcdef\t\nend\n",
        "certrelay journal 2\nr\t0\ta\tc\t\t\t\nend\n",
        "certrelay journal 2\nr\t0\ta\tb\tc\t" MARK "\tmine\nend\n",
        "something else",
        "",
    };
    for (size_t i = 0; i < sizeof JOURNALS / sizeof JOURNALS[0]; i++) {
        assert_false(recovery_changes(JOURNALS[i], "journal"));
        assert_false(recovery_changes(JOURNALS[i], "journal.undo"));
    }
    assert_true(recovery_changes(LINE("r\t0\ta\tc\t"), "journal"));
    assert_true(recovery_changes(LINE("r\t0\ta\tc\t"), "journal.undo"));
    assert_true(recovery_changes("certrelay journal 2\nr\t0\ta\tb\tc\t" MARK "\t" MARK "\nend\n", "journal"));
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

/* Where the certificate of a folder goes, from the store's. */
static const char *place_of(const char *from)
{
    struct store_facts facts;
    struct cr_bundle *bundle = help_load(from);
    assert_int_equal(store_check(bundle, &facts), STORE_OK);
    const char *place = help_path("NPKI/%s/USER/%s", facts.ca_folder, facts.folder);
    store_facts_wipe(&facts);
    cr_bundle_free(bundle);
    return place;
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
    struct cr_bundle *bundle = help_load(help_bank());
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

/* Such a folder can be renamed beside itself, but not moved away: so it cannot be exchanged either. */
static void an_old_one_whose_folder_may_not_be_written_is_replaced_all_the_same(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_bank());
    struct cr_file *key = &bundle->certs[0].files[1];
    chmod(dir, 0777);
    key->bytes[key->size - 1] ^= 1;
    assert_int_equal(in_child(save_as_nobody, dir, bundle), STORE_OK);
    chmod(help_path("%s/%s", dir, place_of(help_bank())), 0500);
    key->bytes[key->size - 1] ^= 1;
    assert_int_equal(in_child(save_as_nobody, dir, bundle), STORE_OK);
    char *picture = help_picture(dir);
    assert_non_null(strstr(picture, ".bak-"));
    assert_null(strstr(picture, ".certrelay-"));
    free(picture);
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
    help_add(bundle, help_bank());
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
    struct cr_bundle *bundle = help_load(help_bank());
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
    struct cr_bundle *bundle = help_load(help_bank());
    help_save_fails(help_path("%s/nowhere/NPKI", dir), bundle, 0, STORE_NOT_WRITABLE);
    char *after = help_picture(dir);
    assert_string_equal(after, "");
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static unsigned steps_left, died_undoing;
/* A file to spoil as soon as it is what it should be, and what that is. */
static const char *spoil, *spoil_when;

static int is_file_same(const char *one, const char *other)
{
    size_t sizes[2];
    uint8_t *a = help_read(one, &sizes[0]);
    uint8_t *b = help_read(other, &sizes[1]);
    int is_same = sizes[0] == sizes[1] && memcmp(a, b, sizes[0]) == 0;
    free(a);
    free(b);
    return is_same;
}

/* The disk forgets, and then the program dies. */
static void spoil_and_die(const char *name)
{
    (void)name;
    if (spoil != NULL && access(spoil, F_OK) == 0 && is_file_same(spoil, spoil_when)) {
        help_write(spoil, "x", 1);
        spoil = NULL;
    }
    if (steps_left-- == 0) {
        _exit(99);
    }
}

static int save_spoilt(const char *dir, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    store_step = spoil_and_die;
    return (int)store_save(help_path("%s/NPKI", dir), bundle, 1, digest, &paths);
}

/* The first of the bundle replaces an older one, the second is new; wanted is the one that is spoilt. Dies before step at. */
static int die_at(unsigned at, const struct cr_bundle *bundle, const char *first, const char *wanted)
{
    char *dir = help_temporary();
    help_copy(help_user("sk-stock-expired", "s-expired"), help_path("%s/%s", dir, place_of(first)));
    spoil = help_path("%s/%s/signPri.key", dir, place_of(wanted));
    spoil_when = help_path("%s/signPri.key", wanted);
    steps_left = at;
    char *before = help_picture(dir);
    int end = in_child(save_spoilt, dir, bundle);
    char *killed = help_picture(dir);
    store_recover(help_path("%s/NPKI", dir));
    char *after = help_picture(dir);
    int is_undoing = strstr(killed, "/journal.undo ") != NULL;
    if (end != 99 || is_undoing) {
        assert_string_equal(before, after);
    }
    died_undoing += (unsigned)is_undoing;
    assert_null(strstr(after, ".certrelay-"));
    free(before);
    free(killed);
    free(after);
    help_remove(dir);
    return end;
}

/* Also when the undoing is interrupted: it does not bring back what was spoilt. */
static void what_reads_back_otherwise_is_undone(void **state)
{
    (void)state;
    struct cr_bundle *bundle = help_load(help_user("kica-univ-km", "s-kica-km"));
    help_add(bundle, help_user("y-bank-115", "s-bank"));
    for (unsigned i = 0; i < 4; i++) {
        int end = 99;
        died_undoing = 0;
        store_lacks_exchange = i >= 2;
        for (unsigned at = 0; end == 99; at++) {
            /* Asked each time: help_path's buffers do not last. */
            const char *kica = help_user("kica-univ-km", "s-kica-km");
            end = die_at(at, bundle, kica, i % 2 == 0 ? kica : help_user("y-bank-115", "s-bank"));
        }
        assert_int_equal(end, STORE_READ_BACK);
        assert_true(died_undoing > 5);
    }
    store_lacks_exchange = 0;
    cr_bundle_free(bundle);
}

/* Another program writes into the old one when everything is decided, and then we die. */
static void change_and_die(const char *name)
{
    if (strcmp(name, "exchange") == 0) {
        help_write(spoil, "x", 1);
        _exit(99);
    }
}

static int save_changed(const char *dir, const struct cr_bundle *bundle)
{
    store_step = change_and_die;
    return save_and_tell(dir, bundle);
}

static void an_old_one_changed_meanwhile_is_still_the_old_one(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_bank());
    const char *place = help_path("%s/%s", dir, place_of(help_bank()));
    help_copy(help_user("sk-stock-expired", "s-expired"), place);
    spoil = help_path("%s/signPri.key", place);
    assert_int_equal(in_child(save_changed, dir, bundle), 99);
    store_recover(help_path("%s/NPKI", dir));
    assert_true(is_file_same(spoil, help_path("%s/signPri.key", help_bank())));
    assert_int_equal(store_clash(help_path("%s/NPKI", dir), &bundle->certs[0]), STORE_CLASH_SAME);
    cr_bundle_free(bundle);
    help_remove(dir);
}

int main(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_do_not_lead_out),
        cmocka_unit_test(a_link_in_place_of_the_certificate_is_set_aside_and_not_followed),
        cmocka_unit_test(a_planted_journal_moves_nothing_elsewhere),
        cmocka_unit_test(a_stage_that_is_a_link_is_left_alone),
        cmocka_unit_test(what_reads_back_otherwise_is_undone),
        cmocka_unit_test(an_old_one_changed_meanwhile_is_still_the_old_one),
        cmocka_unit_test(a_folder_that_may_not_be_written_says_so),
        cmocka_unit_test(an_old_one_whose_folder_may_not_be_written_is_replaced_all_the_same),
        cmocka_unit_test(a_file_that_cannot_grow_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing_at_any_size),
        cmocka_unit_test(a_disk_without_pages_leaves_nothing),
        cmocka_unit_test(a_read_only_disk_says_so),
        cmocka_unit_test(a_root_whose_parent_is_missing_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
