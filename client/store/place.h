/* Where a certificate's files are exchanged: the folder that holds the stage, and the way from there. */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include "store.h"

/* All absolute, links resolved. */
struct place {
    char *folder; /* that holds the files */
    char *above;  /* that holds the folder */
    char *npki;   /* that holds CA/USER/NAME, when the folder is one of those; else NULL */
};

/* STORE_OK, STORE_CHANGED (it is gone), STORE_MEMORY. place_wipe also after a failure. */
enum store_fault place_find(const struct store_entry *entry, struct place *place);
void place_wipe(struct place *place);

/* Whether the whole folder can be exchanged for another: nothing in it but some files, nothing in the way above it. */
int place_can_exchange(const struct place *place);
/* The folder for the stage: npki where there is one and it can be written. */
const char *place_root(const struct place *place, int is_exchanging);
/* From that root to the folder; of an exchanged one to what is above it. Caller frees. */
char *place_dir(const struct place *place, int is_exchanging);

#endif
