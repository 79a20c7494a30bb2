/* What a store_save will do to the file system, written down before it is done, so that it can be completed or undone. */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "target.h"

#define MOVES_MAX (CR_CERTS_MAX * CR_FILES_MAX)
#define JOURNAL_NAME "journal"

/* Staged entry number i (a file or a folder, named by its number) becomes base/dir/name. */
struct move {
    enum base base;
    char *dir;
    unsigned missing; /* of dir's last parts, how many are ours to remove when it is undone */
    char *name;
    char *backup; /* what is there now is first renamed to this; empty when nothing is there */
};

struct moves {
    struct move all[MOVES_MAX];
    size_t count;
};

void moves_wipe(struct moves *moves);

/* Writes the journal into the stage, atomically: from then on the moves will be completed. */
enum store_fault journal_write(int stage, const struct moves *moves);
/* STORE_NOT_FOUND: there is none. STORE_DAMAGED_CERT: not ours, it could name other places. */
enum store_fault journal_read(int stage, struct moves *moves);

/* Does what is not done yet. Safe to call again after a crash. */
enum store_fault moves_apply(const struct roots *roots, int stage, const struct moves *moves);
/* Puts everything back as it was, the new entries into the stage. 0, or -1 when something resisted. */
int moves_undo(const struct roots *roots, int stage, const struct moves *moves);
/* Forgets the journal, then removes the stage. */
void stage_remove(const struct roots *roots, int stage, const char *name);

/* One store_save at a time; released when the folder is closed or the process dies. */
void roots_lock(const struct roots *roots);
/* What store_recover does, the lock being held. */
void recover_locked(const struct roots *roots);

#endif
