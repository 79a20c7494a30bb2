/* PKCS#12 walked bag by bag: every iteration count is judged before it is used, and keys keep their attributes. */
#include "container.h"
#include "form.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <string.h>

#define SAFES_MAX 16
#define BAGS_MAX 64

struct opening {
    const struct provider *provider;
    const char *password; /* NULL: take only what lies open */
    size_t length;
    struct container *container;
    char *oid;
};

PKCS12 *pkcs12_read(const struct provider *provider, const uint8_t *bytes, size_t size)
{
    PKCS12 *file = PKCS12_init_ex(NID_pkcs7_data, provider->library, NULL);
    BIO *memory = BIO_new_mem_buf(bytes, (int)size);
    if (file == NULL || memory == NULL || d2i_PKCS12_bio(memory, &file) == NULL) {
        BIO_free(memory);
        PKCS12_free(file);
        return NULL;
    }
    BIO_free(memory);
    return file;
}

static enum store_fault check_mac(PKCS12 *file, const struct opening *opening)
{
    const ASN1_INTEGER *count = NULL;
    int64_t iterations = 1;
    if (opening->password == NULL || !PKCS12_mac_present(file)) {
        return STORE_OK;
    }
    PKCS12_get0_mac(NULL, NULL, NULL, &count, file);
    if (count != NULL &&
        (!ASN1_INTEGER_get_int64(&iterations, count) || iterations < 1 || iterations > FORM_ITERATIONS_MAX)) {
        return STORE_BAD_ITERATIONS;
    }
    return PKCS12_verify_mac(file, opening->password, (int)opening->length) ? STORE_OK : STORE_WRONG_PASSWORD;
}

static enum store_fault take_clear_key(const PKCS8_PRIV_KEY_INFO *key, struct container *container)
{
    struct plain plain = {0};
    int length = i2d_PKCS8_PRIV_KEY_INFO(key, &plain.bytes);
    plain.length = length < 0 ? 0 : (size_t)length;
    return container_add_key(container, &plain);
}

static enum store_fault take_bag(const PKCS12_SAFEBAG *bag, const struct opening *opening)
{
    struct plain plain = {0};
    X509 *cert = NULL;
    enum store_fault fault;
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag:
        cert = PKCS12_SAFEBAG_get1_cert(bag);
        return cert == NULL ? STORE_DAMAGED_CERT : container_add_cert(opening->container, cert);
    case NID_keyBag:
        return take_clear_key(PKCS12_SAFEBAG_get0_p8inf(bag), opening->container);
    case NID_pkcs8ShroudedKeyBag:
        if (opening->password == NULL) {
            return STORE_OK;
        }
        fault = plain_open(opening->provider, PKCS12_SAFEBAG_get0_pkcs8(bag), opening->password,
                           opening->length, &plain, opening->oid);
        return fault == STORE_OK ? container_add_key(opening->container, &plain) : fault;
    default:
        return STORE_OK;
    }
}

/* An encrypted safe: judged like a key, for it is encrypted the same way. */
static enum store_fault open_safe(PKCS7 *safe, const struct opening *opening,
                                  STACK_OF(PKCS12_SAFEBAG) * *bags)
{
    struct form form;
    if (opening->password == NULL) {
        return STORE_OK;
    }
    if (safe->d.encrypted == NULL || safe->d.encrypted->enc_data == NULL) {
        return STORE_DAMAGED_CERT;
    }
    enum store_fault fault = form_read(safe->d.encrypted->enc_data->algorithm, &form);
    if (fault != STORE_OK) {
        memcpy(opening->oid, form.name, sizeof form.name);
        return fault == STORE_DAMAGED_KEY ? STORE_DAMAGED_CERT : fault;
    }
    if (form.kind == FORM_SEED) {
        memcpy(opening->oid, form.name, sizeof form.name);
        return STORE_UNKNOWN_CIPHER;
    }
    if (form.needs_legacy && opening->provider->legacy == NULL) {
        return STORE_NO_LEGACY;
    }
    *bags = PKCS12_unpack_p7encdata(safe, opening->password, (int)opening->length);
    return *bags == NULL ? STORE_WRONG_PASSWORD : STORE_OK;
}

static enum store_fault take_safe(PKCS7 *safe, const struct opening *opening)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    enum store_fault fault = STORE_OK;
    if (PKCS7_type_is_data(safe)) {
        bags = safe->d.data == NULL ? NULL : PKCS12_unpack_p7data(safe);
        fault = bags == NULL ? STORE_DAMAGED_CERT : STORE_OK;
    } else if (PKCS7_type_is_encrypted(safe)) {
        fault = open_safe(safe, opening, &bags);
    } else {
        fault = STORE_UNKNOWN_CIPHER;
    }
    if (sk_PKCS12_SAFEBAG_num(bags) > BAGS_MAX) {
        fault = STORE_TOO_BIG;
    }
    for (int i = 0; fault == STORE_OK && i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        fault = take_bag(sk_PKCS12_SAFEBAG_value(bags, i), opening);
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return fault;
}

enum store_fault pkcs12_open(const struct provider *provider, const uint8_t *bytes, size_t size,
                             const char *password, size_t length, struct container *container,
                             char oid[static 64])
{
    const struct opening opening = {provider, password, length, container, oid};
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12 *file = pkcs12_read(provider, bytes, size);
    enum store_fault fault = file == NULL ? STORE_DAMAGED_CERT : check_mac(file, &opening);
    if (fault != STORE_OK) {
        goto out;
    }
    safes = PKCS12_unpack_authsafes(file);
    if (safes == NULL || sk_PKCS7_num(safes) > SAFES_MAX) {
        fault = safes == NULL ? STORE_DAMAGED_CERT : STORE_TOO_BIG;
    }
    for (int i = 0; fault == STORE_OK && i < sk_PKCS7_num(safes); i++) {
        fault = take_safe(sk_PKCS7_value(safes, i), &opening);
    }
out:
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(file);
    return fault;
}

static int safe_has_clear_key(PKCS7 *safe)
{
    int is_found = 0;
    STACK_OF(PKCS12_SAFEBAG) *bags =
        PKCS7_type_is_data(safe) && safe->d.data != NULL ? PKCS12_unpack_p7data(safe) : NULL;
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        is_found |= PKCS12_SAFEBAG_get_nid(sk_PKCS12_SAFEBAG_value(bags, i)) == NID_keyBag;
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return is_found;
}

enum store_fault pkcs12_check(const uint8_t *bytes, size_t length)
{
    const unsigned char *at = bytes;
    PKCS12 *file = length == 0 || length > CR_FILE_MAX_BYTES ? NULL : d2i_PKCS12(NULL, &at, (long)length);
    STACK_OF(PKCS7) *safes = file == NULL ? NULL : PKCS12_unpack_authsafes(file);
    enum store_fault fault = file == NULL ? STORE_DAMAGED_CERT : STORE_OK;
    for (int i = 0; i < sk_PKCS7_num(safes) && i < SAFES_MAX; i++) {
        if (safe_has_clear_key(sk_PKCS7_value(safes, i))) {
            fault = STORE_PLAIN_KEY;
        }
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(file);
    return fault;
}
