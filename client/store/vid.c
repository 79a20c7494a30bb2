/* The random number (R) beside the sign key, and the virtual ID (VID) that binds it to a person's number. */
#include "vid.h"

#include <openssl/asn1t.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#define OID_R "1.2.410.200004.10.1.1.3"
#define OID_IDENTIFY_DATA "1.2.410.200004.10.1.1"
#define OID_VID "1.2.410.200004.10.1.1.1"
#define PERSON_DIGITS 13
#define BUSINESS_DIGITS 10
#define OID_TEXT_BYTES 128
/* SEQUENCE { PrintableString, BIT STRING }, each length in one byte: 13 + 2, 64 + 3, and 2 around them. */
#define CONTENT_MAX_BYTES (PERSON_DIGITS + VID_RANDOM_MAX_BYTES + 7)

struct vid_value {
    const EVP_MD *hash;
    uint8_t bytes[VID_MAX_BYTES];
    size_t length;
};

static int is_oid(const ASN1_OBJECT *object, const char *oid)
{
    char text[OID_TEXT_BYTES];
    return object != NULL && OBJ_obj2txt(text, sizeof text, object, 1) > 0 && strcmp(text, oid) == 0;
}

static enum store_random take_random(const ASN1_TYPE *value, struct vid_random *random)
{
    if (value == NULL || value->type != V_ASN1_BIT_STRING) {
        return STORE_RANDOM_DAMAGED;
    }
    const ASN1_BIT_STRING *bits = value->value.bit_string;
    int unused = (bits->flags & ASN1_STRING_FLAG_BITS_LEFT) != 0 ? (int)(bits->flags & 7) : 0;
    if (unused != 0 || bits->length < 1 || bits->length > VID_RANDOM_MAX_BYTES) {
        return STORE_RANDOM_DAMAGED;
    }
    random->length = (size_t)bits->length;
    memcpy(random->bytes, bits->data, random->length);
    return STORE_RANDOM_PRESENT;
}

enum store_random vid_random_read(const PKCS8_PRIV_KEY_INFO *key, struct vid_random *random)
{
    memset(random, 0, sizeof *random);
    const STACK_OF(X509_ATTRIBUTE) *attributes = PKCS8_pkey_get0_attrs(key);
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(attributes); i++) {
        X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(attributes, i);
        if (is_oid(X509_ATTRIBUTE_get0_object(attribute), OID_R)) {
            return take_random(X509_ATTRIBUTE_get0_type(attribute, 0), random);
        }
    }
    return STORE_RANDOM_NONE;
}

/* Written by hand: OpenSSL's encoder takes a BIT STRING for a list of named bits and drops zeros from its end. */
static size_t write_content(const char *digits, size_t length, const struct vid_random *random,
                            uint8_t out[static CONTENT_MAX_BYTES])
{
    size_t at = 0;
    out[at++] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
    out[at++] = (uint8_t)(length + random->length + 5);
    out[at++] = V_ASN1_PRINTABLESTRING;
    out[at++] = (uint8_t)length;
    memcpy(out + at, digits, length);
    at += length;
    out[at++] = V_ASN1_BIT_STRING;
    out[at++] = (uint8_t)(random->length + 1);
    out[at++] = 0;
    memcpy(out + at, random->bytes, random->length);
    return at + random->length;
}

int vid_make(const EVP_MD *hash, const char *digits, size_t length, const struct vid_random *random,
             uint8_t vid[static VID_MAX_BYTES])
{
    uint8_t content[CONTENT_MAX_BYTES];
    uint8_t once[EVP_MAX_MD_SIZE];
    unsigned made = 0;
    if (length > PERSON_DIGITS || random->length > VID_RANDOM_MAX_BYTES) {
        return -1;
    }
    size_t size = write_content(digits, length, random, content);
    int is_good =
        EVP_Digest(content, size, once, &made, hash, NULL) && EVP_Digest(once, made, vid, &made, hash, NULL);
    OPENSSL_cleanse(content, sizeof content);
    OPENSSL_cleanse(once, sizeof once);
    return is_good ? (int)made : -1;
}

static ASN1_SEQUENCE_ANY *open_sequence(const ASN1_TYPE *value)
{
    if (value == NULL || value->type != V_ASN1_SEQUENCE) {
        return NULL;
    }
    const unsigned char *at = value->value.sequence->data;
    return d2i_ASN1_SEQUENCE_ANY(NULL, &at, value->value.sequence->length);
}

static void close_sequence(ASN1_SEQUENCE_ANY *parts)
{
    sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free);
}

