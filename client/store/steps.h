/* A place for tests to stand at: called before every change of the file system, and every wait for a lock, with its name ("mkdir",
 * "rename", "wait"...).
 * NULL in the program. */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

#include <time.h>

extern void (*store_step)(const char *name);

/* Set by tests: whether the step of this name fails, as on a full disk, instead of changing anything. */
extern int (*store_refuses)(const char *name);

/* Set by tests: behave as on a file system whose renames know no flags: none exchanges two entries, each overwrites. */
extern int store_lacks_exchange;

/* Set by tests: behave as on a file system that keeps no modes: a new folder is open to others, as on FAT. */
extern int store_lacks_modes;

/* For tests: how many files have been opened to be read so far. */
extern unsigned long store_reads;

/* Set by tests: the time to take for now; 0: the clock's. */
extern time_t store_time;

#endif
