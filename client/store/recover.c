/* Clears up after a store_save that was killed: completes what was decided, removes what was not. */
#include "files.h"
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

/* In a folder that others write too, anybody can make what is called like a stage; but only we what is ours and closed to them. */
static int is_ours(int stage)
{
    struct stat info;
    return fstat(stage, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 0777) == 0700;
}

static void recover_stage(const struct roots *roots, const char *name)
{
    int is_undo = 0;
    struct moves *moves = calloc(1, sizeof *moves);
    int stage = moves == NULL ? -1 : folder_open(roots->root, name);
    if (stage < 0) {
        free(moves);
        return;
    }
    switch (is_ours(stage) ? journal_read(stage, moves, &is_undo) : STORE_DAMAGED_CERT) {
    case STORE_NOT_FOUND:
        stage_remove(roots, stage, name);
        break;
    case STORE_OK:
        if ((!is_undo && moves_apply(roots, stage, moves) == STORE_OK) ||
            moves_undo(roots, stage, moves) == 0) {
            stage_remove(roots, stage, name);
        }
        break;
    default:
        /* Not ours or not understood, so not touched. */
        break;
    }
    close(stage);
    moves_wipe(moves);
    free(moves);
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
