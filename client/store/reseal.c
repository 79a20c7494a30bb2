/* The files of a certificate under a new password, made in memory from those under the old. */
#include "reseal.h"
#include "files.h"
#include "key.h"
#include "seal.h"
#include "x509.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static enum store_fault tell(enum store_fault fault, const char *file, const char *oid,
                             char detail[static STORE_DETAIL_BYTES])
{
    snprintf(detail, STORE_DETAIL_BYTES, "%s%s%s", file, oid[0] == '\0' ? "" : " ", oid);
    return fault;
}

enum store_fault reseal_put(struct cr_file *file, const uint8_t *bytes, size_t length)
{
    if (length == 0 || length > CR_FILE_MAX_BYTES) {
        return STORE_TOO_BIG;
    }
    uint8_t *copy = OPENSSL_malloc(CR_FILE_MAX_BYTES + 1);
    if (copy == NULL) {
        return STORE_MEMORY;
    }
    memcpy(copy, bytes, length);
    file_free(file->bytes);
    file->bytes = copy;
    file->size = (uint32_t)length;
    return STORE_OK;
}

static enum store_fault put_key(struct cr_file *file, const X509_SIG *sealed)
{
    unsigned char *der = NULL;
    int length = i2d_X509_SIG(sealed, &der);
    enum store_fault fault = length > 0 ? reseal_put(file, der, (size_t)length) : STORE_MEMORY;
    OPENSSL_free(der);
    return fault;
}

static enum store_fault open_and_fit(const struct reseal *reseal, const X509_SIG *sealed, const X509 *cert,
                                     const struct spelling *spelling, struct plain *plain,
                                     char oid[static 64])
{
    enum store_fault fault =
        plain_open(reseal->provider, sealed, spelling->bytes, spelling->length, plain, oid);
    PKCS8_PRIV_KEY_INFO *key = fault == STORE_OK ? plain_parse(plain) : NULL;
    if (key != NULL && cert != NULL) {
        fault = key_fits(reseal->provider, key, cert);
    }
    if (fault != STORE_OK) {
        plain_wipe(plain);
    }
    PKCS8_PRIV_KEY_INFO_free(key);
    return fault;
}

/* By whichever spelling opens it. */
static enum store_fault open_key(const struct reseal *reseal, const X509_SIG *sealed, const X509 *cert,
                                 struct plain *plain, int *is_cp949, char oid[static 64])
{
    enum store_fault fault = STORE_WRONG_PASSWORD;
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < reseal->old.count; i++) {
        fault = open_and_fit(reseal, sealed, cert, &reseal->old.all[i], plain, oid);
        *is_cp949 = reseal->old.all[i].is_cp949;
    }
    return fault;
}

static enum store_fault reseal_key(const struct reseal *reseal, struct cr_file *file, const X509 *cert,
                                   char oid[static 64])
{
    const struct store_passwd *change = reseal->change;
    struct plain plain = {0};
    struct spelling password = {0};
    int is_cp949 = 0;
    X509_SIG *renewed = NULL;
    X509_SIG *sealed = key_read(file->bytes, file->size);
    enum store_fault fault =
        sealed == NULL ? STORE_DAMAGED_KEY : open_key(reseal, sealed, cert, &plain, &is_cp949, oid);
    if (fault == STORE_OK) {
        password = spelling_new(change->new_password, change->new_length, is_cp949);
        fault = password.bytes == NULL ? STORE_MEMORY : STORE_OK;
    }
    if (fault == STORE_OK) {
        fault = seal_key(reseal->provider, sealed, &plain, &password, change->seal, 0, &renewed);
    }
    if (fault == STORE_OK) {
        fault = put_key(file, renewed);
    }
    spelling_wipe(&password);
    plain_wipe(&plain);
    X509_SIG_free(renewed);
    X509_SIG_free(sealed);
    return fault;
}

static const struct pair_files {
    enum cr_file_kind cert, key;
    const char *name;
} PAIRS[] = {
    {CR_FILE_SIGN_CERT, CR_FILE_SIGN_KEY, "signPri.key"},
    {CR_FILE_KM_CERT, CR_FILE_KM_KEY, "kmPri.key"},
};

static struct cr_file *find_file(struct cr_cert *cert, enum cr_file_kind kind)
{
    for (size_t i = 0; i < cert->file_count; i++) {
        if (cert->files[i].kind == kind) {
            return &cert->files[i];
        }
    }
    return NULL;
}

