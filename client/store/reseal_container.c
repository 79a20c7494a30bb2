/* PKCS#12 and PEM under a new password: every bag and attribute, every line between the blocks stays. */
#include "form.h"
#include "key.h"
#include "reseal.h"
#include "seal.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN ENCRYPTED PRIVATE KEY-----"
#define PEM_END "-----END ENCRYPTED PRIVATE KEY-----"

struct pass {
    const struct reseal *reseal;
    const struct spelling *old;
    const struct spelling *new;
};

static enum store_fault reseal_envelope(const struct pass *pass, const X509_SIG *old, X509_SIG **sealed)
{
    struct plain plain;
    char oid[64];
    const struct provider *provider = pass->reseal->provider;
    *sealed = NULL;
    enum store_fault fault = plain_open(provider, old, pass->old->bytes, pass->old->length, &plain, oid);
    if (fault == STORE_OK) {
        fault = seal_key(provider, old, &plain, pass->new, pass->reseal->change->seal, 1, sealed);
    }
    plain_wipe(&plain);
    return fault;
}

/* The envelope is changed inside its bag, so that the bag keeps its attributes, for which OpenSSL 3.0 has no setter. It is only
 * lent as constant: the bag is ours. */
static enum store_fault reseal_bag(const struct pass *pass, const PKCS12_SAFEBAG *bag)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *bytes = NULL;
    X509_ALGOR *own_algorithm = NULL;
    ASN1_OCTET_STRING *own_bytes = NULL;
    X509_SIG *sealed = NULL;
    X509_SIG *own = (X509_SIG *)(uintptr_t)PKCS12_SAFEBAG_get0_pkcs8(bag);
    enum store_fault fault = reseal_envelope(pass, own, &sealed);
    if (fault != STORE_OK) {
        return fault;
    }
    X509_SIG_get0(sealed, &algorithm, &bytes);
    X509_SIG_getm(own, &own_algorithm, &own_bytes);
    if (!X509_ALGOR_copy(own_algorithm, algorithm) || !ASN1_STRING_copy(own_bytes, bytes)) {
        fault = STORE_MEMORY;
    }
    X509_SIG_free(sealed);
    return fault;
}

/* A safe within a safe is never met, and would keep what is in it under the old password: refused. */
static enum store_fault reseal_bags(const struct pass *pass, STACK_OF(PKCS12_SAFEBAG) * bags, int *is_changed)
{
    *is_changed = 0;
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
        int kind = PKCS12_SAFEBAG_get_nid(bag);
        if (kind == NID_safeContentsBag) {
            return STORE_UNKNOWN_CIPHER;
        }
        if (kind != NID_pkcs8ShroudedKeyBag) {
            continue;
        }
        enum store_fault fault = reseal_bag(pass, bag);
        if (fault != STORE_OK) {
            return fault;
        }
        *is_changed = 1;
    }
    return STORE_OK;
}

static enum store_fault reseal_open_safe(const struct pass *pass, PKCS7 *safe)
{
    int is_changed = 0;
    STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(safe);
    enum store_fault fault = bags == NULL ? STORE_DAMAGED_CERT : reseal_bags(pass, bags, &is_changed);
    if (fault == STORE_OK && is_changed &&
        ASN1_item_pack(bags, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), &safe->d.data) == NULL) {
        fault = STORE_MEMORY;
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return fault;
}

