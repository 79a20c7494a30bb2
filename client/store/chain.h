/* How far a certificate's signatures lead through the authorities' certificates that are at hand. */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "verify.h"

#include <openssl/x509.h>

struct chain {
    X509_STORE *ends;             /* the self-signed */
    STACK_OF(X509) * authorities; /* all */
    time_t now;
};

/* STORE_OK or STORE_MEMORY. chain_close also after a failure. */
enum store_fault chain_open(time_t now, struct chain *chain);
void chain_close(struct chain *chain);
/* Takes the certificate as an authority's if it is one; the caller keeps his. */
void chain_add(struct chain *chain, X509 *cert);
void chain_add_list(struct chain *chain, const struct store_list *list);

/* name as enum store_chain tells. */
enum store_chain chain_check(const struct chain *chain, X509 *cert, char name[static STORE_ISSUER_BYTES]);

#endif
