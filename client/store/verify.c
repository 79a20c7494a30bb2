/* Looking into a certificate with its password: each key, R, the person's number, the chain. */
#include "verify.h"
#include "chain.h"
#include "container.h"
#include "files.h"
#include "key.h"
#include "layout.h"
#include "spell.h"
#include "text.h"
#include "vid.h"
#include "x509.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct look {
    const struct store_entry *entry;
    const struct store_question *question;
    const struct cr_cert *cert;
    struct provider provider;
    struct spellings spellings;
    struct chain chain;
    struct store_verdict *verdict;
};

static void name_file(struct store_key_verdict *key, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *shown = store_printable(name, strlen(name));
    if (shown != NULL) {
        text_cut(shown, sizeof key->file - 1);
        snprintf(key->file, sizeof key->file, "%s", shown);
    }
    free(shown);
}

static struct store_key_verdict *add_key(const struct look *look, enum cr_file_kind kind)
{
    struct store_verdict *verdict = look->verdict;
    struct store_key_verdict *key = &verdict->keys[verdict->key_count++];
    key->kind = kind;
    for (size_t i = 0; i < look->entry->file_count; i++) {
        if (look->entry->kinds[i] == kind) {
            name_file(key, look->entry->paths[i]);
        }
    }
    return key;
}

/* R, and with it the number, of a key that opened. What was found before stays, if it was better. */
static void look_at_random(const struct look *look, const PKCS8_PRIV_KEY_INFO *opened, const X509 *cert)
{
    struct vid_random random;
    struct store_verdict *verdict = look->verdict;
    enum store_random found = vid_random_read(opened, &random);
    if (found > verdict->random) {
        verdict->random = found;
        if (look->question->number != NULL) {
            verdict->number = vid_check(cert, &random, look->question->number, look->question->number_length);
        }
    }
    OPENSSL_cleanse(&random, sizeof random);
}

/* The key as one spelling opens it. */
static enum store_fault open_once(const struct look *look, const X509_SIG *sealed, const X509 *cert,
                                  const struct spelling *spelling, struct store_key_verdict *key)
{
    PKCS8_PRIV_KEY_INFO *opened = NULL;
    enum store_fault fault =
        key_open(&look->provider, sealed, spelling->bytes, spelling->length, &opened, key->oid);
    if (fault == STORE_OK) {
        fault = cert == NULL ? STORE_NO_CERT : key_fits(&look->provider, opened, cert);
    }
    if (fault == STORE_OK && key->kind == CR_FILE_SIGN_KEY) {
        look_at_random(look, opened, cert);
    }
    key->is_cp949 = spelling->is_cp949;
    PKCS8_PRIV_KEY_INFO_free(opened);
    return fault;
}

static enum store_fault open_key(const struct look *look, const X509_SIG *sealed, const X509 *cert,
                                 struct store_key_verdict *key)
{
    enum store_fault fault = STORE_WRONG_PASSWORD;
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < look->spellings.count; i++) {
        fault = open_once(look, sealed, cert, &look->spellings.all[i], key);
    }
    key->is_cp949 = key->is_cp949 && fault == STORE_OK;
    return fault;
}

static int has_trailing(const struct cr_file *file)
{
    const unsigned char *at = file->bytes;
    long length = 0;
    int tag = 0;
    int class = 0;
    int flags = ASN1_get_object(&at, &length, &tag, &class, (long)file->size);
    return (flags & 0x80) == 0 && at + length < file->bytes + file->size;
}

static void look_at_key(const struct look *look, const struct cr_file *file, const X509 *cert,
                        struct store_key_verdict *key)
{
    X509_SIG *sealed = key_read(file->bytes, file->size);
    (void)store_key_form_read(file->bytes, file->size, &key->form);
    if (sealed == NULL) {
        key->fault = STORE_DAMAGED_KEY;
        return;
    }
    key->has_trailing = has_trailing(file);
    key->fault = open_key(look, sealed, cert, key);
    if (key->fault != STORE_UNKNOWN_CIPHER) {
        key->oid[0] = '\0';
    }
    X509_SIG_free(sealed);
}

