/* Looking for certificates: the walk, the places, and what lies together in one folder. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "store.h"

#include <sys/types.h>

#define SCAN_STAGE_PREFIX ".certrelay-"
#define SCAN_BACKUP_MARK ".bak-"

struct scan_visit {
    dev_t device;
    ino_t number;
};

struct scan {
    struct store_list *list;
    struct scan_visit *visited;
    size_t visited_count;
    size_t names_left; /* how many names may still be looked at, over all folders */
    enum store_fault fault;
};

/* The folder (path is its name for people and for loading) and what lies below. */
void scan_folder(struct scan *scan, int folder, const char *path, int depth);

/* Makes entries of the files that lie together in one folder. */
void group_take(struct scan *scan, int folder, const char *path, char **names);
/* Makes an entry of one PKCS#12 or PEM file. Returns whether its name says that it is one. */
int group_take_container(struct scan *scan, int folder, const char *path, const char *name);

/* The same by its content, for a file that the person named. */
int group_sniff_container(struct scan *scan, int folder, const char *path, const char *name);

/* Adds the authorities' certificates that lie in the folder to the list. */
void authorities_take(struct scan *scan, int folder, const char *path, char **names);
/* Those in one file: DER one after the other, PEM, or PKCS#7. */
void authorities_read(struct scan *scan, const char *path, const char *name, const uint8_t *bytes,
                      size_t length);
void authorities_free(struct store_list *list);

/* "path/name". Caller frees; NULL when memory is short. */
char *scan_join(const char *path, const char *name);

/* The home of whoever runs this program: HOME, else what the system knows; NULL when nobody says. Not to be freed, and only good
 * until the next call. */
const char *places_home(void);
/* Every usual place below a home folder and below the system's root ("" but in tests). */
void places_scan(struct scan *scan, const char *home, const char *system);
/* The same places below a folder that the person named, which may be a drive or a home: so they are found first, however
 * much else there is. */
void places_scan_below(struct scan *scan, int folder, const char *path);

/* The list takes the entry over. The same certificate found before gets one more place instead. */
void list_add(struct scan *scan, struct store_entry *entry);
void entry_wipe(struct store_entry *entry);

#endif
