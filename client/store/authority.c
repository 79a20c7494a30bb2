/* Certificates of authorities that lie beside those of people: caches, CaPubs, roots. Kept for a chain, never listed as entries. */
#include "scan.h"
#include "files.h"
#include "layout.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AUTHORITIES_MAX 256
#define OF_ONE_FILE_MAX 64

void authorities_free(struct store_list *list)
{
    for (size_t i = 0; i < list->authority_count; i++) {
        OPENSSL_free(list->authorities[i].der);
        free(list->authorities[i].path);
    }
    free(list->authorities);
    list->authorities = NULL;
    list->authority_count = 0;
}

static int is_known(const struct store_list *list, const uint8_t *der, size_t length)
{
    for (size_t i = 0; i < list->authority_count; i++) {
        if (list->authorities[i].length == length && memcmp(list->authorities[i].der, der, length) == 0) {
            return 1;
        }
    }
    return 0;
}

static void keep(struct scan *scan, const struct store_authority *authority)
{
    struct store_list *list = scan->list;
    struct store_authority *more =
        realloc(list->authorities, (list->authority_count + 1) * sizeof *list->authorities);
    if (more == NULL || authority->path == NULL) {
        scan->fault = STORE_MEMORY;
        OPENSSL_free(authority->der);
        free(authority->path);
        list->authorities = more == NULL ? list->authorities : more;
        return;
    }
    list->authorities = more;
    more[list->authority_count++] = *authority;
}

/* Takes over cert, which may be NULL. Returns whether it was one, of whomever. */
static int take_one(struct scan *scan, const char *path, const char *name, X509 *cert)
{
    uint8_t *der = NULL;
    int is_authority = cert != NULL && X509_check_ca(cert) != 0;
    int length = is_authority && scan->list->authority_count < AUTHORITIES_MAX ? i2d_X509(cert, &der) : -1;
    if (length > 0 && !is_known(scan->list, der, (size_t)length)) {
        const struct store_authority found = {der, (size_t)length, scan_join(path, name)};
        keep(scan, &found);
    } else {
        OPENSSL_free(der);
    }
    X509_free(cert);
    return cert != NULL;
}

/* One certificate after the other, as bundles of them are. */
static int take_der(struct scan *scan, const char *path, const char *name, const uint8_t *bytes,
                    size_t length)
{
    const unsigned char *at = bytes;
    int taken = 0;
    while (at < bytes + length && taken < OF_ONE_FILE_MAX) {
        if (!take_one(scan, path, name, d2i_X509(NULL, &at, (long)(bytes + length - at)))) {
            break;
        }
        taken++;
    }
    return taken;
}

static void take_pkcs7(struct scan *scan, const char *path, const char *name, const uint8_t *bytes,
                       size_t length)
{
    const unsigned char *at = bytes;
    PKCS7 *message = d2i_PKCS7(NULL, &at, (long)length);
    if (message != NULL && PKCS7_type_is_signed(message) && message->d.sign != NULL) {
        const STACK_OF(X509) *certs = message->d.sign->cert;
        for (int i = 0; i < sk_X509_num(certs) && i < OF_ONE_FILE_MAX; i++) {
            take_one(scan, path, name, X509_dup(sk_X509_value(certs, i)));
        }
    }
    PKCS7_free(message);
}

static void take_pem(struct scan *scan, const char *path, const char *name, const uint8_t *bytes,
                     size_t length)
{
    BIO *memory = BIO_new_mem_buf(bytes, (int)length);
    for (int i = 0; memory != NULL && i < OF_ONE_FILE_MAX; i++) {
        char *kind = NULL;
        char *header = NULL;
        unsigned char *der = NULL;
        long size = 0;
        if (!PEM_read_bio(memory, &kind, &header, &der, &size)) {
            break;
        }
        if (strcmp(kind, PEM_STRING_X509) == 0) {
            take_der(scan, path, name, der, (size_t)size);
        }
        OPENSSL_free(kind);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)size);
    }
    BIO_free(memory);
}

static int ends_in_any(const char *name)
{
    static const char *const ENDINGS[] = {".der", ".cer", ".crt", ".pem", ".p7b", ".p7c"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        size_t end = strlen(ENDINGS[i]);
        if (length > end && strcasecmp(name + length - end, ENDINGS[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Not those of a certificate's own files: they are looked at already. */
static int may_be_authority(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < LAYOUT_FILES; i++) {
        size_t end = strlen(LAYOUT[i].gpki);
        if (strcasecmp(name, LAYOUT[i].npki) == 0 ||
            (length > end && strcasecmp(name + length - end, LAYOUT[i].gpki) == 0)) {
            return 0;
        }
    }
    return ends_in_any(name) || strncasecmp(name, "CaPubs", strlen("CaPubs")) == 0;
}

void authorities_read(struct scan *scan, const char *path, const char *name, const uint8_t *bytes,
                      size_t length)
{
    if (length == 0) {
        return;
    }
    if (memchr("-\r\n\t B", bytes[0], 6) != NULL) {
        take_pem(scan, path, name, bytes, length);
    } else if (take_der(scan, path, name, bytes, length) == 0) {
        take_pkcs7(scan, path, name, bytes, length);
    }
    ERR_clear_error();
}

void authorities_take(struct scan *scan, int folder, const char *path, char **names)
{
    for (char **name = names; *name != NULL && scan->list->authority_count < AUTHORITIES_MAX; name++) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        if (may_be_authority(*name) && file_read(folder, *name, &bytes, &length) == STORE_OK) {
            authorities_read(scan, path, *name, bytes, length);
        }
        file_free(bytes);
    }
}
