/* Moves staged entries into place, or back. */
#include "move.h"
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NUMBER_BYTES 24

void moves_wipe(struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        free(moves->all[i].dir);
        free(moves->all[i].name);
        free(moves->all[i].backup);
    }
    memset(moves, 0, sizeof *moves);
}

/* The old one goes aside under its backup name; without one nothing may be there. */
static int make_room(int dir, const struct move *move)
{
    if (entry_type(dir, move->name) == ENTRY_MISSING) {
        return 0;
    }
    if (move->backup[0] == '\0' || entry_type(dir, move->backup) != ENTRY_MISSING) {
        errno = EEXIST;
        return -1;
    }
    return entry_rename(dir, move->name, dir, move->backup);
}

static int move_apply(const struct roots *roots, int stage, size_t number, const struct move *move)
{
    char staged[NUMBER_BYTES];
    snprintf(staged, sizeof staged, "%zu", number);
    if (entry_type(stage, staged) == ENTRY_MISSING) {
        return 0;
    }
    int dir = dir_open(roots_folder(roots, move->base), move->dir, 1);
    if (dir < 0) {
        return -1;
    }
    int result = make_room(dir, move);
    if (result == 0) {
        result = entry_rename(stage, staged, dir, move->name);
    }
    if (result == 0) {
        result = folder_sync(dir);
    }
    int saved = errno;
    close(dir);
    errno = saved;
    return result;
}

enum store_fault moves_apply(const struct roots *roots, int stage, const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (move_apply(roots, stage, i, &moves->all[i]) != 0) {
            return errno == EEXIST || errno == ENOTEMPTY ? STORE_EXISTS : fault_of_writing();
        }
    }
    return STORE_OK;
}

/* Removes the last count parts of dir, as far as they were made and are empty. */
static void remove_made(int base, const char *dir, unsigned count)
{
    char *path = strdup(dir);
    while (path != NULL && count > 0 && path[0] != '\0') {
        char *slash = strrchr(path, '/');
        const char *name = slash == NULL ? path : slash + 1;
        char *parent = slash == NULL ? strdup("") : strndup(path, (size_t)(slash - path));
        int folder = parent == NULL ? -1 : dir_open(base, parent, 0);
        int is_gone = folder < 0 || folder_remove(folder, name) == 0 || errno == ENOENT;
        if (folder >= 0) {
            close(folder);
        }
        free(path);
        path = parent;
        count = is_gone ? count - 1 : 0;
    }
    free(path);
}

static int move_undo(const struct roots *roots, int stage, size_t number, const struct move *move)
{
    char staged[NUMBER_BYTES];
    int result = 0;
    int base = roots_folder(roots, move->base);
    snprintf(staged, sizeof staged, "%zu", number);
    int dir = dir_open(base, move->dir, 0);
    if (dir < 0) {
        remove_made(base, move->dir, move->missing);
        return 0;
    }
    if (entry_type(stage, staged) == ENTRY_MISSING && entry_type(dir, move->name) != ENTRY_MISSING) {
        result = entry_rename(dir, move->name, stage, staged);
    }
    if (result == 0 && move->backup[0] != '\0' && entry_type(dir, move->name) == ENTRY_MISSING &&
        entry_type(dir, move->backup) != ENTRY_MISSING) {
        result = entry_rename(dir, move->backup, dir, move->name);
    }
    if (result == 0) {
        result = folder_sync(dir);
    }
    close(dir);
    remove_made(base, move->dir, result == 0 ? move->missing : 0);
    return result;
}

int moves_undo(const struct roots *roots, int stage, const struct moves *moves)
{
    int result = 0;
    int saved = errno;
    for (size_t i = moves->count; i-- > 0;) {
        if (move_undo(roots, stage, i, &moves->all[i]) != 0) {
            result = -1;
        }
    }
    errno = saved;
    return result;
}

void stage_remove(const struct roots *roots, int stage, const char *name)
{
    int saved = errno;
    if (entry_type(stage, JOURNAL_NAME) != ENTRY_MISSING) {
        (void)file_remove(stage, JOURNAL_NAME);
        (void)folder_sync(stage);
    }
    entry_remove_all(roots->root, name);
    (void)folder_sync(roots->root);
    errno = saved;
}

void roots_lock(const struct roots *roots)
{
    /* Where a file system has no locks the worst is two programs clearing up after each other. */
    while (flock(roots->root, LOCK_EX) != 0 && errno == EINTR) {
    }
}