static const ASN1_TYPE *part(const ASN1_SEQUENCE_ANY *parts, int at)
{
    return at < sk_ASN1_TYPE_num(parts) ? sk_ASN1_TYPE_value(parts, at) : NULL;
}

/* [0] EXPLICIT OCTET STRING. */
static int take_octets(const ASN1_TYPE *value, struct vid_value *vid)
{
    int tag = 0;
    int class = 0;
    long length = 0;
    if (value == NULL || value->type != V_ASN1_OTHER) {
        return 0;
    }
    const unsigned char *at = value->value.asn1_string->data;
    int flags = ASN1_get_object(&at, &length, &tag, &class, value->value.asn1_string->length);
    if ((flags & 0x81) != 0 || class != V_ASN1_CONTEXT_SPECIFIC || tag != 0) {
        return 0;
    }
    ASN1_OCTET_STRING *octets = d2i_ASN1_OCTET_STRING(NULL, &at, length);
    int is_fit = octets != NULL && octets->length > 0 && octets->length <= VID_MAX_BYTES;
    if (is_fit) {
        vid->length = (size_t)octets->length;
        memcpy(vid->bytes, octets->data, vid->length);
    }
    ASN1_OCTET_STRING_free(octets);
    return is_fit;
}

/* SEQUENCE { hash SEQUENCE { OID }, [0] value }. */
static int take_vid(const ASN1_TYPE *value, struct vid_value *vid)
{
    ASN1_SEQUENCE_ANY *parts = open_sequence(value);
    ASN1_SEQUENCE_ANY *algorithm = open_sequence(part(parts, 0));
    const ASN1_TYPE *oid = part(algorithm, 0);
    if (oid != NULL && oid->type == V_ASN1_OBJECT) {
        vid->hash = EVP_get_digestbyobj(oid->value.object);
    }
    int is_taken = vid->hash != NULL && take_octets(part(parts, 1), vid) &&
                   vid->length == (size_t)EVP_MD_get_size(vid->hash);
    close_sequence(algorithm);
    close_sequence(parts);
    return is_taken;
}

/* SEQUENCE OF SEQUENCE { type, value }. */
static int find_in_user_info(const ASN1_TYPE *info, struct vid_value *vid)
{
    int is_found = 0;
    ASN1_SEQUENCE_ANY *items = open_sequence(info);
    for (int i = 0; i < sk_ASN1_TYPE_num(items) && !is_found; i++) {
        ASN1_SEQUENCE_ANY *item = open_sequence(part(items, i));
        const ASN1_TYPE *type = part(item, 0);
        is_found = type != NULL && type->type == V_ASN1_OBJECT && is_oid(type->value.object, OID_VID) &&
                   take_vid(part(item, 1), vid);
        close_sequence(item);
    }
    close_sequence(items);
    return is_found;
}

static int vid_read(const X509 *cert, struct vid_value *vid)
{
    int is_found = 0;
    memset(vid, 0, sizeof *vid);
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !is_found; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_OTHERNAME && is_oid(name->d.otherName->type_id, OID_IDENTIFY_DATA)) {
            ASN1_SEQUENCE_ANY *data = open_sequence(name->d.otherName->value);
            is_found = find_in_user_info(part(data, 1), vid);
            close_sequence(data);
        }
    }
    GENERAL_NAMES_free(names);
    return is_found;
}

/* Without hyphens and spaces. Returns how many digits, 0 when it is no such number. */
static size_t take_digits(const char *number, size_t length, char digits[static PERSON_DIGITS])
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (number[i] == '-' || number[i] == ' ') {
            continue;
        }
        if (number[i] < '0' || number[i] > '9' || count == PERSON_DIGITS) {
            return 0;
        }
        digits[count++] = number[i];
    }
    return count == PERSON_DIGITS || count == BUSINESS_DIGITS ? count : 0;
}

enum store_number vid_check(const X509 *cert, const struct vid_random *random, const char *number,
                            size_t length)
{
    char digits[PERSON_DIGITS];
    uint8_t made[VID_MAX_BYTES];
    struct vid_value vid;
    enum store_number result = STORE_NUMBER_UNKNOWN;
    size_t count = take_digits(number, length, digits);
    if (count == 0) {
        result = STORE_NUMBER_MALFORMED;
    } else if (random->length > 0 && vid_read(cert, &vid) &&
               vid_make(vid.hash, digits, count, random, made) == (int)vid.length) {
        result = CRYPTO_memcmp(made, vid.bytes, vid.length) == 0 ? STORE_NUMBER_SAME : STORE_NUMBER_OTHER;
    }
    OPENSSL_cleanse(digits, sizeof digits);
    OPENSSL_cleanse(made, sizeof made);
    return result;
}
