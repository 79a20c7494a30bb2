/* Encrypting again what a password has opened. */
#include "seal.h"
#include "form.h"
#include "seed.h"

#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <string.h>

#define SALT_MIN_BYTES 8

/* SEQUENCE { salt, iterations } under the old one's own name, which OpenSSL may have none for. */
static X509_ALGOR *name_simple(const X509_ALGOR *old, const struct form *form, const uint8_t *salt,
                               size_t salt_length)
{
    const ASN1_OBJECT *object = NULL;
    ASN1_STRING *packed = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, old);
    ASN1_OBJECT *copy = OBJ_dup(object);
    X509_ALGOR *algorithm = X509_ALGOR_new();
    PBEPARAM *parameter = PBEPARAM_new();
    if (parameter != NULL && ASN1_STRING_set(parameter->salt, salt, (int)salt_length) &&
        ASN1_INTEGER_set_uint64(parameter->iter, form->iterations)) {
        packed = ASN1_item_pack(parameter, ASN1_ITEM_rptr(PBEPARAM), NULL);
    }
    PBEPARAM_free(parameter);
    if (copy == NULL || algorithm == NULL || packed == NULL ||
        !X509_ALGOR_set0(algorithm, copy, V_ASN1_SEQUENCE, packed)) {
        ASN1_STRING_free(packed);
        ASN1_OBJECT_free(copy);
        X509_ALGOR_free(algorithm);
        return NULL;
    }
    return algorithm;
}

static X509_ALGOR *name_pbes2(const struct provider *provider, const struct form *form, uint8_t *salt,
                              size_t salt_length)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(provider->library, form->cipher, NULL);
    X509_ALGOR *algorithm = cipher == NULL
                                ? NULL
                                : PKCS5_pbe2_set_iv_ex(cipher, (int)form->iterations, salt, (int)salt_length,
                                                       NULL, form->prf, provider->library);
    EVP_CIPHER_free(cipher);
    return algorithm;
}

/* As the old one: same cipher, same hash, same number of rounds. */
static X509_ALGOR *name_as(const struct provider *provider, const X509_ALGOR *old)
{
    uint8_t salt[FORM_SALT_MAX_BYTES];
    struct form form;
    if (form_read(old, &form) != STORE_OK) {
        return NULL;
    }
    size_t length = form.salt_length < SALT_MIN_BYTES ? SALT_MIN_BYTES : form.salt_length;
    if (RAND_bytes(salt, (int)length) != 1) {
        return NULL;
    }
    return form.kind == FORM_PBES2 ? name_pbes2(provider, &form, salt, length)
                                   : name_simple(old, &form, salt, length);
}

static uint8_t *seal_seed(const struct provider *provider, const struct form *form, const uint8_t *bytes,
                          size_t length, const struct spelling *password, int *made)
{
    const struct seed_envelope envelope = {form->has_fixed_iv ? SEED_IV_FIXED : SEED_IV_DERIVED, form->salt,
                                           form->salt_length, (uint32_t)form->iterations};
    uint8_t *sealed = OPENSSL_malloc(length + SEED_BLOCK_BYTES);
    *made = sealed == NULL ? -1
                           : seed_crypt(provider->library, &envelope, password->bytes, password->length, 1,
                                        bytes, length, sealed);
    if (*made < 0) {
        OPENSSL_free(sealed);
        return NULL;
    }
    return sealed;
}

static uint8_t *encrypt(const struct provider *provider, const X509_ALGOR *algorithm, const uint8_t *bytes,
                        size_t length, const struct spelling *password, int *made)
{
    struct form form;
    uint8_t *sealed = NULL;
    if (form_read(algorithm, &form) != STORE_OK) {
        return NULL;
    }
    if (form.kind == FORM_SEED) {
        return seal_seed(provider, &form, bytes, length, password, made);
    }
    return PKCS12_pbe_crypt_ex(algorithm, password->bytes, (int)password->length, bytes, (int)length, &sealed,
                               made, 1, provider->library, NULL);
}

static X509_SIG *seal_as(const struct provider *provider, const X509_ALGOR *old, const struct plain *plain,
                         const struct spelling *password)
{
    X509_ALGOR *place = NULL;
    ASN1_OCTET_STRING *sealed = NULL;
    int made = 0;
    X509_SIG *envelope = X509_SIG_new();
    X509_ALGOR *fresh = name_as(provider, old);
    uint8_t *bytes = fresh == NULL || envelope == NULL
                         ? NULL
                         : encrypt(provider, fresh, plain->bytes, plain->length, password, &made);
    if (bytes != NULL) {
        X509_SIG_getm(envelope, &place, &sealed);
        ASN1_STRING_set0(sealed, bytes, made);
    }
    if (bytes == NULL || !X509_ALGOR_copy(place, fresh)) {
        X509_SIG_free(envelope);
        envelope = NULL;
    }
    X509_ALGOR_free(fresh);
    return envelope;
}

static const enum plain_form FORMS[][2] = {
    [STORE_SEAL_COMMON] = {PLAIN_NPKI, PLAIN_3DES},
    [STORE_SEAL_STRONG] = {PLAIN_NPKI_STRONG, PLAIN_AES},
};

X509_SIG *seal_plain(const struct provider *provider, const X509_ALGOR *old, const struct plain *plain,
                     const struct spelling *password, enum store_seal seal, int is_container)
{
    if (seal == STORE_SEAL_SAME) {
        return seal_as(provider, old, plain, password);
    }
    return plain_seal(provider, plain, FORMS[seal][is_container != 0], password->bytes, password->length);
}

/* Opened again, it must be the same to the last byte. */
static enum store_fault compare(const struct provider *provider, const X509_SIG *sealed,
                                const struct plain *plain, const struct spelling *password)
{
    struct plain again;
    char oid[64];
    enum store_fault fault = plain_open(provider, sealed, password->bytes, password->length, &again, oid);
    if (fault != STORE_OK || again.length != plain->length ||
        CRYPTO_memcmp(again.bytes, plain->bytes, plain->length) != 0) {
        fault = STORE_READ_BACK;
    }
    plain_wipe(&again);
    return fault;
}

enum store_fault seal_key(const struct provider *provider, const X509_SIG *old, const struct plain *plain,
                          const struct spelling *password, enum store_seal seal, int is_container,
                          X509_SIG **sealed)
{
    const X509_ALGOR *algorithm = NULL;
    X509_SIG_get0(old, &algorithm, NULL);
    *sealed = seal_plain(provider, algorithm, plain, password, seal, is_container);
    if (*sealed == NULL) {
        return provider->legacy == NULL ? STORE_NO_LEGACY : STORE_MEMORY;
    }
    enum store_fault fault = compare(provider, *sealed, plain, password);
    if (fault != STORE_OK) {
        X509_SIG_free(*sealed);
        *sealed = NULL;
    }
    return fault;
}
