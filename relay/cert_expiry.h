/* When a certificate expires: the one thing that a relay reads of it, for the log. Sans-IO, and no judgement of anything else in it. */
#ifndef RELAY_CERT_EXPIRY_H
#define RELAY_CERT_EXPIRY_H

#include <stddef.h>
#include <stdint.h>

/* Of the first certificate in a PEM text, in seconds since 1970; 0 when it cannot be told. libwebsockets has a figure too, which is off by
 * a day and by the zone of the clock. */
int64_t cert_expiry(const char *pem, size_t length);

#endif
