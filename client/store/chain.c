/* How far a certificate's signatures lead: OpenSSL's path building, with every finding sorted instead of the first one reported. */
#include "chain.h"
#include "text.h"
#include "x509.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first of each kind. */
struct findings {
    X509_NAME *broken;
    X509_NAME *missing;
    X509_NAME *expired;
};

enum store_fault chain_open(time_t now, struct chain *chain)
{
    *chain = (struct chain){X509_STORE_new(), sk_X509_new_null(), now};
    return chain->ends == NULL || chain->authorities == NULL ? STORE_MEMORY : STORE_OK;
}

void chain_close(struct chain *chain)
{
    X509_STORE_free(chain->ends);
    sk_X509_pop_free(chain->authorities, X509_free);
    *chain = (struct chain){0};
}

static int is_self_issued(X509 *cert)
{
    return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}

void chain_add(struct chain *chain, X509 *cert)
{
    if (X509_check_ca(cert) == 0 || !X509_up_ref(cert)) {
        return;
    }
    if (sk_X509_push(chain->authorities, cert) <= 0) {
        X509_free(cert);
    } else if (is_self_issued(cert)) {
        (void)X509_STORE_add_cert(chain->ends, cert);
    }
}

void chain_add_list(struct chain *chain, const struct store_list *list)
{
    for (size_t i = 0; list != NULL && i < list->authority_count; i++) {
        X509 *cert = x509_read(list->authorities[i].der, list->authorities[i].length);
        if (cert != NULL) {
            chain_add(chain, cert);
        }
        X509_free(cert);
    }
}

static void note(X509_NAME **place, X509_NAME *name)
{
    if (*place == NULL) {
        *place = name;
    }
}

static void sort_finding(struct findings *findings, int error, int depth, X509 *cert)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        /* The person's own dates are no matter of the chain. */
        if (depth > 0) {
            note(&findings->expired, X509_get_subject_name(cert));
        }
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        note(&findings->missing, X509_get_issuer_name(cert));
        break;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        note(&findings->broken, X509_get_issuer_name(cert));
        break;
    default:
        note(&findings->broken, X509_get_subject_name(cert));
    }
}

/* Goes on after every finding, so that a signature is judged even where the next issuer is missing. */
static int sort_one(int is_good, X509_STORE_CTX *context)
{
    X509 *cert = X509_STORE_CTX_get_current_cert(context);
    if (!is_good && cert != NULL) {
        sort_finding(X509_STORE_CTX_get_app_data(context), X509_STORE_CTX_get_error(context),
                     X509_STORE_CTX_get_error_depth(context), cert);
    }
    return 1;
}

static void tell(const X509_NAME *issuer, char name[static STORE_ISSUER_BYTES])
{
    char *text = issuer == NULL ? NULL : x509_name_part(issuer, NID_commonName);
    if (text != NULL && text[0] == '\0') {
        free(text);
        text = x509_name_part(issuer, NID_organizationName);
    }
    char *shown = text == NULL ? NULL : store_printable(text, strlen(text));
    if (shown != NULL) {
        text_cut(shown, STORE_ISSUER_BYTES - 1);
        snprintf(name, STORE_ISSUER_BYTES, "%s", shown);
    }
    free(shown);
    free(text);
}

static enum store_chain judge(const struct findings *findings, const X509_STORE_CTX *context,
                              char name[static STORE_ISSUER_BYTES])
{
    if (findings->broken != NULL) {
        tell(findings->broken, name);
        return STORE_CHAIN_BROKEN;
    }
    if (findings->missing != NULL) {
        tell(findings->missing, name);
        return STORE_CHAIN_MISSING;
    }
    if (findings->expired != NULL) {
        tell(findings->expired, name);
        return STORE_CHAIN_EXPIRED;
    }
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    int count = sk_X509_num(path);
    if (count < 2) {
        return STORE_CHAIN_UNKNOWN;
    }
    tell(X509_get_subject_name(sk_X509_value(path, count - 1)), name);
    return STORE_CHAIN_COMPLETE;
}

static void prepare(const struct chain *chain, X509_STORE_CTX *context, struct findings *findings)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, chain->now);
    /* Old authorities have RSA-1024 and SHA-1, and critical extensions of their own. */
    X509_VERIFY_PARAM_set_auth_level(rules, 0);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_IGNORE_CRITICAL | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_STORE_CTX_set_app_data(context, findings);
    X509_STORE_CTX_set_verify_cb(context, sort_one);
}

enum store_chain chain_check(const struct chain *chain, X509 *cert, char name[static STORE_ISSUER_BYTES])
{
    struct findings findings = {0};
    enum store_chain result = STORE_CHAIN_UNKNOWN;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    name[0] = '\0';
    if (context != NULL && X509_STORE_CTX_init(context, chain->ends, cert, chain->authorities)) {
        prepare(chain, context, &findings);
        (void)X509_verify_cert(context);
        result = judge(&findings, context, name);
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return result;
}
