/* What a certificate says of itself, put together for people. */
#include "facts.h"
#include "names.h"
#include "tables.h"
#include "text.h"
#include "x509.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define DAY_SECONDS 86400
#define KOREA_SECONDS (9 * 3600)
#define RENEW_DAYS 30
#define FOLDER_MAX_BYTES 60

/* Every text a store_facts owns. */
static char **const *texts_of(struct store_facts *facts, char **texts[static 12])
{
    char **all[12] = {&facts->owner,     &facts->subject,   &facts->issuer_ko, &facts->issuer_en,
                      &facts->issuer_cn, &facts->use_ko,    &facts->use_en,    &facts->policy,
                      &facts->serial,    &facts->ca_folder, &facts->folder,    NULL};
    memcpy(texts, all, sizeof all);
    return texts;
}

void store_facts_wipe(struct store_facts *facts)
{
    char **texts[12];
    for (char **const *text = texts_of(facts, texts); *text != NULL; text++) {
        free(**text);
    }
    memset(facts, 0, sizeof *facts);
}

/* STORE_MEMORY, and nothing left, when any text is missing. */
static enum store_fault facts_finish(struct store_facts *facts)
{
    char **texts[12];
    for (char **const *text = texts_of(facts, texts); *text != NULL; text++) {
        if (**text == NULL) {
            store_facts_wipe(facts);
            return STORE_MEMORY;
        }
    }
    return STORE_OK;
}

enum store_fault facts_unknown(const uint8_t *bytes, size_t length, struct store_facts *facts)
{
    char **texts[12];
    memset(facts, 0, sizeof *facts);
    for (char **const *text = texts_of(facts, texts); *text != NULL; text++) {
        **text = strdup("");
    }
    SHA256(bytes, length, facts->identity);
    return facts_finish(facts);
}

static void fill_owner(const X509 *cert, struct store_facts *facts)
{
    facts->owner = x509_real_name(cert);
    if (facts->owner != NULL && facts->owner[0] == '\0') {
        free(facts->owner);
        char *common_name = x509_name_part(X509_get_subject_name(cert), NID_commonName);
        facts->owner = common_name == NULL ? NULL : name_without_tail(common_name);
        free(common_name);
    }
}

static int is_test_name(const char *common_name)
{
    static const char *const MARKS[] = {"TEST", "Test", "test", "FTCA"};
    for (size_t i = 0; i < sizeof MARKS / sizeof MARKS[0]; i++) {
        if (strstr(common_name, MARKS[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void fill_issuer(const X509 *cert, struct store_facts *facts)
{
    const X509_NAME *issuer = X509_get_issuer_name(cert);
    char *organisation = x509_name_part(issuer, NID_organizationName);
    facts->issuer_cn = x509_name_part(issuer, NID_commonName);
    if (organisation == NULL || facts->issuer_cn == NULL) {
        free(organisation);
        return;
    }
    const struct table_issuer *known = table_issuer(organisation);
    const char *other = organisation[0] != '\0' ? organisation : facts->issuer_cn;
    facts->issuer_ko = strdup(known == NULL ? other : known->ko);
    facts->issuer_en = strdup(known == NULL ? other : known->en);
    facts->ca_folder = known == NULL ? name_safe(other, FOLDER_MAX_BYTES) : strdup(known->folder);
    facts->is_test = is_test_name(facts->issuer_cn);
    free(organisation);
}

static void fill_use(const X509 *cert, struct store_facts *facts)
{
    facts->policy = x509_policy(cert);
    if (facts->policy == NULL) {
        return;
    }
    const struct table_policy *known = table_policy(facts->policy);
    facts->use_ko = strdup(known == NULL ? facts->policy : known->ko);
    facts->use_en = strdup(known == NULL ? facts->policy : known->en);
}

static void fill_subject(const X509 *cert, struct store_facts *facts)
{
    facts->subject = x509_subject(cert);
    if (facts->subject == NULL) {
        return;
    }
    if (facts->subject[0] != '\0') {
        facts->folder = name_safe(facts->subject, NAME_MAX_BYTES);
    } else {
        facts->folder = text_print("serial=%s", facts->serial == NULL ? "" : facts->serial);
    }
}

static unsigned key_bits(const X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    int bits = key == NULL ? 0 : EVP_PKEY_get_bits(key);
    return bits < 0 ? 0 : (unsigned)bits;
}

static int fill_identity(const X509 *cert, struct store_facts *facts)
{
    unsigned length = 0;
    return X509_digest(cert, EVP_sha256(), facts->identity, &length) && length == sizeof facts->identity;
}

enum store_fault facts_fill(const X509 *cert, struct store_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    if (x509_time(X509_get0_notBefore(cert), &facts->not_before) != 0 ||
        x509_time(X509_get0_notAfter(cert), &facts->not_after) != 0 || !fill_identity(cert, facts)) {
        memset(facts, 0, sizeof *facts);
        return STORE_DAMAGED_CERT;
    }
    facts->serial = x509_serial(cert);
    facts->key_bits = key_bits(cert);
    fill_owner(cert, facts);
    fill_issuer(cert, facts);
    fill_use(cert, facts);
    fill_subject(cert, facts);
    return facts_finish(facts);
}

enum store_fault store_facts_read(const uint8_t *der, size_t length, struct store_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    X509 *cert = x509_read(der, length);
    enum store_fault fault = cert == NULL ? STORE_DAMAGED_CERT : facts_fill(cert, facts);
    X509_free(cert);
    ERR_clear_error();
    return fault;
}

static int64_t korean_day(int64_t seconds)
{
    int64_t local = seconds + KOREA_SECONDS;
    return local >= 0 ? local / DAY_SECONDS : -((-local + DAY_SECONDS - 1) / DAY_SECONDS);
}

int store_facts_days_left(const struct store_facts *facts, time_t now)
{
    return (int)(korean_day(facts->not_after) - korean_day((int64_t)now));
}

enum store_state store_facts_state(const struct store_facts *facts, time_t now)
{
    if ((int64_t)now > facts->not_after) {
        return STORE_EXPIRED;
    }
    if ((int64_t)now < facts->not_before) {
        return STORE_NOT_YET;
    }
    return store_facts_days_left(facts, now) <= RENEW_DAYS ? STORE_RENEW_SOON : STORE_VALID;
}
