/* Bundles of certificates between the page and the session. Texts that belong together follow each other, each terminated. */
#include "export.h"

#include <certrelay/message.h>

#include <string.h>

/* What the page reads of one certificate; core.js knows the offsets. */
struct cert_view {
    double not_before, not_after; /* seconds since 1970 */
    uint32_t format, file_count;
    const char *owner, *issuer, *use;
};

struct file_view {
    uint32_t kind, size;
    const uint8_t *bytes;
};

_Static_assert(sizeof(struct cert_view) == 40 && sizeof(struct file_view) == 12, "core.js knows the offsets");

CORE_EXPORT(core_bundle_new) struct cr_bundle *core_bundle_new(void)
{
    return cr_bundle_new();
}

CORE_EXPORT(core_bundle_free) void core_bundle_free(struct cr_bundle *bundle)
{
    cr_bundle_free(bundle);
}

static const char *copy_text(char out[static CR_TEXT_MAX_BYTES + 1], const char *text)
{
    size_t length = strlen(text);

    if (length > CR_TEXT_MAX_BYTES)
        return NULL;
    memcpy(out, text, length + 1);
    return text + length + 1;
}

/* Adds a certificate without files. */
CORE_EXPORT(core_bundle_add)
int core_bundle_add(struct cr_bundle *bundle, int format, const char *texts, double not_before,
                    double not_after)
{
    struct cr_cert *cert;

    if (bundle->cert_count >= CR_CERTS_MAX)
        return CR_E_LIMIT;
    cert = &bundle->certs[bundle->cert_count++];
    cert->format = (enum cr_format)format;
    cert->not_before = (int64_t)not_before;
    cert->not_after = (int64_t)not_after;
    texts = copy_text(cert->owner, texts);
    texts = texts == NULL ? NULL : copy_text(cert->issuer, texts);
    texts = texts == NULL ? NULL : copy_text(cert->use, texts);
    return texts == NULL ? CR_E_LIMIT : CR_OK;
}

CORE_EXPORT(core_bundle_file)
int core_bundle_file(struct cr_bundle *bundle, int kind, const uint8_t *bytes, size_t length)
{
    return cr_bundle_add_file(bundle, (enum cr_file_kind)kind, bytes, length);
}

CORE_EXPORT(core_bundle_digest) int core_bundle_digest(const struct cr_bundle *bundle, uint8_t *digest)
{
    return cr_bundle_digest(bundle, digest);
}

CORE_EXPORT(core_bundle_count) int core_bundle_count(const struct cr_bundle *bundle)
{
    return bundle->cert_count;
}

/* Borrowed until the next call. */
CORE_EXPORT(core_bundle_cert)
const struct cert_view *core_bundle_cert(const struct cr_bundle *bundle, uint32_t index)
{
    static struct cert_view view;
    const struct cr_cert *cert = &bundle->certs[index];

    view = (struct cert_view){(double)cert->not_before,
                              (double)cert->not_after,
                              cert->format,
                              cert->file_count,
                              cert->owner,
                              cert->issuer,
                              cert->use};
    return &view;
}

CORE_EXPORT(core_bundle_part)
const struct file_view *core_bundle_part(const struct cr_bundle *bundle, uint32_t cert, uint32_t index)
{
    static struct file_view view;
    const struct cr_file *file = &bundle->certs[cert].files[index];

    view = (struct file_view){file->kind, file->size, file->bytes};
    return &view;
}
