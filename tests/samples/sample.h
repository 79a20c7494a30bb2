/* Synthetic certificates for tests and demonstrations: nobody's, issued by nobody. Written apart from client/store's reading
 * code, so that a mistake cannot be shared by both; only the SEED envelope is the same. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <openssl/x509.h>

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_R_BYTES 20
#define SAMPLE_OUS_MAX 4
#define SAMPLE_KEY_BITS 2048

enum sample_usage { SAMPLE_CA, SAMPLE_SIGN, SAMPLE_KM };

/* Who a certificate is for. Everything is UTF-8 unless is_old. */
struct sample_name {
    const char *country;
    const char *organisation;
    const char *ous[SAMPLE_OUS_MAX]; /* least specific first */
    const char *common_name;
    int is_old; /* the common name is a TeletexString of EUC-KR bytes, as long ago */
};

struct sample_cert_request {
    const struct sample_name *subject;
    const struct sample_name *issuer;
    EVP_PKEY *key;
    EVP_PKEY *issuer_key;
    long serial;
    int64_t not_before;
    int64_t not_after;
    enum sample_usage usage;
    const char *policy;    /* NULL: none */
    const char *real_name; /* NULL: no IdentifyData */
    const char *idn;       /* NULL: no VID */
    const uint8_t *r;
};

/* A signed certificate; the program ends with a message when anything fails. */
X509 *sample_cert(const struct sample_cert_request *request);

struct sample_key_request {
    EVP_PKEY *key;
    const uint8_t *r; /* NULL: no R attribute */
    const char *form; /* "1.15", "1.4", "1.4.2", "PBES2/seed/sha1", "PBES2/aria256/sha256", "p12-3des"... */
    int iterations;
    const char *password;
    size_t password_length;
};

/* An encrypted key in DER; freed with OPENSSL_free. */
uint8_t *sample_key(const struct sample_key_request *request, size_t *length);
/* A PKCS#12 of 3DES with the certificate and the key, R kept. Freed with OPENSSL_free. */
uint8_t *sample_pkcs12(const struct sample_key_request *request, X509 *cert, size_t *length);

/* Writes a file, making its folders. */
void sample_write(const char *folder, const char *name, const uint8_t *bytes, size_t length);
/* The sets of DIR/bad, from a good pair and another's key. */
void sample_bad_sets(const char *dir, const uint8_t *cert, size_t cert_length, const uint8_t *key,
                     size_t key_length, const uint8_t *other_key, size_t other_length);

/* Ends the program when the condition is false. */
void sample_need(int is_good, const char *what);

/* OpenSSL's context that has the legacy algorithms. */
OSSL_LIB_CTX *sample_library(void);

#endif
