/* Files in a new folder, read back. A real receiver stores all or nothing: client/store/ does. */
#include "keep.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *const names[] = {
    [CR_FILE_SIGN_CERT] = "signCert.der", [CR_FILE_SIGN_KEY] = "signPri.key",
    [CR_FILE_KM_CERT] = "kmCert.der",     [CR_FILE_KM_KEY] = "kmPri.key",
    [CR_FILE_PKCS12] = "cert.p12",        [CR_FILE_PEM] = "cert.pem",
};

static int file_write(const char *path, const struct cr_file *file)
{
    FILE *out = fopen(path, "wbx");
    size_t written;

    if (out == NULL)
        return -1;
    written = fwrite(file->bytes, 1, file->size, out);
    return fclose(out) == 0 && written == file->size ? 0 : -1;
}

static int file_read(const char *path, enum cr_file_kind kind, struct cr_bundle *into)
{
    uint8_t bytes[CR_FILE_MAX_BYTES];
    FILE *in = fopen(path, "rb");
    size_t length;

    if (in == NULL)
        return -1;
    length = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    return cr_bundle_add_file(into, kind, bytes, length) == CR_OK ? 0 : -1;
}

/* No text of the other device becomes a path. */
static int cert_keep(const char *folder, int number, const struct cr_cert *cert, struct cr_bundle *kept)
{
    char path[4096];

    for (int i = 0; i < cert->file_count; i++) {
        const struct cr_file *file = &cert->files[i];
        int length = snprintf(path, sizeof path, "%s/%d-%s", folder, number, names[file->kind]);

        if (length < 0 || (size_t)length >= sizeof path)
            return -1;
        if (file_write(path, file) != 0 || file_read(path, file->kind, kept) != 0)
            return -1;
    }
    return 0;
}

int keep_bundle(const char *folder, const struct cr_bundle *bundle,
                uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)])
{
    struct cr_bundle *kept = cr_bundle_new();
    int failed = kept == NULL || mkdir(folder, 0700) != 0;

    for (int i = 0; !failed && i < bundle->cert_count; i++) {
        kept->cert_count++;
        failed = cert_keep(folder, i + 1, &bundle->certs[i], kept) != 0;
    }
    failed = failed || cr_bundle_digest(kept, digest) != CR_OK;
    cr_bundle_free(kept);
    return failed ? -1 : 0;
}
