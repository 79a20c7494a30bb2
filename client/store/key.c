/* Encrypted private keys: parsed, described, opened. */
#include "key.h"
#include "form.h"
#include "plain.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define KEY_MAX_BITS 8192

X509_SIG *key_read(const uint8_t *bytes, size_t length)
{
    const unsigned char *at = bytes;
    return length == 0 || length > CR_FILE_MAX_BYTES ? NULL : d2i_X509_SIG(NULL, &at, (long)length);
}

enum store_fault store_key_form_read(const uint8_t *key, size_t length, struct store_key_form *out)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OCTET_STRING *sealed = NULL;
    struct form form;
    memset(out, 0, sizeof *out);
    X509_SIG *envelope = key_read(key, length);
    if (envelope == NULL) {
        ERR_clear_error();
        return STORE_DAMAGED_KEY;
    }
    X509_SIG_get0(envelope, &algorithm, &sealed);
    enum store_fault fault = form_read(algorithm, &form);
    memcpy(out->name, form.name, sizeof out->name);
    out->iterations = form.iterations > UINT32_MAX ? UINT32_MAX : (uint32_t)form.iterations;
    X509_SIG_free(envelope);
    ERR_clear_error();
    return fault;
}

enum store_fault key_open(const struct provider *provider, const X509_SIG *sealed, const char *password,
                          size_t length, PKCS8_PRIV_KEY_INFO **opened, char oid[static 64])
{
    struct plain plain;
    *opened = NULL;
    enum store_fault fault = plain_open(provider, sealed, password, length, &plain, oid);
    if (fault == STORE_OK) {
        *opened = plain_parse(&plain);
        fault = *opened == NULL ? STORE_MEMORY : STORE_OK;
    }
    plain_wipe(&plain);
    return fault;
}

static int signs(const struct provider *provider, EVP_PKEY *key, EVP_PKEY *public_key)
{
    static const uint8_t TEXT[] = "does this key sign for this certificate?";
    uint8_t *signature = NULL;
    size_t length = 0;
    int is_good = 0;
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();
    if (signer == NULL || verifier == NULL ||
        !EVP_DigestSignInit_ex(signer, NULL, "SHA256", provider->library, NULL, key, NULL) ||
        !EVP_DigestSign(signer, NULL, &length, TEXT, sizeof TEXT) ||
        (signature = OPENSSL_malloc(length)) == NULL ||
        !EVP_DigestSign(signer, signature, &length, TEXT, sizeof TEXT)) {
        goto out;
    }
    is_good = EVP_DigestVerifyInit_ex(verifier, NULL, "SHA256", NULL, NULL, public_key, NULL) &&
              EVP_DigestVerify(verifier, signature, length, TEXT, sizeof TEXT) == 1;
out:
    OPENSSL_free(signature);
    EVP_MD_CTX_free(signer);
    EVP_MD_CTX_free(verifier);
    return is_good;
}

static int is_consistent(const struct provider *provider, EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(provider->library, key, NULL);
    int is_good = context != NULL && EVP_PKEY_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return is_good;
}

enum store_fault key_fits(const struct provider *provider, const PKCS8_PRIV_KEY_INFO *opened,
                          const X509 *cert)
{
    EVP_PKEY *public_key = X509_get0_pubkey(cert);
    if (public_key == NULL) {
        return STORE_DAMAGED_CERT;
    }
    EVP_PKEY *key = EVP_PKCS82PKEY_ex(opened, provider->library, NULL);
    if (key == NULL) {
        return STORE_WRONG_PASSWORD;
    }
    enum store_fault fault = STORE_OK;
    if (EVP_PKEY_get_bits(key) > KEY_MAX_BITS) {
        fault = STORE_DAMAGED_KEY;
    } else if (EVP_PKEY_eq(key, public_key) != 1) {
        fault = is_consistent(provider, key) ? STORE_WRONG_PAIR : STORE_DAMAGED_KEY;
    } else if (!signs(provider, key, public_key)) {
        fault = STORE_DAMAGED_KEY;
    }
    EVP_PKEY_free(key);
    return fault;
}
