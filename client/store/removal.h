/* What a store_remove will take away, written down before it is done: from then on it is completed, whatever happens. */
#ifndef STORE_REMOVAL_H
#define STORE_REMOVAL_H

#include "fingerprint.h"
#include "target.h"

#define REMOVAL_NAME "removal"

struct removal {
    char *dir; /* below the root; empty for the root itself */
    char *names[CR_FILES_MAX];
    char fingerprints[CR_FILES_MAX][FINGERPRINT_BYTES];
    size_t count;
};

void removal_wipe(struct removal *removal);

/* Takes the entry over as name number count, with its fingerprint. STORE_UNREADABLE when it has none. */
enum store_fault removal_add(struct removal *removal, int dir, const char *name);

/* Into the stage, atomically. */
enum store_fault removal_write(int stage, const struct removal *removal);
/* STORE_NOT_FOUND: there is none. STORE_DAMAGED_CERT: not ours. removal_wipe after STORE_OK. */
enum store_fault removal_read(int stage, struct removal *removal);

/* The same of bytes: everything must be such as removal_write writes it. removal_wipe also after a failure. */
enum store_fault removal_parse(const uint8_t *bytes, size_t length, struct removal *removal);

/* Moves what is not moved yet into the stage; what has changed meanwhile stays. Safe to call again after a crash. */
enum store_fault removal_apply(const struct roots *roots, int stage, const struct removal *removal);
/* Moves everything back. 0, or -1 when something resisted. */
int removal_undo(const struct roots *roots, int stage, const struct removal *removal);
/* Overwrites and removes what was moved, and a USER that is left empty. 0, or -1 with errno. Safe to call again too. */
int removal_finish(const struct roots *roots, int stage, const struct removal *removal);

#endif
