/* A password from a file, in memory that is neither swapped out nor in a core file, where the system lets it. */
#ifndef RELAY_SECRET_H
#define RELAY_SECRET_H

#include <stddef.h>

#define SECRET_MAX_BYTES 1024

struct secret;

/* path is copied. NULL when out of memory. */
struct secret *secret_new(const char *path);
/* The file's first line, as it is now. 0, or an errno; then the one before stays. EINVAL: the line is empty, too long or holds a zero byte. */
int secret_read(struct secret *secret);
const char *secret_bytes(const struct secret *secret, size_t *length);
void secret_free(struct secret *secret);

#endif
