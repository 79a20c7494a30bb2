/* Where a certificate goes: decided from the certificate itself, and what lies there already. */
#include "target.h"
#include "facts.h"
#include "files.h"
#include "layout.h"
#include "names.h"
#include "text.h"
#include "x509.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP_MAX_BYTES 150
#define OWNER_MAX_BYTES 120

void target_wipe(struct target *target)
{
    free(target->dir);
    free(target->name);
    for (size_t i = 0; i < target->file_count; i++) {
        free(target->files[i]);
    }
    memset(target, 0, sizeof *target);
}

char *target_path(const struct roots *roots, const struct target *target)
{
    const char *base = target->base == BASE_ROOT ? roots->root_path : roots->parent_path;
    const char *name = target->is_folder ? target->name : target->files[0];
    return text_print("%s/%s/%s", strcmp(base, "/") == 0 ? "" : base, target->dir, name);
}

/* Spells dir as the disk does, as far as it exists. */
static enum store_fault dir_resolve(int folder, char *wanted, struct target *target)
{
    char *rest = wanted;
    int at = folder_open(folder, ".");
    enum store_fault fault = at < 0 ? STORE_NOT_WRITABLE : STORE_OK;
    target->dir = strdup("");
    for (char *part = NULL; fault == STORE_OK && (part = strtok_r(rest, "/", &rest)) != NULL;) {
        char *found = target->missing > 0 ? NULL : folder_find(at, part);
        char *longer = text_print("%s%s%s", target->dir, target->dir[0] == '\0' ? "" : "/",
                                  found == NULL ? part : found);
        if (longer == NULL) {
            free(found);
            fault = STORE_MEMORY;
            break;
        }
        free(target->dir);
        target->dir = longer;
        if (found == NULL) {
            target->missing++;
        } else {
            int below = folder_open(at, found);
            int saved = errno;
            close(at);
            at = below;
            errno = saved;
            fault = below < 0 ? STORE_NOT_WRITABLE : STORE_OK;
        }
        free(found);
    }
    int saved = errno;
    if (at >= 0) {
        close(at);
    }
    errno = saved;
    return fault;
}

/* Names of an NPKI certificate's or a GPKI group's files, in the certificate's order. */
static enum store_fault name_files(const struct cr_cert *cert, struct target *target)
{
    for (size_t i = 0; i < cert->file_count; i++) {
        const struct layout_file *file = LAYOUT;
        while (file < LAYOUT + LAYOUT_FILES && file->kind != cert->files[i].kind) {
            file++;
        }
        if (file == LAYOUT + LAYOUT_FILES) {
            return STORE_DAMAGED_CERT;
        }
        char *name = target->is_folder ? strdup(file->npki) : text_print("%s%s", target->name, file->gpki);
        if (name == NULL) {
            return STORE_MEMORY;
        }
        target->files[target->file_count++] = name;
    }
    return STORE_OK;
}

static enum store_fault target_npki(const struct roots *roots, const struct store_facts *facts,
                                    const struct cr_cert *cert, struct target *target)
{
    char *dir = text_print("%s/USER", facts->ca_folder);
    enum store_fault fault = dir == NULL ? STORE_MEMORY : dir_resolve(roots->root, dir, target);
    free(dir);
    target->base = BASE_ROOT;
    target->is_folder = 1;
    target->name = strdup(facts->folder);
    return fault == STORE_OK ? name_files(cert, target) : fault;
}

/* GPKI programs call a group after the common name. */
static char *group_name(const struct cr_cert *cert)
{
    char *name = NULL;
    for (size_t i = 0; i < cert->file_count && name == NULL; i++) {
        if (cert->files[i].kind == CR_FILE_SIGN_CERT) {
            X509 *sign = x509_read(cert->files[i].bytes, cert->files[i].size);
            char *common_name =
                sign == NULL ? NULL : x509_name_part(X509_get_subject_name(sign), NID_commonName);
            name = common_name == NULL ? NULL : name_safe(common_name, GROUP_MAX_BYTES);
            free(common_name);
            X509_free(sign);
        }
    }
    return name;
}

static enum store_fault target_gpki(const struct roots *roots, const struct cr_cert *cert,
                                    struct target *target)
{
    char dir[] = "GPKI/Certificate/class2";
    if (roots->parent < 0) {
        return STORE_NOT_WRITABLE;
    }
    enum store_fault fault = dir_resolve(roots->parent, dir, target);
    target->base = BASE_PARENT;
    target->name = group_name(cert);
    if (fault == STORE_OK && target->name == NULL) {
        fault = STORE_DAMAGED_CERT;
    }
    return fault == STORE_OK ? name_files(cert, target) : fault;
}

