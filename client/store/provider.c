/* OpenSSL with its legacy algorithms, in a context of its own. */
#include "provider.h"

#include <openssl/crypto.h>
#include <string.h>

enum store_fault provider_open(struct provider *provider)
{
    memset(provider, 0, sizeof *provider);
    provider->library = OSSL_LIB_CTX_new();
    if (provider->library == NULL) {
        return STORE_MEMORY;
    }
    provider->base = OSSL_PROVIDER_load(provider->library, "default");
    if (provider->base == NULL) {
        return STORE_MEMORY;
    }
    provider->legacy = OSSL_PROVIDER_load(provider->library, "legacy");
    return STORE_OK;
}

void provider_close(struct provider *provider)
{
    if (provider->legacy != NULL) {
        OSSL_PROVIDER_unload(provider->legacy);
    }
    if (provider->base != NULL) {
        OSSL_PROVIDER_unload(provider->base);
    }
    OSSL_LIB_CTX_free(provider->library);
    memset(provider, 0, sizeof *provider);
}
