/* The PKCS#8 bytes of a private key in clear: opened, and sealed again. */
#include "plain.h"
#include "form.h"
#include "seed.h"

#include <openssl/asn1t.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <string.h>

#define SALT_BYTES 8
#define STRONG_SALT_BYTES 16
#define OID_NPKI "1.2.410.200004.1.15"

static const struct writing {
    int rounds;
    int salt_bytes;
    const char *cipher; /* of PBES2; NULL for what is older */
    int hash;
} WRITINGS[] = {
    [PLAIN_NPKI] = {2048, SALT_BYTES, NULL, 0},
    [PLAIN_NPKI_STRONG] = {600000, STRONG_SALT_BYTES, "SEED-CBC", NID_hmacWithSHA256},
    [PLAIN_3DES] = {2048, SALT_BYTES, NULL, 0},
    [PLAIN_AES] = {100000, STRONG_SALT_BYTES, "AES-256-CBC", NID_hmacWithSHA256},
};

int plain_rounds(enum plain_form form)
{
    return WRITINGS[form].rounds;
}

void plain_wipe(struct plain *plain)
{
    OPENSSL_clear_free(plain->bytes, plain->length);
    *plain = (struct plain){0};
}

PKCS8_PRIV_KEY_INFO *plain_parse(const struct plain *plain)
{
    const unsigned char *at = plain->bytes;
    return at == NULL ? NULL : d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)plain->length);
}

static enum store_fault open_seed(const struct provider *provider, const struct form *form,
                                  const ASN1_OCTET_STRING *sealed, const char *password, size_t length,
                                  struct plain *plain)
{
    const struct seed_envelope envelope = {
        .iv = form->has_fixed_iv ? SEED_IV_FIXED : SEED_IV_DERIVED,
        .salt = form->salt,
        .salt_length = form->salt_length,
        .iterations = (uint32_t)form->iterations,
    };
    size_t sealed_length = (size_t)ASN1_STRING_length(sealed);
    size_t room = sealed_length + SEED_BLOCK_BYTES;
    uint8_t *bytes = OPENSSL_zalloc(room);
    if (bytes == NULL) {
        return STORE_MEMORY;
    }
    int made = seed_crypt(provider->library, &envelope, password, length, 0, ASN1_STRING_get0_data(sealed),
                          sealed_length, bytes);
    plain->bytes = made > 0 ? OPENSSL_memdup(bytes, (size_t)made) : NULL;
    plain->length = plain->bytes == NULL ? 0 : (size_t)made;
    OPENSSL_clear_free(bytes, room);
    return plain->bytes == NULL ? STORE_WRONG_PASSWORD : STORE_OK;
}

static enum store_fault open_other(const struct provider *provider, const X509_ALGOR *algorithm,
                                   const ASN1_OCTET_STRING *sealed, const char *password, size_t length,
                                   struct plain *plain)
{
    int made = 0;
    if (PKCS12_pbe_crypt_ex(algorithm, password, (int)length, ASN1_STRING_get0_data(sealed),
                            ASN1_STRING_length(sealed), &plain->bytes, &made, 0, provider->library,
                            NULL) == NULL) {
        plain->bytes = NULL;
        return STORE_WRONG_PASSWORD;
    }
    plain->length = (size_t)made;
    return STORE_OK;
}

enum store_fault plain_open(const struct provider *provider, const X509_SIG *sealed, const char *password,
                            size_t length, struct plain *plain, char oid[static 64])
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *bytes = NULL;
    struct form form;
    *plain = (struct plain){0};
    X509_SIG_get0(sealed, &algorithm, &bytes);
    enum store_fault fault = form_read(algorithm, &form);
    if (fault != STORE_OK) {
        memcpy(oid, form.name, sizeof form.name);
        return fault;
    }
    if (ASN1_STRING_length(bytes) == 0) {
        return STORE_DAMAGED_KEY;
    }
    if (form.needs_legacy && provider->legacy == NULL) {
        return STORE_NO_LEGACY;
    }
    fault = form.kind == FORM_SEED ? open_seed(provider, &form, bytes, password, length, plain)
                                   : open_other(provider, algorithm, bytes, password, length, plain);
    PKCS8_PRIV_KEY_INFO *parsed = fault == STORE_OK ? plain_parse(plain) : NULL;
    if (parsed == NULL) {
        plain_wipe(plain);
        return fault == STORE_OK ? STORE_WRONG_PASSWORD : fault;
    }
    PKCS8_PRIV_KEY_INFO_free(parsed);
    return STORE_OK;
}

