/* Certificates copied as they are: to another folder or drive, and all of them into a backup. No password is needed. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store.h"

/* The root for store_copy and store_save in a folder or drive that the person named: the folder itself when it is called NPKI (in
 * whatever letter case), or its NPKI. Caller frees. */
char *store_root_in(const char *folder);

/* Copies the entries, all files byte for byte, below root: all or none, as store_save does it (places, clashes, kill -9), and checks
 * each against what store_scan saw: STORE_CHANGED when a file has changed since. Up to 32 entries and 640 KiB at a time, else
 * STORE_TOO_BIG. paths as in store_save; digest is not told. An entry with a fault gives that fault, and nothing is copied. */
enum store_fault store_copy(const struct store_entry *const *entries, size_t count, const char *root,
                            int may_replace, char ***paths);

struct store_backup {
    char *path;      /* FOLDER/certrelay-backup-YYYYMMDD, or -2, -3... when that is taken */
    size_t copied;   /* certificates in it */
    size_t left_out; /* entries of the list that cannot be used, so are not in it */
};

/* Copies every usable entry of the list into a new folder below folder, laid out as NPKI/... (certificates of one name, which cannot
 * lie in one NPKI, go to 2/NPKI/..., 3/NPKI/...). All or nothing, whatever the number: it gets its name only when everything has been read
 * back and found again by a scan. STORE_NOT_FOUND: nothing usable, or folder is missing. */
enum store_fault store_backup(const struct store_list *list, const char *folder, struct store_backup *made);
void store_backup_wipe(struct store_backup *made);

#endif
