/* Killed at every step of storing, and of recovering: afterwards there is the old state or the new, and nothing else. */
#include "steps.h"
#include "store_help.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned steps_left;

static void kill_when_due(const char *name)
{
    (void)name;
    if (steps_left-- == 0) {
        kill(getpid(), SIGKILL);
    }
}

/* Runs it in a child that dies before step number at. Returns whether it died. */
static int run_until(unsigned at, void (*work)(const char *root, const struct cr_bundle *bundle),
                     const char *root, const struct cr_bundle *bundle)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        steps_left = at;
        store_step = kill_when_due;
        work(root, bundle);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

static void save(const char *root, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    if (store_save(root, bundle, 1, digest, &paths) != STORE_OK) {
        _exit(1);
    }
    store_paths_free(paths);
}

static void recover(const char *root, const struct cr_bundle *bundle)
{
    (void)bundle;
    store_recover(root);
}

struct scene {
    const char *before; /* a folder to start from, or NULL for an empty store */
    struct cr_bundle *bundle;
    char *old_picture;
    char *new_picture;
};

static char *make_store(const struct scene *scene)
{
    char *dir = help_temporary();
    assert_int_equal(mkdir(help_path("%s/NPKI", dir), 0700), 0);
    if (scene->before != NULL) {
        help_copy(scene->before, dir);
    }
    return dir;
}

/* The date in a backup's name is the day's: midnight in Korea must not pass between two runs of a scene. */
static void await_no_midnight(void)
{
    time_t korean = (time(NULL) + 9 * 3600) % 86400;
    if (korean > 86400 - 100) {
        skip();
    }
}

static void open_scene(struct scene *scene)
{
    await_no_midnight();
    char *dir = make_store(scene);
    scene->old_picture = help_picture(dir);
    assert_false(run_until(UINT32_MAX, save, help_path("%s/NPKI", dir), scene->bundle));
    scene->new_picture = help_picture(dir);
    assert_string_not_equal(scene->old_picture, scene->new_picture);
    assert_null(strstr(scene->new_picture, ".certrelay-"));
    help_remove(dir);
}

static void close_scene(struct scene *scene)
{
    free(scene->old_picture);
    free(scene->new_picture);
    cr_bundle_free(scene->bundle);
}

/* 0 old, 1 new; anything else fails the test. */
static int which(const struct scene *scene, const char *dir)
{
    char *picture = help_picture(dir);
    int is_new = strcmp(picture, scene->new_picture) == 0;
    if (!is_new) {
        assert_string_equal(picture, scene->old_picture);
    }
    free(picture);
    return is_new;
}

/* Once the new state has been reached by a later step, no still later one may fall back. */
static void kill_at_every_step(struct scene *scene)
{
    open_scene(scene);
    int is_new = 0;
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        char *dir = make_store(scene);
        const char *root = help_path("%s/NPKI", dir);
        died = run_until(at, save, root, scene->bundle);
        store_recover(root);
        int now = which(scene, dir);
        assert_true(now >= is_new);
        is_new = now;
        help_remove(dir);
    }
    assert_true(is_new);
    assert_true(at > 10);
    print_message("  killed before each of %u steps\n", at - 1);
    close_scene(scene);
}

/* Kills the saving at some steps, and then the recovery at every one of its own. */
static void kill_the_recovery_too(struct scene *scene)
{
    open_scene(scene);
    int saving_died = 1;
    for (unsigned at = 0; saving_died; at += 3) {
        int recovery_died = 1;
        for (unsigned second = 0; recovery_died; second++) {
            char *dir = make_store(scene);
            const char *root = help_path("%s/NPKI", dir);
            saving_died = run_until(at, save, root, scene->bundle);
            recovery_died = run_until(second, recover, root, NULL);
            store_recover(root);
            which(scene, dir);
            help_remove(dir);
        }
    }
    close_scene(scene);
}

/* Where the certificate of the folder wanted goes in the store below dir. */
static const char *place_in(const char *dir, const char *wanted)
{
    struct store_facts facts;
    size_t length = 0;
    uint8_t *der = help_read(help_path("%s/signCert.der", wanted), &length);
    assert_int_equal(store_facts_read(der, length, &facts), STORE_OK);
    const char *place = help_path("%s/NPKI/%s/USER/%s", dir, facts.ca_folder, facts.folder);
    store_facts_wipe(&facts);
    free(der);
    return place;
}

/* A store in which another certificate has that place. */
static char *occupied(const char *wanted, const char *with)
{
    char *dir = help_temporary();
    help_copy(with, place_in(dir, wanted));
    return dir;
}

static struct cr_bundle *three(void)
{
    struct cr_bundle *bundle = help_load(help_user("y-bank-115", "s-bank"));
    help_add(bundle, help_user("kica-univ-km", "s-kica-km"));
    help_add(bundle, help_user("y-etax-aria256", "s-etax-aria"));
    return bundle;
}

static void a_new_certificate_is_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {.bundle = help_load(help_user("y-bank-115", "s-bank"))};
    kill_at_every_step(&scene);
}

static void a_replaced_certificate_is_the_old_or_the_new(void **state)
{
    (void)state;
    const char *wanted = help_user("y-bank-115", "s-bank");
    char *before = occupied(wanted, help_user("sk-stock-expired", "s-expired"));
    struct scene scene = {.before = before, .bundle = help_load(wanted)};
    kill_at_every_step(&scene);
    help_remove(before);
}

