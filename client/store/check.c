/* What can be said of a certificate of a bundle without, or with, its password. */
#include "container.h"
#include "facts.h"
#include "key.h"
#include "x509.h"

#include <openssl/err.h>
#include <string.h>

static enum store_fault open_container_facts(const struct provider *provider, const struct cr_cert *cert,
                                             const char *password, size_t length, struct store_facts *facts)
{
    struct container container;
    char oid[64];
    enum store_fault fault = container_open(provider, cert, password, length, &container, oid);
    if (fault != STORE_OK && password != NULL) {
        container_close(&container);
        fault = container_open(provider, cert, NULL, 0, &container, oid);
    }
    const X509 *person = fault == STORE_OK ? container_cert(provider, &container) : NULL;
    fault = person == NULL ? STORE_NOT_FOUND : facts_fill(person, facts);
    container_close(&container);
    return fault;
}

static enum store_fault container_facts(const struct cr_cert *cert, const char *password, size_t length,
                                        struct store_facts *facts)
{
    struct provider provider;
    const struct cr_file *file =
        cert_file(cert, cert->format == CR_FORMAT_PEM ? CR_FILE_PEM : CR_FILE_PKCS12);
    if (file == NULL || file->bytes == NULL) {
        return STORE_NO_CERT;
    }
    enum store_fault fault = provider_open(&provider);
    if (fault == STORE_OK) {
        fault = open_container_facts(&provider, cert, password, length, facts);
        if (fault == STORE_NOT_FOUND) {
            fault = facts_unknown(file->bytes, file->size, facts);
        }
    }
    provider_close(&provider);
    ERR_clear_error();
    return fault;
}

enum store_fault store_facts_open(const struct cr_cert *cert, const char *password, size_t length,
                                  struct store_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    if (cert->format == CR_FORMAT_PKCS12 || cert->format == CR_FORMAT_PEM) {
        return container_facts(cert, password, length, facts);
    }
    const struct cr_file *sign = cert_file(cert, CR_FILE_SIGN_CERT);
    if (sign == NULL || sign->bytes == NULL) {
        return STORE_NO_CERT;
    }
    return store_facts_read(sign->bytes, sign->size, facts);
}

static enum store_fault check_cert_file(const struct cr_file *file)
{
    X509 *cert = file->bytes == NULL ? NULL : x509_read(file->bytes, file->size);
    X509_free(cert);
    return cert == NULL ? STORE_DAMAGED_CERT : STORE_OK;
}

static enum store_fault check_key_file(const struct cr_file *file)
{
    X509_SIG *key = file->bytes == NULL ? NULL : key_read(file->bytes, file->size);
    X509_SIG_free(key);
    return key == NULL ? STORE_DAMAGED_KEY : STORE_OK;
}

static enum store_fault check_container_file(const struct cr_file *file)
{
    enum cr_format format = file->kind == CR_FILE_PEM ? CR_FORMAT_PEM : CR_FORMAT_PKCS12;
    return file->bytes == NULL ? STORE_DAMAGED_CERT : container_check(format, file->bytes, file->size);
}

#define KIND_COUNT 7

static enum store_fault (*const CHECKS[KIND_COUNT])(const struct cr_file *file) = {
    [CR_FILE_SIGN_CERT] = check_cert_file,   [CR_FILE_SIGN_KEY] = check_key_file,
    [CR_FILE_KM_CERT] = check_cert_file,     [CR_FILE_KM_KEY] = check_key_file,
    [CR_FILE_PKCS12] = check_container_file, [CR_FILE_PEM] = check_container_file,
};

#define BIT(kind) (1U << (kind))
#define PAIR_FILES \
    (BIT(CR_FILE_SIGN_CERT) | BIT(CR_FILE_SIGN_KEY) | BIT(CR_FILE_KM_CERT) | BIT(CR_FILE_KM_KEY))

/* Which kinds of file a format may have. */
static const unsigned ALLOWED[] = {
    [CR_FORMAT_NPKI] = PAIR_FILES,
    [CR_FORMAT_PKCS12] = BIT(CR_FILE_PKCS12),
    [CR_FORMAT_GPKI] = PAIR_FILES,
    [CR_FORMAT_PEM] = BIT(CR_FILE_PEM),
};

static enum store_fault check_one(const struct cr_cert *cert)
{
    if (cert->format < CR_FORMAT_NPKI || cert->format > CR_FORMAT_PEM) {
        return STORE_DAMAGED_CERT;
    }
    unsigned seen = 0;
    for (size_t i = 0; i < cert->file_count; i++) {
        const struct cr_file *file = &cert->files[i];
        int is_kind = file->kind > 0 && file->kind < KIND_COUNT;
        if (!is_kind || (ALLOWED[cert->format] & BIT(file->kind)) == 0 || (seen & BIT(file->kind)) != 0) {
            return STORE_DAMAGED_CERT;
        }
        seen |= BIT(file->kind);
        enum store_fault fault = CHECKS[file->kind](file);
        if (fault != STORE_OK) {
            return fault;
        }
    }
    if (ALLOWED[cert->format] != PAIR_FILES) {
        return seen == 0 ? STORE_NO_CERT : STORE_OK;
    }
    if ((seen & BIT(CR_FILE_SIGN_CERT)) == 0) {
        return STORE_NO_CERT;
    }
    return (seen & BIT(CR_FILE_SIGN_KEY)) == 0 ? STORE_NO_KEY : STORE_OK;
}

enum store_fault store_check(const struct cr_bundle *bundle, struct store_facts *facts)
{
    enum store_fault fault = cr_bundle_check(bundle) == CR_OK ? STORE_OK : STORE_TOO_BIG;
    size_t filled = 0;
    for (size_t i = 0; fault == STORE_OK && i < bundle->cert_count; i++) {
        fault = check_one(&bundle->certs[i]);
        if (fault == STORE_OK && facts != NULL) {
            fault = store_facts_open(&bundle->certs[i], NULL, 0, &facts[filled]);
            filled += fault == STORE_OK;
        }
    }
    while (fault != STORE_OK && filled > 0) {
        store_facts_wipe(&facts[--filled]);
    }
    ERR_clear_error();
    return fault;
}
