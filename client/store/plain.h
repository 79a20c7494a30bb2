/* The PKCS#8 bytes of a private key in clear: opened, and sealed again, without a change of a single one. */
#ifndef STORE_PLAIN_H
#define STORE_PLAIN_H

#include "provider.h"

#include <openssl/x509.h>

struct plain {
    uint8_t *bytes;
    size_t length;
};

/* Opens it by the password exactly as given. STORE_WRONG_PASSWORD also when what comes out is no PKCS#8. plain_wipe also after a
 * failure. oid, when something is unknown, tells what. */
enum store_fault plain_open(const struct provider *provider, const X509_SIG *sealed, const char *password,
                            size_t length, struct plain *plain, char oid[static 64]);
void plain_wipe(struct plain *plain);
/* Parsed; keeps all attributes and wipes itself when freed by PKCS8_PRIV_KEY_INFO_free. NULL when it is none. */
PKCS8_PRIV_KEY_INFO *plain_parse(const struct plain *plain);

enum plain_form {
    PLAIN_NPKI,        /* 1.2.410.200004.1.15, 2,048 rounds */
    PLAIN_NPKI_STRONG, /* PBES2, SEED-CBC, HMAC-SHA-256, 600,000 rounds */
    PLAIN_3DES,        /* PKCS#12's own: SHA-1 and 3DES, 2,048 rounds */
    PLAIN_AES,         /* PBES2, AES-256-CBC, HMAC-SHA-256, 100,000 rounds */
};

/* Rounds of a form. */
int plain_rounds(enum plain_form form);

/* With new random salt. NULL when OpenSSL refuses (without its legacy provider there is no SEED). */
X509_SIG *plain_seal(const struct provider *provider, const struct plain *plain, enum plain_form form,
                     const char *password, size_t length);

#endif
