/* Moves staged entries into place, or back. */
#include "move.h"
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A move where it happens. */
struct site {
    int stage;
    int dir;
    char number[MOVE_NUMBER_BYTES];
    const struct move *move;
    /* Where what is replaced ends. */
    int backup_dir;
    const char *backup;
    char dropped[MOVE_NUMBER_BYTES + sizeof MOVE_DROPPED_END];
};

void moves_wipe(struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        free(moves->all[i].dir);
        free(moves->all[i].name);
        free(moves->all[i].backup);
    }
    memset(moves, 0, sizeof *moves);
}

void move_number(size_t number, char out[static MOVE_NUMBER_BYTES])
{
    snprintf(out, MOVE_NUMBER_BYTES, "%zu", number);
}

static void site_begin(struct site *site, int stage, size_t number, const struct move *move)
{
    site->stage = stage;
    site->move = move;
    move_number(number, site->number);
    snprintf(site->dropped, sizeof site->dropped, "%s" MOVE_DROPPED_END, site->number);
}

static int site_open(struct site *site, const struct roots *roots, int may_make)
{
    const struct move *move = site->move;
    int is_dropped = strcmp(move->backup, MOVE_DROPPED) == 0;
    site->dir = dir_open(roots_folder(roots, move->base), move->dir, may_make);
    site->backup_dir = is_dropped ? site->stage : site->dir;
    site->backup = is_dropped ? site->dropped : move->backup;
    return site->dir;
}

static int has(int folder, const char *name)
{
    return entry_type(folder, name) != ENTRY_MISSING;
}

/* The stage and the name both hold something: is it the old one in the stage? Asked of both, so that an entry that was
 * changed meanwhile, by whatever, does not mislead: the other still tells. */
static int is_exchanged(const struct site *site)
{
    return !fingerprint_is(site->stage, site->number, site->move->staged) &&
           !fingerprint_is(site->dir, site->move->name, site->move->replaced);
}

/* The two renames of a file system that cannot exchange. */
static int replace_slowly(const struct site *site)
{
    const struct move *move = site->move;
    int result = entry_rename(site->dir, move->name, site->backup_dir, site->backup);
    return result == 0 ? entry_rename(site->stage, site->number, site->dir, move->name) : result;
}

static int replace(const struct site *site)
{
    const struct move *move = site->move;
    if (move->backup[0] == '\0' || has(site->backup_dir, site->backup)) {
        errno = EEXIST;
        return -1;
    }
    if (!is_exchanged(site) && entry_exchange(site->stage, site->number, site->dir, move->name) != 0) {
        return errno == ENOTSUP ? replace_slowly(site) : -1;
    }
    return entry_rename(site->stage, site->number, site->backup_dir, site->backup);
}

static int move_apply(const struct roots *roots, int stage, size_t number, const struct move *move)
{
    struct site site;
    site_begin(&site, stage, number, move);
    if (!has(stage, site.number)) {
        return 0;
    }
    if (site_open(&site, roots, 1) < 0) {
        return -1;
    }
    int result =
        has(site.dir, move->name) ? replace(&site) : entry_rename(stage, site.number, site.dir, move->name);
    int saved = errno;
    close(site.dir);
    errno = saved;
    return result;
}

static int is_last_of_dir(const struct moves *moves, size_t number)
{
    const struct move *move = &moves->all[number];
    for (size_t i = number + 1; i < moves->count; i++) {
        if (moves->all[i].base == move->base && strcmp(moves->all[i].dir, move->dir) == 0) {
            return 0;
        }
    }
    return 1;
}

static int dir_sync(const struct roots *roots, const struct move *move)
{
    int dir = dir_open(roots_folder(roots, move->base), move->dir, 0);
    if (dir < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    int result = folder_sync(dir);
    int saved = errno;
    close(dir);
    errno = saved;
    return result;
}

/* Each folder once: no move relies on another's having reached the disk. Also those of a run before that was killed. */
static int moves_sync(const struct roots *roots, const struct moves *moves)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < moves->count; i++) {
        if (is_last_of_dir(moves, i)) {
            result = dir_sync(roots, &moves->all[i]);
        }
    }
    return result;
}

