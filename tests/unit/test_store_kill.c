/* Killed at every step of storing, of undoing and of recovering: at once each name holds the old certificate or the new,
 * whole; after recovery there is the old state or the new, and nothing else. */
#include "exchange.h"
#include "steps.h"
#include "store_help.h"

#include <fcntl.h>
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

/* The last certificate's place, from the store's folder. */
static char blocked[2048];
static const char *block_at;

/* Another program puts something into the last certificate's place after everything was decided. */
static void block_when_due(const char *name)
{
    if (block_at != NULL && strcmp(name, "rename") == 0) {
        help_write(help_path("%s/witness", block_at), "x", 1);
        block_at = NULL;
    }
}

static void block_and_kill(const char *name)
{
    block_when_due(name);
    kill_when_due(name);
}

/* The last certificate cannot be placed, so that all is undone. */
static void save_blocked(const char *root, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    block_at = help_path("%s/..%s", root, blocked);
    store_step = block_and_kill;
    if (store_save(root, bundle, 1, digest, &paths) != STORE_EXISTS) {
        _exit(1);
    }
}

/* Takes away what was in the way. Returns whether it was. */
static int unblock(const char *dir)
{
    return unlink(help_path("%s%s/witness", dir, blocked)) == 0 &&
           rmdir(help_path("%s%s", dir, blocked)) == 0;
}

struct scene {
    char *before; /* a folder to start from, or NULL for an empty store */
    struct cr_bundle *bundle;
    int is_group; /* single files, each old or new for itself */
    char *old_picture;
    char *new_picture;
    char *old_seen;
    char *new_seen;
};

/* What list and export see: a line of "path TAB digest" for each usable certificate. Free it. */
static char *seen(const char *dir)
{
    char *text = NULL;
    size_t length = 0;
    struct store_list list;
    FILE *out = open_memstream(&text, &length);
    store_scan(dir, &list);
    for (size_t i = 0; i < list.count && list.entries[i].fault == STORE_OK; i++) {
        uint8_t digest[CR_DIGEST_BYTES];
        struct cr_bundle *bundle = cr_bundle_new();
        assert_int_equal(store_load(&list.entries[i], bundle), STORE_OK);
        assert_int_equal(cr_bundle_digest(bundle, digest), CR_OK);
        assert_null(list.entries[i].other_places);
        fprintf(out, "%s\t", list.entries[i].path + strlen(dir));
        for (size_t at = 0; at < sizeof digest; at++) {
            fprintf(out, "%02x", digest[at]);
        }
        fputc('\n', out);
        cr_bundle_free(bundle);
    }
    store_list_free(&list);
    fclose(out);
    return text;
}

static char *make_store(const struct scene *scene)
{
    char *dir = help_temporary();
    assert_int_equal(mkdir(help_path("%s/NPKI", dir), 0700), 0);
    if (scene->before != NULL) {
        help_copy(scene->before, dir);
    }
    return dir;
}

static void open_scene(struct scene *scene)
{
    char *dir = make_store(scene);
    scene->old_picture = help_picture(dir);
    scene->old_seen = seen(dir);
    assert_false(run_until(UINT32_MAX, save, help_path("%s/NPKI", dir), scene->bundle));
    scene->new_picture = help_picture(dir);
    scene->new_seen = seen(dir);
    assert_string_not_equal(scene->old_picture, scene->new_picture);
    assert_null(strstr(scene->new_picture, ".certrelay-"));
    help_remove(dir);
}

static void close_scene(struct scene *scene)
{
    free(scene->old_picture);
    free(scene->new_picture);
    free(scene->old_seen);
    free(scene->new_seen);
    cr_bundle_free(scene->bundle);
    if (scene->before != NULL) {
        help_remove(scene->before);
    }
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

static int can_exchange;

/* Each line of text, or its begin as far as the mark, must be in one of two others. */
static void assert_lines(const char *text, char mark, const char *one, const char *other)
{
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *part = help_path("%.*s", (int)(strchr(line, mark) + 1 - line), line);
        if (strstr(one, part) == NULL) {
            assert_non_null(strstr(other, part));
        }
    }
}

/* Before anything recovers: what is seen is the old or the new, byte for byte, and no name that was there is missing. (Only where
 * entries cannot be exchanged may it be, for an instant.) Neither a stage nor a backup is seen at all. */
