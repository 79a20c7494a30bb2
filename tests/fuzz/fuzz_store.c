/* Feeds arbitrary bytes to all that reads certificates and keys. The first byte chooses: 0 a pair (two bytes of length, the
 * certificate, the key), 1 a PKCS#12, 2 a PEM file, else text to be shown. */
#include "names.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD "npki!Test2026"
#define SLOW_ITERATIONS 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *copy(const uint8_t *bytes, size_t length)
{
    uint8_t *out = malloc(length > 0 ? length : 1);
    if (out == NULL) {
        abort();
    }
    memcpy(out, bytes, length);
    return out;
}

static void add(struct cr_cert *cert, enum cr_file_kind kind, const uint8_t *bytes, size_t length)
{
    cert->files[cert->file_count++] = (struct cr_file){kind, (uint32_t)length, copy(bytes, length)};
}

static void read_one(const struct cr_cert *cert, int may_prove)
{
    char detail[STORE_DETAIL_BYTES];
    struct store_facts facts[CR_CERTS_MAX];
    struct cr_bundle *bundle = cr_bundle_new();
    if (bundle == NULL) {
        abort();
    }
    bundle->cert_count = 1;
    bundle->certs[0] = *cert;
    if (store_check(bundle, facts) == STORE_OK) {
        store_facts_wipe(&facts[0]);
    }
    if (may_prove) {
        (void)store_prove(cert, PASSWORD, sizeof PASSWORD - 1, detail);
    }
    if (store_facts_open(cert, NULL, 0, &facts[0]) == STORE_OK) {
        (void)store_facts_state(&facts[0], 0);
        (void)store_facts_days_left(&facts[0], 0);
    }
    store_facts_wipe(&facts[0]);
    memset(&bundle->certs[0], 0, sizeof bundle->certs[0]);
    cr_bundle_free(bundle);
    for (size_t i = 0; i < cert->file_count; i++) {
        free(cert->files[i].bytes);
    }
}

static void read_pair(const uint8_t *data, size_t size)
{
    struct store_key_form form;
    struct cr_cert cert = {.format = CR_FORMAT_NPKI};
    size_t length = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    if (size < 2 || length > size - 2) {
        return;
    }
    add(&cert, CR_FILE_SIGN_CERT, data + 2, length);
    add(&cert, CR_FILE_SIGN_KEY, data + 2 + length, size - 2 - length);
    enum store_fault fault = store_key_form_read(cert.files[1].bytes, cert.files[1].size, &form);
    read_one(&cert, fault != STORE_OK || form.iterations <= SLOW_ITERATIONS);
}

static void read_text(const uint8_t *data, size_t size)
{
    char *shown = store_printable((const char *)data, size);
    char *folder = shown == NULL ? NULL : name_safe(shown, NAME_MAX_BYTES);
    char *owner = shown == NULL ? NULL : name_without_tail(shown);
    if (folder != NULL && (folder[0] == '\0' || folder[0] == '.' || strchr(folder, '/') != NULL ||
                           strlen(folder) > NAME_MAX_BYTES)) {
        abort();
    }
    free(owner);
    free(folder);
    free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cr_cert cert = {.format = CR_FORMAT_NPKI};
    if (size == 0 || size > CR_FILE_MAX_BYTES) {
        return 0;
    }
    switch (data[0]) {
    case 0:
        read_pair(data + 1, size - 1);
        break;
    case 1:
        cert.format = CR_FORMAT_PKCS12;
        add(&cert, CR_FILE_PKCS12, data + 1, size - 1);
        read_one(&cert, 1);
        break;
    case 2:
        cert.format = CR_FORMAT_PEM;
        add(&cert, CR_FILE_PEM, data + 1, size - 1);
        read_one(&cert, 1);
        break;
    default:
        read_text(data + 1, size - 1);
    }
    return 0;
}
