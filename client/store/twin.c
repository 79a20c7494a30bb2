/* What one change of a password made of each key. */
#include "twin.h"
#include "reseal.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct made {
    enum cr_file_kind kind; /* 0: a file that is none of the certificate's */
    uint8_t before[SHA256_DIGEST_LENGTH];
    uint8_t *bytes;
    size_t length;
};

struct store_twin {
    struct made all[CR_FILES_MAX];
    size_t count;
    int is_whole; /* all got their new bytes */
};

struct store_twin *store_twin_new(void)
{
    return calloc(1, sizeof(struct store_twin));
}

static void forget(struct store_twin *twin)
{
    for (size_t i = 0; i < twin->count; i++) {
        free(twin->all[i].bytes);
    }
    memset(twin, 0, sizeof *twin);
}

void store_twin_free(struct store_twin *twin)
{
    if (twin != NULL) {
        forget(twin);
        free(twin);
    }
}

static const struct made *find(const struct store_twin *twin, const struct cr_file *file)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(file->bytes, file->size, digest);
    for (size_t i = 0; i < twin->count; i++) {
        if (twin->all[i].kind == file->kind && memcmp(twin->all[i].before, digest, sizeof digest) == 0) {
            return &twin->all[i];
        }
    }
    return NULL;
}

int twin_fill(const struct store_twin *twin, struct cr_cert *cert)
{
    const struct made *found[CR_FILES_MAX] = {0};
    for (size_t i = 0; i < cert->file_count; i++) {
        found[i] = cert->files[i].kind == 0 ? NULL : find(twin, &cert->files[i]);
        if (!twin->is_whole || (found[i] == NULL && cert->files[i].kind != 0)) {
            return 0;
        }
    }
    for (size_t i = 0; i < cert->file_count; i++) {
        if (found[i] != NULL && reseal_put(&cert->files[i], found[i]->bytes, found[i]->length) != STORE_OK) {
            return 0;
        }
    }
    return 1;
}

void twin_before(struct store_twin *twin, const struct cr_cert *cert)
{
    forget(twin);
    for (size_t i = 0; i < cert->file_count; i++) {
        const struct cr_file *file = &cert->files[i];
        twin->all[i].kind = file->kind;
        SHA256(file->bytes, file->size, twin->all[i].before);
    }
    twin->count = cert->file_count;
}

void twin_after(struct store_twin *twin, const struct cr_cert *cert)
{
    twin->is_whole = twin->count == cert->file_count;
    for (size_t i = 0; i < cert->file_count && twin->is_whole; i++) {
        const struct cr_file *file = &cert->files[i];
        if (file->kind == 0) {
            continue;
        }
        twin->all[i].bytes = malloc(file->size);
        twin->all[i].length = file->size;
        if (twin->all[i].bytes == NULL) {
            twin->is_whole = 0;
        } else {
            memcpy(twin->all[i].bytes, file->bytes, file->size);
        }
    }
}
