/* The folder of our own in which everything is made ready before it is moved into place. */
#include "stage.h"
#include "files.h"
#include "removal.h"
#include "scan.h"
#include "text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The last by its name, so that it is the last to be removed. */
#define MARK_NAME "stage"
#define MARK "certrelay stage 1\n"
#define PROBE_NAME SCAN_STAGE_PREFIX "probe"

/* In a folder that others write too, anybody can make what is called like a stage; but only we what is ours and closed to them. */
static int is_private(int folder)
{
    struct stat info;
    return fstat(folder, &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 0777) == 0700;
}

/* FAT and its like give every folder the same owner and mode. There whoever can plant a stage can as well do at once what its journal
 * says, so that a mark is proof enough. */
static int keeps_modes(const struct roots *roots)
{
    int is_made = folder_make(roots->root, PROBE_NAME) == 0 || errno == EEXIST;
    int probe = is_made ? folder_open(roots->root, PROBE_NAME) : -1;
    int keeps = probe < 0 || is_private(probe);
    if (probe >= 0) {
        close(probe);
    }
    if (is_made) {
        (void)folder_remove(roots->root, PROBE_NAME);
    }
    return keeps;
}

static int is_marked(int stage)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    int is_mark = file_read(stage, MARK_NAME, &bytes, &length) == STORE_OK && length == strlen(MARK) &&
                  memcmp(bytes, MARK, length) == 0;
    file_free(bytes);
    return is_mark;
}

/* Killed before it was marked. */
static int is_empty(int folder)
{
    char **names = folder_names(folder);
    int is_empty =
        names != NULL && (names[0] == NULL || (strcmp(names[0], MARK_NAME) == 0 && names[1] == NULL));
    names_free(names);
    return is_empty;
}

int stage_is_ours(const struct roots *roots, int stage)
{
    return is_private(stage) || ((is_marked(stage) || is_empty(stage)) && !keeps_modes(roots));
}

/* Where modes prove nothing. */
static int mark(int stage)
{
    return is_private(stage) ? 0 : file_write(stage, MARK_NAME, (const uint8_t *)MARK, strlen(MARK));
}

char *stage_make(const struct roots *roots, int *stage)
{
    uint8_t random[8];
    *stage = -1;
    if (RAND_bytes(random, sizeof random) != 1) {
        errno = EIO;
        return NULL;
    }
    char *name = text_print(SCAN_STAGE_PREFIX "%02x%02x%02x%02x%02x%02x%02x%02x", random[0], random[1],
                            random[2], random[3], random[4], random[5], random[6], random[7]);
    if (name != NULL && folder_make(roots->root, name) == 0) {
        *stage = folder_open(roots->root, name);
    }
    if (*stage >= 0 && mark(*stage) != 0) {
        int saved = errno;
        close(*stage);
        *stage = -1;
        entry_remove_all(roots->root, name);
        errno = saved;
    }
    if (*stage < 0) {
        free(name);
        return NULL;
    }
    return name;
}

static enum store_fault write_and_compare(int folder, const char *name, const struct cr_file *file)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (file_write(folder, name, file->bytes, file->size) != 0) {
        return fault_of_writing();
    }
    int is_same = file_read(folder, name, &bytes, &length) == STORE_OK && length == file->size &&
                  CRYPTO_memcmp(bytes, file->bytes, length) == 0;
    file_free(bytes);
    return is_same ? STORE_OK : STORE_READ_BACK;
}

static enum store_fault fill_folder(int stage, const char *number, const struct source *source)
{
    if (folder_make(stage, number) != 0) {
        return fault_of_writing();
    }
    int folder = folder_open(stage, number);
    if (folder < 0) {
        return fault_of_writing();
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < source->cert->file_count; i++) {
        fault = write_and_compare(folder, source->target->files[i], &source->cert->files[i]);
    }
    if (fault == STORE_OK && folder_sync(folder) != 0) {
        fault = fault_of_writing();
    }
    int saved = errno;
    close(folder);
    errno = saved;
    return fault;
}

enum store_fault stage_fill(int stage, struct plan *plan)
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < plan->moves.count; i++) {
        const struct source *source = &plan->sources[i];
        struct move *move = &plan->moves.all[i];
        char number[MOVE_NUMBER_BYTES];
        move_number(i, number);
        fault = source->file < 0 ? fill_folder(stage, number, source)
                                 : write_and_compare(stage, number, &source->cert->files[source->file]);
        if (fault == STORE_OK) {
            fingerprint_take(stage, number, move->staged);
            fault = move->staged[0] == '\0' ? STORE_READ_BACK : STORE_OK;
        }
    }
    /* Not to be left to the journal's own: a journal may only ever be there when all that it names is. */
    if (fault == STORE_OK && folder_sync(stage) != 0) {
        fault = fault_of_writing();
    }
    return fault;
}

/* What was replaced and is not kept: nobody shall find it with the old password. */
static void overwrite_dropped(int stage)
{
    char **names = folder_names(stage);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        const char *end = strrchr(*name, '.');
        if (end == NULL || strcmp(end, MOVE_DROPPED_END) != 0) {
            continue;
        }
        int folder = folder_open(stage, *name);
        char **files = folder < 0 ? NULL : folder_names(folder);
        for (char **file = files; file != NULL && *file != NULL; file++) {
            file_overwrite(folder, *file);
        }
        names_free(files);
        if (folder >= 0) {
            close(folder);
        } else {
            file_overwrite(stage, *name);
        }
    }
    names_free(names);
}

void stage_remove(const struct roots *roots, int stage, const char *name)
{
    static const char *const journals[] = {JOURNAL_NAME, JOURNAL_UNDO_NAME, REMOVAL_NAME};
    int saved = errno;
    for (size_t i = 0; i < sizeof journals / sizeof journals[0]; i++) {
        if (entry_type(stage, journals[i]) != ENTRY_MISSING) {
            (void)file_remove(stage, journals[i]);
            (void)folder_sync(stage);
        }
    }
    overwrite_dropped(stage);
    /* Not synced: what is left without a journal is cleared away by the next store_save. */
    entry_remove_all(roots->root, name);
    errno = saved;
}
