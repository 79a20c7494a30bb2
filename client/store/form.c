/* How something is encrypted by a password: read and judged before anything is derived. */
#include "form.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define OID_BYTES 64
#define OID_PBES2 "1.2.840.113549.1.5.13"
#define OID_PBKDF2 "1.2.840.113549.1.5.12"

static const struct scheme {
    const char *oid;
    enum form_kind kind;
    int has_fixed_iv;
    int needs_legacy;
    const char *name;
} SCHEMES[] = {
    {"1.2.410.200004.1.15", FORM_SEED, 0, 1, "1.15"},
    {"1.2.410.200004.1.4", FORM_SEED, 1, 1, "1.4"},
    {"1.2.410.200004.1.4.2", FORM_SEED, 1, 1, "1.4.2"},
    {"1.2.840.113549.1.12.1.3", FORM_PKCS12, 0, 0, "p12-3des"},
    {"1.2.840.113549.1.12.1.4", FORM_PKCS12, 0, 0, "p12-2des"},
    {"1.2.840.113549.1.12.1.5", FORM_PKCS12, 0, 1, "p12-rc2-128"},
    {"1.2.840.113549.1.12.1.6", FORM_PKCS12, 0, 1, "p12-rc2-40"},
};

static const struct cipher {
    const char *oid;
    const char *name;
    const char *openssl;
    int64_t key_bytes;
    int needs_legacy;
} CIPHERS[] = {
    {"1.2.410.200004.1.4", "seed", "SEED-CBC", 16, 1},
    {"1.2.410.200046.1.1.2", "aria128", "ARIA-128-CBC", 16, 0},
    {"1.2.410.200046.1.1.7", "aria192", "ARIA-192-CBC", 24, 0},
    {"1.2.410.200046.1.1.12", "aria256", "ARIA-256-CBC", 32, 0},
    {"2.16.840.1.101.3.4.1.2", "aes128", "AES-128-CBC", 16, 0},
    {"2.16.840.1.101.3.4.1.22", "aes192", "AES-192-CBC", 24, 0},
    {"2.16.840.1.101.3.4.1.42", "aes256", "AES-256-CBC", 32, 0},
    {"1.2.840.113549.3.7", "3des", "DES-EDE3-CBC", 24, 0},
};

static const struct hash {
    const char *oid;
    const char *name;
    int prf;
} HASHES[] = {
    {"1.2.840.113549.2.7", "sha1", NID_hmacWithSHA1},
    {"1.2.840.113549.2.9", "sha256", NID_hmacWithSHA256},
    {"1.2.840.113549.2.10", "sha384", NID_hmacWithSHA384},
    {"1.2.840.113549.2.11", "sha512", NID_hmacWithSHA512},
};

static void oid_text(const X509_ALGOR *algorithm, char oid[static OID_BYTES])
{
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    oid[0] = '\0';
    if (OBJ_obj2txt(oid, OID_BYTES, object, 1) >= OID_BYTES) {
        oid[OID_BYTES - 1] = '\0';
    }
}

static void *parameters(const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
    return algorithm->parameter == NULL ? NULL : ASN1_TYPE_unpack_sequence(item, algorithm->parameter);
}

static enum store_fault judge_iterations(const struct form *form)
{
    int is_sane = form->iterations >= 1 && form->iterations <= FORM_ITERATIONS_MAX;
    return is_sane ? STORE_OK : STORE_BAD_ITERATIONS;
}

static enum store_fault take_iterations(const ASN1_INTEGER *count, struct form *form)
{
    if (!ASN1_INTEGER_get_uint64(&form->iterations, count)) {
        form->iterations = ASN1_STRING_type(count) == V_ASN1_NEG_INTEGER ? 0 : UINT64_MAX;
    }
    return judge_iterations(form);
}

static enum store_fault unknown(const char *oid, struct form *form)
{
    snprintf(form->name, sizeof form->name, "%s", oid);
    return STORE_UNKNOWN_CIPHER;
}

static int next_value(const unsigned char **at, const unsigned char *end, int tag, long *length)
{
    int found = 0;
    int class = 0;
    int flags = ASN1_get_object(at, length, &found, &class, (long)(end - *at));
    return (flags & 0x81) == 0 && class == V_ASN1_UNIVERSAL && found == tag;
}

static uint64_t count_value(const unsigned char *bytes, long length)
{
    uint64_t count = 0;
    if (length < 1 || (bytes[0] & 0x80) != 0) {
        return 0;
    }
    for (long i = 0; i < length; i++) {
        count = count > UINT64_MAX >> 8 ? UINT64_MAX : count << 8 | bytes[i];
    }
    return count;
}

