/* Changing the password of a certificate where it lies: read, resealed in memory, exchanged in one go. */
#include "passwd.h"
#include "carry.h"
#include "files.h"
#include "layout.h"
#include "place.h"
#include "reseal.h"
#include "scan.h"
#include "twin.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct work {
    const struct store_entry *entry;
    const struct store_passwd *change;
    char *detail;
    struct place place;
    int is_exchanging; /* the whole folder, not each file for itself */
    struct roots roots;
    struct cr_bundle *
        bundle; /* one certificate: its files, and when exchanging what else is in the folder; bytes of file_read */
    struct plan *plan;
};

static void work_wipe(struct work *work)
{
    int saved = errno;
    struct cr_cert *cert = work->bundle == NULL ? NULL : &work->bundle->certs[0];
    for (size_t i = 0; cert != NULL && i < cert->file_count; i++) {
        file_free(cert->files[i].bytes);
    }
    free(work->bundle);
    plan_free(work->plan);
    roots_close(&work->roots);
    place_wipe(&work->place);
    errno = saved;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static size_t count_keys(const struct store_entry *entry)
{
    size_t count = 0;
    for (size_t i = 0; i < entry->file_count; i++) {
        count += entry->kinds[i] == CR_FILE_SIGN_KEY || entry->kinds[i] == CR_FILE_KM_KEY;
    }
    return count;
}

static void recover_at(const char *root)
{
    if (root != NULL) {
        store_recover(root);
    }
}

/* Where a store_passwd could have had its stage. */
static void recover_place(const struct place *place)
{
    recover_at(place->npki);
    recover_at(place->above);
    recover_at(place->folder);
}

void store_passwd_recover(const struct store_entry *entry)
{
    struct place place;
    int saved = errno;
    if (place_find(entry, &place) == STORE_OK) {
        recover_place(&place);
    }
    place_wipe(&place);
    errno = saved;
}

/* Fills what the plan needs to know of the place, and opens and locks it. */
static enum store_fault open_place(struct work *work)
{
    struct target *target = &work->plan->targets[0];
    int made = 0;
    enum store_fault fault = place_find(work->entry, &work->place);
    if (fault != STORE_OK) {
        return fault;
    }
    recover_place(&work->place);
    work->is_exchanging = work->entry->format == CR_FORMAT_NPKI && count_keys(work->entry) > 1 &&
                          place_can_exchange(&work->place);
    target->base = BASE_ROOT;
    target->is_folder = work->is_exchanging;
    target->dir = place_dir(&work->place, work->is_exchanging);
    target->name = strdup(name_of(work->place.folder));
    if (target->dir == NULL || target->name == NULL) {
        return STORE_MEMORY;
    }
    fault = roots_open(place_root(&work->place, work->is_exchanging), 0, &work->roots, &made);
    return fault == STORE_OK ? roots_lock(&work->roots, 1) : fault;
}

static enum store_fault add_file(struct work *work, int folder, const char *name, enum cr_file_kind kind)
{
    struct cr_cert *cert = &work->bundle->certs[0];
    struct target *target = &work->plan->targets[0];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (cert->file_count == CR_FILES_MAX) {
        return STORE_TOO_BIG;
    }
    enum store_fault fault = file_read(folder, name, &bytes, &length);
    if (fault != STORE_OK) {
        return fault == STORE_NOT_FOUND ? STORE_CHANGED : fault;
    }
    cert->files[cert->file_count++] = (struct cr_file){kind, (uint32_t)length, bytes};
    target->files[target->file_count] = strdup(name);
    return target->files[target->file_count++] == NULL ? STORE_MEMORY : STORE_OK;
}

static int is_as_listed(const struct cr_file *file, const uint8_t digest[static SHA256_DIGEST_LENGTH])
{
    uint8_t now[SHA256_DIGEST_LENGTH];
    SHA256(file->bytes, file->size, now);
    return memcmp(now, digest, sizeof now) == 0;
}

/* A key that the scan left out, being damaged, would stay behind under the old password. */
static enum store_fault refuse_left_out(const struct work *work, int folder)
{
    const struct store_entry *entry = work->entry;
    for (size_t i = 0; i < entry->file_count; i++) {
        if (entry->kinds[i] == CR_FILE_KM_KEY) {
            return STORE_OK;
        }
    }
    char *found = layout_find(folder, entry->format, entry->paths[0], CR_FILE_KM_KEY);
    if (found != NULL) {
        snprintf(work->detail, STORE_DETAIL_BYTES, "kmPri.key");
    }
    free(found);
    return found == NULL ? STORE_OK : STORE_DAMAGED_KEY;
}

static int is_taken(const struct target *target, const char *name)
{
    for (size_t i = 0; i < target->file_count; i++) {
        if (strcmp(target->files[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The new folder has all that the old one has. */
static enum store_fault add_others(struct work *work, int folder)
{
    enum store_fault fault = STORE_OK;
    char **names = folder_names(folder);
    if (names == NULL) {
        return STORE_MEMORY;
    }
    for (char **name = names; fault == STORE_OK && *name != NULL; name++) {
        if (!is_taken(&work->plan->targets[0], *name)) {
            fault = add_file(work, folder, *name, 0);
        }
    }
    names_free(names);
    return fault;
}

static enum store_fault read_folder(struct work *work, int folder)
{
    const struct store_entry *entry = work->entry;
    int is_pair = entry->format == CR_FORMAT_NPKI || entry->format == CR_FORMAT_GPKI;
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < entry->file_count; i++) {
        fault = add_file(work, folder, name_of(entry->paths[i]), entry->kinds[i]);
        if (fault == STORE_OK && !is_as_listed(&work->bundle->certs[0].files[i], entry->digests[i])) {
            fault = STORE_CHANGED;
        }
    }
    if (fault == STORE_OK && is_pair) {
        fault = refuse_left_out(work, folder);
    }
    if (fault == STORE_OK && work->is_exchanging) {
        fault = add_others(work, folder);
    }
    return fault;
}

static enum store_fault read_files(struct work *work)
{
    int folder = folder_open_path(work->place.folder);
    work->bundle->cert_count = 1;
    work->bundle->certs[0].format = work->entry->format;
    enum store_fault fault = folder < 0 ? STORE_CHANGED : read_folder(work, folder);
    int saved = errno;
    if (folder >= 0) {
        close(folder);
    }
    errno = saved;
    return fault;
}

static enum store_fault reseal_own(struct work *work)
{
    struct provider provider;
    struct reseal job = {.provider = &provider, .change = work->change};
    enum store_fault fault = provider_open(&provider);
    if (fault == STORE_OK) {
        spellings_make(work->change->old_password, work->change->old_length, &job.old);
        fault = job.old.count == 0 ? STORE_MEMORY : reseal_cert(&job, &work->bundle->certs[0], work->detail);
    }
    spellings_wipe(&job.old);
    provider_close(&provider);
    ERR_clear_error();
    return fault;
}

static enum store_fault reseal(struct work *work)
{
    struct store_twin *twin = work->change->twin;
    struct cr_cert *cert = &work->bundle->certs[0];
    if (twin == NULL) {
        return reseal_own(work);
    }
    if (twin_fill(twin, cert)) {
        return STORE_OK;
    }
    twin_before(twin, cert);
    enum store_fault fault = reseal_own(work);
    if (fault == STORE_OK) {
        twin_after(twin, cert);
    }
    return fault;
}

static int is_changing(enum cr_file_kind kind)
{
    return kind == CR_FILE_SIGN_KEY || kind == CR_FILE_KM_KEY || kind == CR_FILE_PKCS12 ||
           kind == CR_FILE_PEM;
}

static enum store_fault plan_moves(struct work *work)
{
    struct plan *plan = work->plan;
    int drops_old = !work->change->keeps_backup;
    plan->bundle = work->bundle;
    if (work->is_exchanging) {
        return plan_replace(&work->roots, plan, 0, -1, drops_old);
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < work->bundle->certs[0].file_count; i++) {
        if (is_changing(work->bundle->certs[0].files[i].kind)) {
            fault = plan_replace(&work->roots, plan, 0, (int)i, drops_old);
        }
    }
    return fault;
}

/* Everything in its place must be what was opened and compared before; so must the certificates be that it was compared with. */
static enum store_fault compare_place(const struct roots *roots, const struct plan *plan, void *context)
{
    const struct place *place = context;
    const struct cr_cert *cert = &plan->bundle->certs[0];
    int folder = folder_open_path(place->folder);
    enum store_fault fault = folder < 0 ? STORE_READ_BACK : STORE_OK;
    (void)roots;
    for (size_t i = 0; fault == STORE_OK && i < cert->file_count; i++) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        int is_same = file_read(folder, plan->targets[0].files[i], &bytes, &length) == STORE_OK &&
                      length == cert->files[i].size &&
                      CRYPTO_memcmp(bytes, cert->files[i].bytes, length) == 0;
        fault = is_same ? STORE_OK : STORE_READ_BACK;
        file_free(bytes);
    }
    if (folder >= 0) {
        close(folder);
    }
    return fault;
}

static enum store_fault change_it(struct work *work)
{
    enum store_fault fault = open_place(work);
    if (fault != STORE_OK) {
        return fault;
    }
    recover_locked(&work->roots);
    fault = read_files(work);
    if (fault == STORE_OK) {
        fault = reseal(work);
    }
    if (fault == STORE_OK) {
        fault = plan_moves(work);
    }
    return fault == STORE_OK ? carry_out(&work->roots, work->plan, compare_place, &work->place) : fault;
}

static enum store_fault judge_lengths(const struct store_passwd *change)
{
    if (change->new_length == 0) {
        return STORE_PLAIN_KEY;
    }
    if (change->new_length > SPELL_PASSWORD_MAX_BYTES) {
        return STORE_TOO_BIG;
    }
    return change->old_length > SPELL_PASSWORD_MAX_BYTES ? STORE_WRONG_PASSWORD : STORE_OK;
}

enum store_fault store_passwd(const struct store_entry *entry, const struct store_passwd *change,
                              char detail[static STORE_DETAIL_BYTES])
{
    struct work work = {
        .entry = entry, .change = change, .detail = detail, .roots = {.root = -1, .parent = -1}};
    detail[0] = '\0';
    enum store_fault fault = entry->fault == STORE_OK ? judge_lengths(change) : entry->fault;
    if (fault != STORE_OK) {
        return fault;
    }
    work.bundle = calloc(1, sizeof *work.bundle);
    work.plan = calloc(1, sizeof *work.plan);
    fault = work.bundle == NULL || work.plan == NULL ? STORE_MEMORY : change_it(&work);
    work_wipe(&work);
    return fault;
}