/* The file's name on the disk when the entry is without it: a scan leaves out key-management files that are damaged. */
static char *find_left_out(const struct look *look, enum cr_file_kind kind)
{
    const struct store_entry *entry = look->entry;
    int folder = cert_file(look->cert, kind) == NULL ? folder_open_path(entry->path) : -1;
    char *found = folder < 0 ? NULL : layout_find(folder, entry->format, entry->paths[0], kind);
    if (folder >= 0) {
        close(folder);
    }
    return found;
}

/* The pair is not whole, or not sound. */
static void look_at_what_is_left(const struct look *look, enum cr_file_kind cert_kind,
                                 enum cr_file_kind key_kind, struct store_key_verdict *key)
{
    char *cert = find_left_out(look, cert_kind);
    char *sealed = find_left_out(look, key_kind);
    if (sealed != NULL) {
        key->fault = STORE_DAMAGED_KEY;
        name_file(key, sealed);
    } else if (cert != NULL) {
        key->fault = STORE_DAMAGED_CERT;
        name_file(key, cert);
    } else if (cert_file(look->cert, key_kind) == NULL) {
        key->fault = STORE_NOT_FOUND;
    }
    free(cert);
    free(sealed);
}

static void look_at_pair(const struct look *look, enum cr_file_kind cert_kind, enum cr_file_kind key_kind)
{
    const struct cr_file *cert_at = cert_file(look->cert, cert_kind);
    const struct cr_file *key_at = cert_file(look->cert, key_kind);
    X509 *cert = cert_at == NULL ? NULL : x509_read(cert_at->bytes, cert_at->size);
    struct store_key_verdict *key = add_key(look, key_kind);
    if (cert != NULL) {
        key->chain = chain_check(&look->chain, cert, key->name);
    }
    look_at_what_is_left(look, cert_kind, key_kind, key);
    if (key->fault == STORE_OK && key_at != NULL) {
        look_at_key(look, key_at, cert, key);
    }
    /* Most certificates have no key-management pair at all. */
    if (cert_at == NULL && key->fault == STORE_NOT_FOUND) {
        look->verdict->key_count--;
        memset(key, 0, sizeof *key);
    }
    X509_free(cert);
}

/* The certificate of the container that a key fits. */
static X509 *find_cert(const struct look *look, const struct container *container, size_t number,
                       enum store_fault *fault)
{
    *fault = STORE_NO_CERT;
    for (size_t i = 0; i < container->cert_count; i++) {
        *fault = key_fits(&look->provider, container->keys[number], container->certs[i]);
        if (*fault == STORE_OK) {
            return container->certs[i];
        }
    }
    return NULL;
}

static void look_at_container_key(struct look *look, const struct container *container, size_t number,
                                  struct store_key_verdict *key)
{
    X509 *cert = find_cert(look, container, number, &key->fault);
    if (cert == NULL) {
        return;
    }
    key->chain = chain_check(&look->chain, cert, key->name);
    look_at_random(look, container->keys[number], cert);
}

static enum store_fault open_container(const struct look *look, struct container *container,
                                       char oid[static 64], int *is_cp949)
{
    enum store_fault fault = STORE_WRONG_PASSWORD;
    for (size_t i = 0; fault == STORE_WRONG_PASSWORD && i < look->spellings.count; i++) {
        const struct spelling *spelling = &look->spellings.all[i];
        container_close(container);
        oid[0] = '\0';
        fault =
            container_open(&look->provider, look->cert, spelling->bytes, spelling->length, container, oid);
        *is_cp949 = spelling->is_cp949;
    }
    return fault == STORE_OK && container->key_count == 0 ? STORE_NO_KEY : fault;
}

