/* Makes encrypted private keys in every form that is met. */
#include "sample.h"
#include "seed.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <string.h>

#define OID_R "1.2.410.200004.10.1.1.3"
#define SALT_BYTES 8

static const struct form {
    const char *name;
    const char *oid;    /* SEED forms */
    const char *cipher; /* PBES2 */
    int prf;
} FORMS[] = {
    {"1.15", "1.2.410.200004.1.15", NULL, 0},
    {"1.4", "1.2.410.200004.1.4", NULL, 0},
    {"1.4.2", "1.2.410.200004.1.4.2", NULL, 0},
    {"unknown", "1.2.410.200004.1.10", NULL, 0},
    {"PBES2/seed/sha1", NULL, "SEED-CBC", NID_hmacWithSHA1},
    {"PBES2/seed/sha256", NULL, "SEED-CBC", NID_hmacWithSHA256},
    {"PBES2/aria128/sha1", NULL, "ARIA-128-CBC", NID_hmacWithSHA1},
    {"PBES2/aria256/sha256", NULL, "ARIA-256-CBC", NID_hmacWithSHA256},
    {"PBES2/aes256/sha256", NULL, "AES-256-CBC", NID_hmacWithSHA256},
    {"PBES2/3des/sha1", NULL, "DES-EDE3-CBC", NID_hmacWithSHA1},
    {"p12-3des", NULL, NULL, 0},
};

static const struct form *find_form(const char *name)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        if (strcmp(FORMS[i].name, name) == 0) {
            return &FORMS[i];
        }
    }
    sample_need(0, name);
    return NULL;
}

/* The plain key, with R as an attribute. R's last bit is set, so that no encoder takes it for a list of named bits and
 * drops zeros from its end. */
static PKCS8_PRIV_KEY_INFO *plain_key(const struct sample_key_request *request)
{
    PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(request->key);
    sample_need(plain != NULL, "PKCS#8");
    if (request->r != NULL) {
        ASN1_OBJECT *type = OBJ_txt2obj(OID_R, 1);
        sample_need(type != NULL && PKCS8_pkey_add1_attr_by_OBJ(plain, type, V_ASN1_BIT_STRING, request->r,
                                                                SAMPLE_R_BYTES),
                    "R");
        ASN1_OBJECT_free(type);
    }
    return plain;
}

static uint8_t *seal_seed(const struct sample_key_request *request, const char *oid, const uint8_t *salt,
                          int *length)
{
    const struct seed_envelope envelope = {
        .iv = strcmp(request->form, "1.15") == 0 ? SEED_IV_DERIVED : SEED_IV_FIXED,
        .salt = salt,
        .salt_length = SALT_BYTES,
        .iterations = (uint32_t)request->iterations,
    };
    uint8_t *der = NULL;
    PKCS8_PRIV_KEY_INFO *plain = plain_key(request);
    int der_length = i2d_PKCS8_PRIV_KEY_INFO(plain, &der);
    sample_need(der_length > 0, oid);
    uint8_t *sealed = OPENSSL_malloc((size_t)der_length + SEED_BLOCK_BYTES);
    sample_need(sealed != NULL, "memory");
    *length = seed_crypt(sample_library(), &envelope, request->password, request->password_length, 1, der,
                         (size_t)der_length, sealed);
    sample_need(*length > 0, "SEED (OpenSSL's legacy provider)");
    OPENSSL_clear_free(der, (size_t)der_length);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return sealed;
}