/* What an encrypted safe holds, the keys in it (which are encrypted once more) under the new password. */
static enum store_fault renew_content(const struct pass *pass, struct plain *plain)
{
    int is_changed = 0;
    unsigned char *renewed = NULL;
    const unsigned char *at = plain->bytes;
    STACK_OF(PKCS12_SAFEBAG) *bags = (STACK_OF(PKCS12_SAFEBAG) *)ASN1_item_d2i(
        NULL, &at, (long)plain->length, ASN1_ITEM_rptr(PKCS12_SAFEBAGS));
    enum store_fault fault = bags == NULL ? STORE_WRONG_PASSWORD : reseal_bags(pass, bags, &is_changed);
    if (fault == STORE_OK && is_changed) {
        int length = ASN1_item_i2d((const ASN1_VALUE *)bags, &renewed, ASN1_ITEM_rptr(PKCS12_SAFEBAGS));
        plain_wipe(plain);
        *plain = (struct plain){renewed, length > 0 ? (size_t)length : 0};
        fault = length > 0 ? STORE_OK : STORE_MEMORY;
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return fault;
}

static enum store_fault put_content(PKCS7_ENC_CONTENT *content, const X509_SIG *sealed)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *bytes = NULL;
    X509_SIG_get0(sealed, &algorithm, &bytes);
    return X509_ALGOR_copy(content->algorithm, algorithm) &&
                   ASN1_OCTET_STRING_set(content->enc_data, ASN1_STRING_get0_data(bytes),
                                         ASN1_STRING_length(bytes))
               ? STORE_OK
               : STORE_MEMORY;
}

static enum store_fault reseal_closed_safe(const struct pass *pass, PKCS7 *safe)
{
    const struct provider *provider = pass->reseal->provider;
    PKCS7_ENC_CONTENT *content = safe->d.encrypted->enc_data;
    struct plain plain = {0};
    int made = 0;
    X509_SIG *sealed = NULL;
    if (PKCS12_pbe_crypt_ex(content->algorithm, pass->old->bytes, (int)pass->old->length,
                            content->enc_data->data, content->enc_data->length, &plain.bytes, &made, 0,
                            provider->library, NULL) == NULL) {
        return STORE_WRONG_PASSWORD;
    }
    plain.length = (size_t)made;
    enum store_fault fault = renew_content(pass, &plain);
    if (fault == STORE_OK) {
        sealed = seal_plain(provider, content->algorithm, &plain, pass->new, pass->reseal->change->seal, 1);
        fault = sealed == NULL ? STORE_MEMORY : put_content(content, sealed);
    }
    X509_SIG_free(sealed);
    plain_wipe(&plain);
    return fault;
}

/* Hash and rounds of the MAC: the one found, or the one that goes with the form. A file that has none gets none. */
static int renew_mac(const struct pass *pass, PKCS12 *file)
{
    static const struct {
        const char *hash;
        int rounds;
    } MACS[] = {[STORE_SEAL_COMMON] = {"SHA1", 2048}, [STORE_SEAL_STRONG] = {"SHA256", 600000}};
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    const ASN1_INTEGER *count = NULL;
    const ASN1_OCTET_STRING *salt = NULL;
    enum store_seal seal = pass->reseal->change->seal;
    if (!PKCS12_mac_present(file)) {
        return 1;
    }
    PKCS12_get0_mac(NULL, &algorithm, &salt, &count, file);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    int rounds = count == NULL ? 1 : (int)ASN1_INTEGER_get(count);
    const EVP_MD *hash = EVP_get_digestbyobj(object);
    if (seal != STORE_SEAL_SAME) {
        rounds = MACS[seal].rounds;
        hash = EVP_get_digestbyname(MACS[seal].hash);
    }
    int salt_length = ASN1_STRING_length(salt) < 8 ? 8 : ASN1_STRING_length(salt);
    return hash != NULL &&
           PKCS12_set_mac(file, pass->new->bytes, (int)pass->new->length, NULL, salt_length, rounds, hash);
}

static enum store_fault reseal_safes(const struct pass *pass, PKCS12 *file)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(file);
    enum store_fault fault = safes == NULL ? STORE_DAMAGED_CERT : STORE_OK;
    for (int i = 0; fault == STORE_OK && i < sk_PKCS7_num(safes); i++) {
        PKCS7 *safe = sk_PKCS7_value(safes, i);
        fault = PKCS7_type_is_data(safe) ? reseal_open_safe(pass, safe) : reseal_closed_safe(pass, safe);
    }
    if (fault == STORE_OK && !PKCS12_pack_authsafes(file, safes)) {
        fault = STORE_MEMORY;
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return fault;
}

