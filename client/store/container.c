/* Files that hold certificates and keys together: what PKCS#12 and PEM have in common, and PEM itself. */
#include "container.h"
#include "key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define BLOCKS_MAX 64

const struct cr_file *cert_file(const struct cr_cert *cert, enum cr_file_kind kind)
{
    for (size_t i = 0; i < cert->file_count && i < CR_FILES_MAX; i++) {
        if (cert->files[i].kind == kind) {
            return &cert->files[i];
        }
    }
    return NULL;
}

enum store_fault container_add_cert(struct container *container, X509 *cert)
{
    if (cert == NULL || container->cert_count == CONTAINER_MAX) {
        X509_free(cert);
        return cert == NULL ? STORE_MEMORY : STORE_TOO_BIG;
    }
    container->certs[container->cert_count++] = cert;
    return STORE_OK;
}

enum store_fault container_add_key(struct container *container, struct plain *plain)
{
    PKCS8_PRIV_KEY_INFO *key = container->key_count == CONTAINER_MAX ? NULL : plain_parse(plain);
    if (key == NULL) {
        plain_wipe(plain);
        return container->key_count == CONTAINER_MAX ? STORE_TOO_BIG : STORE_MEMORY;
    }
    container->plains[container->key_count] = *plain;
    container->keys[container->key_count++] = key;
    *plain = (struct plain){0};
    return STORE_OK;
}

static enum store_fault take_pem_key(const struct provider *provider, const uint8_t *der, long size,
                                     const char *password, size_t length, struct container *container,
                                     char oid[static 64])
{
    struct plain plain = {0};
    X509_SIG *sealed = key_read(der, (size_t)size);
    if (sealed == NULL) {
        return STORE_DAMAGED_KEY;
    }
    enum store_fault fault =
        password == NULL ? STORE_OK : plain_open(provider, sealed, password, length, &plain, oid);
    X509_SIG_free(sealed);
    return plain.bytes == NULL ? fault : container_add_key(container, &plain);
}

static enum store_fault take_pem_cert(const uint8_t *der, long size, struct container *container)
{
    X509 *cert = d2i_X509(NULL, &der, size);
    return cert == NULL ? STORE_DAMAGED_CERT : container_add_cert(container, cert);
}

static enum store_fault pem_open(const struct provider *provider, const struct cr_file *file,
                                 const char *password, size_t length, struct container *container,
                                 char oid[static 64])
{
    enum store_fault fault = STORE_OK;
    BIO *memory = BIO_new_mem_buf(file->bytes, (int)file->size);
    for (int i = 0; memory != NULL && fault == STORE_OK && i < BLOCKS_MAX; i++) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long size = 0;
        if (!PEM_read_bio(memory, &name, &header, &der, &size)) {
            break;
        }
        if (strcmp(name, PEM_STRING_X509) == 0) {
            fault = take_pem_cert(der, size, container);
        } else if (strcmp(name, PEM_STRING_PKCS8) == 0) {
            fault = take_pem_key(provider, der, size, password, length, container, oid);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)size);
    }
    BIO_free(memory);
    return fault;
}

enum store_fault container_open(const struct provider *provider, const struct cr_cert *cert,
                                const char *password, size_t length, struct container *container,
                                char oid[static 64])
{
    int is_pem = cert->format == CR_FORMAT_PEM;
    const struct cr_file *file = cert_file(cert, is_pem ? CR_FILE_PEM : CR_FILE_PKCS12);
    memset(container, 0, sizeof *container);
    if (file == NULL || file->bytes == NULL || file->size > CR_FILE_MAX_BYTES) {
        return STORE_NOT_FOUND;
    }
    if (is_pem) {
        return pem_open(provider, file, password, length, container, oid);
    }
    return pkcs12_open(provider, file->bytes, file->size, password, length, container, oid);
}

void container_close(struct container *container)
{
    for (size_t i = 0; i < container->cert_count; i++) {
        X509_free(container->certs[i]);
    }
    for (size_t i = 0; i < container->key_count; i++) {
        PKCS8_PRIV_KEY_INFO_free(container->keys[i]);
        plain_wipe(&container->plains[i]);
    }
    memset(container, 0, sizeof *container);
}

static int has_key(const struct provider *provider, const struct container *container, const X509 *cert)
{
    for (size_t i = 0; i < container->key_count; i++) {
        if (key_fits(provider, container->keys[i], cert) == STORE_OK) {
            return 1;
        }
    }
    return 0;
}

const X509 *container_cert(const struct provider *provider, const struct container *container)
{
    const X509 *person = NULL;
    for (size_t i = 0; i < container->cert_count; i++) {
        X509 *cert = container->certs[i];
        if (has_key(provider, container, cert)) {
            return cert;
        }
        if (person == NULL && X509_check_ca(cert) == 0) {
            person = cert;
        }
    }
    /* One that signed itself may call itself an authority. */
    return person == NULL && container->cert_count == 1 ? container->certs[0] : person;
}

/* What a PEM file holds. */
struct pem_view {
    int has_cert;
    int has_sealed_key;
    int has_old_key; /* encrypted by a header of the text itself, as before PKCS#8 */
    int has_plain_key;
};

static void view_block(const char *name, const char *header, struct pem_view *view)
{
    static const char END[] = " PRIVATE KEY";
    size_t length = strlen(name);
    int is_key = length >= sizeof END - 2 && strcmp(name + length - (sizeof END - 2), END + 1) == 0;
    if (strcmp(name, PEM_STRING_X509) == 0) {
        view->has_cert = 1;
    } else if (strcmp(name, PEM_STRING_PKCS8) == 0) {
        view->has_sealed_key = 1;
    } else if (is_key && strstr(header, "ENCRYPTED") != NULL) {
        view->has_old_key = 1;
    } else if (is_key) {
        view->has_plain_key = 1;
    }
}

static struct pem_view pem_look(const uint8_t *bytes, size_t length)
{
    struct pem_view view = {0};
    BIO *memory = BIO_new_mem_buf(bytes, (int)length);
    for (int i = 0; memory != NULL && i < BLOCKS_MAX; i++) {
        char *name = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long size = 0;
        if (!PEM_read_bio(memory, &name, &header, &der, &size)) {
            break;
        }
        view_block(name, header, &view);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)size);
    }
    BIO_free(memory);
    return view;
}

static enum store_fault pem_check(const uint8_t *bytes, size_t length)
{
    struct pem_view view = pem_look(bytes, length);
    if (!view.has_cert) {
        return STORE_NO_CERT;
    }
    if (view.has_plain_key) {
        return STORE_PLAIN_KEY;
    }
    if (view.has_sealed_key) {
        return STORE_OK;
    }
    return view.has_old_key ? STORE_UNKNOWN_CIPHER : STORE_NO_KEY;
}

enum store_fault container_check(enum cr_format format, const uint8_t *bytes, size_t length)
{
    if (length > CR_FILE_MAX_BYTES) {
        return STORE_TOO_BIG;
    }
    enum store_fault fault =
        format == CR_FORMAT_PKCS12 ? pkcs12_check(bytes, length) : pem_check(bytes, length);
    ERR_clear_error();
    return fault;
}
