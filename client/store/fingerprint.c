/* What an entry is, told by its content. */
#include "fingerprint.h"
#include "files.h"
#include "text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 64

/* The size and the name come first, so that no two lists of files read the same. */
static int add_file(EVP_MD_CTX *context, int folder, const char *name)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (file_read(folder, name, &bytes, &length) != STORE_OK) {
        return 0;
    }
    char *head = text_print("%zu %s", length, name);
    int is_added = head != NULL && EVP_DigestUpdate(context, head, strlen(head) + 1) == 1 &&
                   EVP_DigestUpdate(context, bytes, length) == 1;
    free(head);
    file_free(bytes);
    return is_added;
}

static int add_folder(EVP_MD_CTX *context, int at, const char *name)
{
    int folder = folder_open(at, name);
    char **names = folder < 0 ? NULL : folder_names(folder);
    int is_added = names != NULL;
    for (size_t i = 0; is_added && names[i] != NULL; i++) {
        is_added = i < FILES_MAX && add_file(context, folder, names[i]);
    }
    names_free(names);
    if (folder >= 0) {
        close(folder);
    }
    return is_added;
}

/* A file's own name is no part of it: in the stage it has another. */
static int add_entry(EVP_MD_CTX *context, int at, const char *name)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (entry_type(at, name) == ENTRY_FOLDER) {
        return EVP_DigestUpdate(context, "folder", 6) == 1 && add_folder(context, at, name);
    }
    if (file_read(at, name, &bytes, &length) != STORE_OK) {
        return 0;
    }
    int is_added = EVP_DigestUpdate(context, bytes, length) == 1;
    file_free(bytes);
    return is_added;
}

void fingerprint_take(int at, const char *name, char out[static FINGERPRINT_BYTES])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    out[0] = '\0';
    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
        add_entry(context, at, name) && EVP_DigestFinal_ex(context, digest, NULL) == 1) {
        for (size_t i = 0; i < FINGERPRINT_BYTES / 2; i++) {
            snprintf(out + 2 * i, 3, "%02x", digest[i]);
        }
    }
    EVP_MD_CTX_free(context);
}

int fingerprint_is(int at, const char *name, const char *fingerprint)
{
    char found[FINGERPRINT_BYTES];
    fingerprint_take(at, name, found);
    return found[0] != '\0' && strcmp(found, fingerprint) == 0;
}
