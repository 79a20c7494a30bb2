/* From an entry of the list into a bundle. */
#include "facts.h"
#include "files.h"
#include "text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loaded {
    uint8_t *bytes[CR_FILES_MAX];
    size_t lengths[CR_FILES_MAX];
    size_t total;
};

static size_t bundle_size(const struct cr_bundle *bundle)
{
    size_t total = 0;
    for (size_t i = 0; i < bundle->cert_count; i++) {
        for (size_t j = 0; j < bundle->certs[i].file_count; j++) {
            total += bundle->certs[i].files[j].size;
        }
    }
    return total;
}

static enum store_fault read_files(const struct store_entry *entry, struct loaded *loaded)
{
    for (size_t i = 0; i < entry->file_count; i++) {
        enum store_fault fault = file_read(AT_FDCWD, entry->paths[i], &loaded->bytes[i], &loaded->lengths[i]);
        if (fault != STORE_OK) {
            return fault;
        }
        loaded->total += loaded->lengths[i];
    }
    return STORE_OK;
}

static void fit(char out[static CR_TEXT_MAX_BYTES + 1], const char *text)
{
    char *copy = text_print("%s", text == NULL ? "" : text);
    if (copy != NULL) {
        text_cut(copy, CR_TEXT_MAX_BYTES);
        snprintf(out, CR_TEXT_MAX_BYTES + 1, "%s", copy);
    }
    free(copy);
}

void facts_tell(const struct store_facts *facts, struct cr_cert *cert)
{
    cert->not_before = facts->not_before;
    cert->not_after = facts->not_after;
    fit(cert->owner, facts->owner);
    fit(cert->issuer, facts->issuer_ko);
    fit(cert->use, facts->use_ko);
}

static enum store_fault add_files(const struct store_entry *entry, const struct loaded *loaded,
                                  struct cr_bundle *bundle)
{
    struct cr_cert *cert = &bundle->certs[bundle->cert_count++];
    cert->format = entry->format;
    facts_tell(&entry->facts, cert);
    for (size_t i = 0; i < entry->file_count; i++) {
        if (cr_bundle_add_file(bundle, entry->kinds[i], loaded->bytes[i], loaded->lengths[i]) != CR_OK) {
            return STORE_MEMORY;
        }
    }
    return STORE_OK;
}

enum store_fault store_load(const struct store_entry *entry, struct cr_bundle *bundle)
{
    struct loaded loaded = {0};
    if (entry->fault != STORE_OK) {
        return entry->fault;
    }
    enum store_fault fault = read_files(entry, &loaded);
    if (fault == STORE_OK &&
        (bundle->cert_count == CR_CERTS_MAX || bundle_size(bundle) + loaded.total > CR_BUNDLE_MAX_BYTES)) {
        fault = STORE_TOO_BIG;
    }
    for (size_t i = 0; fault == STORE_OK && i < entry->file_count; i++) {
        fault = loaded.lengths[i] == 0 ? STORE_DAMAGED_KEY : STORE_OK;
    }
    if (fault == STORE_OK) {
        fault = add_files(entry, &loaded, bundle);
    }
    for (size_t i = 0; i < entry->file_count; i++) {
        file_free(loaded.bytes[i]);
    }
    return fault;
}
