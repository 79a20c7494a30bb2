/* What lies together in one folder: the four files of NPKI, the file groups of GPKI, containers. */
#include "scan.h"
#include "container.h"
#include "files.h"
#include "key.h"
#include "layout.h"
#include "text.h"
#include "x509.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct ending {
    const char *text;
    enum cr_format format;
    enum cr_file_kind kind;
} CONTAINERS[] = {
    {".p12", CR_FORMAT_PKCS12, CR_FILE_PKCS12},
    {".pfx", CR_FORMAT_PKCS12, CR_FILE_PKCS12},
    {".pem", CR_FORMAT_PEM, CR_FILE_PEM},
};

static int ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t end = strlen(ending);
    return length > end && strcasecmp(name + length - end, ending) == 0;
}

/* What lies in one folder. Folded once, so that a folder full of groups costs no square of foldings. */
struct lying {
    char **names;
    char **folded;
    size_t count;
};

static void lying_wipe(struct lying *lying)
{
    for (size_t i = 0; lying->folded != NULL && i < lying->count; i++) {
        free(lying->folded[i]);
    }
    free(lying->folded);
}

static int lying_fold(struct lying *lying, char **names)
{
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    *lying = (struct lying){names, calloc(count + 1, sizeof *names), count};
    for (size_t i = 0; lying->folded != NULL && i < count; i++) {
        lying->folded[i] = text_fold(names[i]);
        if (lying->folded[i] == NULL) {
            return -1;
        }
    }
    return lying->folded == NULL ? -1 : 0;
}

static const char *find_name(const struct lying *lying, const char *wanted)
{
    const char *found = NULL;
    char *folded = text_fold(wanted);
    for (size_t i = 0; folded != NULL && i < lying->count; i++) {
        if (strcmp(lying->names[i], wanted) == 0) {
            found = lying->names[i];
            break;
        }
        if (found == NULL && strcmp(lying->folded[i], folded) == 0) {
            found = lying->names[i];
        }
    }
    free(folded);
    return found;
}

/* Reads the certificate or key and says what is wrong with it. facts may be NULL. */
static enum store_fault examine(int folder, const char *name, enum cr_file_kind kind,
                                struct store_facts *facts, uint8_t digest[static SHA256_DIGEST_LENGTH])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum store_fault fault = file_read(folder, name, &bytes, &length);
    if (fault != STORE_OK) {
        return fault;
    }
    SHA256(bytes, length, digest);
    if (facts != NULL) {
        fault = store_facts_read(bytes, length, facts);
    } else if (kind == CR_FILE_SIGN_KEY || kind == CR_FILE_KM_KEY) {
        X509_SIG *key = key_read(bytes, length);
        fault = key == NULL ? STORE_DAMAGED_KEY : STORE_OK;
        X509_SIG_free(key);
    } else {
        X509 *cert = x509_read(bytes, length);
        fault = cert == NULL ? STORE_DAMAGED_CERT : STORE_OK;
        X509_free(cert);
    }
    file_free(bytes);
    ERR_clear_error();
    return fault;
}

static int entry_add_file(struct store_entry *entry, const char *path, const char *name,
                          enum cr_file_kind kind, const uint8_t digest[static SHA256_DIGEST_LENGTH])
{
    char *full = text_print("%s/%s", path, name);
    if (full == NULL) {
        return -1;
    }
    memcpy(entry->digests[entry->file_count], digest, sizeof entry->digests[0]);
    entry->kinds[entry->file_count] = kind;
    entry->paths[entry->file_count++] = full;
    return 0;
}

/* found holds a name for each member, or NULL. A key-management file that is damaged is left out: the sign pair is
 * worth moving without it. */
static void take_pair(struct scan *scan, int folder, const char *path, enum cr_format format,
                      const char *const found[static LAYOUT_FILES])
{
    struct store_entry entry = {.format = format, .path = strdup(path)};
    for (size_t i = 0; i < LAYOUT_FILES; i++) {
        enum cr_file_kind kind = LAYOUT[i].kind;
        int is_sign = kind == CR_FILE_SIGN_CERT || kind == CR_FILE_SIGN_KEY;
        enum store_fault fault = kind == CR_FILE_SIGN_CERT ? STORE_NO_CERT : STORE_NO_KEY;
        uint8_t digest[SHA256_DIGEST_LENGTH] = {0};
        if (found[i] != NULL) {
            fault = examine(folder, found[i], kind, kind == CR_FILE_SIGN_CERT ? &entry.facts : NULL, digest);
        }
        if (found[i] != NULL && (is_sign || fault == STORE_OK) &&
            entry_add_file(&entry, path, found[i], kind, digest) != 0) {
            scan->fault = STORE_MEMORY;
        }
        if (is_sign && entry.fault == STORE_OK) {
            entry.fault = fault;
        }
    }
    if (entry.fault != STORE_OK) {
        store_facts_wipe(&entry.facts);
    }
    if (entry.path == NULL) {
        scan->fault = STORE_MEMORY;
    }
    list_add(scan, &entry);
}

