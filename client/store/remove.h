/* Certificates removed for good. */
#ifndef STORE_REMOVE_H
#define STORE_REMOVE_H

#include "store.h"

/* Places of an entry: 0 is its path, 1 and up are its other_places. */
size_t store_place_count(const struct store_entry *entry);
/* Raw bytes, owned by the entry; NULL when there is no such place. */
const char *store_place(const struct store_entry *entry, size_t place);

enum {
    STORE_REMOVE_LAST =
        1, /* also when no other place holds the same files: ask the person twice before saying so */
};

/* Removes the certificate from one place: its files only, and the folder it had to itself, with USER above it when that is left
 * empty. Backups (.bak-DATE) beside it stay.
 *
 * STORE_LAST_COPY unless another place of the entry holds the very same files, which is found out by reading them now, or flags
 * say STORE_REMOVE_LAST. STORE_CHANGED when the files are not those that were scanned: scan again. STORE_NOT_FOUND when it is gone.
 * An entry with a fault may be removed too, as a last copy.
 *
 * The bytes are overwritten and brought to the disk before a file's name goes. That is all a program can do: flash drives, SSDs,
 * snapshots and journals may keep older copies of them, which only encryption or destruction of the drive reaches. A file with a
 * second hard link is not overwritten.
 *
 * Killed at any instant it leaves the certificate whole or gone (of a GPKI group: after the next store_save, store_remove or store_recover
 * there); what was left of the removal, under a name of ours that no scan shows, is removed then. */
enum store_fault store_remove(const struct store_entry *entry, size_t place, unsigned flags);

/* The root that store_recover wants, to clear up after a killed store_remove or store_save of the certificate at this place. Caller frees. */
char *store_root_of(const struct store_entry *entry, size_t place);

#endif
