/* Proves that a password opens the keys of a certificate and that they are the certificate's. */
#include "container.h"
#include "key.h"
#include "spell.h"
#include "x509.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

struct proof {
    const struct provider *provider;
    const struct cr_cert *cert;
    const char *password;
    size_t length;
    char *detail;
};

static enum store_fault tell(const struct proof *proof, enum store_fault fault, const char *file,
                             const char *oid)
{
    snprintf(proof->detail, STORE_DETAIL_BYTES, "%s%s%s", file, oid[0] == '\0' ? "" : " ", oid);
    return fault;
}

static enum store_fault open_and_fit(const struct proof *proof, const X509_SIG *sealed, const X509 *cert,
                                     char oid[static 64])
{
    PKCS8_PRIV_KEY_INFO *opened = NULL;
    enum store_fault fault = key_open(proof->provider, sealed, proof->password, proof->length, &opened, oid);
    if (fault == STORE_OK && cert != NULL) {
        fault = key_fits(proof->provider, opened, cert);
    }
    PKCS8_PRIV_KEY_INFO_free(opened);
    return fault;
}

static const struct pair {
    enum cr_file_kind cert, key;
    const char *cert_name, *key_name;
    int is_required;
} PAIRS[] = {
    {CR_FILE_SIGN_CERT, CR_FILE_SIGN_KEY, "signCert.der", "signPri.key", 1},
    {CR_FILE_KM_CERT, CR_FILE_KM_KEY, "kmCert.der", "kmPri.key", 0},
};

/* A lone key-management key is opened but has nothing to be compared with. */
static enum store_fault prove_pair(const struct proof *proof, const struct pair *pair)
{
    const struct cr_file *cert_at = cert_file(proof->cert, pair->cert);
    const struct cr_file *key_at = cert_file(proof->cert, pair->key);
    char oid[64] = "";
    if (pair->is_required && (cert_at == NULL || key_at == NULL)) {
        return tell(proof, cert_at == NULL ? STORE_NO_CERT : STORE_NO_KEY,
                    cert_at == NULL ? pair->cert_name : pair->key_name, oid);
    }
    X509 *cert = cert_at == NULL ? NULL : x509_read(cert_at->bytes, cert_at->size);
    if (cert_at != NULL && cert == NULL) {
        return tell(proof, STORE_DAMAGED_CERT, pair->cert_name, oid);
    }
    enum store_fault fault = STORE_OK;
    if (key_at != NULL) {
        X509_SIG *sealed = key_read(key_at->bytes, key_at->size);
        fault = sealed == NULL ? STORE_DAMAGED_KEY : open_and_fit(proof, sealed, cert, oid);
        X509_SIG_free(sealed);
    }
    X509_free(cert);
    return fault == STORE_OK ? STORE_OK : tell(proof, fault, pair->key_name, oid);
}

static enum store_fault key_fits_any(const struct proof *proof, const PKCS8_PRIV_KEY_INFO *key,
                                     const struct container *container)
{
    enum store_fault fault = STORE_NO_CERT;
    for (size_t i = 0; i < container->cert_count; i++) {
        fault = key_fits(proof->provider, key, container->certs[i]);
        if (fault == STORE_OK) {
            break;
        }
    }
    return fault;
}

static enum store_fault prove_container(const struct proof *proof)
{
    struct container container;
    char oid[64] = "";
    const char *file = proof->cert->format == CR_FORMAT_PEM ? "PEM" : "PKCS#12";
    enum store_fault fault =
        container_open(proof->provider, proof->cert, proof->password, proof->length, &container, oid);
    if (fault == STORE_OK && container.key_count == 0) {
        fault = STORE_NO_KEY;
    }
    for (size_t i = 0; fault == STORE_OK && i < container.key_count; i++) {
        fault = key_fits_any(proof, container.keys[i], &container);
    }
    container_close(&container);
    return fault == STORE_OK ? STORE_OK : tell(proof, fault, file, oid);
}

static enum store_fault prove_once(const struct proof *proof)
{
    proof->detail[0] = '\0';
    if (proof->cert->format == CR_FORMAT_PKCS12 || proof->cert->format == CR_FORMAT_PEM) {
        return prove_container(proof);
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        fault = prove_pair(proof, &PAIRS[i]);
    }
    return fault;
}

static enum store_fault prove_spellings(struct proof *proof)
{
    struct spellings spellings;
    enum store_fault fault = STORE_WRONG_PASSWORD;
    spellings_make(proof->password, proof->length, &spellings);
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < spellings.count; i++) {
        proof->password = spellings.all[i].bytes;
        proof->length = spellings.all[i].length;
        fault = prove_once(proof);
    }
    fault = spellings.count == 0 ? STORE_MEMORY : fault;
    spellings_wipe(&spellings);
    return fault;
}

enum store_fault store_prove(const struct cr_cert *cert, const char *password, size_t length,
                             char detail[static STORE_DETAIL_BYTES])
{
    struct provider provider;
    detail[0] = '\0';
    if (length > SPELL_PASSWORD_MAX_BYTES) {
        return STORE_WRONG_PASSWORD;
    }
    enum store_fault fault = provider_open(&provider);
    if (fault == STORE_OK) {
        struct proof proof = {&provider, cert, password, length, detail};
        fault = prove_spellings(&proof);
    }
    provider_close(&provider);
    ERR_clear_error();
    return fault;
}
