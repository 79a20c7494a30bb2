/* Makes X.509 certificates as Korean authorities do: IdentifyData with a VID, policies, key usages. */
#include "sample.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <iconv.h>
#include <string.h>

#define DER_BYTES 1024

static const uint8_t OID_IDENTIFY[] = {0x06, 0x09, 0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 0x0a, 0x01, 0x01};
static const uint8_t OID_VID[] = {0x06, 0x0a, 0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 0x0a, 0x01, 0x01, 0x01};
static const uint8_t OID_SHA256[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};

struct der {
    uint8_t bytes[DER_BYTES];
    size_t length;
};

static void der_raw(struct der *out, const uint8_t *bytes, size_t length)
{
    sample_need(out->length + length <= DER_BYTES, "room for DER");
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

static void der_put(struct der *out, uint8_t tag, const uint8_t *bytes, size_t length)
{
    uint8_t head[4] = {tag, (uint8_t)length};
    size_t head_length = 2;
    if (length >= 0x100) {
        head[1] = 0x82;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        head_length = 4;
    } else if (length >= 0x80) {
        head[1] = 0x81;
        head[2] = (uint8_t)length;
        head_length = 3;
    }
    der_raw(out, head, head_length);
    der_raw(out, bytes, length);
}

/* Wraps all that was written so far. */
static void der_wrap(struct der *out, uint8_t tag)
{
    struct der inner = *out;
    out->length = 0;
    der_put(out, tag, inner.bytes, inner.length);
}

/* h(h(SEQUENCE { PrintableString idn, BIT STRING r })) */
static void make_vid(const char *idn, const uint8_t r[SAMPLE_R_BYTES], uint8_t vid[SHA256_DIGEST_LENGTH])
{
    struct der content = {.length = 0};
    uint8_t bits[SAMPLE_R_BYTES + 1] = {0};
    memcpy(bits + 1, r, SAMPLE_R_BYTES);
    der_put(&content, 0x13, (const uint8_t *)idn, strlen(idn));
    der_put(&content, 0x03, bits, sizeof bits);
    der_wrap(&content, 0x30);
    uint8_t once[SHA256_DIGEST_LENGTH];
    SHA256(content.bytes, content.length, once);
    SHA256(once, sizeof once, vid);
}

/* userInfo: one VID. */
static void put_vid(struct der *out, const struct sample_cert_request *request)
{
    uint8_t vid[SHA256_DIGEST_LENGTH];
    struct der digest = {.length = 0};
    struct der all = {.length = 0};
    make_vid(request->idn, request->r, vid);
    der_put(&digest, 0x04, vid, sizeof vid);
    der_wrap(&digest, 0xa0);
    der_put(&all, 0x30, OID_SHA256, sizeof OID_SHA256);
    der_raw(&all, digest.bytes, digest.length);
    der_wrap(&all, 0x30);
    struct der info = {.length = 0};
    der_raw(&info, OID_VID, sizeof OID_VID);
    der_raw(&info, all.bytes, all.length);
    der_wrap(&info, 0x30);
    der_wrap(&info, 0x30);
    der_raw(out, info.bytes, info.length);
}

static void add_identity(X509 *cert, const struct sample_cert_request *request)
{
    struct der value = {.length = 0};
    if (request->real_name == NULL) {
        return;
    }
    der_put(&value, 0x0c, (const uint8_t *)request->real_name, strlen(request->real_name));
    if (request->idn != NULL) {
        put_vid(&value, request);
    }
    der_wrap(&value, 0x30);
    der_wrap(&value, 0xa0);
    struct der name = {.length = 0};
    der_raw(&name, OID_IDENTIFY, sizeof OID_IDENTIFY);
    der_raw(&name, value.bytes, value.length);
    der_wrap(&name, 0xa0);
    der_wrap(&name, 0x30);
    ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();
    sample_need(bytes != NULL && ASN1_OCTET_STRING_set(bytes, name.bytes, (int)name.length), "name");
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, bytes);
    sample_need(extension != NULL && X509_add_ext(cert, extension, -1), "alternative name");
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(bytes);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    sample_need(extension != NULL && X509_add_ext(cert, extension, -1), value);
    X509_EXTENSION_free(extension);
}

