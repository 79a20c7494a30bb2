/* What an entry is, told by its content: it stays what it is when it is renamed, and on any disk. */
#ifndef STORE_FINGERPRINT_H
#define STORE_FINGERPRINT_H

#define FINGERPRINT_BYTES 33

/* 32 hexadecimal digits of a SHA-256 over a file, or over the names and files of a folder. Empty text for anything else, for
 * what cannot be read, and for folders of folders or of more than 64 files: those have none. */
void fingerprint_take(int at, const char *name, char out[static FINGERPRINT_BYTES]);
/* Whether the entry has this fingerprint; an empty one is nobody's. */
int fingerprint_is(int at, const char *name, const char *fingerprint);

#endif