static void look(const struct scene *scene, const char *dir)
{
    char *picture = help_picture(dir);
    char *now = seen(dir);
    int has_gaps = store_lacks_exchange || !can_exchange;
    if (!scene->is_group) {
        assert_lines(now, '\n', scene->old_seen, scene->new_seen);
    } else if (!has_gaps) {
        assert_lines(scene->old_picture, ' ', picture, picture);
    }
    if (!has_gaps) {
        assert_lines(scene->old_seen, '\t', now, now);
    }
    free(now);
    free(picture);
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
        look(scene, dir);
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

static int has_journal(const char *dir)
{
    char *picture = help_picture(dir);
    int is_there = strstr(picture, "/journal") != NULL;
    free(picture);
    return is_there;
}

/* Kills work at every fifth of its steps, and then the recovery, if it has more to do than to clear away, at every one. */
static void kill_the_recovery_too(struct scene *scene,
                                  void (*work)(const char *root, const struct cr_bundle *bundle))
{
    open_scene(scene);
    int work_died = 1;
    for (unsigned at = 0; work_died; at += 5) {
        int recovery_died = 1;
        for (unsigned second = 0; recovery_died; second++) {
            char *dir = make_store(scene);
            const char *root = help_path("%s/NPKI", dir);
            work_died = run_until(at, work, root, scene->bundle);
            unblock(dir);
            recovery_died = has_journal(dir);
            recovery_died = run_until(second, recover, root, NULL) && recovery_died;
            look(scene, dir);
            store_recover(root);
            which(scene, dir);
            help_remove(dir);
        }
    }
    close_scene(scene);
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

/* One of the three has an older one in its place. */
static struct scene scene_of_three(void)
{
    struct scene scene = {.before = occupied(help_user("kica-univ-km", "s-kica-km"),
                                             help_user("sk-stock-expired", "s-expired")),
                          .bundle = three()};
    const char *etax = place_in(scene.before, help_user("y-etax-aria256", "s-etax-aria"));
    help_write(etax, "", 0);
    unlink(etax);
    strcpy(blocked, etax + strlen(scene.before));
    return scene;
}

static void a_new_certificate_is_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {.bundle = help_load(help_user("y-bank-115", "s-bank"))};
    kill_at_every_step(&scene);
}

static void replace_one(void)
{
    const char *wanted = help_user("y-bank-115", "s-bank");
    struct scene scene = {.before = occupied(wanted, help_user("sk-stock-expired", "s-expired")),
                          .bundle = help_load(wanted)};
    kill_at_every_step(&scene);
}

static void a_replaced_certificate_is_the_old_or_the_new(void **state)
{
    (void)state;
    replace_one();
}

static void without_exchange_it_is_so_after_recovery(void **state)
{
    (void)state;
    store_lacks_exchange = 1;
    replace_one();
    struct scene scene = scene_of_three();
    kill_the_recovery_too(&scene, save);
    store_lacks_exchange = 0;
}

static void of_three_certificates_all_are_there_or_none(void **state)
{
    (void)state;
    struct scene scene = scene_of_three();
    kill_at_every_step(&scene);
}

static void a_gpki_group_and_a_pkcs12_are_there_or_not(void **state)
{
    (void)state;
    struct scene scene = {.is_group = 1, .bundle = help_load(help_path("%s/GPKI", help_best_set()))};
    help_add(scene.bundle, help_path("%s/p12/s-bank.p12", CR_SAMPLES));
    kill_at_every_step(&scene);
}

static void of_a_replaced_gpki_group_each_file_is_the_old_or_the_new(void **state)
{
    (void)state;
    static const char *const ENDINGS[] = {"sig.cer", "sig.key", "env.cer", "env.key"};
    struct scene scene = {.before = help_temporary(), .is_group = 1};
    const char *group = help_path("%s/GPKI/Certificate/class2/123공무원001", scene.before);
    scene.bundle = help_load(help_path("%s/GPKI", help_best_set()));
    for (size_t i = 0; i < 4; i++) {
        help_write(help_path("%s_%s", group, ENDINGS[i]), ENDINGS[i], 7);
    }
    kill_at_every_step(&scene);
}

static void two_of_one_name_are_both_there_or_neither(void **state)
{
    (void)state;
    const char *bank = help_user("y-bank-115", "s-bank");
    struct scene scene = {.before = occupied(bank, help_user("sk-stock-expired", "s-expired")),
                          .bundle = help_load(bank)};
    help_add(scene.bundle, bank);
    scene.bundle->certs[1].files[1].bytes[scene.bundle->certs[1].files[1].size - 1] ^= 1;
    kill_at_every_step(&scene);
}

static void a_killed_recovery_is_recovered_from(void **state)
{
    (void)state;
    struct scene scene = scene_of_three();
    kill_the_recovery_too(&scene, save);
}

static void a_killed_recovery_of_an_undoing_is_recovered_from(void **state)
{
    (void)state;
    struct scene scene = scene_of_three();
    kill_the_recovery_too(&scene, save_blocked);
}

/* What is in the way goes again before the recovery, or after it: then there can be only the old state. */
static void kill_the_undoing(int is_gone)
{
    struct scene scene = scene_of_three();
    open_scene(&scene);
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        char *dir = make_store(&scene);
        const char *root = help_path("%s/NPKI", dir);
        died = run_until(at, save_blocked, root, scene.bundle);
        if (is_gone) {
            unblock(dir);
        }
        look(&scene, dir);
        store_recover(root);
        int was_blocked = unblock(dir);
        int is_new = which(&scene, dir);
        assert_false(was_blocked && is_new);
        assert_true(died || !is_new);
        help_remove(dir);
    }
    assert_true(at > 40);
    close_scene(&scene);
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

static void a_killed_undoing_without_exchange_never_leaves_a_part(void **state)
{
    (void)state;
    store_lacks_exchange = 1;
    kill_the_undoing(0);
    kill_the_undoing(1);
    store_lacks_exchange = 0;
}

static int probe(void **state)
{
    (void)state;
    can_exchange = help_can_exchange();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_certificate_is_there_or_not),
        cmocka_unit_test(a_replaced_certificate_is_the_old_or_the_new),
        cmocka_unit_test(without_exchange_it_is_so_after_recovery),
        cmocka_unit_test(of_three_certificates_all_are_there_or_none),
        cmocka_unit_test(a_gpki_group_and_a_pkcs12_are_there_or_not),
        cmocka_unit_test(of_a_replaced_gpki_group_each_file_is_the_old_or_the_new),
        cmocka_unit_test(two_of_one_name_are_both_there_or_neither),
        cmocka_unit_test(a_killed_recovery_is_recovered_from),
        cmocka_unit_test(a_killed_recovery_of_an_undoing_is_recovered_from),
        cmocka_unit_test(a_killed_undoing_is_undone_to_its_end),
        cmocka_unit_test(a_killed_undoing_never_leaves_a_part),
        cmocka_unit_test(a_killed_undoing_without_exchange_never_leaves_a_part),
    };
    return cmocka_run_group_tests(tests, probe, NULL);
}
