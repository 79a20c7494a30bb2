/* The Korean key envelope that OpenSSL does not know: PBKDF1-SHA1 (RFC 8018 section 5.1) and SEED-CBC (RFC 4269). */
#ifndef STORE_SEED_H
#define STORE_SEED_H

#include <openssl/types.h>

#include <stddef.h>
#include <stdint.h>

#define SEED_DERIVED_BYTES 20
#define SEED_BLOCK_BYTES 16

enum seed_iv {
    SEED_IV_DERIVED, /* 1.2.410.200004.1.15: SHA-1 of the last four bytes derived */
    SEED_IV_FIXED,   /* 1.2.410.200004.1.4 and .1.4.2: the digits 0123456789012345 */
};

struct seed_envelope {
    enum seed_iv iv;
    const uint8_t *salt;
    size_t salt_length;
    uint32_t iterations;
};

/* Returns 0, or -1 when OpenSSL refuses. */
int seed_derive(const struct seed_envelope *envelope, const char *password, size_t length,
                uint8_t derived[static SEED_DERIVED_BYTES]);
/* The initialisation vector that belongs to what was derived. Returns 0 or -1. */
int seed_vector(enum seed_iv kind, const uint8_t derived[static SEED_DERIVED_BYTES],
                uint8_t iv[static SEED_BLOCK_BYTES]);

/* Encrypts or decrypts with PKCS#7 padding. out has room for length + SEED_BLOCK_BYTES. Returns the number of bytes
 * made, or -1: padding is wrong, or library has no SEED. */
int seed_crypt(OSSL_LIB_CTX *library, const struct seed_envelope *envelope, const char *password,
               size_t password_length, int is_encrypting, const uint8_t *in, size_t length, uint8_t *out);

#endif
