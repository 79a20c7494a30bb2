/* A certificate taken apart, whatever its format: pairs of certificate and opened key, and what else lay there. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "container.h"

#define PARTS_CHAIN_MAX 16

struct pair {
    X509 *cert;
    struct plain key;
    int is_km; /* for encryption only, by the certificate's own word */
};

struct parts {
    struct pair pairs[CONTAINER_MAX]; /* sign pairs first */
    size_t count;
    X509 *chain[PARTS_CHAIN_MAX];
    size_t chain_count;
};

/* Opens all keys by the password exactly as given; each must be its certificate's. The faults and detail of store_prove; after STORE_OK
 * detail names a file that was left out, for it has no counterpart. parts_wipe also after a failure. */
enum store_fault parts_open(const struct provider *provider, const struct cr_cert *cert, const char *password,
                            size_t length, struct parts *parts, char detail[static STORE_DETAIL_BYTES]);
void parts_wipe(struct parts *parts);

/* Forgets the pairs that are for encryption only, unless there are no others. */
void parts_drop_km(struct parts *parts);
/* Adds the issuers of all pairs as far as their certificates are among the authorities. */
void parts_add_chain(struct parts *parts, const struct store_list *authorities);
/* Whether there is a pair with the same certificate and the same bytes of its key. */
int parts_have(const struct parts *parts, const struct pair *pair);

/* How a container is written. */
struct sealing {
    const struct provider *provider;
    const char *password;
    size_t length;
    int is_strong;
};

/* The file's bytes, to be freed by OPENSSL_free; NULL when memory is short or OpenSSL refuses. */
uint8_t *parts_to_pkcs12(const struct parts *parts, const struct sealing *sealing, size_t *length);
uint8_t *parts_to_pem(const struct parts *parts, const struct sealing *sealing, size_t *length);

#endif