enum store_fault moves_apply(const struct roots *roots, int stage, const struct moves *moves)
{
    for (size_t i = 0; i < moves->count; i++) {
        if (move_apply(roots, stage, i, &moves->all[i]) != 0) {
            return errno == EEXIST || errno == ENOTEMPTY ? STORE_EXISTS : fault_of_writing();
        }
    }
    return moves_sync(roots, moves) == 0 ? STORE_OK : fault_of_writing();
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

/* The old one is in the stage, the new one under the name. */
static int exchange_back(const struct site *site)
{
    const struct move *move = site->move;
    if (entry_exchange(site->stage, site->number, site->dir, move->name) == 0) {
        return 0;
    }
    if (errno != ENOTSUP) {
        return -1;
    }
    if (has(site->backup_dir, site->backup)) {
        errno = EEXIST;
        return -1;
    }
    int result = entry_rename(site->stage, site->number, site->backup_dir, site->backup);
    if (result == 0) {
        result = entry_rename(site->dir, move->name, site->stage, site->number);
    }
    return result == 0 ? entry_rename(site->backup_dir, site->backup, site->dir, move->name) : result;
}

/* The way of replace, backwards. */
static int restore(const struct site *site)
{
    int is_staged = has(site->stage, site->number);
    if (!is_staged && !has(site->backup_dir, site->backup)) {
        /* Nothing is left to put back: better the new one than none. */
        return 0;
    }
    if (!is_staged && entry_rename(site->backup_dir, site->backup, site->stage, site->number) != 0) {
        return -1;
    }
    return is_exchanged(site) ? exchange_back(site) : 0;
}

/* With nothing else to ask: what is in the stage, but not what was staged, is to be kept. */
static int is_old_staged(const struct site *site)
{
    return (site->backup_dir == site->stage && has(site->stage, site->backup)) ||
           (site->move->backup[0] != '\0' && has(site->stage, site->number) &&
            !fingerprint_is(site->stage, site->number, site->move->staged));
}

/* Nothing is under the name: killed between two slow renames, or another program took it away. The old one is in the stage if it
 * is known to be, else under the backup's name if anything is. */
static int restore_to_nothing(const struct site *site)
{
    const struct move *move = site->move;
    int is_kept = has(site->backup_dir, site->backup);
    if (fingerprint_is(site->stage, site->number, move->replaced) || (!is_kept && is_old_staged(site))) {
        return entry_rename(site->stage, site->number, site->dir, move->name);
    }
    return is_kept ? entry_rename(site->backup_dir, site->backup, site->dir, move->name) : 0;
}

static int take_back(const struct site *site)
{
    const struct move *move = site->move;
    int is_there = has(site->dir, move->name);
    if (move->backup[0] != '\0') {
        return is_there ? restore(site) : restore_to_nothing(site);
    }
    return is_there && !has(site->stage, site->number)
               ? entry_rename(site->dir, move->name, site->stage, site->number)
               : 0;
}

static int move_undo(const struct roots *roots, int stage, size_t number, const struct move *move)
{
    struct site site;
    site_begin(&site, stage, number, move);
    if (site_open(&site, roots, 0) < 0) {
        /* With the folder gone an old one has no place to go back to; then the stage stays. */
        return errno == ENOENT && !is_old_staged(&site) ? 0 : -1;
    }
    int result = take_back(&site);
    close(site.dir);
    return result;
}

int moves_undo(const struct roots *roots, int stage, const struct moves *moves)
{
    int saved = errno;
    int result = 0;
    (void)journal_turn(stage);
    for (size_t i = moves->count; i-- > 0;) {
        if (move_undo(roots, stage, i, &moves->all[i]) != 0) {
            result = -1;
        }
    }
    if (moves_sync(roots, moves) != 0) {
        result = -1;
    }
    for (size_t i = moves->count; result == 0 && i-- > 0;) {
        remove_made(roots_folder(roots, moves->all[i].base), moves->all[i].dir, moves->all[i].missing);
    }
    errno = saved;
    return result;
}
