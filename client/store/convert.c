/* A certificate in another format: taken apart, written anew, opened again and compared. */
#include "convert.h"
#include "facts.h"
#include "parts.h"
#include "spell.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

struct conversion {
    struct provider provider;
    const struct store_wish *wish;
    struct parts parts;
    struct spelling password; /* that opened it */
    struct spelling new_password;
    struct cr_bundle *made;
    char *detail;
};

static enum store_fault fault_of_adding(int error)
{
    return error == CR_OK ? STORE_OK : error == CR_E_LIMIT ? STORE_TOO_BIG : STORE_MEMORY;
}

/* As typed first, then as others spell it; the spelling that opened it is kept. */
static enum store_fault take_apart(struct conversion *conversion, const struct cr_cert *cert)
{
    struct spellings spellings;
    enum store_fault fault = STORE_WRONG_PASSWORD;
    spellings_make(conversion->wish->password, conversion->wish->length, &spellings);
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < spellings.count; i++) {
        struct spelling *spelling = &spellings.all[i];
        parts_wipe(&conversion->parts);
        fault = parts_open(&conversion->provider, cert, spelling->bytes, spelling->length, &conversion->parts,
                           conversion->detail);
        if (fault == STORE_OK) {
            conversion->password = *spelling;
            *spelling = (struct spelling){0};
        }
    }
    fault = spellings.count == 0 ? STORE_MEMORY : fault;
    spellings_wipe(&spellings);
    return fault;
}

/* Containers are made of UTF-8 by all programs; folders may be opened by old ones. */
static enum store_fault choose_password(struct conversion *conversion)
{
    const struct store_wish *wish = conversion->wish;
    int is_folder = wish->format == CR_FORMAT_NPKI || wish->format == CR_FORMAT_GPKI;
    const char *typed = wish->new_password == NULL ? wish->password : wish->new_password;
    size_t length = wish->new_password == NULL ? wish->length : wish->new_length;
    if (length == 0) {
        return STORE_PLAIN_KEY;
    }
    if (length > SPELL_PASSWORD_MAX_BYTES) {
        return STORE_TOO_BIG;
    }
    conversion->new_password = spelling_new(typed, length, is_folder && conversion->password.is_cp949);
    return conversion->new_password.bytes == NULL ? STORE_MEMORY : STORE_OK;
}

static enum store_fault add_container(struct conversion *conversion)
{
    const struct sealing sealing = {&conversion->provider, conversion->new_password.bytes,
                                    conversion->new_password.length,
                                    conversion->wish->strength == STORE_STRONG};
    int is_pem = conversion->wish->format == CR_FORMAT_PEM;
    size_t length = 0;
    uint8_t *bytes = is_pem ? parts_to_pem(&conversion->parts, &sealing, &length)
                            : parts_to_pkcs12(&conversion->parts, &sealing, &length);
    if (bytes == NULL) {
        return STORE_MEMORY;
    }
    conversion->made->certs[conversion->made->cert_count++].format = conversion->wish->format;
    enum store_fault fault =
        length > CR_FILE_MAX_BYTES
            ? STORE_TOO_BIG
            : fault_of_adding(
                  cr_bundle_add_file(conversion->made, is_pem ? CR_FILE_PEM : CR_FILE_PKCS12, bytes, length));
    OPENSSL_free(bytes);
    return fault;
}

static enum store_fault add_cert_file(struct conversion *conversion, enum cr_file_kind kind, X509 *cert)
{
    uint8_t *der = NULL;
    int length = i2d_X509(cert, &der);
    enum store_fault fault =
        length <= 0 ? STORE_MEMORY
                    : fault_of_adding(cr_bundle_add_file(conversion->made, kind, der, (size_t)length));
    OPENSSL_free(der);
    return fault;
}

static enum store_fault add_key_file(struct conversion *conversion, enum cr_file_kind kind,
                                     const struct plain *key)
{
    uint8_t *der = NULL;
    enum plain_form form = conversion->wish->strength == STORE_STRONG ? PLAIN_NPKI_STRONG : PLAIN_NPKI;
    if (conversion->provider.legacy == NULL) {
        return STORE_NO_LEGACY;
    }
    X509_SIG *sealed = plain_seal(&conversion->provider, key, form, conversion->new_password.bytes,
                                  conversion->new_password.length);
    int length = sealed == NULL ? -1 : i2d_X509_SIG(sealed, &der);
    enum store_fault fault =
        length <= 0 ? STORE_MEMORY
                    : fault_of_adding(cr_bundle_add_file(conversion->made, kind, der, (size_t)length));
    OPENSSL_free(der);
    X509_SIG_free(sealed);
    return fault;
}

static enum store_fault add_pair_files(struct conversion *conversion, const struct pair *pair, int is_km)
{
    enum store_fault fault =
        add_cert_file(conversion, is_km ? CR_FILE_KM_CERT : CR_FILE_SIGN_CERT, pair->cert);
    return fault == STORE_OK ? add_key_file(conversion, is_km ? CR_FILE_KM_KEY : CR_FILE_SIGN_KEY, &pair->key)
                             : fault;
}

