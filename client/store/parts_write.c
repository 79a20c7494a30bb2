/* Pairs and their chain written as PKCS#12 or PEM. Keys are sealed as bytes, so that nothing in them changes. */
#include "parts.h"
#include "facts.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

static enum plain_form key_form(const struct sealing *sealing, int is_pem)
{
    return is_pem || sealing->is_strong ? PLAIN_AES : PLAIN_3DES;
}

static X509_SIG *seal(const struct pair *pair, const struct sealing *sealing, int is_pem)
{
    return plain_seal(sealing->provider, &pair->key, key_form(sealing, is_pem), sealing->password,
                      sealing->length);
}

/* Takes over the bag. The name is shown by the systems that import it; the digest ties a key to its certificate. */
static int push_bag(STACK_OF(PKCS12_SAFEBAG) * bags, PKCS12_SAFEBAG *bag, const struct pair *pair)
{
    struct store_facts facts;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int is_good = bag != NULL;
    if (is_good && pair != NULL) {
        is_good = X509_digest(pair->cert, EVP_sha1(), digest, &length) == 1 &&
                  PKCS12_add_localkeyid(bag, digest, (int)length) == 1 &&
                  facts_fill(pair->cert, &facts) == STORE_OK;
        if (is_good && facts.owner[0] != '\0') {
            is_good = PKCS12_add_friendlyname_utf8(bag, facts.owner, -1) == 1;
        }
        if (length > 0) {
            store_facts_wipe(&facts);
        }
    }
    if (!is_good || sk_PKCS12_SAFEBAG_push(bags, bag) <= 0) {
        PKCS12_SAFEBAG_free(bag);
        return 0;
    }
    return 1;
}

static PKCS12_SAFEBAG *key_bag(const struct pair *pair, const struct sealing *sealing)
{
    X509_SIG *sealed = seal(pair, sealing, 0);
    PKCS12_SAFEBAG *bag = sealed == NULL ? NULL : PKCS12_SAFEBAG_create0_pkcs8(sealed);
    if (bag == NULL) {
        X509_SIG_free(sealed);
    }
    return bag;
}

/* Takes over the safe. */
static int push_safe(STACK_OF(PKCS7) * safes, PKCS7 *safe)
{
    if (safe == NULL || sk_PKCS7_push(safes, safe) <= 0) {
        PKCS7_free(safe);
        return 0;
    }
    return 1;
}

static int push_certs(const struct parts *parts, const struct sealing *sealing, STACK_OF(PKCS7) * safes)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    int cipher = sealing->is_strong ? NID_aes_256_cbc : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
    int is_good = bags != NULL;
    for (size_t i = 0; is_good && i < parts->count; i++) {
        is_good = push_bag(bags, PKCS12_SAFEBAG_create_cert(parts->pairs[i].cert), &parts->pairs[i]);
    }
    for (size_t i = 0; is_good && i < parts->chain_count; i++) {
        is_good = push_bag(bags, PKCS12_SAFEBAG_create_cert(parts->chain[i]), NULL);
    }
    is_good =
        is_good && push_safe(safes, PKCS12_pack_p7encdata_ex(cipher, sealing->password, (int)sealing->length,
                                                             NULL, 0, plain_rounds(key_form(sealing, 0)),
                                                             bags, sealing->provider->library, NULL));
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return is_good;
}

static int push_keys(const struct parts *parts, const struct sealing *sealing, STACK_OF(PKCS7) * safes)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    int is_good = bags != NULL;
    for (size_t i = 0; is_good && i < parts->count; i++) {
        is_good = push_bag(bags, key_bag(&parts->pairs[i], sealing), &parts->pairs[i]);
    }
    is_good = is_good && push_safe(safes, PKCS12_pack_p7data(bags));
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return is_good;
}

uint8_t *parts_to_pkcs12(const struct parts *parts, const struct sealing *sealing, size_t *length)
{
    uint8_t *bytes = NULL;
    PKCS12 *file = NULL;
    int made = -1;
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    if (safes == NULL || !push_certs(parts, sealing, safes) || !push_keys(parts, sealing, safes)) {
        goto out;
    }
    file = PKCS12_add_safes_ex(safes, 0, sealing->provider->library, NULL);
    if (file != NULL &&
        PKCS12_set_mac(file, sealing->password, (int)sealing->length, NULL, 0,
                       plain_rounds(key_form(sealing, 0)), sealing->is_strong ? EVP_sha256() : EVP_sha1())) {
        made = i2d_PKCS12(file, &bytes);
    }
out:
    *length = made < 0 ? 0 : (size_t)made;
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(file);
    return made < 0 ? NULL : bytes;
}

static int print_pair(BIO *out, const struct pair *pair, const struct sealing *sealing)
{
    X509_SIG *sealed = seal(pair, sealing, 1);
    int is_good = sealed != NULL && PEM_write_bio_X509(out, pair->cert) && PEM_write_bio_PKCS8(out, sealed);
    X509_SIG_free(sealed);
    return is_good;
}

/* The first pair, the chain, then the other pairs: whoever reads one certificate and its chain meets them in that order. */
uint8_t *parts_to_pem(const struct parts *parts, const struct sealing *sealing, size_t *length)
{
    char *text = NULL;
    uint8_t *bytes = NULL;
    BIO *out = BIO_new(BIO_s_mem());
    int is_good = out != NULL && parts->count > 0 && print_pair(out, &parts->pairs[0], sealing);
    for (size_t i = 0; is_good && i < parts->chain_count; i++) {
        is_good = PEM_write_bio_X509(out, parts->chain[i]);
    }
    for (size_t i = 1; is_good && i < parts->count; i++) {
        is_good = print_pair(out, &parts->pairs[i], sealing);
    }
    long size = is_good ? BIO_get_mem_data(out, &text) : 0;
    if (size > 0) {
        bytes = OPENSSL_memdup(text, (size_t)size);
    }
    *length = bytes == NULL ? 0 : (size_t)size;
    BIO_free(out);
    return bytes;
}