static enum store_fault reseal_pairs(const struct reseal *reseal, struct cr_cert *cert,
                                     char detail[static STORE_DETAIL_BYTES])
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        char oid[64] = "";
        const struct cr_file *cert_at = cert_file(cert, PAIRS[i].cert);
        struct cr_file *key_at = find_file(cert, PAIRS[i].key);
        if (key_at == NULL) {
            continue;
        }
        X509 *own = cert_at == NULL ? NULL : x509_read(cert_at->bytes, cert_at->size);
        fault = cert_at != NULL && own == NULL ? STORE_DAMAGED_CERT : reseal_key(reseal, key_at, own, oid);
        X509_free(own);
        if (fault != STORE_OK) {
            return tell(fault, PAIRS[i].name, oid, detail);
        }
    }
    return STORE_OK;
}

static int fits_any(const struct reseal *reseal, const struct container *container, size_t number,
                    enum store_fault *fault)
{
    *fault = STORE_NO_CERT;
    for (size_t i = 0; i < container->cert_count && *fault != STORE_OK; i++) {
        *fault = key_fits(reseal->provider, container->keys[number], container->certs[i]);
    }
    return *fault == STORE_OK;
}

static enum store_fault open_container(const struct reseal *reseal, const struct cr_cert *cert,
                                       struct container *container, const struct spelling **spelling,
                                       char oid[static 64])
{
    enum store_fault fault = STORE_WRONG_PASSWORD;
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < reseal->old.count; i++) {
        *spelling = &reseal->old.all[i];
        container_close(container);
        fault =
            container_open(reseal->provider, cert, (*spelling)->bytes, (*spelling)->length, container, oid);
    }
    if (fault == STORE_OK && container->key_count == 0) {
        fault = STORE_NO_KEY;
    }
    for (size_t i = 0;
         fault == STORE_OK && i < container->key_count && fits_any(reseal, container, i, &fault); i++) {
    }
    return fault;
}

static int is_same(const struct container *one, const struct container *other)
{
    int is_same = one->key_count == other->key_count && one->cert_count == other->cert_count;
    for (size_t i = 0; is_same && i < one->key_count; i++) {
        const struct plain *a = &one->plains[i];
        const struct plain *b = &other->plains[i];
        is_same = a->length == b->length && CRYPTO_memcmp(a->bytes, b->bytes, a->length) == 0;
    }
    for (size_t i = 0; is_same && i < one->cert_count; i++) {
        is_same = X509_cmp(one->certs[i], other->certs[i]) == 0;
    }
    return is_same;
}

/* Opens the renewed container and compares all of it with the old. */
static enum store_fault compare_container(const struct reseal *reseal, const struct cr_cert *cert,
                                          const struct container *old, const struct spelling *password)
{
    struct container renewed;
    char oid[64];
    enum store_fault fault =
        container_open(reseal->provider, cert, password->bytes, password->length, &renewed, oid);
    fault = fault == STORE_OK && is_same(old, &renewed) ? STORE_OK : STORE_READ_BACK;
    container_close(&renewed);
    return fault;
}

static enum store_fault reseal_container(const struct reseal *reseal, struct cr_cert *cert,
                                         char oid[static 64])
{
    int is_pem = cert->format == CR_FORMAT_PEM;
    struct cr_file *file = find_file(cert, is_pem ? CR_FILE_PEM : CR_FILE_PKCS12);
    const struct store_passwd *change = reseal->change;
    const struct spelling *old = NULL;
    struct container container = {0};
    struct spelling password = {0};
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum store_fault fault = open_container(reseal, cert, &container, &old, oid);
    if (fault == STORE_OK) {
        /* A PKCS#12 has its own encoding of passwords, which knows all characters. */
        password = spelling_new(change->new_password, change->new_length, is_pem && old->is_cp949);
        fault = password.bytes == NULL ? STORE_MEMORY
                : is_pem               ? reseal_pem(reseal, file, old, &password, &bytes, &length)
                                       : reseal_pkcs12(reseal, file, old, &password, &bytes, &length);
    }
    if (fault == STORE_OK) {
        fault = reseal_put(file, bytes, length);
    }
    if (fault == STORE_OK) {
        fault = compare_container(reseal, cert, &container, &password);
    }
    OPENSSL_free(bytes);
    spelling_wipe(&password);
    container_close(&container);
    return fault;
}

enum store_fault reseal_cert(const struct reseal *reseal, struct cr_cert *cert,
                             char detail[static STORE_DETAIL_BYTES])
{
    char oid[64] = "";
    if (cert->format == CR_FORMAT_NPKI || cert->format == CR_FORMAT_GPKI) {
        return reseal_pairs(reseal, cert, detail);
    }
    enum store_fault fault = reseal_container(reseal, cert, oid);
    return fault == STORE_OK ? STORE_OK
                             : tell(fault, cert->format == CR_FORMAT_PEM ? "PEM" : "PKCS#12", oid, detail);
}
