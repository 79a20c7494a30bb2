/* What a store_save will do to the file system, written down before it is done, so that it can be completed or undone. */
#ifndef STORE_MOVE_H
#define STORE_MOVE_H

#include "fingerprint.h"
#include "target.h"

#define MOVES_MAX (CR_CERTS_MAX * CR_FILES_MAX)
#define JOURNAL_NAME "journal"
#define JOURNAL_UNDO_NAME "journal.undo"
#define MOVE_NUMBER_BYTES 24
/* In place of a backup's name: what is replaced stays in the stage, and goes with it. */
#define MOVE_DROPPED "/"
#define MOVE_DROPPED_END ".old" /* after its number, there */

/* Staged entry number i (a file or a folder, named by its number) becomes base/dir/name.
 *
 * What lies there is replaced in two steps: exchanged with the staged entry, in one instant, then renamed from the stage to its
 * backup name. So the name always holds one or the other. Both steps leave the same names behind, with the contents the other way
 * round: only what the entries are tells whether the exchange has happened. That is what the fingerprints are for. (An
 * inode number would not do: FAT can exchange, on Linux since 6.0, and gives other numbers each time it is mounted.)
 *
 * A file system that cannot exchange gets two renames, old to backup and staged to name; only there the name is empty between. */
struct move {
    enum base base;
    char *dir;
    unsigned missing; /* of dir's last parts, how many are ours to remove when it is undone */
    char *name;
    char *backup; /* becomes the name of what is there now; empty when nothing is there; or MOVE_DROPPED */
    char staged[FINGERPRINT_BYTES];   /* of the new entry */
    char replaced[FINGERPRINT_BYTES]; /* of the old one; empty when there is none, or it has none */
};

struct moves {
    struct move all[MOVES_MAX];
    size_t count;
};

void moves_wipe(struct moves *moves);
/* The name in the stage. */
void move_number(size_t number, char out[static MOVE_NUMBER_BYTES]);

/* Writes the journal into the stage, atomically: from then on the moves will be completed. */
enum store_fault journal_write(int stage, const struct moves *moves);
/* is_undo tells that they are to be undone instead. STORE_NOT_FOUND: there is none. STORE_DAMAGED_CERT: not ours, it could name
 * other places. */
enum store_fault journal_read(int stage, struct moves *moves, int *is_undo);
/* From now on the moves will be undone. */
int journal_turn(int stage);

/* Does what is not done yet, and brings it to the disk. Safe to call again after a crash. */
enum store_fault moves_apply(const struct roots *roots, int stage, const struct moves *moves);
/* Puts everything back as it was, the new entries into the stage. 0, or -1 when something resisted. Safe to call again too. */
int moves_undo(const struct roots *roots, int stage, const struct moves *moves);

/* One store_save at a time; released when the folder is closed or the process dies. STORE_BUSY: another program has it, and
 * kept it for the three seconds that we wait if may_wait. */
enum store_fault roots_lock(const struct roots *roots, int may_wait);
/* What store_recover does, the lock being held. */
void recover_locked(const struct roots *roots);

#endif
