/* Feeds arbitrary bytes to what takes containers apart and to what judges names. The first byte chooses: 0 a PKCS#12 and 1 a PEM to be
 * converted, 2 a file of authorities' certificates, 3 a note of a removal, else file names, each ending in a NUL. */
#include "convert.h"
#include "removal.h"
#include "scan.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD "npki!Test2026"
#define NAMES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void convert(enum cr_format format, enum cr_file_kind kind, const uint8_t *data, size_t size)
{
    static const enum cr_format WANTED[] = {CR_FORMAT_NPKI, CR_FORMAT_PKCS12};
    char detail[STORE_DETAIL_BYTES];
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    struct cr_cert cert = {.format = format, .file_count = 1, .files = {{kind, (uint32_t)size, copy}}};
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        struct cr_bundle *bundle = cr_bundle_new();
        const struct store_wish wish = {
            .format = WANTED[i], .password = PASSWORD, .length = sizeof PASSWORD - 1};
        if (bundle == NULL) {
            abort();
        }
        /* What was made of it is sound, or nothing was. */
        if (store_convert(&cert, &wish, bundle, detail) == STORE_OK ? store_check(bundle, NULL) != STORE_OK
                                                                    : bundle->cert_count != 0) {
            abort();
        }
        cr_bundle_free(bundle);
    }
    free(copy);
}

static void read_authorities(const uint8_t *data, size_t size)
{
    struct store_list list = {0};
    struct scan scan = {.list = &list, .fault = STORE_OK};
    authorities_read(&scan, "", "x.der", data, size);
    store_list_free(&list);
}

static void read_removal(const uint8_t *data, size_t size)
{
    struct removal removal;
    if (removal_parse(data, size, &removal) == STORE_OK) {
        for (size_t i = 0; i < removal.count; i++) {
            if (strchr(removal.names[i], '/') != NULL || removal.names[i][0] == '\0' ||
                strcmp(removal.names[i], "..") == 0) {
                abort();
            }
        }
        if (removal.dir[0] == '/' || strncmp(removal.dir, "../", 3) == 0 ||
            strstr(removal.dir, "/../") != NULL) {
            abort();
        }
    }
    removal_wipe(&removal);
}

/* In a folder that cannot be read: each becomes an entry with a fault, or none. */
static void take_names(const uint8_t *data, size_t size)
{
    struct store_list list = {0};
    struct scan scan = {.list = &list, .fault = STORE_OK};
    char *names[NAMES_MAX + 1] = {NULL};
    size_t count = 0;
    for (size_t at = 0; at < size && count < NAMES_MAX;) {
        size_t length = strnlen((const char *)data + at, size - at);
        char *name = strndup((const char *)data + at, length);
        if (name != NULL && length > 0 && strchr(name, '/') == NULL) {
            names[count++] = name;
        } else {
            free(name);
        }
        at += length + 1;
    }
    group_take(&scan, -1, "", names);
    for (size_t i = 0; i < count; i++) {
        (void)group_take_container(&scan, -1, "", names[i]);
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    store_list_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > CR_FILE_MAX_BYTES) {
        return 0;
    }
    switch (data[0]) {
    case 0:
        convert(CR_FORMAT_PKCS12, CR_FILE_PKCS12, data + 1, size - 1);
        break;
    case 1:
        convert(CR_FORMAT_PEM, CR_FILE_PEM, data + 1, size - 1);
        break;
    case 2:
        read_authorities(data + 1, size - 1);
        break;
    case 3:
        read_removal(data + 1, size - 1);
        break;
    default:
        take_names(data + 1, size - 1);
    }
    return 0;
}
