/* Encrypted private keys: parsed, described, opened. */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "provider.h"

#include <openssl/x509.h>

/* An EncryptedPrivateKeyInfo in DER, whatever follows it. NULL when it is none. Free with X509_SIG_free. */
X509_SIG *key_read(const uint8_t *bytes, size_t length);

/* Opens it by the password exactly as given. What comes out keeps all attributes (R among them) and wipes itself when
 * freed by PKCS8_PRIV_KEY_INFO_free. oid, when something is unknown, tells what. */
enum store_fault key_open(const struct provider *provider, const X509_SIG *sealed, const char *password,
                          size_t length, PKCS8_PRIV_KEY_INFO **opened, char oid[static 64]);

/* Whether the opened key is the certificate's: same numbers, and what it signs the certificate verifies. STORE_OK,
 * STORE_WRONG_PASSWORD (what came out is no key), STORE_WRONG_PAIR, STORE_DAMAGED_KEY. */
enum store_fault key_fits(const struct provider *provider, const PKCS8_PRIV_KEY_INFO *opened,
                          const X509 *cert);

#endif
