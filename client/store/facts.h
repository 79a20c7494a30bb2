/* Facts from a certificate that is already parsed. */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "store.h"

#include <openssl/x509.h>

/* STORE_OK, STORE_DAMAGED_CERT or STORE_MEMORY; facts is all zero unless STORE_OK. */
enum store_fault facts_fill(const X509 *cert, struct store_facts *facts);
/* All texts empty, all times 0, identity the SHA-256 of bytes. */
enum store_fault facts_unknown(const uint8_t *bytes, size_t length, struct store_facts *facts);
/* The times and Korean texts of a certificate in a bundle. */
void facts_tell(const struct store_facts *facts, struct cr_cert *cert);

#endif
