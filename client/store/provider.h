/* OpenSSL with its legacy algorithms, in a context of its own, so that nothing else of the program gets them. */
#ifndef STORE_PROVIDER_H
#define STORE_PROVIDER_H

#include "store.h"

#include <openssl/provider.h>

struct provider {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *base;
    OSSL_PROVIDER *legacy; /* NULL when it is not installed: no SEED, no RC2 */
};

/* STORE_OK (legacy may be missing) or STORE_MEMORY. provider_close also after a failure. */
enum store_fault provider_open(struct provider *provider);
void provider_close(struct provider *provider);

#endif
