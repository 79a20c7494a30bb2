/* HKDF-SHA-512 and the transcript hash. */
#include "keys.h"

#include <string.h>

#define BLOCK_BYTES crypto_auth_hmacsha512_BYTES

void keys_transcript_add(crypto_hash_sha512_state *transcript, const uint8_t *message, size_t length)
{
    uint8_t head[4];
    struct cr_writer out;

    cr_writer_init(&out, head, sizeof head);
    cr_write_u32(&out, (uint32_t)length);
    crypto_hash_sha512_update(transcript, head, sizeof head);
    crypto_hash_sha512_update(transcript, message, length);
}

void keys_extract(uint8_t prk[static KEYS_PRK_BYTES], const uint8_t *salt, size_t salt_bytes,
                  const uint8_t *ikm, size_t ikm_bytes)
{
    crypto_auth_hmacsha512_state mac;

    crypto_auth_hmacsha512_init(&mac, salt, salt_bytes);
    crypto_auth_hmacsha512_update(&mac, ikm, ikm_bytes);
    crypto_auth_hmacsha512_final(&mac, prk);
    sodium_memzero(&mac, sizeof mac);
}

int keys_expand(const uint8_t prk[static KEYS_PRK_BYTES], const uint8_t *label, size_t label_bytes,
                uint8_t *out, size_t length)
{
    uint8_t block[BLOCK_BYTES];
    crypto_auth_hmacsha512_state mac;

    if (length > KEYS_EXPORT_MAX_BYTES || label_bytes > KEYS_LABEL_MAX_BYTES)
        return CR_E_LIMIT;
    for (uint8_t counter = 1; length > 0; counter++) {
        size_t step = length < BLOCK_BYTES ? length : BLOCK_BYTES;

        crypto_auth_hmacsha512_init(&mac, prk, KEYS_PRK_BYTES);
        if (counter > 1)
            crypto_auth_hmacsha512_update(&mac, block, BLOCK_BYTES);
        crypto_auth_hmacsha512_update(&mac, label, label_bytes);
        crypto_auth_hmacsha512_update(&mac, &counter, 1);
        crypto_auth_hmacsha512_final(&mac, block);
        memcpy(out, block, step);
        out += step;
        length -= step;
    }
    sodium_memzero(block, sizeof block);
    sodium_memzero(&mac, sizeof mac);
    return CR_OK;
}