static X509_SIG *wrap_seed(const struct sample_key_request *request, const char *oid)
{
    uint8_t salt[SALT_BYTES];
    X509_ALGOR *algorithm = NULL;
    ASN1_OCTET_STRING *bytes = NULL;
    int length = 0;
    sample_need(RAND_bytes(salt, sizeof salt) == 1, "randomness");
    uint8_t *sealed = seal_seed(request, oid, salt, &length);
    PBEPARAM *parameters = PBEPARAM_new();
    ASN1_STRING *packed = NULL;
    X509_SIG *out = X509_SIG_new();
    sample_need(out != NULL && parameters != NULL, "memory");
    sample_need(ASN1_STRING_set(parameters->salt, salt, sizeof salt) &&
                    ASN1_INTEGER_set(parameters->iter, request->iterations),
                "parameters");
    packed = ASN1_item_pack(parameters, ASN1_ITEM_rptr(PBEPARAM), NULL);
    X509_SIG_getm(out, &algorithm, &bytes);
    sample_need(packed != NULL && X509_ALGOR_set0(algorithm, OBJ_txt2obj(oid, 1), V_ASN1_SEQUENCE, packed) &&
                    ASN1_OCTET_STRING_set(bytes, sealed, length),
                "envelope");
    PBEPARAM_free(parameters);
    OPENSSL_free(sealed);
    return out;
}

static X509_SIG *wrap_openssl(const struct sample_key_request *request, const struct form *form)
{
    X509_ALGOR *algorithm = NULL;
    PKCS8_PRIV_KEY_INFO *plain = plain_key(request);
    if (form->cipher != NULL) {
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(sample_library(), form->cipher, NULL);
        sample_need(cipher != NULL, form->cipher);
        algorithm = PKCS5_pbe2_set_iv_ex(cipher, request->iterations, NULL, SALT_BYTES, NULL, form->prf,
                                         sample_library());
        EVP_CIPHER_free(cipher);
    } else {
        algorithm = PKCS5_pbe_set_ex(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, request->iterations, NULL,
                                     SALT_BYTES, sample_library());
    }
    sample_need(algorithm != NULL, form->name);
    X509_SIG *out = PKCS8_set0_pbe_ex(request->password, (int)request->password_length, plain, algorithm,
                                      sample_library(), NULL);
    sample_need(out != NULL, form->name);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return out;
}

uint8_t *sample_key(const struct sample_key_request *request, size_t *length)
{
    const struct form *form = find_form(request->form);
    X509_SIG *sealed = form->oid != NULL ? wrap_seed(request, form->oid) : wrap_openssl(request, form);
    uint8_t *der = NULL;
    int made = i2d_X509_SIG(sealed, &der);
    sample_need(made > 0, "DER of the key");
    X509_SIG_free(sealed);
    *length = (size_t)made;
    return der;
}

uint8_t *sample_pkcs12(const struct sample_key_request *request, X509 *cert, size_t *length)
{
    STACK_OF(PKCS12_SAFEBAG) *certs = NULL;
    STACK_OF(PKCS12_SAFEBAG) *keys = sk_PKCS12_SAFEBAG_new_null();
    STACK_OF(PKCS7) *safes = NULL;
    int pbe = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
    const char *password = request->password;
    uint8_t *der = NULL;
    PKCS8_PRIV_KEY_INFO *plain = plain_key(request);
    PKCS12_SAFEBAG *key =
        PKCS12_SAFEBAG_create_pkcs8_encrypt_ex(pbe, password, (int)request->password_length, NULL, 0,
                                               request->iterations, plain, sample_library(), NULL);
    PKCS8_PRIV_KEY_INFO_free(plain);
    sample_need(keys != NULL && key != NULL && sk_PKCS12_SAFEBAG_push(keys, key) > 0, "key bag");
    sample_need(PKCS12_add_cert(&certs, cert) != NULL, "certificate bag");
    sample_need(
        PKCS12_add_safe_ex(&safes, certs, pbe, request->iterations, password, sample_library(), NULL) &&
            PKCS12_add_safe_ex(&safes, keys, -1, 0, NULL, sample_library(), NULL),
        "safes");
    PKCS12 *file = PKCS12_add_safes_ex(safes, 0, sample_library(), NULL);
    sample_need(file != NULL && PKCS12_set_mac(file, password, (int)request->password_length, NULL, 0,
                                               request->iterations, EVP_sha1()),
                "MAC");
    int made = i2d_PKCS12(file, &der);
    sample_need(made > 0, "DER of the PKCS#12");
    PKCS12_free(file);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free(certs, PKCS12_SAFEBAG_free);
    *length = (size_t)made;
    return der;
}