/* Read by hand, because a count with needless zeros in front is no DER but still a count. */
static enum store_fault read_salt_and_count(const ASN1_STRING *packed, struct form *form)
{
    const unsigned char *at = ASN1_STRING_get0_data(packed);
    const unsigned char *end = at + ASN1_STRING_length(packed);
    long length = 0;
    if (!next_value(&at, end, V_ASN1_SEQUENCE, &length)) {
        return STORE_DAMAGED_KEY;
    }
    end = at + length;
    if (!next_value(&at, end, V_ASN1_OCTET_STRING, &length) || length < 1 || length > FORM_SALT_MAX_BYTES) {
        return STORE_DAMAGED_KEY;
    }
    form->salt_length = (size_t)length;
    memcpy(form->salt, at, form->salt_length);
    at += length;
    if (!next_value(&at, end, V_ASN1_INTEGER, &length)) {
        return STORE_DAMAGED_KEY;
    }
    form->iterations = count_value(at, length);
    return judge_iterations(form);
}

/* SEQUENCE { salt, iterations } of PBES1 and PKCS#12. */
static enum store_fault read_simple(const X509_ALGOR *algorithm, const struct scheme *scheme,
                                    struct form *form)
{
    form->kind = scheme->kind;
    form->has_fixed_iv = scheme->has_fixed_iv;
    form->needs_legacy = scheme->needs_legacy;
    snprintf(form->name, sizeof form->name, "%s", scheme->name);
    if (algorithm->parameter == NULL || algorithm->parameter->type != V_ASN1_SEQUENCE) {
        return STORE_DAMAGED_KEY;
    }
    return read_salt_and_count(algorithm->parameter->value.sequence, form);
}

static const struct cipher *cipher_find(const char *oid)
{
    for (size_t i = 0; i < sizeof CIPHERS / sizeof CIPHERS[0]; i++) {
        if (strcmp(CIPHERS[i].oid, oid) == 0) {
            return &CIPHERS[i];
        }
    }
    return NULL;
}

static const struct hash *hash_find(const X509_ALGOR *prf, char oid[static OID_BYTES])
{
    if (prf == NULL) {
        return &HASHES[0];
    }
    oid_text(prf, oid);
    for (size_t i = 0; i < sizeof HASHES / sizeof HASHES[0]; i++) {
        if (strcmp(HASHES[i].oid, oid) == 0) {
            return &HASHES[i];
        }
    }
    return NULL;
}

static void take_salt(const ASN1_TYPE *salt, struct form *form)
{
    size_t length = (size_t)ASN1_STRING_length(salt->value.octet_string);
    form->salt_length = length < FORM_SALT_MAX_BYTES ? length : FORM_SALT_MAX_BYTES;
    memcpy(form->salt, ASN1_STRING_get0_data(salt->value.octet_string), form->salt_length);
}

static enum store_fault read_derivation(const PBKDF2PARAM *derivation, const struct cipher *cipher,
                                        struct form *form)
{
    char oid[OID_BYTES];
    const struct hash *hash = hash_find(derivation->prf, oid);
    if (hash == NULL) {
        return unknown(oid, form);
    }
    form->kind = FORM_PBES2;
    form->needs_legacy = cipher->needs_legacy;
    form->cipher = cipher->openssl;
    form->prf = hash->prf;
    snprintf(form->name, sizeof form->name, "PBES2/%s/%s", cipher->name, hash->name);
    int64_t key_bytes = cipher->key_bytes;
    if (derivation->keylength != NULL && !ASN1_INTEGER_get_int64(&key_bytes, derivation->keylength)) {
        return STORE_DAMAGED_KEY;
    }
    if (key_bytes != cipher->key_bytes || derivation->salt->type != V_ASN1_OCTET_STRING) {
        return STORE_DAMAGED_KEY;
    }
    take_salt(derivation->salt, form);
    return take_iterations(derivation->iter, form);
}

static enum store_fault read_pbes2(const X509_ALGOR *algorithm, struct form *form)
{
    char oid[OID_BYTES];
    enum store_fault fault = STORE_DAMAGED_KEY;
    PBKDF2PARAM *derivation = NULL;
    PBE2PARAM *pbes2 = parameters(algorithm, ASN1_ITEM_rptr(PBE2PARAM));
    if (pbes2 == NULL) {
        goto out;
    }
    oid_text(pbes2->keyfunc, oid);
    if (strcmp(oid, OID_PBKDF2) != 0) {
        fault = unknown(oid, form);
        goto out;
    }
    oid_text(pbes2->encryption, oid);
    const struct cipher *cipher = cipher_find(oid);
    if (cipher == NULL) {
        fault = unknown(oid, form);
        goto out;
    }
    derivation = parameters(pbes2->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM));
    if (derivation != NULL) {
        fault = read_derivation(derivation, cipher, form);
    }
out:
    PBKDF2PARAM_free(derivation);
    PBE2PARAM_free(pbes2);
    return fault;
}

enum store_fault form_read(const X509_ALGOR *algorithm, struct form *form)
{
    char oid[OID_BYTES];
    memset(form, 0, sizeof *form);
    oid_text(algorithm, oid);
    if (strcmp(oid, OID_PBES2) == 0) {
        return read_pbes2(algorithm, form);
    }
    for (size_t i = 0; i < sizeof SCHEMES / sizeof SCHEMES[0]; i++) {
        if (strcmp(SCHEMES[i].oid, oid) == 0) {
            return read_simple(algorithm, &SCHEMES[i], form);
        }
    }
    return unknown(oid, form);
}
