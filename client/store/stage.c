/* The folder of our own in which everything is made ready before it is moved into place. */
#include "stage.h"
#include "files.h"
#include "scan.h"
#include "text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

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

void stage_remove(const struct roots *roots, int stage, const char *name)
{
    static const char *const journals[] = {JOURNAL_NAME, JOURNAL_UNDO_NAME};
    int saved = errno;
    for (size_t i = 0; i < sizeof journals / sizeof journals[0]; i++) {
        if (entry_type(stage, journals[i]) != ENTRY_MISSING) {
            (void)file_remove(stage, journals[i]);
            (void)folder_sync(stage);
        }
    }
    /* Not synced: what is left without a journal is cleared away by the next store_save. */
    entry_remove_all(roots->root, name);
    errno = saved;
}