static void of_three_certificates_all_are_there_or_none(void **state)
{
    (void)state;
    char *before =
        occupied(help_user("kica-univ-km", "s-kica-km"), help_user("sk-stock-expired", "s-expired"));
    struct scene scene = {.before = before, .bundle = three()};
    kill_at_every_step(&scene);
    help_remove(before);
}

static void a_gpki_group_and_a_pkcs12_are_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {.bundle = help_load(help_path("%s/GPKI", help_best_set()))};
    help_add(scene.bundle, help_path("%s/p12/s-bank.p12", CR_SAMPLES));
    kill_at_every_step(&scene);
}

static void a_killed_recovery_is_recovered_from(void **state)
{
    (void)state;
    char *before =
        occupied(help_user("kica-univ-km", "s-kica-km"), help_user("sk-stock-expired", "s-expired"));
    struct scene scene = {.before = before, .bundle = three()};
    kill_the_recovery_too(&scene);
    help_remove(before);
}

static const char *block_at;

/* Another program puts something into the last certificate's place after everything was decided. */
static void block_when_due(const char *name)
{
    if (block_at != NULL && strcmp(name, "rename") == 0) {
        help_write(help_path("%s/witness", block_at), "x", 1);
        block_at = NULL;
    }
}

static void what_cannot_be_completed_is_undone(void **state)
{
    (void)state;
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    struct cr_bundle *bundle = three();
    block_at = place_in(dir, help_user("y-etax-aria256", "s-etax-aria"));
    store_step = block_when_due;
    assert_int_equal(store_save(root, bundle, 1, digest, &paths), STORE_EXISTS);
    store_step = NULL;
    assert_null(block_at);
    char *picture = help_picture(root);
    assert_non_null(strstr(picture, "/witness"));
    assert_null(strstr(picture, "signCert.der"));
    assert_null(strstr(picture, ".certrelay-"));
    assert_null(strstr(picture, "KICA"));
    free(picture);
    cr_bundle_free(bundle);
    help_remove(dir);
}

static void block_and_kill(const char *name)
{
    block_when_due(name);
    kill_when_due(name);
}

static void save_blocked(const char *root, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    store_step = block_and_kill;
    if (store_save(root, bundle, 1, digest, &paths) != STORE_EXISTS) {
        _exit(1);
    }
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

/* The other program may have gone again: then it is all three or none, and otherwise none. */
static void kill_the_undoing(int is_gone)
{
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        struct cr_bundle *bundle = three();
        char *dir = help_temporary();
        const char *root = help_path("%s/NPKI", dir);
        const char *blocked = place_in(dir, help_user("y-etax-aria256", "s-etax-aria"));
        assert_int_equal(mkdir(root, 0700), 0);
        block_at = blocked;
        died = run_until(at, save_blocked, root, bundle);
        if (is_gone) {
            unlink(help_path("%s/witness", blocked));
            rmdir(blocked);
        }
        store_recover(root);
        char *picture = help_picture(root);
        size_t stored = count_of(picture, "/signCert.der");
        assert_true(stored == 0 || (is_gone && stored == 3));
        assert_int_equal(count_of(picture, ".certrelay-"), 0);
        free(picture);
        help_remove(dir);
        cr_bundle_free(bundle);
    }
    assert_true(at > 40);
}

static void a_killed_undoing_is_undone_to_its_end(void **state)
{
    (void)state;
    kill_the_undoing(0);
}

static void a_killed_undoing_never_leaves_a_part(void **state)
{
    (void)state;
    kill_the_undoing(1);
}

static const char *spoil;

/* The disk forgets: what is read from the final place is not what was written. */
static void spoil_when_there(const char *name)
{
    (void)name;
    if (spoil != NULL && access(spoil, F_OK) == 0) {
        help_write(spoil, "x", 1);
        spoil = NULL;
    }
}

static void what_reads_back_otherwise_is_undone(void **state)
{
    (void)state;
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    char *dir = help_temporary();
    const char *root = help_path("%s/NPKI", dir);
    const char *bank = help_user("y-bank-115", "s-bank");
    struct cr_bundle *bundle = three();
    help_copy(help_user("sk-stock-expired", "s-expired"), place_in(dir, bank));
    char *before = help_picture(dir);
    spoil = help_path("%s/signPri.key", place_in(dir, help_user("kica-univ-km", "s-kica-km")));
    store_step = spoil_when_there;
    assert_int_equal(store_save(root, bundle, 1, digest, &paths), STORE_READ_BACK);
    store_step = NULL;
    assert_null(spoil);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    cr_bundle_free(bundle);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_certificate_is_there_or_not),
        cmocka_unit_test(a_replaced_certificate_is_the_old_or_the_new),
        cmocka_unit_test(of_three_certificates_all_are_there_or_none),
        cmocka_unit_test(a_gpki_group_and_a_pkcs12_are_there_or_not),
        cmocka_unit_test(a_killed_recovery_is_recovered_from),
        cmocka_unit_test(what_cannot_be_completed_is_undone),
        cmocka_unit_test(a_killed_undoing_is_undone_to_its_end),
        cmocka_unit_test(a_killed_undoing_never_leaves_a_part),
        cmocka_unit_test(what_reads_back_otherwise_is_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
