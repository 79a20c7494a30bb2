/* Drives that are plugged in: what is mounted where USB sticks and foreign disks usually are. */
#ifndef PC_DRIVES_H
#define PC_DRIVES_H

#include "app.h"

/* The folders at which they are mounted, writable ones only, from a table as /proc/self/mounts; at most DRIVES_MAX. The caller frees
 * each path. */
#define DRIVES_MAX 16
size_t drives_find(const char *table, char *paths[static DRIVES_MAX]);

/* The folder the person means: given (may be NULL), else a drive picked by its number, or a folder typed. Caller frees *folder. 0, or an
 * exit code after it was said why; option is what would have answered. */
int drives_choose(const char *given, const char *option, char **folder);

#endif
