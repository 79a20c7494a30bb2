/* A store that others use too: who stores at the same time, who plants what looks like ours, who is first at a name. */
#include "steps.h"
#include "store_help.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define JOURNAL "certrelay journal 2\nr\t0\ta\tc\t\t0123456789abcdef0123456789abcdef\t\nend\n"

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static enum store_fault save(const char *root, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    enum store_fault fault = store_save(root, bundle, 1, digest, &paths);
    assert_true((paths != NULL) == (fault == STORE_OK));
    store_paths_free(paths);
    return fault;
}

/* Another program's lock. */
static int held = -1;
static unsigned waits, waits_until_free;

static void hold(const char *root)
{
    mkdir(root, 0700);
    held = open(root, O_RDONLY | O_DIRECTORY);
    assert_true(held >= 0);
    assert_int_equal(flock(held, LOCK_EX), 0);
    waits = 0;
}

static void count_waits(const char *name)
{
    if (strcmp(name, "wait") == 0 && ++waits == waits_until_free) {
        close(held);
    }
}

static void a_store_that_stays_locked_is_busy_and_is_not_written(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    hold(help_path("%s/NPKI", dir));
    waits_until_free = UINT32_MAX;
    store_step = count_waits;
    assert_int_equal(save(help_path("%s/NPKI", dir), bundle), STORE_BUSY);
    store_step = NULL;
    char *after = help_picture(dir);
    assert_null(strstr(after, "/NPKI/"));
    assert_true(waits > 2);
    close(held);
    assert_int_equal(save(help_path("%s/NPKI", dir), bundle), STORE_OK);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void a_store_let_go_meanwhile_is_stored_in(void **state)
{
    (void)state;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(bank());
    hold(help_path("%s/NPKI", dir));
    waits_until_free = 2;
    store_step = count_waits;
    assert_int_equal(save(help_path("%s/NPKI", dir), bundle), STORE_OK);
    store_step = NULL;
    assert_int_equal(waits, 2);
    cr_bundle_free(bundle);
    help_remove(dir);
}

/* A stage as a killed store_save leaves it, with a journal that brings c into a. */
static char *planted(void)
{
    char *dir = help_temporary();
    help_write(help_path("%s/NPKI/a/b", dir), "x", 1);
    help_write(help_path("%s/NPKI/.certrelay-00/0", dir), "evil", 4);
    help_write(help_path("%s/NPKI/.certrelay-00/journal", dir), JOURNAL, strlen(JOURNAL));
    return dir;
}

static int is_believed(const char *dir)
{
    store_recover(help_path("%s/NPKI", dir));
    int is_moved = access(help_path("%s/NPKI/a/c", dir), F_OK) == 0;
    int is_gone = access(help_path("%s/NPKI/.certrelay-00", dir), F_OK) != 0;
    assert_int_equal(is_moved, is_gone);
    return is_gone;
}

static void recovery_leaves_a_locked_store_to_its_holder(void **state)
{
    (void)state;
    char *dir = planted();
    hold(help_path("%s/NPKI", dir));
    waits_until_free = UINT32_MAX;
    store_step = count_waits;
    assert_false(is_believed(dir));
    store_step = NULL;
    assert_int_equal(waits, 0);
    close(held);
    assert_true(is_believed(dir));
    help_remove(dir);
}

static void only_a_stage_closed_to_others_is_believed(void **state)
{
    (void)state;
    static const mode_t MODES[] = {0755, 0770, 0777, 0710, 0701, 0702, 01777};
    for (size_t i = 0; i < sizeof MODES / sizeof MODES[0]; i++) {
        char *dir = planted();
        assert_int_equal(chmod(help_path("%s/NPKI/.certrelay-00", dir), MODES[i]), 0);
        assert_false(is_believed(dir));
        assert_int_equal(chmod(help_path("%s/NPKI/.certrelay-00", dir), 0700), 0);
        assert_true(is_believed(dir));
        help_remove(dir);
    }
}

/* In a folder whose group is inherited, our own stages are made so. */
static void a_stage_that_inherits_its_group_is_believed(void **state)
{
    (void)state;
    char *dir = planted();
    assert_int_equal(chmod(help_path("%s/NPKI/.certrelay-00", dir), 02700), 0);
    assert_true(is_believed(dir));
    help_remove(dir);
}

static void a_stage_of_another_user_is_not_believed(void **state)
{
    (void)state;
    char *dir = planted();
    if (chown(help_path("%s/NPKI/.certrelay-00", dir), geteuid() + 1, (gid_t)-1) != 0) {
        print_message("SKIP: only root can give a folder away\n");
    } else {
        assert_false(is_believed(dir));
        assert_int_equal(chown(help_path("%s/NPKI/.certrelay-00", dir), geteuid(), (gid_t)-1), 0);
    }
    assert_true(is_believed(dir));
    help_remove(dir);
}

/* A stage without a journal is cleared away, but not one of somebody else. */
static void an_unfinished_stage_is_removed_only_when_it_is_ours(void **state)
{
    (void)state;
    char *dir = planted();
    const char *stage = help_path("%s/NPKI/.certrelay-00", dir);
    unlink(help_path("%s/journal", stage));
    chmod(stage, 0755);
    store_recover(help_path("%s/NPKI", dir));
    assert_int_equal(access(help_path("%s/0", stage), F_OK), 0);
    chmod(stage, 0700);
    store_recover(help_path("%s/NPKI", dir));
    assert_int_not_equal(access(stage, F_OK), 0);
    help_remove(dir);
}

/* The place of the only file of a bundle, and at which rename another program is there first. */
static const char *taken;
static unsigned renames_left;

static void take_when_due(const char *name)
{
    if (strcmp(name, "rename") == 0 && renames_left-- == 0) {
        help_write(taken, "theirs", 6);
    }
}

static const char *place_of_file(const struct cr_bundle *bundle, const char *dir)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    char *other = help_temporary();
    assert_int_equal(store_save(help_path("%s/NPKI", other), bundle, 0, digest, &paths), STORE_OK);
    const char *place = help_path("%s%s", dir, paths[0] + strlen(other));
    store_paths_free(paths);
    help_remove(other);
    return place;
}

