/* What is done step by step, and killed or refused by the file system at each of them. */
#include "step_play.h"
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

/* Once, at the step that is due. */
static int refuse_once(const char *name)
{
    (void)name;
    return steps_left-- == 0;
}

/* From the step that is due on, whatever needs room. */
static int refuse_room(const char *name)
{
    static const char *const NEED[] = {"mkdir", "create", "write"};
    if (steps_left > 0) {
        steps_left--;
        return 0;
    }
    for (size_t i = 0; i < sizeof NEED / sizeof NEED[0]; i++) {
        if (strcmp(name, NEED[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Runs it in a child that dies before step number at. Returns whether it died. */
static int run_until(unsigned at, const struct scene *scene, const char *dir)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        steps_left = at;
        store_step = kill_when_due;
        _exit(scene->work(dir) == STORE_OK ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

char *step_make(const struct scene *scene)
{
    char *dir = help_temporary();
    scene->prepare(dir);
    return dir;
}

static void open_scene(struct scene *scene)
{
    char *dir = step_make(scene);
    scene->old_picture = help_picture(dir);
    assert_int_equal(scene->work(dir), STORE_OK);
    scene->new_picture = help_picture(dir);
    assert_string_not_equal(scene->old_picture, scene->new_picture);
    assert_null(strstr(scene->new_picture, ".certrelay-"));
    help_remove(dir);
}

static void close_scene(struct scene *scene)
{
    free(scene->old_picture);
    free(scene->new_picture);
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

static void look(const struct scene *scene, const char *dir)
{
    struct store_list list;
    if (scene->place == NULL || access(help_path("%s/%s", dir, scene->place), F_OK) != 0) {
        return;
    }
    store_scan(help_path("%s/%s", dir, scene->place), &list);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.entries[i].fault, STORE_OK);
        assert_int_equal(list.entries[i].file_count, scene->files);
    }
    store_list_free(&list);
}

static void kill_at_every_step(struct scene *scene)
{
    int is_new = 0;
    int died = 1;
    unsigned at = 0;
    for (; died; at++) {
        char *dir = step_make(scene);
        died = run_until(at, scene, dir);
        look(scene, dir);
        scene->recover(dir);
        int now = which(scene, dir);
        assert_true(now >= is_new);
        is_new = now;
        help_remove(dir);
    }
    assert_true(is_new);
    assert_true(at > 5);
    print_message("  killed before each of %u steps\n", at - 1);
}

/* What failed says so, and left all as it was, or will be completed. */
static void refuse_at_every_step(const struct scene *scene, int (*refuse)(const char *name), unsigned steps)
{
    unsigned failed = 0;
    for (unsigned at = 0; at < steps; at++) {
        char *dir = step_make(scene);
        steps_left = at;
        store_refuses = refuse;
        enum store_fault fault = scene->work(dir);
        store_refuses = NULL;
        look(scene, dir);
        failed += fault != STORE_OK;
        scene->recover(dir);
        int is_new = which(scene, dir);
        assert_true(is_new || fault != STORE_OK);
        help_remove(dir);
    }
    assert_true(failed > 0);
    print_message("  refused at each of %u steps, %u times not done\n", steps, failed);
}

/* Kills the work at every third step, and then its recovery at every one. */
static void kill_the_recovery_too(struct scene *scene)
{
    int work_died = 1;
    for (unsigned at = 0; work_died; at += 3) {
        int recovery_died = 1;
        for (unsigned second = 0; recovery_died; second++) {
            char *dir = step_make(scene);
            struct scene recovery = *scene;
            work_died = run_until(at, scene, dir);
            recovery.work = scene->recover_once;
            recovery_died = run_until(second, &recovery, dir);
            look(scene, dir);
            scene->recover(dir);
            which(scene, dir);
            help_remove(dir);
        }
    }
}

static unsigned counted;

static void count_step(const char *name)
{
    (void)name;
    counted++;
}

void step_play(struct scene *scene)
{
    open_scene(scene);
    char *dir = step_make(scene);
    counted = 0;
    store_step = count_step;
    scene->work(dir);
    store_step = NULL;
    help_remove(dir);
    kill_at_every_step(scene);
    refuse_at_every_step(scene, refuse_once, counted);
    refuse_at_every_step(scene, refuse_room, counted);
    if (scene->recover_once != NULL) {
        kill_the_recovery_too(scene);
    }
    close_scene(scene);
}

int step_probe(void **state)
{
    (void)state;
    store_time = 1795132800;
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
    return 0;
}
