/* A certificate taken apart: pairs of certificate and opened key, and the chain. */
#include "parts.h"
#include "key.h"
#include "x509.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

void parts_wipe(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        X509_free(parts->pairs[i].cert);
        plain_wipe(&parts->pairs[i].key);
    }
    for (size_t i = 0; i < parts->chain_count; i++) {
        X509_free(parts->chain[i]);
    }
    memset(parts, 0, sizeof *parts);
}

static int is_for_encryption(X509 *cert)
{
    uint32_t usage = X509_get_key_usage(cert);
    return usage != UINT32_MAX && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0 &&
           (usage & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
}

static enum store_fault fit(const struct provider *provider, const struct plain *key, const X509 *cert)
{
    PKCS8_PRIV_KEY_INFO *parsed = plain_parse(key);
    enum store_fault fault = parsed == NULL ? STORE_MEMORY : key_fits(provider, parsed, cert);
    PKCS8_PRIV_KEY_INFO_free(parsed);
    return fault;
}

/* Takes over both. */
static enum store_fault add_pair(struct parts *parts, X509 *cert, struct plain *key, int is_km)
{
    if (cert == NULL || parts->count == CONTAINER_MAX) {
        X509_free(cert);
        plain_wipe(key);
        return cert == NULL ? STORE_MEMORY : STORE_TOO_BIG;
    }
    size_t at = parts->count;
    while (!is_km && at > 0 && parts->pairs[at - 1].is_km) {
        parts->pairs[at] = parts->pairs[at - 1];
        at--;
    }
    parts->pairs[at] = (struct pair){cert, *key, is_km};
    parts->count++;
    *key = (struct plain){0};
    return STORE_OK;
}

static const struct {
    enum cr_file_kind cert, key;
    const char *cert_name, *key_name;
} FOLDER_PAIRS[] = {
    {CR_FILE_SIGN_CERT, CR_FILE_SIGN_KEY, "signCert.der", "signPri.key"},
    {CR_FILE_KM_CERT, CR_FILE_KM_KEY, "kmCert.der", "kmPri.key"},
};

static enum store_fault open_folder_pair(const struct provider *provider, const struct cr_file *cert_file,
                                         const struct cr_file *key_file, const char *password, size_t length,
                                         struct parts *parts, char oid[static 64])
{
    struct plain plain = {0};
    X509 *cert = x509_read(cert_file->bytes, cert_file->size);
    X509_SIG *sealed = key_read(key_file->bytes, key_file->size);
    enum store_fault fault = cert == NULL ? STORE_DAMAGED_CERT : STORE_OK;
    if (fault == STORE_OK) {
        fault =
            sealed == NULL ? STORE_DAMAGED_KEY : plain_open(provider, sealed, password, length, &plain, oid);
    }
    if (fault == STORE_OK) {
        fault = fit(provider, &plain, cert);
    }
    if (fault == STORE_OK) {
        fault = add_pair(parts, cert, &plain, key_file->kind == CR_FILE_KM_KEY);
        cert = NULL;
    }
    plain_wipe(&plain);
    X509_SIG_free(sealed);
    X509_free(cert);
    return fault;
}

static enum store_fault open_folder(const struct provider *provider, const struct cr_cert *cert,
                                    const char *password, size_t length, struct parts *parts,
                                    char detail[static STORE_DETAIL_BYTES])
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < sizeof FOLDER_PAIRS / sizeof FOLDER_PAIRS[0]; i++) {
        const struct cr_file *cert_at = cert_file(cert, FOLDER_PAIRS[i].cert);
        const struct cr_file *key_at = cert_file(cert, FOLDER_PAIRS[i].key);
        int is_km = FOLDER_PAIRS[i].key == CR_FILE_KM_KEY;
        char oid[64] = "";
        if (cert_at == NULL && key_at == NULL && is_km) {
            continue;
        }
        if (cert_at == NULL || key_at == NULL) {
            snprintf(detail, STORE_DETAIL_BYTES, "%s",
                     cert_at == NULL ? FOLDER_PAIRS[i].key_name : FOLDER_PAIRS[i].cert_name);
            fault = is_km ? STORE_OK : cert_at == NULL ? STORE_NO_CERT : STORE_NO_KEY;
            continue;
        }
        fault = open_folder_pair(provider, cert_at, key_at, password, length, parts, oid);
        if (fault != STORE_OK) {
            snprintf(detail, STORE_DETAIL_BYTES, "%s%s%s", FOLDER_PAIRS[i].key_name,
                     oid[0] == '\0' ? "" : " ", oid);
        }
    }
    return fault;
}