enum store_fault reseal_pkcs12(const struct reseal *reseal, const struct cr_file *file,
                               const struct spelling *old, const struct spelling *new, uint8_t **out,
                               size_t *length)
{
    const struct pass pass = {reseal, old, new};
    PKCS12 *whole = pkcs12_read(reseal->provider, file->bytes, file->size);
    enum store_fault fault = whole == NULL ? STORE_DAMAGED_CERT : reseal_safes(&pass, whole);
    *out = NULL;
    if (fault == STORE_OK) {
        int made = renew_mac(&pass, whole) ? i2d_PKCS12(whole, out) : -1;
        *length = made > 0 ? (size_t)made : 0;
        fault = made > 0 ? STORE_OK : STORE_MEMORY;
    }
    PKCS12_free(whole);
    return fault;
}

/* text is no string: it ends at end. */
static const char *find_text(const char *text, const char *end, const char *wanted)
{
    size_t length = strlen(wanted);
    for (; (size_t)(end - text) >= length; text++) {
        if (memcmp(text, wanted, length) == 0) {
            return text;
        }
    }
    return NULL;
}

static enum store_fault reseal_block(const struct pass *pass, const char *block, size_t size, BIO *out)
{
    BIO *memory = BIO_new_mem_buf(block, (int)size);
    X509_SIG *old = memory == NULL ? NULL : PEM_read_bio_PKCS8(memory, NULL, NULL, NULL);
    X509_SIG *sealed = NULL;
    enum store_fault fault = old == NULL ? STORE_DAMAGED_KEY : reseal_envelope(pass, old, &sealed);
    if (fault == STORE_OK && !PEM_write_bio_PKCS8(out, sealed)) {
        fault = STORE_MEMORY;
    }
    X509_SIG_free(sealed);
    X509_SIG_free(old);
    BIO_free(memory);
    return fault;
}

static enum store_fault reseal_text(const struct pass *pass, const char *text, const char *end, BIO *out)
{
    const char *begin = NULL;
    while ((begin = find_text(text, end, PEM_BEGIN)) != NULL) {
        const char *close = find_text(begin, end, PEM_END);
        if (close == NULL) {
            return STORE_DAMAGED_KEY;
        }
        close += strlen(PEM_END);
        if (begin > text && BIO_write(out, text, (int)(begin - text)) != (int)(begin - text)) {
            return STORE_MEMORY;
        }
        enum store_fault fault = reseal_block(pass, begin, (size_t)(close - begin), out);
        if (fault != STORE_OK) {
            return fault;
        }
        /* The new block brings its own end of line. */
        close += close < end && *close == '\r';
        close += close < end && *close == '\n';
        text = close;
    }
    return text == end || BIO_write(out, text, (int)(end - text)) == (int)(end - text) ? STORE_OK
                                                                                       : STORE_MEMORY;
}

enum store_fault reseal_pem(const struct reseal *reseal, const struct cr_file *file,
                            const struct spelling *old, const struct spelling *new, uint8_t **out,
                            size_t *length)
{
    const struct pass pass = {reseal, old, new};
    const char *text = (const char *)file->bytes;
    char *made = NULL;
    BIO *memory = BIO_new(BIO_s_mem());
    *out = NULL;
    *length = 0;
    enum store_fault fault =
        memory == NULL ? STORE_MEMORY : reseal_text(&pass, text, text + file->size, memory);
    if (fault == STORE_OK) {
        long size = BIO_get_mem_data(memory, &made);
        *out = size > 0 ? OPENSSL_memdup(made, (size_t)size) : NULL;
        *length = *out == NULL ? 0 : (size_t)size;
        fault = *out == NULL ? STORE_MEMORY : STORE_OK;
    }
    BIO_free(memory);
    return fault;
}
