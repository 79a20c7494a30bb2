/* A place for tests to stand at: called before every change of the file system with its name ("mkdir", "rename"...).
 * NULL in the program. */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

extern void (*store_step)(const char *name);

/* Set by tests: behave as on a file system that cannot exchange two entries. */
extern int store_lacks_exchange;

#endif
