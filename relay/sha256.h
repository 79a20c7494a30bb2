/* SHA-256 (FIPS 180-4) of short messages: what a device that joins has worked on is checked with it, and an engine is
 * told the hashes of tokens, never a token. */
#ifndef RELAY_SHA256_H
#define RELAY_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const uint8_t *message, size_t length, uint8_t digest[static SHA256_BYTES]);

#endif
