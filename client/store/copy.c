/* Certificates copied as they are to another folder or drive. */
#include "copy.h"
#include "files.h"
#include "text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t length_without_slashes(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return length;
}

char *store_root_in(const char *folder)
{
    char *clean = strndup(folder, length_without_slashes(folder));
    if (clean == NULL) {
        return NULL;
    }
    const char *slash = strrchr(clean, '/');
    if (text_is_same(slash == NULL ? clean : slash + 1, "NPKI")) {
        return clean;
    }
    int at = folder_open_path(clean);
    char *found = at < 0 ? NULL : folder_find(at, "NPKI");
    char *root = text_print("%s/%s", strcmp(clean, "/") == 0 ? "" : clean, found == NULL ? "NPKI" : found);
    if (at >= 0) {
        close(at);
    }
    free(found);
    free(clean);
    return root;
}

/* What was loaded is what was scanned: nobody wants half an old certificate and half a new one. */
static enum store_fault compare(const struct store_entry *entry, const struct cr_cert *cert)
{
    for (size_t i = 0; i < entry->file_count; i++) {
        uint8_t digest[SHA256_DIGEST_LENGTH];
        SHA256(cert->files[i].bytes, cert->files[i].size, digest);
        if (CRYPTO_memcmp(digest, entry->digests[i], sizeof digest) != 0) {
            return STORE_CHANGED;
        }
    }
    return STORE_OK;
}

enum store_fault store_copy(const struct store_entry *const *entries, size_t count, const char *root,
                            int may_replace, char ***paths)
{
    uint8_t digest[CR_DIGEST_BYTES];
    *paths = NULL;
    struct cr_bundle *bundle = cr_bundle_new();
    enum store_fault fault = bundle == NULL ? STORE_MEMORY : count == 0 ? STORE_NOT_FOUND : STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < count; i++) {
        fault = store_load(entries[i], bundle);
        if (fault == STORE_OK) {
            fault = compare(entries[i], &bundle->certs[bundle->cert_count - 1]);
        }
    }
    if (fault == STORE_OK) {
        fault = store_save(root, bundle, may_replace, digest, paths);
    }
    int saved = errno;
    cr_bundle_free(bundle);
    errno = saved;
    return fault;
}
