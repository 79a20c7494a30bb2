/* A password or number: one line in locked memory, wiped when freed. */
#ifndef PC_SECRET_H
#define PC_SECRET_H

#include <stddef.h>

#define SECRET_MAX_BYTES 1024

struct secret {
    char *bytes; /* sodium_malloc'ed, terminated */
    size_t length;
};

/* 0, or -1 without memory. */
int secret_init(struct secret *secret);
void secret_wipe(struct secret *secret);

/* Reads up to a newline, which is dropped together with a carriage return before it; byte by byte, so that a descriptor
 * can bring several lines one after the other. -1 with errno: unreadable, empty (ENODATA) or too long (E2BIG). */
int secret_read_fd(struct secret *secret, int descriptor);
int secret_read_file(struct secret *secret, const char *path);

/* Why reading failed, by its errno, translated. */
const char *secret_fault(int fault);

/* What --NAME-file (path) or else --NAME-fd says. 0, or an exit code after it was said why. */
int secret_read_given(struct secret *secret, const char *name, const char *path, int descriptor);

/* Asks without echo. 1: typed; 0: end of input; -1: a signal came. */
int secret_ask(struct secret *secret, const char *question);

#endif
