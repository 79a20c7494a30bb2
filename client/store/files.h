/* Files and folders, always relative to an open folder and never through a symbolic link below it. Functions that return
 * int give 0, or -1 with errno. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store.h"

#define FILES_ENTRIES_MAX 2000

/* Opens the folder name in the folder at; the last part of name may not be a link. */
int folder_open(int at, const char *name);
/* Opens a folder that the person named: links are followed. */
int folder_open_path(const char *path);
/* Names in a folder, sorted, without "." and "..", at most FILES_ENTRIES_MAX. NULL-terminated; freed with names_free. */
char **folder_names(int folder);
void names_free(char **names);
/* The name as it is spelled in the folder, whatever its case and composition. NULL when it is not there. Caller frees. */
char *folder_find(int folder, const char *name);

enum entry_type { ENTRY_MISSING, ENTRY_FILE, ENTRY_FOLDER, ENTRY_OTHER };
enum entry_type entry_type(int folder, const char *name);

/* A regular file's bytes, freed with file_free. STORE_NOT_FOUND, STORE_TOO_BIG, STORE_UNREADABLE, STORE_MEMORY. */
enum store_fault file_read(int folder, const char *name, uint8_t **bytes, size_t *length);
void file_free(uint8_t *bytes);

/* What follows changes something: each announces itself to store_step. */
int folder_make(int at, const char *name);
int folder_remove(int at, const char *name);
int folder_sync(int folder);
/* Locks the open folder for this program until it is closed; waits for another holder if may_wait, but not for more than three
 * seconds. EWOULDBLOCK: another has it. Anything else: there are no locks here. */
int folder_lock(int folder, int may_wait);
/* Creates a new file of mode 0600 and brings it to the disk. */
int file_write(int folder, const char *name, const uint8_t *bytes, size_t length);
int file_remove(int folder, const char *name);
/* Writes zeros over a regular file's bytes and brings them to the disk, as far as that goes. Not over one that has another name too. */
void file_overwrite(int folder, const char *name);
/* EEXIST when something is called new_name already: nothing is ever overwritten. (Where no rename can promise that, what appears
 * between looking and renaming is.) */
int entry_rename(int from, const char *name, int to, const char *new_name);
/* The same over whatever has that name but is no folder. */
int entry_replace(int from, const char *name, int to, const char *new_name);
/* Exchanges two entries in one instant. ENOTSUP where that cannot be had, and a rename or two may still do. */
int entry_exchange(int from, const char *name, int to, const char *other);
/* Removes an entry and what is in it, to a depth of 8. */
void entry_remove_all(int at, const char *name);

/* STORE_NO_SPACE, STORE_READ_ONLY or STORE_NOT_WRITABLE, by errno, which stays. */
enum store_fault fault_of_writing(void);

#endif
