/* What is read from an X.509 certificate, as text. */
#include "x509.h"
#include "store.h"
#include "tables.h"
#include "text.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define OID_IDENTIFY_DATA "1.2.410.200004.10.1.1"
#define OID_TEXT_BYTES 128
#define DER_SEQUENCE 0x30

/* Without this OpenSSL would ask at the terminal for an encrypted PEM block. */
static int no_password(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer, (void)size, (void)is_writing, (void)context;
    return -1;
}

X509 *x509_read(const uint8_t *bytes, size_t length)
{
    if (length == 0 || length > CR_FILE_MAX_BYTES) {
        return NULL;
    }
    if (bytes[0] == DER_SEQUENCE) {
        const uint8_t *at = bytes;
        return d2i_X509(NULL, &at, (long)length);
    }
    BIO *memory = BIO_new_mem_buf(bytes, (int)length);
    if (memory == NULL) {
        return NULL;
    }
    X509 *cert = PEM_read_bio_X509(memory, NULL, no_password, NULL);
    BIO_free(memory);
    return cert;
}

static char *by_openssl(const ASN1_STRING *string)
{
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, string);
    char *text = length < 0 ? NULL : text_decode(utf8, (size_t)length);
    OPENSSL_free(utf8);
    return text;
}

/* OpenSSL reads TeletexString as Latin-1; Korean authorities put CP949 into it. */
static char *string_text(const ASN1_STRING *string)
{
    const uint8_t *bytes = ASN1_STRING_get0_data(string);
    size_t length = (size_t)ASN1_STRING_length(string);
    char *text = NULL;
    switch (ASN1_STRING_type(string)) {
    case V_ASN1_BMPSTRING:
    case V_ASN1_UNIVERSALSTRING:
        break;
    case V_ASN1_T61STRING:
        text = text_decode_cp949(bytes, length);
        break;
    default:
        text = text_decode(bytes, length);
    }
    if (text == NULL) {
        text = by_openssl(string);
    }
    if (text == NULL) {
        return strdup("");
    }
    char *composed = text_nfc(text, strlen(text), NULL);
    char *shown = composed == NULL ? NULL : store_printable(composed, strlen(composed));
    free(composed);
    free(text);
    return shown;
}

static void type_name(const ASN1_OBJECT *object, char name[static OID_TEXT_BYTES])
{
    int nid = OBJ_obj2nid(object);
    const char *known = nid == NID_undef ? NULL : OBJ_nid2sn(nid);
    if (known == NULL) {
        OBJ_obj2txt(name, OID_TEXT_BYTES, object, 1);
        return;
    }
    size_t i = 0;
    for (; i < OID_TEXT_BYTES - 1 && known[i] != '\0'; i++) {
        name[i] = (char)(known[i] >= 'A' && known[i] <= 'Z' ? known[i] + ('a' - 'A') : known[i]);
    }
    name[i] = '\0';
}

/* Appends "type=value" and frees text. */
static char *append_part(char *text, const X509_NAME_ENTRY *entry, const char *separator)
{
    char type[OID_TEXT_BYTES];
    type_name(X509_NAME_ENTRY_get_object(entry), type);
    char *value = string_text(X509_NAME_ENTRY_get_data(entry));
    char *longer =
        text == NULL || value == NULL ? NULL : text_print("%s%s%s=%s", text, separator, type, value);
    free(value);
    free(text);
    return longer;
}

char *x509_subject(const X509 *cert)
{
    const X509_NAME *name = X509_get_subject_name(cert);
    char *text = strdup("");
    int previous_set = -1;
    for (int i = X509_NAME_entry_count(name) - 1; i >= 0 && text != NULL; i--) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int set = X509_NAME_ENTRY_set(entry);
        const char *separator = previous_set == -1 ? "" : set == previous_set ? "+" : ",";
        text = append_part(text, entry, separator);
        previous_set = set;
    }
    return text;
}

char *x509_name_part(const X509_NAME *name, int nid)
{
    int found = -1;
    for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
        found = at;
    }
    if (found < 0) {
        return strdup("");
    }
    return string_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, found)));
}

static int is_oid(const ASN1_OBJECT *object, const char *oid)
{
    char text[OID_TEXT_BYTES];
    return OBJ_obj2txt(text, sizeof text, object, 1) > 0 && strcmp(text, oid) == 0;
}

/* IdentifyData is a sequence whose first member is the name. */
static char *identify_data_name(const ASN1_TYPE *value)
{
    if (value == NULL || value->type != V_ASN1_SEQUENCE) {
        return NULL;
    }
    const unsigned char *at = value->value.sequence->data;
    ASN1_SEQUENCE_ANY *parts = d2i_ASN1_SEQUENCE_ANY(NULL, &at, value->value.sequence->length);
    const ASN1_TYPE *first = sk_ASN1_TYPE_num(parts) > 0 ? sk_ASN1_TYPE_value(parts, 0) : NULL;
    char *name = NULL;
    if (first != NULL && (first->type == V_ASN1_UTF8STRING || first->type == V_ASN1_PRINTABLESTRING ||
                          first->type == V_ASN1_T61STRING || first->type == V_ASN1_BMPSTRING)) {
        name = string_text(first->value.asn1_string);
    }
    sk_ASN1_TYPE_pop_free(parts, ASN1_TYPE_free);
    return name;
}

char *x509_real_name(const X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    char *real_name = NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && real_name == NULL; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_OTHERNAME && is_oid(name->d.otherName->type_id, OID_IDENTIFY_DATA)) {
            real_name = identify_data_name(name->d.otherName->value);
        }
    }
    GENERAL_NAMES_free(names);
    return real_name == NULL ? strdup("") : real_name;
}

char *x509_policy(const X509 *cert)
{
    CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(cert, NID_certificate_policies, NULL, NULL);
    char best[OID_TEXT_BYTES] = "";
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        char oid[OID_TEXT_BYTES];
        int length = OBJ_obj2txt(oid, sizeof oid, sk_POLICYINFO_value(policies, i)->policyid, 1);
        if (length <= 0 || length >= (int)sizeof oid) {
            continue;
        }
        int is_known = table_policy(oid) != NULL;
        if (is_known || best[0] == '\0') {
            memcpy(best, oid, (size_t)length + 1);
        }
        if (is_known) {
            break;
        }
    }
    CERTIFICATEPOLICIES_free(policies);
    return strdup(best);
}

char *x509_serial(const X509 *cert)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    char *upper = number == NULL ? NULL : BN_bn2hex(number);
    const char *digits = upper == NULL ? "" : upper;
    while (digits[0] == '0' && digits[1] != '\0') {
        digits++;
    }
    char *text = strdup(digits);
    for (char *at = text; at != NULL && *at != '\0'; at++) {
        *at = (char)(*at >= 'A' && *at <= 'F' ? *at + ('a' - 'A') : *at);
    }
    OPENSSL_free(upper);
    BN_free(number);
    return text;
}

int x509_time(const ASN1_TIME *time, int64_t *seconds)
{
    int days = 0;
    int rest = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int is_read = time != NULL && epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time);
    ASN1_TIME_free(epoch);
    if (!is_read) {
        return -1;
    }
    *seconds = (int64_t)days * 86400 + rest;
    return 0;
}
