/* A store whose certificate gets another password, and what must be true of its keys. */
#include "key_scene.h"
#include "exchange.h"
#include "key.h"
#include "passwd_help.h"
#include "steps.h"
#include "store_help.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CLEAR_BYTES 48

unsigned key_scene_steps_left = 0;
int key_scene_keeps_backup = 0;
static int can_exchange;

void key_scene_change(const char *dir)
{
    char detail[STORE_DETAIL_BYTES];
    _exit((int)passwd_change_to(dir, TEST_PASSWORD, NEW_PASSWORD, STORE_SEAL_SAME, key_scene_keeps_backup,
                                detail));
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

char *key_scene_make(const struct key_scene *scene)
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
void key_scene_state(const struct key_scene *scene, const char *dir, char state[static 2])
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

static void search_file(const char *path, const struct key_scene *scene)
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
static void search_everywhere(const char *dir, const struct key_scene *scene)
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

void key_scene_open(struct key_scene *scene)
{
    char *dir = key_scene_make(scene);
    scene->clear[0] = passwd_inside(dir, CR_FILE_SIGN_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    scene->clear[1] = passwd_inside(dir, CR_FILE_KM_KEY, TEST_PASSWORD, strlen(TEST_PASSWORD));
    scene->before = passwd_names(dir);
    help_remove(dir);
}

void key_scene_close(struct key_scene *scene)
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
void key_scene_look(const struct key_scene *scene, const char *dir)
{
    char state[2];
    key_scene_state(scene, dir, state);
    search_everywhere(dir, scene);
    if (!has_gaps()) {
        assert_true(state[0] != '-');
    }
    if (!has_gaps() && !scene->is_single && scene->clear[1].bytes != NULL) {
        assert_int_equal(state[0], state[1]);
    }
}

/* After recovery: all old or all new, the same names as before, and no more. Returns whether new. */
int key_scene_judge(const struct key_scene *scene, const char *dir)
{
    char state[2];
    key_scene_state(scene, dir, state);
    assert_true(state[0] != '-');
    if (scene->clear[1].bytes != NULL) {
        assert_int_equal(state[0], state[1]);
    }
    char *names = passwd_names(dir);
    if (!key_scene_keeps_backup || state[0] == 'o') {
        assert_string_equal(names, scene->before);
    } else {
        assert_non_null(strstr(names, ".bak-"));
        assert_null(strstr(names, ".certrelay-"));
    }
    free(names);
    return state[0] == 'n';
}

const struct key_scene KEY_SCENE_PAIR = {.id = "kica-univ-km", .sample = "s-kica-km"};
const struct key_scene KEY_SCENE_SIGN_ONLY = {.id = "y-bank-115", .sample = "s-bank", .is_single = 1};
const struct key_scene KEY_SCENE_LOOSE = {
    .id = "kica-univ-km", .sample = "s-kica-km", .is_loose = 1, .is_single = 1};
const struct key_scene KEY_SCENE_GPKI = {.is_gpki = 1, .is_single = 1};

int key_scene_probe(void **state)
{
    (void)state;
    can_exchange = help_can_exchange();
    return 0;
}
