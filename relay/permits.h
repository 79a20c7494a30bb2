/* The permits of an organisation: who shows one may open mailboxes. Several are good at once, so that one can follow the other. */
#ifndef RELAY_PERMITS_H
#define RELAY_PERMITS_H

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

#define PERMITS_MAX 64
#define PERMIT_MIN_BYTES 8
#define PERMITS_ERROR_BYTES 128

struct permits;

/* Reads lines: a permit of 8 to 64 printable ASCII characters without spaces; empty ones and those that begin with # do not count. NULL, with a
 * sentence in error that names the line and holds nothing of it, when one is no permit, there is none or are too many, or memory is out. */
struct permits *permits_read(const char *text, size_t length, char error[static PERMITS_ERROR_BYTES]);
/* Wipes; NULL is fine. */
void permits_free(struct permits *permits);

/* How long it takes depends on their number alone. permits may be NULL: it holds none. */
int permits_hold(const struct permits *permits, const uint8_t *permit, size_t length);

#endif
