/* The Korean key envelope that OpenSSL does not know: PBKDF1-SHA1 and SEED-CBC. */
#include "seed.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <limits.h>
#include <string.h>

#define KEY_BYTES 16

static const uint8_t FIXED_IV[SEED_BLOCK_BYTES] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                                   '8', '9', '0', '1', '2', '3', '4', '5'};

int seed_derive(const struct seed_envelope *envelope, const char *password, size_t length,
                uint8_t derived[static SEED_DERIVED_BYTES])
{
    unsigned made = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    int is_good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha1(), NULL) &&
                  EVP_DigestUpdate(hash, password, length) &&
                  EVP_DigestUpdate(hash, envelope->salt, envelope->salt_length) &&
                  EVP_DigestFinal_ex(hash, derived, &made);
    for (uint32_t i = 1; is_good && i < envelope->iterations; i++) {
        is_good = EVP_DigestInit_ex(hash, NULL, NULL) &&
                  EVP_DigestUpdate(hash, derived, SEED_DERIVED_BYTES) &&
                  EVP_DigestFinal_ex(hash, derived, &made);
    }
    EVP_MD_CTX_free(hash);
    return is_good && made == SEED_DERIVED_BYTES ? 0 : -1;
}

int seed_vector(enum seed_iv kind, const uint8_t derived[static SEED_DERIVED_BYTES],
                uint8_t iv[static SEED_BLOCK_BYTES])
{
    uint8_t digest[SHA_DIGEST_LENGTH];
    if (kind == SEED_IV_FIXED) {
        memcpy(iv, FIXED_IV, SEED_BLOCK_BYTES);
        return 0;
    }
    if (!EVP_Digest(derived + KEY_BYTES, SEED_DERIVED_BYTES - KEY_BYTES, digest, NULL, EVP_sha1(), NULL)) {
        return -1;
    }
    memcpy(iv, digest, SEED_BLOCK_BYTES);
    OPENSSL_cleanse(digest, sizeof digest);
    return 0;
}

static int run_cipher(EVP_CIPHER_CTX *context, const uint8_t *in, size_t length, uint8_t *out)
{
    int first = 0;
    int rest = 0;
    if (!EVP_CipherUpdate(context, out, &first, in, (int)length) ||
        !EVP_CipherFinal_ex(context, out + first, &rest)) {
        return -1;
    }
    return first + rest;
}

int seed_crypt(OSSL_LIB_CTX *library, const struct seed_envelope *envelope, const char *password,
               size_t password_length, int is_encrypting, const uint8_t *in, size_t length, uint8_t *out)
{
    uint8_t derived[SEED_DERIVED_BYTES];
    uint8_t iv[SEED_BLOCK_BYTES];
    int made = -1;
    EVP_CIPHER *seed = EVP_CIPHER_fetch(library, "SEED-CBC", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (seed == NULL || context == NULL || length > INT_MAX - SEED_BLOCK_BYTES) {
        goto out;
    }
    if (seed_derive(envelope, password, password_length, derived) == 0 &&
        seed_vector(envelope->iv, derived, iv) == 0 &&
        EVP_CipherInit_ex2(context, seed, derived, iv, is_encrypting, NULL)) {
        made = run_cipher(context, in, length, out);
    }
out:
    OPENSSL_cleanse(derived, sizeof derived);
    OPENSSL_cleanse(iv, sizeof iv);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(seed);
    return made;
}
