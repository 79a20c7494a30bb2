/* All certificates copied into one new folder: made ready in a folder of our own, read back, then named. */
#include "copy.h"
#include "files.h"
#include "move.h"
#include "stage.h"
#include "steps.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KOREA_SECONDS (9 * 3600)
#define INNER_NAME "backup"
#define NAMES_MAX 99
#define LAYERS_MAX 99

void store_backup_wipe(struct store_backup *made)
{
    free(made->path);
    memset(made, 0, sizeof *made);
}

/* The folder for the certificates of one name that have found no place so far. */
static char *layer_make(const char *inner, int layer, enum store_fault *fault)
{
    char *dir = layer == 1 ? strdup(inner) : text_print("%s/%d", inner, layer);
    char *root = dir == NULL ? NULL : text_print("%s/NPKI", dir);
    *fault = root == NULL ? STORE_MEMORY : STORE_OK;
    if (root != NULL && layer > 1 && folder_make(AT_FDCWD, dir) != 0 && errno != EEXIST) {
        *fault = fault_of_writing();
    }
    free(dir);
    return root;
}

static enum store_fault copy_one(const struct store_entry *entry, const char *inner)
{
    enum store_fault fault = STORE_EXISTS;
    for (int layer = 1; fault == STORE_EXISTS && layer <= LAYERS_MAX; layer++) {
        char **paths = NULL;
        char *root = layer_make(inner, layer, &fault);
        if (fault == STORE_OK) {
            fault = store_copy(&entry, 1, root, 0, &paths);
            store_recover(root);
        }
        store_paths_free(paths);
        free(root);
    }
    return fault;
}

static int is_found(const struct store_entry *entry, const struct store_list *there)
{
    for (size_t i = 0; i < there->count; i++) {
        const struct store_entry *copy = &there->entries[i];
        if (copy->fault == STORE_OK && copy->format == entry->format &&
            copy->file_count == entry->file_count &&
            memcmp(copy->digests, entry->digests, entry->file_count * sizeof entry->digests[0]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Finds every one again, as a scan of the backup will. */
static enum store_fault check(const struct store_list *list, const char *inner)
{
    struct store_list there;
    enum store_fault fault = store_scan(inner, &there);
    for (size_t i = 0; fault == STORE_OK && i < list->count; i++) {
        if (list->entries[i].fault == STORE_OK && !is_found(&list->entries[i], &there)) {
            fault = STORE_READ_BACK;
        }
    }
    store_list_free(&there);
    return fault == STORE_NOT_FOUND ? STORE_READ_BACK : fault;
}

/* What may not survive a power cut is not said to be there. */
static enum store_fault unname(const struct roots *roots, int stage, const char *path)
{
    enum store_fault fault = fault_of_writing();
    int saved = errno;
    (void)entry_rename(roots->root, strrchr(path, '/') + 1, stage, INNER_NAME);
    errno = saved;
    return fault;
}

/* FOLDER/certrelay-backup-20261120, then -2, -3... */
static enum store_fault name_it(const struct roots *roots, int stage, char **path)
{
    char date[16];
    time_t korean = (store_time != 0 ? store_time : time(NULL)) + KOREA_SECONDS;
    struct tm day;
    if (gmtime_r(&korean, &day) == NULL || strftime(date, sizeof date, "%Y%m%d", &day) == 0) {
        return STORE_MEMORY;
    }
    int result = -1;
    errno = EEXIST;
    for (int i = 1; result != 0 && errno == EEXIST && i <= NAMES_MAX; i++) {
        char suffix[16] = "";
        if (i > 1) {
            snprintf(suffix, sizeof suffix, "-%d", i);
        }
        char *name = text_print("certrelay-backup-%s%s", date, suffix);
        *path = name == NULL ? NULL : text_print("%s/%s", roots->root_path, name);
        result = *path == NULL ? -1 : entry_rename(stage, INNER_NAME, roots->root, name);
        int saved = errno;
        free(name);
        if (result != 0) {
            free(*path);
            *path = NULL;
        }
        errno = saved;
    }
    if (result != 0) {
        return errno == EEXIST ? STORE_EXISTS : fault_of_writing();
    }
    return folder_sync(roots->root) == 0 ? STORE_OK : unname(roots, stage, *path);
}

static enum store_fault fill(const struct store_list *list, int stage, const char *inner,
                             struct store_backup *made)
{
    enum store_fault fault = folder_make(stage, INNER_NAME) == 0 ? STORE_OK : fault_of_writing();
    for (size_t i = 0; fault == STORE_OK && i < list->count; i++) {
        if (list->entries[i].fault != STORE_OK) {
            made->left_out++;
            continue;
        }
        fault = copy_one(&list->entries[i], inner);
        made->copied++;
    }
    return fault == STORE_OK ? check(list, inner) : fault;
}

static enum store_fault backup_locked(const struct roots *roots, const struct store_list *list,
                                      struct store_backup *made)
{
    int stage = -1;
    char *name = stage_make(roots, &stage);
    if (name == NULL) {
        return fault_of_writing();
    }
    char *inner = text_print("%s/%s/" INNER_NAME, roots->root_path, name);
    enum store_fault fault = inner == NULL ? STORE_MEMORY : fill(list, stage, inner, made);
    if (fault == STORE_OK) {
        fault = name_it(roots, stage, &made->path);
    }
    stage_remove(roots, stage, name);
    int saved = errno;
    close(stage);
    free(inner);
    free(name);
    errno = saved;
    return fault;
}

static int is_any_usable(const struct store_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].fault == STORE_OK) {
            return 1;
        }
    }
    return 0;
}

enum store_fault store_backup(const struct store_list *list, const char *folder, struct store_backup *made)
{
    struct roots roots;
    int is_made = 0;
    memset(made, 0, sizeof *made);
    if (!is_any_usable(list)) {
        return STORE_NOT_FOUND;
    }
    enum store_fault fault = roots_open(folder, 0, &roots, &is_made);
    if (fault == STORE_OK) {
        fault = roots_lock(&roots, 1);
    }
    if (fault == STORE_OK) {
        recover_locked(&roots);
        fault = backup_locked(&roots, list, made);
    }
    roots_close(&roots);
    if (fault != STORE_OK) {
        int saved = errno;
        store_backup_wipe(made);
        errno = saved;
    }
    return fault;
}