static void save_into_what_is_taken(void)
{
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(help_path("%s/p12/s-bank.p12", CR_SAMPLES));
    size_t length = 0;
    taken = place_of_file(bundle, dir);
    /* The first is the journal's. */
    renames_left = 1;
    store_step = take_when_due;
    assert_int_equal(save(help_path("%s/NPKI", dir), bundle), STORE_EXISTS);
    store_step = NULL;
    uint8_t *bytes = help_read(taken, &length);
    assert_int_equal(length, 6);
    assert_memory_equal(bytes, "theirs", 6);
    free(bytes);
    char *after = help_picture(dir);
    assert_null(strstr(after, ".certrelay-"));
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void what_appears_in_the_last_moment_is_not_overwritten(void **state)
{
    (void)state;
    save_into_what_is_taken();
}

/* The check before a rename that can overwrite. */
static void nor_is_what_appears_just_before_where_renames_overwrite(void **state)
{
    (void)state;
    store_lacks_exchange = 1;
    save_into_what_is_taken();
    store_lacks_exchange = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_stage_closed_to_others_is_believed),
        cmocka_unit_test(a_stage_that_inherits_its_group_is_believed),
        cmocka_unit_test(a_stage_of_another_user_is_not_believed),
        cmocka_unit_test(an_unfinished_stage_is_removed_only_when_it_is_ours),
        cmocka_unit_test(what_appears_in_the_last_moment_is_not_overwritten),
        cmocka_unit_test(nor_is_what_appears_just_before_where_renames_overwrite),
        cmocka_unit_test(a_store_that_stays_locked_is_busy_and_is_not_written),
        cmocka_unit_test(a_store_let_go_meanwhile_is_stored_in),
        cmocka_unit_test(recovery_leaves_a_locked_store_to_its_holder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
