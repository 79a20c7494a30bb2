/* The key schedule after CPace: HKDF-SHA-512 (RFC 5869) over ISK, salted with the whole transcript. PROTOCOL.md section 3.2. */
#ifndef CR_KEYS_H
#define CR_KEYS_H

#include "cpace.h"

#include <sodium.h>

#define KEYS_PRK_BYTES 64
#define KEYS_EXPORT_MAX_BYTES (255 * 64)
#define KEYS_LABEL_MAX_BYTES 96

/* Hashes the four handshake messages, each with its length in front. */
void keys_transcript_add(crypto_hash_sha512_state *transcript, const uint8_t *message, size_t length);

void keys_extract(uint8_t prk[static KEYS_PRK_BYTES], const uint8_t *salt, size_t salt_bytes,
                  const uint8_t *ikm, size_t ikm_bytes);

/* CR_E_LIMIT past 255 blocks or a label over KEYS_LABEL_MAX_BYTES. */
int keys_expand(const uint8_t prk[static KEYS_PRK_BYTES], const uint8_t *label, size_t label_bytes,
                uint8_t *out, size_t length);

#endif
