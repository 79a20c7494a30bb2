/* Encrypting again what a password has opened. */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "passwd.h"
#include "plain.h"
#include "spell.h"

/* Any bytes, encrypted as old says or as seal wants it (for a container, or for a key file), with new salt and initialisation
 * vector. NULL when OpenSSL refuses: without its legacy provider there is no SEED. */
X509_SIG *seal_plain(const struct provider *provider, const X509_ALGOR *old, const struct plain *plain,
                     const struct spelling *password, enum store_seal seal, int is_container);

/* A key, then opened again and compared to the last byte. STORE_OK, STORE_NO_LEGACY, STORE_READ_BACK, STORE_MEMORY. */
enum store_fault seal_key(const struct provider *provider, const X509_SIG *old, const struct plain *plain,
                          const struct spelling *password, enum store_seal seal, int is_container,
                          X509_SIG **sealed);

#endif