static void take_npki(struct scan *scan, int folder, const char *path, const struct lying *lying)
{
    const char *found[LAYOUT_FILES];
    int is_any = 0;
    for (size_t i = 0; i < LAYOUT_FILES; i++) {
        found[i] = find_name(lying, LAYOUT[i].npki);
        is_any |= found[i] != NULL;
    }
    if (is_any) {
        take_pair(scan, folder, path, CR_FORMAT_NPKI, found);
    }
}

static void take_gpki(struct scan *scan, int folder, const char *path, const struct lying *lying,
                      const char *name, const char *ending)
{
    const char *found[LAYOUT_FILES];
    int base_length = (int)(strlen(name) - strlen(ending));
    for (size_t i = 0; i < LAYOUT_FILES; i++) {
        char *wanted = text_print("%.*s%s", base_length, name, LAYOUT[i].gpki);
        found[i] = wanted == NULL ? NULL : find_name(lying, wanted);
        free(wanted);
    }
    /* Each group once: by its certificate, or by its key when there is no certificate. */
    if (found[0] == name || (found[0] == NULL && found[1] == name)) {
        take_pair(scan, folder, path, CR_FORMAT_GPKI, found);
    }
}

/* Facts of a container, as far as they show without its password; its file's name when they do not. */
static enum store_fault container_examine(int folder, const char *name, const struct ending *ending,
                                          struct store_facts *facts,
                                          uint8_t digest[static SHA256_DIGEST_LENGTH])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum store_fault fault = file_read(folder, name, &bytes, &length);
    if (fault == STORE_OK) {
        SHA256(bytes, length, digest);
        fault = container_check(ending->format, bytes, length);
    }
    if (fault == STORE_OK) {
        struct cr_cert cert = {.format = ending->format, .file_count = 1};
        cert.files[0] = (struct cr_file){ending->kind, (uint32_t)length, bytes};
        fault = store_facts_open(&cert, NULL, 0, facts);
    }
    if (fault == STORE_OK && facts->owner[0] == '\0') {
        free(facts->owner);
        facts->owner = store_printable(name, strlen(name) - strlen(ending->text));
        fault = facts->owner == NULL ? STORE_MEMORY : STORE_OK;
    }
    if (fault != STORE_OK) {
        store_facts_wipe(facts);
    }
    file_free(bytes);
    return fault;
}

static void take_container(struct scan *scan, int folder, const char *path, const char *name,
                           const struct ending *ending)
{
    uint8_t digest[SHA256_DIGEST_LENGTH] = {0};
    struct store_entry entry = {.format = ending->format, .path = text_print("%s/%s", path, name)};
    entry.fault = container_examine(folder, name, ending, &entry.facts, digest);
    if (entry.path == NULL || entry_add_file(&entry, path, name, ending->kind, digest) != 0) {
        scan->fault = STORE_MEMORY;
    }
    /* Many a .pem is something else altogether. */
    if (entry.format == CR_FORMAT_PEM && (entry.fault == STORE_NO_CERT || entry.fault == STORE_NO_KEY)) {
        entry_wipe(&entry);
        return;
    }
    list_add(scan, &entry);
}

int group_take_container(struct scan *scan, int folder, const char *path, const char *name)
{
    for (size_t i = 0; i < sizeof CONTAINERS / sizeof CONTAINERS[0]; i++) {
        if (ends_in(name, CONTAINERS[i].text)) {
            take_container(scan, folder, path, name, &CONTAINERS[i]);
            return 1;
        }
    }
    return 0;
}

int group_sniff_container(struct scan *scan, int folder, const char *path, const char *name)
{
    static const struct ending SNIFFED[] = {
        {"", CR_FORMAT_PKCS12, CR_FILE_PKCS12},
        {"", CR_FORMAT_PEM, CR_FILE_PEM},
    };
    uint8_t *bytes = NULL;
    size_t length = 0;
    const struct ending *found = NULL;
    if (file_read(folder, name, &bytes, &length) != STORE_OK) {
        return 0;
    }
    for (size_t i = 0; found == NULL && i < sizeof SNIFFED / sizeof SNIFFED[0]; i++) {
        enum store_fault fault = container_check(SNIFFED[i].format, bytes, length);
        if (fault == STORE_OK || fault == STORE_PLAIN_KEY) {
            found = &SNIFFED[i];
        }
    }
    file_free(bytes);
    if (found != NULL) {
        take_container(scan, folder, path, name, found);
    }
    return found != NULL;
}

void group_take(struct scan *scan, int folder, const char *path, char **names)
{
    struct lying lying;
    if (lying_fold(&lying, names) != 0) {
        scan->fault = STORE_MEMORY;
        lying_wipe(&lying);
        return;
    }
    take_npki(scan, folder, path, &lying);
    for (char **name = names; *name != NULL; name++) {
        if (ends_in(*name, LAYOUT[0].gpki) || ends_in(*name, LAYOUT[1].gpki)) {
            take_gpki(scan, folder, path, &lying, *name, LAYOUT[0].gpki);
        } else if (entry_type(folder, *name) == ENTRY_FILE) {
            group_take_container(scan, folder, path, *name);
        }
    }
    lying_wipe(&lying);
}
