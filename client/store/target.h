/* Where a certificate goes: decided from the certificate itself, and what lies there already. */
#ifndef STORE_TARGET_H
#define STORE_TARGET_H

#include "store.h"

enum base { BASE_ROOT = 'r', BASE_PARENT = 'p' };

/* The two folders that anything is stored below, open. */
struct roots {
    int root;
    int parent;
    char *root_path;
    char *parent_path;
};

/* Opens them; makes the root when may_make says so (and tells by made). roots_close also after a failure. */
enum store_fault roots_open(const char *path, int may_make, struct roots *roots, int *made);
void roots_close(struct roots *roots);
int roots_folder(const struct roots *roots, enum base base);

struct target {
    enum base base;
    char *dir;        /* from base to the folder it goes into, spelled as on the disk where it exists */
    unsigned missing; /* how many of dir's last parts do not exist yet */
    char *name;       /* the folder (NPKI), the file (PKCS#12, PEM) or the group (GPKI) */
    char *files[CR_FILES_MAX]; /* names of the certificate's files, in its order */
    size_t file_count;
    int64_t not_before;
    int is_folder; /* the files lie in a folder of their own, called name */
    enum store_clash clash;
};

/* STORE_OK, or why not: a link in the way, an unreadable folder, a certificate that cannot be read. */
enum store_fault target_find(const struct roots *roots, const struct cr_cert *cert, struct target *target);
void target_wipe(struct target *target);
/* Its place for people. Caller frees. */
char *target_path(const struct roots *roots, const struct target *target);
/* Adds the files that lie there to the bundle's last certificate. STORE_READ_BACK when one is missing. */
enum store_fault target_read(const struct roots *roots, const struct target *target,
                             const struct cr_cert *cert, struct cr_bundle *bundle);

/* Opens dir ("a/b/c") below folder, never through a link; with may_make what is missing is made. -1 with errno. */
int dir_open(int folder, const char *dir, int may_make);

#endif