/* The pair for encryption of the same person, not taken yet. */
static struct pair *find_km(struct parts *parts, const struct pair *sign, const int *is_taken)
{
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->pairs[i].is_km && !is_taken[i] &&
            X509_NAME_cmp(X509_get_subject_name(parts->pairs[i].cert), X509_get_subject_name(sign->cert)) ==
                0) {
            return &parts->pairs[i];
        }
    }
    return NULL;
}

/* Each sign pair becomes a folder, with the pair for encryption beside it; one that has no sign pair stands for itself. */
static enum store_fault add_folders(struct conversion *conversion)
{
    struct parts *parts = &conversion->parts;
    int is_taken[CONTAINER_MAX] = {0};
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < parts->count; i++) {
        if (is_taken[i]) {
            continue;
        }
        conversion->made->certs[conversion->made->cert_count++].format = conversion->wish->format;
        is_taken[i] = 1;
        fault = add_pair_files(conversion, &parts->pairs[i], 0);
        struct pair *km = parts->pairs[i].is_km ? NULL : find_km(parts, &parts->pairs[i], is_taken);
        if (fault == STORE_OK && km != NULL) {
            is_taken[km - parts->pairs] = 1;
            fault = add_pair_files(conversion, km, 1);
        }
    }
    return fault;
}

/* Opens what was made, and compares all that went into it. */
static enum store_fault compare(struct conversion *conversion)
{
    char detail[STORE_DETAIL_BYTES];
    size_t found = 0;
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < conversion->made->cert_count; i++) {
        struct parts again;
        fault = parts_open(&conversion->provider, &conversion->made->certs[i], conversion->new_password.bytes,
                           conversion->new_password.length, &again, detail) == STORE_OK
                    ? STORE_OK
                    : STORE_READ_BACK;
        for (size_t at = 0; fault == STORE_OK && at < again.count; at++) {
            found += (size_t)parts_have(&conversion->parts, &again.pairs[at]);
        }
        parts_wipe(&again);
    }
    return fault == STORE_OK && found != conversion->parts.count ? STORE_READ_BACK : fault;
}

/* What an offer would say of them. */
static enum store_fault tell(struct conversion *conversion)
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < conversion->made->cert_count; i++) {
        struct store_facts facts;
        fault = store_facts_open(&conversion->made->certs[i], conversion->new_password.bytes,
                                 conversion->new_password.length, &facts);
        if (fault == STORE_OK) {
            facts_tell(&facts, &conversion->made->certs[i]);
            store_facts_wipe(&facts);
        }
    }
    return fault;
}

static enum store_fault make(struct conversion *conversion, const struct cr_cert *cert)
{
    const struct store_wish *wish = conversion->wish;
    int is_folder = wish->format == CR_FORMAT_NPKI || wish->format == CR_FORMAT_GPKI;
    enum store_fault fault = take_apart(conversion, cert);
    if (fault == STORE_OK) {
        fault = choose_password(conversion);
    }
    if (fault != STORE_OK) {
        return fault;
    }
    if (!is_folder && wish->is_sign_only) {
        parts_drop_km(&conversion->parts);
    }
    if (!is_folder && wish->authorities != NULL) {
        parts_add_chain(&conversion->parts, wish->authorities);
    }
    fault = is_folder ? add_folders(conversion) : add_container(conversion);
    if (fault == STORE_OK) {
        fault = compare(conversion);
    }
    return fault == STORE_OK ? tell(conversion) : fault;
}

static size_t total(const struct cr_bundle *bundle)
{
    size_t bytes = 0;
    for (size_t i = 0; i < bundle->cert_count; i++) {
        for (size_t j = 0; j < bundle->certs[i].file_count; j++) {
            bytes += bundle->certs[i].files[j].size;
        }
    }
    return bytes;
}

static enum store_fault hand_over(struct cr_bundle *from, struct cr_bundle *to)
{
    if (from->cert_count + to->cert_count > CR_CERTS_MAX || total(from) + total(to) > CR_BUNDLE_MAX_BYTES) {
        return STORE_TOO_BIG;
    }
    for (size_t i = 0; i < from->cert_count; i++) {
        to->certs[to->cert_count++] = from->certs[i];
        memset(&from->certs[i], 0, sizeof from->certs[i]);
    }
    from->cert_count = 0;
    return STORE_OK;
}

enum store_fault store_convert(const struct cr_cert *cert, const struct store_wish *wish,
                               struct cr_bundle *bundle, char detail[static STORE_DETAIL_BYTES])
{
    detail[0] = '\0';
    if (wish->length > SPELL_PASSWORD_MAX_BYTES) {
        return STORE_WRONG_PASSWORD;
    }
    struct conversion *conversion = calloc(1, sizeof *conversion);
    enum store_fault fault = conversion == NULL ? STORE_MEMORY : provider_open(&conversion->provider);
    if (fault == STORE_OK) {
        conversion->wish = wish;
        conversion->detail = detail;
        conversion->made = cr_bundle_new();
        fault = conversion->made == NULL ? STORE_MEMORY : make(conversion, cert);
    }
    if (fault == STORE_OK) {
        fault = hand_over(conversion->made, bundle);
    }
    if (conversion != NULL) {
        cr_bundle_free(conversion->made);
        parts_wipe(&conversion->parts);
        spelling_wipe(&conversion->password);
        spelling_wipe(&conversion->new_password);
        provider_close(&conversion->provider);
    }
    free(conversion);
    ERR_clear_error();
    return fault;
}