static enum store_fault target_container(const struct roots *roots, const struct store_facts *facts,
                                         const struct cr_cert *cert, struct target *target)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char dir[] = "certrelay";
    enum store_fault fault = dir_resolve(roots->root, dir, target);
    target->base = BASE_ROOT;
    SHA256(cert->files[0].bytes, cert->files[0].size, digest);
    char *owner = name_safe(facts->owner[0] == '\0' ? "certificate" : facts->owner, OWNER_MAX_BYTES);
    char *name = text_print("%s-%02x%02x%02x%02x.%s", owner == NULL ? "" : owner, digest[0], digest[1],
                            digest[2], digest[3], cert->format == CR_FORMAT_PEM ? "pem" : "p12");
    free(owner);
    target->name = name;
    target->files[0] = name == NULL ? NULL : strdup(name);
    target->file_count = 1;
    return target->files[0] == NULL ? STORE_MEMORY : fault;
}

static int file_is(int folder, const char *name, const struct cr_file *file)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    int is_same = file_read(folder, name, &bytes, &length) == STORE_OK && length == file->size &&
                  CRYPTO_memcmp(bytes, file->bytes, length) == 0;
    file_free(bytes);
    return is_same;
}

/* Compares by the sign certificate there, which is files[i] of the new one. */
static enum store_clash compare_age(int folder, const char *name, const struct cr_file *file)
{
    struct store_facts old;
    struct store_facts new;
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum store_clash clash = STORE_CLASH_OTHER;
    if (file_read(folder, name, &bytes, &length) == STORE_OK &&
        store_facts_read(bytes, length, &old) == STORE_OK) {
        if (store_facts_read(file->bytes, file->size, &new) == STORE_OK) {
            clash = old.not_before < new.not_before ? STORE_CLASH_RENEWED : STORE_CLASH_OTHER;
            store_facts_wipe(&new);
        }
        store_facts_wipe(&old);
    }
    file_free(bytes);
    return clash;
}

static enum store_clash compare_files(int folder, const struct cr_cert *cert, struct target *target)
{
    enum store_clash age = STORE_CLASH_OTHER;
    size_t there = 0;
    size_t same = 0;
    for (size_t i = 0; i < cert->file_count; i++) {
        char *found = folder_find(folder, target->files[i]);
        if (found == NULL) {
            continue;
        }
        there++;
        same += (size_t)file_is(folder, found, &cert->files[i]);
        if (cert->files[i].kind == CR_FILE_SIGN_CERT) {
            age = compare_age(folder, found, &cert->files[i]);
        }
        free(target->files[i]);
        target->files[i] = found;
    }
    if (same == cert->file_count) {
        return STORE_CLASH_SAME;
    }
    return there == 0 && !target->is_folder ? STORE_CLASH_NONE : age;
}

/* Looks at what is there; a link or a file in place of the folder is another's. */
static enum store_clash find_clash(int dir, const struct cr_cert *cert, struct target *target)
{
    if (!target->is_folder) {
        return compare_files(dir, cert, target);
    }
    char *found = folder_find(dir, target->name);
    if (found == NULL) {
        return STORE_CLASH_NONE;
    }
    free(target->name);
    target->name = found;
    int folder = folder_open(dir, found);
    if (folder < 0) {
        return STORE_CLASH_OTHER;
    }
    enum store_clash clash = compare_files(folder, cert, target);
    close(folder);
    return clash;
}

static enum store_fault target_decide(const struct roots *roots, const struct store_facts *facts,
                                      const struct cr_cert *cert, struct target *target)
{
    switch (cert->format) {
    case CR_FORMAT_NPKI:
        return target_npki(roots, facts, cert, target);
    case CR_FORMAT_GPKI:
        return target_gpki(roots, cert, target);
    default:
        return target_container(roots, facts, cert, target);
    }
}

enum store_fault target_find(const struct roots *roots, const struct cr_cert *cert, struct target *target)
{
    struct store_facts facts;
    memset(target, 0, sizeof *target);
    enum store_fault fault = store_facts_open(cert, NULL, 0, &facts);
    if (fault != STORE_OK) {
        return fault;
    }
    fault = target_decide(roots, &facts, cert, target);
    target->not_before = facts.not_before;
    store_facts_wipe(&facts);
    if (fault == STORE_OK && (target->name == NULL || target->dir == NULL)) {
        fault = STORE_MEMORY;
    }
    if (fault == STORE_OK && target->missing == 0) {
        int dir = dir_open(roots_folder(roots, target->base), target->dir, 0);
        if (dir < 0) {
            return STORE_NOT_WRITABLE;
        }
        target->clash = find_clash(dir, cert, target);
        close(dir);
    }
    return fault;
}

enum store_fault target_read(const struct roots *roots, const struct target *target,
                             const struct cr_cert *cert, struct cr_bundle *bundle)
{
    char *dir = target->is_folder ? text_print("%s/%s", target->dir, target->name) : strdup(target->dir);
    int folder = dir == NULL ? -1 : dir_open(roots_folder(roots, target->base), dir, 0);
    enum store_fault fault = folder < 0 ? STORE_READ_BACK : STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < target->file_count; i++) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        if (file_read(folder, target->files[i], &bytes, &length) != STORE_OK ||
            cr_bundle_add_file(bundle, cert->files[i].kind, bytes, length) != CR_OK) {
            fault = STORE_READ_BACK;
        }
        file_free(bytes);
    }
    if (folder >= 0) {
        close(folder);
    }
    free(dir);
    return fault;
}