/* Gives each key its certificate; those left over are the chain. */
static enum store_fault pair_up(const struct provider *provider, struct container *container,
                                struct parts *parts)
{
    enum store_fault fault = container->key_count == 0 ? STORE_NO_KEY : STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < container->key_count; i++) {
        size_t at = 0;
        fault = STORE_NO_CERT;
        for (; fault != STORE_OK && at < container->cert_count; at++) {
            fault = container->certs[at] == NULL ? fault
                                                 : fit(provider, &container->plains[i], container->certs[at]);
        }
        if (fault == STORE_OK) {
            X509 *cert = container->certs[at - 1];
            container->certs[at - 1] = NULL;
            fault = add_pair(parts, cert, &container->plains[i], is_for_encryption(cert));
        }
    }
    for (size_t i = 0; fault == STORE_OK && i < container->cert_count; i++) {
        if (container->certs[i] != NULL) {
            parts->chain[parts->chain_count++] = container->certs[i];
            container->certs[i] = NULL;
        }
    }
    return fault;
}

enum store_fault parts_open(const struct provider *provider, const struct cr_cert *cert, const char *password,
                            size_t length, struct parts *parts, char detail[static STORE_DETAIL_BYTES])
{
    struct container container;
    char oid[64] = "";
    memset(parts, 0, sizeof *parts);
    detail[0] = '\0';
    if (cert->format != CR_FORMAT_PKCS12 && cert->format != CR_FORMAT_PEM) {
        return open_folder(provider, cert, password, length, parts, detail);
    }
    const struct cr_file *file =
        cert_file(cert, cert->format == CR_FORMAT_PEM ? CR_FILE_PEM : CR_FILE_PKCS12);
    enum store_fault fault =
        file == NULL ? STORE_NO_CERT : container_check(cert->format, file->bytes, file->size);
    if (fault == STORE_OK) {
        fault = container_open(provider, cert, password, length, &container, oid);
        if (fault == STORE_OK) {
            fault = pair_up(provider, &container, parts);
        }
        container_close(&container);
    }
    if (fault != STORE_OK) {
        snprintf(detail, STORE_DETAIL_BYTES, "%s%s%s", cert->format == CR_FORMAT_PEM ? "PEM" : "PKCS#12",
                 oid[0] == '\0' ? "" : " ", oid);
    }
    return fault;
}

void parts_drop_km(struct parts *parts)
{
    while (parts->count > 1 && !parts->pairs[0].is_km && parts->pairs[parts->count - 1].is_km) {
        struct pair *last = &parts->pairs[--parts->count];
        X509_free(last->cert);
        plain_wipe(&last->key);
    }
}

static int has_chain(const struct parts *parts, const X509 *cert)
{
    for (size_t i = 0; i < parts->chain_count; i++) {
        if (X509_cmp(parts->chain[i], cert) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Who signed it: the name alone could be anybody's. NULL when it is not there. */
static X509 *find_issuer(const struct store_list *authorities, X509 *cert)
{
    for (size_t i = 0; i < authorities->authority_count; i++) {
        X509 *issuer = x509_read(authorities->authorities[i].der, authorities->authorities[i].length);
        EVP_PKEY *key = issuer == NULL ? NULL : X509_get0_pubkey(issuer);
        if (key != NULL && X509_check_issued(issuer, cert) == X509_V_OK && X509_verify(cert, key) == 1) {
            return issuer;
        }
        X509_free(issuer);
    }
    return NULL;
}

static void add_issuers(struct parts *parts, const struct store_list *authorities, X509 *cert)
{
    while (parts->chain_count < PARTS_CHAIN_MAX) {
        X509 *issuer = find_issuer(authorities, cert);
        if (issuer == NULL || has_chain(parts, issuer)) {
            X509_free(issuer);
            break;
        }
        parts->chain[parts->chain_count++] = issuer;
        cert = issuer;
    }
}

void parts_add_chain(struct parts *parts, const struct store_list *authorities)
{
    size_t given = parts->chain_count;
    for (size_t i = 0; i < parts->count; i++) {
        add_issuers(parts, authorities, parts->pairs[i].cert);
    }
    for (size_t i = 0; i < given; i++) {
        add_issuers(parts, authorities, parts->chain[i]);
    }
}

int parts_have(const struct parts *parts, const struct pair *pair)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct pair *own = &parts->pairs[i];
        if (X509_cmp(own->cert, pair->cert) == 0 && own->key.length == pair->key.length &&
            CRYPTO_memcmp(own->key.bytes, pair->key.bytes, pair->key.length) == 0) {
            return 1;
        }
    }
    return 0;
}
