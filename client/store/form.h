/* How something is encrypted by a password: read and judged before anything is derived. */
#ifndef STORE_FORM_H
#define STORE_FORM_H

#include "store.h"

#include <openssl/x509.h>

#define FORM_ITERATIONS_MAX 10000000
#define FORM_SALT_MAX_BYTES 64

enum form_kind { FORM_SEED, FORM_PBES2, FORM_PKCS12 };

struct form {
    enum form_kind kind;
    int has_fixed_iv; /* FORM_SEED: the old form */
    int needs_legacy;
    uint64_t iterations;
    uint8_t salt[FORM_SALT_MAX_BYTES];
    size_t salt_length;
    const char *cipher; /* FORM_PBES2: OpenSSL's name of it, and its number of the hash */
    int prf;
    char name[64]; /* for people; the OID when it is unknown */
};

/* STORE_OK, STORE_DAMAGED_KEY, STORE_UNKNOWN_CIPHER, STORE_BAD_ITERATIONS (all fields are filled). */
enum store_fault form_read(const X509_ALGOR *algorithm, struct form *form);

#endif