static void look_at_container(struct look *look)
{
    struct container container = {0};
    char oid[64] = "";
    int is_cp949 = 0;
    enum cr_file_kind kind = look->cert->format == CR_FORMAT_PEM ? CR_FILE_PEM : CR_FILE_PKCS12;
    enum store_fault fault = open_container(look, &container, oid, &is_cp949);
    if (fault != STORE_OK) {
        struct store_key_verdict *key = add_key(look, kind);
        key->fault = fault;
        memcpy(key->oid, oid, fault == STORE_UNKNOWN_CIPHER ? sizeof key->oid : 0);
    }
    for (size_t i = 0; fault == STORE_OK && i < container.cert_count; i++) {
        chain_add(&look->chain, container.certs[i]);
    }
    for (size_t i = 0; fault == STORE_OK && i < container.key_count && i < STORE_KEYS_MAX; i++) {
        struct store_key_verdict *key = add_key(look, kind);
        key->is_cp949 = is_cp949;
        look_at_container_key(look, &container, i, key);
    }
    container_close(&container);
}

static int is_root_name(const char *name)
{
    static const char *const NAMES[] = {"NPKI", "GPKI", "EPKI"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (strcasecmp(NAMES[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Cuts path to the folder of all authorities: the last one called NPKI, GPKI or EPKI, else the one above CA/USER/NAME. */
static int cut_to_root(char *path)
{
    char *above[3] = {NULL, NULL, NULL};
    for (char *slash = NULL; (slash = strrchr(path, '/')) != NULL;) {
        if (is_root_name(slash + 1)) {
            return 1;
        }
        above[2] = above[1];
        above[1] = above[0];
        above[0] = slash;
        *slash = '\0';
        if (above[2] != NULL && strcasecmp(above[1] + 1, "USER") == 0 && path[0] != '\0') {
            return 1;
        }
    }
    return 0;
}

/* Authorities beside the entry, wherever it was found. */
static void find_authorities(struct look *look)
{
    struct store_list list = {0};
    char *path = realpath(look->entry->path, NULL);
    if (path != NULL && cut_to_root(path)) {
        (void)store_scan(path, &list);
        chain_add_list(&look->chain, &list);
        store_list_free(&list);
    }
    free(path);
    chain_add_list(&look->chain, look->question->found);
}

static void sum_up(const struct look *look)
{
    struct store_verdict *verdict = look->verdict;
    for (size_t i = 0; verdict->fault == STORE_OK && i < verdict->key_count; i++) {
        verdict->fault = verdict->keys[i].fault;
    }
    if (look->question->number != NULL && verdict->number == STORE_NUMBER_NOT_ASKED) {
        verdict->number = STORE_NUMBER_UNKNOWN;
    }
}

static enum store_fault look_at_all(struct look *look)
{
    enum store_fault fault = provider_open(&look->provider);
    if (fault == STORE_OK) {
        fault = chain_open(look->question->now, &look->chain);
    }
    if (fault != STORE_OK) {
        return fault;
    }
    find_authorities(look);
    if (look->cert->format == CR_FORMAT_PKCS12 || look->cert->format == CR_FORMAT_PEM) {
        look_at_container(look);
    } else {
        look_at_pair(look, CR_FILE_SIGN_CERT, CR_FILE_SIGN_KEY);
        look_at_pair(look, CR_FILE_KM_CERT, CR_FILE_KM_KEY);
    }
    sum_up(look);
    return STORE_OK;
}

enum store_fault store_verify(const struct store_entry *entry, const struct store_question *question,
                              struct store_verdict *verdict)
{
    struct look look = {.entry = entry, .question = question, .verdict = verdict};
    memset(verdict, 0, sizeof *verdict);
    struct cr_bundle *bundle = cr_bundle_new();
    enum store_fault fault = bundle == NULL ? STORE_MEMORY : store_load(entry, bundle);
    if (fault == STORE_OK) {
        look.cert = &bundle->certs[0];
        if (question->length <= SPELL_PASSWORD_MAX_BYTES) {
            spellings_make(question->password, question->length, &look.spellings);
        }
        fault = look_at_all(&look);
    }
    spellings_wipe(&look.spellings);
    chain_close(&look.chain);
    provider_close(&look.provider);
    cr_bundle_free(bundle);
    ERR_clear_error();
    return fault;
}