/* What OpenSSL has no name for: the algorithm of the Korean envelope. */
static X509_ALGOR *name_npki(const uint8_t *salt, int rounds)
{
    PBEPARAM *parameter = PBEPARAM_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_OBJECT *object = OBJ_txt2obj(OID_NPKI, 1);
    ASN1_STRING *packed = NULL;
    if (parameter != NULL && ASN1_STRING_set(parameter->salt, salt, SALT_BYTES) &&
        ASN1_INTEGER_set(parameter->iter, rounds)) {
        packed = ASN1_item_pack(parameter, ASN1_ITEM_rptr(PBEPARAM), NULL);
    }
    PBEPARAM_free(parameter);
    if (algorithm == NULL || object == NULL || packed == NULL ||
        !X509_ALGOR_set0(algorithm, object, V_ASN1_SEQUENCE, packed)) {
        ASN1_STRING_free(packed);
        ASN1_OBJECT_free(object);
        X509_ALGOR_free(algorithm);
        return NULL;
    }
    return algorithm;
}

static X509_ALGOR *name_algorithm(const struct provider *provider, enum plain_form form, uint8_t *salt)
{
    const struct writing *writing = &WRITINGS[form];
    if (form == PLAIN_NPKI) {
        return name_npki(salt, writing->rounds);
    }
    if (writing->cipher == NULL) {
        return PKCS5_pbe_set_ex(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, writing->rounds, salt,
                                writing->salt_bytes, provider->library);
    }
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(provider->library, writing->cipher, NULL);
    X509_ALGOR *algorithm = cipher == NULL
                                ? NULL
                                : PKCS5_pbe2_set_iv_ex(cipher, writing->rounds, salt, writing->salt_bytes,
                                                       NULL, writing->hash, provider->library);
    EVP_CIPHER_free(cipher);
    return algorithm;
}

/* Given away to OpenSSL afterwards, so from its own memory. NULL when it refuses. */
static uint8_t *encrypt(const struct provider *provider, const struct plain *plain, enum plain_form form,
                        const X509_ALGOR *algorithm, const uint8_t *salt, const char *password, size_t length,
                        int *made)
{
    uint8_t *bytes = NULL;
    if (form != PLAIN_NPKI) {
        return PKCS12_pbe_crypt_ex(algorithm, password, (int)length, plain->bytes, (int)plain->length, &bytes,
                                   made, 1, provider->library, NULL);
    }
    const struct seed_envelope envelope = {SEED_IV_DERIVED, salt, SALT_BYTES, (uint32_t)plain_rounds(form)};
    bytes = OPENSSL_malloc(plain->length + SEED_BLOCK_BYTES);
    *made = bytes == NULL ? -1
                          : seed_crypt(provider->library, &envelope, password, length, 1, plain->bytes,
                                       plain->length, bytes);
    if (*made < 0) {
        OPENSSL_free(bytes);
        return NULL;
    }
    return bytes;
}

X509_SIG *plain_seal(const struct provider *provider, const struct plain *plain, enum plain_form form,
                     const char *password, size_t length)
{
    uint8_t salt[STRONG_SALT_BYTES];
    X509_ALGOR *place = NULL;
    ASN1_OCTET_STRING *sealed = NULL;
    int made = 0;
    X509_SIG *envelope = X509_SIG_new();
    X509_ALGOR *algorithm = RAND_bytes(salt, sizeof salt) == 1 ? name_algorithm(provider, form, salt) : NULL;
    uint8_t *bytes = algorithm == NULL || envelope == NULL
                         ? NULL
                         : encrypt(provider, plain, form, algorithm, salt, password, length, &made);
    if (bytes != NULL) {
        X509_SIG_getm(envelope, &place, &sealed);
        ASN1_STRING_set0(sealed, bytes, made);
    }
    if (bytes == NULL || !X509_ALGOR_copy(place, algorithm)) {
        X509_SIG_free(envelope);
        envelope = NULL;
    }
    X509_ALGOR_free(algorithm);
    return envelope;
}
