/* Files that hold certificates and keys together: PKCS#12 and PEM. */
#ifndef STORE_CONTAINER_H
#define STORE_CONTAINER_H

#include "plain.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

/* The certificate's file of a kind, or NULL. */
const struct cr_file *cert_file(const struct cr_cert *cert, enum cr_file_kind kind);

#define CONTAINER_MAX 12

struct container {
    X509 *certs[CONTAINER_MAX];
    size_t cert_count;
    PKCS8_PRIV_KEY_INFO *keys[CONTAINER_MAX];
    struct plain plains[CONTAINER_MAX]; /* the bytes of each key */
    size_t key_count;
};

/* Each takes over what it is given, also when it fails: STORE_MEMORY for NULL, STORE_TOO_BIG when it is full. */
enum store_fault container_add_cert(struct container *container, X509 *cert);
enum store_fault container_add_key(struct container *container, struct plain *plain);

/* Whether it is one at all, without a password. STORE_OK, STORE_DAMAGED_CERT, STORE_NO_KEY, STORE_NO_CERT (PEM), STORE_PLAIN_KEY when a
 * private key lies in it in clear, STORE_UNKNOWN_CIPHER when it is a PEM key of the kind before PKCS#8. */
enum store_fault container_check(enum cr_format format, const uint8_t *bytes, size_t length);

/* Opens it. Without a password (NULL) only what lies open is taken: perhaps nothing. container_close also after a
 * failure. oid as in key_open. */
enum store_fault container_open(const struct provider *provider, const struct cr_cert *cert,
                                const char *password, size_t length, struct container *container,
                                char oid[static 64]);
void container_close(struct container *container);

/* The person's certificate: the one a key inside fits, else the first that is no CA's, else the only one. NULL when there is none. */
const X509 *container_cert(const struct provider *provider, const struct container *container);

/* Each for its own file. */
enum store_fault pkcs12_open(const struct provider *provider, const uint8_t *bytes, size_t size,
                             const char *password, size_t length, struct container *container,
                             char oid[static 64]);
/* Parsed, or NULL. It remembers the library's context, which every later step with it then uses. */
PKCS12 *pkcs12_read(const struct provider *provider, const uint8_t *bytes, size_t size);
/* STORE_OK, STORE_DAMAGED_CERT, or STORE_PLAIN_KEY when a key lies in a safe that is not encrypted, nor is itself. */
enum store_fault pkcs12_check(const uint8_t *bytes, size_t length);

#endif
