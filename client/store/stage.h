/* The folder of our own in which everything is made ready before it is moved into place. */
#ifndef STORE_STAGE_H
#define STORE_STAGE_H

#include "plan.h"

/* Makes one inside the root, open in *stage. Its name, to be freed, or NULL with errno. */
char *stage_make(const struct roots *roots, int *stage);
/* Whether it is one that this program left: this user's and closed to others; where the file system keeps no modes, marked as one
 * (or empty: nothing is lost with it). */
int stage_is_ours(const struct roots *roots, int stage);
/* Writes every new file into it, reads it back, and notes in the moves what was staged. */
enum store_fault stage_fill(int stage, struct plan *plan);
/* Forgets the journal, for good, then removes the stage. */
void stage_remove(const struct roots *roots, int stage, const char *name);

#endif
