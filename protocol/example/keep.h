/* Where the example keeps what arrived. */
#ifndef KEEP_H
#define KEEP_H

#include <certrelay/message.h>

/* Writes all files into a new folder, reads them back, and gives the digest of what was read; 0, or -1. Nothing is undone on failure. */
int keep_bundle(const char *folder, const struct cr_bundle *bundle,
                uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)]);

#endif