static void add_policy(X509 *cert, const char *oid)
{
    CERTIFICATEPOLICIES *all = sk_POLICYINFO_new_null();
    POLICYINFO *one = POLICYINFO_new();
    sample_need(all != NULL && one != NULL && sk_POLICYINFO_push(all, one) > 0, "policies");
    ASN1_OBJECT_free(one->policyid);
    one->policyid = OBJ_txt2obj(oid, 1);
    sample_need(one->policyid != NULL && X509_add1_ext_i2d(cert, NID_certificate_policies, all, 1, 0) == 1,
                oid);
    CERTIFICATEPOLICIES_free(all);
}

static void add_part(X509_NAME *name, int nid, int type, const char *text, size_t length)
{
    sample_need(X509_NAME_add_entry_by_NID(name, nid, type, (const unsigned char *)text, (int)length, -1, 0),
                "name part");
}

static void add_old_part(X509_NAME *name, int nid, const char *text)
{
    char copy[256];
    char old[256];
    size_t left = strlen(text);
    size_t room = sizeof old;
    sample_need(left < sizeof copy, "room for the name");
    memcpy(copy, text, left);
    char *from = copy;
    char *to = old;
    iconv_t converter = iconv_open("EUC-KR", "UTF-8");
    sample_need(iconv(converter, &from, &left, &to, &room) != (size_t)-1, "EUC-KR");
    iconv_close(converter);
    add_part(name, nid, V_ASN1_T61STRING, old, sizeof old - room);
}

static void fill_name(X509_NAME *name, const struct sample_name *parts)
{
    add_part(name, NID_countryName, MBSTRING_UTF8, parts->country, strlen(parts->country));
    add_part(name, NID_organizationName, MBSTRING_UTF8, parts->organisation, strlen(parts->organisation));
    for (size_t i = 0; i < SAMPLE_OUS_MAX && parts->ous[i] != NULL; i++) {
        add_part(name, NID_organizationalUnitName, V_ASN1_UTF8STRING, parts->ous[i], strlen(parts->ous[i]));
    }
    if (parts->is_old) {
        add_old_part(name, NID_commonName, parts->common_name);
    } else {
        add_part(name, NID_commonName, V_ASN1_UTF8STRING, parts->common_name, strlen(parts->common_name));
    }
}

X509 *sample_cert(const struct sample_cert_request *request)
{
    static const char *const USAGES[] = {
        [SAMPLE_CA] = "critical,keyCertSign,cRLSign",
        [SAMPLE_SIGN] = "critical,digitalSignature,nonRepudiation",
        [SAMPLE_KM] = "critical,keyEncipherment,dataEncipherment",
    };
    X509 *cert = X509_new();
    sample_need(cert != NULL && X509_set_version(cert, X509_VERSION_3), "certificate");
    sample_need(ASN1_INTEGER_set(X509_get_serialNumber(cert), request->serial), "serial");
    fill_name(X509_get_subject_name(cert), request->subject);
    fill_name(X509_get_issuer_name(cert), request->issuer);
    sample_need(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)request->not_before) != NULL, "time");
    sample_need(ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)request->not_after) != NULL, "time");
    sample_need(X509_set_pubkey(cert, request->key), "public key");
    add_extension(cert, NID_key_usage, USAGES[request->usage]);
    if (request->usage == SAMPLE_CA) {
        add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (request->policy != NULL) {
        add_policy(cert, request->policy);
    }
    add_identity(cert, request);
    sample_need(X509_sign(cert, request->issuer_key, EVP_sha256()) > 0, "signature");
    return cert;
}
