/* The bundle: certificates and their files in memory, wiped when freed. */
#include <certrelay/message.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct cr_bundle *cr_bundle_new(void)
{
    struct cr_bundle *bundle;

    if (sodium_init() < 0)
        return NULL;
    bundle = malloc(sizeof *bundle);
    if (bundle != NULL)
        memset(bundle, 0, sizeof *bundle);
    return bundle;
}

void cr_bundle_free(struct cr_bundle *bundle)
{
    if (bundle == NULL)
        return;
    for (size_t c = 0; c < CR_CERTS_MAX; c++)
        for (size_t f = 0; f < CR_FILES_MAX; f++)
            sodium_free(bundle->certs[c].files[f].bytes);
    sodium_memzero(bundle, sizeof *bundle);
    free(bundle);
}

static size_t total_bytes(const struct cr_bundle *bundle)
{
    size_t total = 0;

    for (size_t c = 0; c < bundle->cert_count; c++)
        for (size_t f = 0; f < bundle->certs[c].file_count; f++)
            total += bundle->certs[c].files[f].size;
    return total;
}

static int has_kind(const struct cr_cert *cert, size_t count, enum cr_file_kind kind)
{
    for (size_t f = 0; f < count; f++)
        if (cert->files[f].kind == kind)
            return 1;
    return 0;
}

int cr_bundle_add_file(struct cr_bundle *bundle, enum cr_file_kind kind, const uint8_t *bytes, size_t length)
{
    struct cr_cert *cert;
    struct cr_file *file;

    if (bundle->cert_count == 0 || length == 0 || kind < CR_FILE_SIGN_CERT || kind > CR_FILE_PEM)
        return CR_E_MALFORMED;
    if (bundle->cert_count > CR_CERTS_MAX)
        return CR_E_LIMIT;
    cert = &bundle->certs[bundle->cert_count - 1];
    if (cert->file_count >= CR_FILES_MAX || length > CR_FILE_MAX_BYTES ||
        total_bytes(bundle) + length > CR_BUNDLE_MAX_BYTES)
        return CR_E_LIMIT;
    if (has_kind(cert, cert->file_count, kind))
        return CR_E_MALFORMED;
    file = &cert->files[cert->file_count];
    file->bytes = sodium_malloc(length);
    if (file->bytes == NULL)
        return CR_E_MEMORY;
    memcpy(file->bytes, bytes, length);
    file->kind = kind;
    file->size = (uint32_t)length;
    cert->file_count++;
    return CR_OK;
}

static int is_terminated(const char text[static CR_TEXT_MAX_BYTES + 1])
{
    return memchr(text, '\0', CR_TEXT_MAX_BYTES + 1) != NULL;
}

static int check_cert(const struct cr_cert *cert)
{
    if (!is_terminated(cert->owner) || !is_terminated(cert->issuer) || !is_terminated(cert->use))
        return CR_E_LIMIT;
    if (cert->format < CR_FORMAT_NPKI || cert->format > CR_FORMAT_PEM)
        return CR_E_MALFORMED;
    if (cert->file_count == 0 || cert->file_count > CR_FILES_MAX)
        return CR_E_MALFORMED;
    for (size_t f = 0; f < cert->file_count; f++) {
        const struct cr_file *file = &cert->files[f];

        if (file->kind < CR_FILE_SIGN_CERT || file->kind > CR_FILE_PEM || has_kind(cert, f, file->kind))
            return CR_E_MALFORMED;
        if (file->size == 0 || file->size > CR_FILE_MAX_BYTES)
            return CR_E_LIMIT;
    }
    return CR_OK;
}

int cr_bundle_check(const struct cr_bundle *bundle)
{
    if (bundle->cert_count == 0 || bundle->cert_count > CR_CERTS_MAX)
        return CR_E_MALFORMED;
    for (size_t c = 0; c < bundle->cert_count; c++) {
        int error = check_cert(&bundle->certs[c]);

        if (error != CR_OK)
            return error;
    }
    return total_bytes(bundle) <= CR_BUNDLE_MAX_BYTES ? CR_OK : CR_E_LIMIT;
}

static void hash_file(crypto_hash_sha256_state *hash, const struct cr_file *file)
{
    uint8_t head[5];
    struct cr_writer out;

    cr_writer_init(&out, head, sizeof head);
    cr_write_u8(&out, (uint8_t)file->kind);
    cr_write_u32(&out, file->size);
    crypto_hash_sha256_update(hash, head, sizeof head);
    crypto_hash_sha256_update(hash, file->bytes, file->size);
}

int cr_bundle_digest(const struct cr_bundle *bundle, uint8_t digest[static CR_DIGEST_BYTES])
{
    crypto_hash_sha256_state hash;

    crypto_hash_sha256_init(&hash);
    for (size_t c = 0; c < bundle->cert_count; c++) {
        for (size_t f = 0; f < bundle->certs[c].file_count; f++) {
            if (bundle->certs[c].files[f].bytes == NULL)
                return CR_E_STATE;
            hash_file(&hash, &bundle->certs[c].files[f]);
        }
    }
    crypto_hash_sha256_final(&hash, digest);
    sodium_memzero(&hash, sizeof hash);
    return CR_OK;
}
