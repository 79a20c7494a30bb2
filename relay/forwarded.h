/* What a proxy says of whom it speaks for: X-Forwarded-For, and the PROXY protocol's second version. Sans-IO.
 *
 * Anybody can say it, so it is asked only of what trusted proxies say. */
#ifndef RELAY_FORWARDED_H
#define RELAY_FORWARDED_H

#include "network.h"

/* From the right, past trusted proxies, to the first address that is none; when all are trusted, the leftmost. Returns 0, or -1 when
 * there is none, or something else stands where it would be. */
int forwarded_read(const char *header, const struct networks *trusted, struct address *client);

#define FORWARDED_MAX_BYTES 1024 /* the longest PROXY header that is taken */

enum forwarded {
    FORWARDED_NOT,     /* these bytes are no PROXY header */
    FORWARDED_PART,    /* the beginning of one */
    FORWARDED_BAD,     /* damaged, too long, or of another version */
    FORWARDED_ADDRESS, /* *address is the client's */
    FORWARDED_OWN,     /* the proxy speaks for itself, or for something without an address */
};

/* *header_bytes is set for the last two: so many bytes are to be taken off before the rest is used. */
enum forwarded forwarded_parse(const uint8_t *bytes, size_t length, struct address *address,
                               size_t *header_bytes);

#endif
