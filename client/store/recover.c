/* Clears up after a store_save that was killed: completes what was decided, removes what was not. */
#include "files.h"
#include "removal.h"
#include "scan.h"
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum store_fault roots_lock(const struct roots *roots, int may_wait)
{
    /* Where a file system has no locks the worst is two programs clearing up after each other. */
    return folder_lock(roots->root, may_wait) != 0 && errno == EWOULDBLOCK ? STORE_BUSY : STORE_OK;
}

/* The parent may be another disk than the one that brought the journal. */
static int is_one_disk(const struct roots *roots, const struct moves *moves)
{
    struct stat root;
    struct stat parent;
    for (size_t i = 0; i < moves->count; i++) {
        if (moves->all[i].base == BASE_PARENT) {
            return fstat(roots->root, &root) == 0 && fstat(roots->parent, &parent) == 0 &&
                   root.st_dev == parent.st_dev;
        }
    }
    return 1;
}

/* Returns whether it was one. */
static int recover_removal(const struct roots *roots, int stage, const char *name)
{
    struct removal removal;
    switch (removal_read(stage, &removal)) {
    case STORE_NOT_FOUND:
        return 0;
    case STORE_OK:
        if (removal_apply(roots, stage, &removal) == STORE_OK &&
            removal_finish(roots, stage, &removal) == 0) {
            stage_remove(roots, stage, name);
        }
        removal_wipe(&removal);
        return 1;
    default:
        return 1;
    }
}

static void recover_moves(const struct roots *roots, int stage, const char *name)
{
    int is_undo = 0;
    struct moves *moves = calloc(1, sizeof *moves);
    switch (moves == NULL ? STORE_MEMORY : journal_read(stage, moves, &is_undo)) {
    case STORE_NOT_FOUND:
        stage_remove(roots, stage, name);
        break;
    case STORE_OK:
        if (is_one_disk(roots, moves) && ((!is_undo && moves_apply(roots, stage, moves) == STORE_OK) ||
                                          moves_undo(roots, stage, moves) == 0)) {
            stage_remove(roots, stage, name);
        }
        break;
    default:
        /* Not ours or not understood, so not touched. */
        break;
    }
    if (moves != NULL) {
        moves_wipe(moves);
    }
    free(moves);
}

static void recover_stage(const struct roots *roots, const char *name)
{
    int stage = folder_open(roots->root, name);
    if (stage >= 0 && stage_is_ours(roots, stage) && !recover_removal(roots, stage, name)) {
        recover_moves(roots, stage, name);
    }
    if (stage >= 0) {
        close(stage);
    }
}

void recover_locked(const struct roots *roots)
{
    int saved = errno;
    char **names = folder_names(roots->root);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (strncmp(*name, SCAN_STAGE_PREFIX, strlen(SCAN_STAGE_PREFIX)) == 0) {
            recover_stage(roots, *name);
        }
    }
    names_free(names);
    errno = saved;
}

void store_recover(const char *root)
{
    struct roots roots;
    int made = 0;
    int saved = errno;
    /* When it is busy, whoever stores there has recovered first. */
    if (roots_open(root, 0, &roots, &made) == STORE_OK && roots_lock(&roots, 0) == STORE_OK) {
        recover_locked(&roots);
    }
    roots_close(&roots);
    errno = saved;
}
