/* Messages inside records: one writer and one reader each. */
#include <certrelay/message.h>

#include <string.h>

static size_t bounded_length(const char *text, size_t max)
{
    const char *end = memchr(text, '\0', max + 1);

    return end != NULL ? (size_t)(end - text) : max + 1;
}

static void write_str(struct cr_writer *out, const char *text, size_t max)
{
    size_t length = bounded_length(text, max);

    if (length > max) {
        out->error = CR_E_LIMIT;
        return;
    }
    cr_write_u16(out, (uint16_t)length);
    cr_write_bytes(out, (const uint8_t *)text, length);
}

/* A NUL inside would make two readers see two texts; so it is malformed. */
static void read_str(struct cr_reader *in, char *text, size_t max)
{
    size_t length = cr_read_u16(in);
    const uint8_t *bytes;

    text[0] = '\0';
    if (length > max) {
        in->error = CR_E_LIMIT;
        return;
    }
    bytes = cr_read_bytes(in, length);
    if (bytes == NULL)
        return;
    if (memchr(bytes, '\0', length) != NULL) {
        in->error = CR_E_MALFORMED;
        return;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
}

/* Writes type and a length to be known later; returns where the value begins. */
static size_t begin(struct cr_writer *out, enum cr_message_type type)
{
    cr_write_u8(out, (uint8_t)type);
    cr_write_u32(out, 0);
    return out->length;
}

static void finish(struct cr_writer *out, size_t start)
{
    struct cr_writer head;

    if (out->error != CR_OK)
        return;
    cr_writer_init(&head, out->bytes + start - 4, 4);
    cr_write_u32(&head, (uint32_t)(out->length - start));
}

void cr_message_write_hello(struct cr_writer *out, const struct cr_hello *hello)
{
    size_t start = begin(out, CR_MESSAGE_HELLO);

    cr_write_u8(out, (uint8_t)hello->role);
    write_str(out, hello->name, CR_NAME_MAX_BYTES);
    write_str(out, hello->platform, CR_NAME_MAX_BYTES);
    write_str(out, hello->program, CR_NAME_MAX_BYTES);
    finish(out, start);
}

static void write_cert(struct cr_writer *out, const struct cr_cert *cert)
{
    cr_write_u8(out, (uint8_t)cert->format);
    write_str(out, cert->owner, CR_TEXT_MAX_BYTES);
    write_str(out, cert->issuer, CR_TEXT_MAX_BYTES);
    write_str(out, cert->use, CR_TEXT_MAX_BYTES);
    cr_write_u64(out, (uint64_t)cert->not_before);
    cr_write_u64(out, (uint64_t)cert->not_after);
    cr_write_u8(out, cert->file_count);
    for (size_t f = 0; f < cert->file_count; f++) {
        cr_write_u8(out, (uint8_t)cert->files[f].kind);
        cr_write_u32(out, cert->files[f].size);
    }
}

void cr_message_write_offer(struct cr_writer *out, const struct cr_bundle *bundle)
{
    size_t start = begin(out, CR_MESSAGE_OFFER);

    cr_write_u8(out, bundle->cert_count);
    for (size_t c = 0; c < bundle->cert_count; c++)
        write_cert(out, &bundle->certs[c]);
    finish(out, start);
}

void cr_message_write_data(struct cr_writer *out, const struct cr_data *data)
{
    size_t start = begin(out, CR_MESSAGE_DATA);

    cr_write_u8(out, data->cert);
    cr_write_u8(out, data->file);
    cr_write_u32(out, data->offset);
    cr_write_bytes(out, data->bytes, data->length);
    finish(out, start);
}

void cr_message_write_saved(struct cr_writer *out, const uint8_t digest[static CR_DIGEST_BYTES])
{
    size_t start = begin(out, CR_MESSAGE_SAVED);

    cr_write_bytes(out, digest, CR_DIGEST_BYTES);
    finish(out, start);
}

void cr_message_write_refuse(struct cr_writer *out, enum cr_reason reason)
{
    size_t start = begin(out, CR_MESSAGE_REFUSE);

    cr_write_u8(out, (uint8_t)reason);
    finish(out, start);
}

void cr_message_write_bye(struct cr_writer *out)
{
    finish(out, begin(out, CR_MESSAGE_BYE));
}

static int is_all_zero(const struct cr_reader *in)
{
    uint8_t any = 0;

    for (size_t i = 0; i < in->left; i++)
        any |= in->at[i];
    return any == 0;
}

int cr_message_next(struct cr_reader *record, uint8_t *type, struct cr_reader *value)
{
    const uint8_t *bytes;
    size_t length;

    if (record->error != CR_OK)
        return record->error;
    if (record->left == 0)
        return CR_INCOMPLETE;
    if (record->at[0] == 0)
        return is_all_zero(record) ? CR_INCOMPLETE : CR_E_MALFORMED;
    *type = cr_read_u8(record);
    length = cr_read_u32(record);
    bytes = cr_read_bytes(record, length);
    if (bytes == NULL)
        return CR_E_MALFORMED;
    cr_reader_init(value, bytes, length);
    return CR_OK;
}

int cr_message_read_hello(struct cr_reader *value, struct cr_hello *hello)
{
    uint8_t role = cr_read_u8(value);

    read_str(value, hello->name, CR_NAME_MAX_BYTES);
    read_str(value, hello->platform, CR_NAME_MAX_BYTES);
    read_str(value, hello->program, CR_NAME_MAX_BYTES);
    if (cr_reader_end(value) != CR_OK || (role != CR_SENDER && role != CR_RECEIVER))
        return CR_E_MALFORMED;
    hello->role = (enum cr_role)role;
    return CR_OK;
}

static void read_file(struct cr_reader *in, struct cr_file *file)
{
    file->kind = (enum cr_file_kind)cr_read_u8(in);
    file->size = cr_read_u32(in);
    file->bytes = NULL;
}

static void read_cert(struct cr_reader *in, struct cr_cert *cert)
{
    cert->format = (enum cr_format)cr_read_u8(in);
    read_str(in, cert->owner, CR_TEXT_MAX_BYTES);
    read_str(in, cert->issuer, CR_TEXT_MAX_BYTES);
    read_str(in, cert->use, CR_TEXT_MAX_BYTES);
    cert->not_before = (int64_t)cr_read_u64(in);
    cert->not_after = (int64_t)cr_read_u64(in);
    cert->file_count = cr_read_u8(in);
    if (cert->file_count > CR_FILES_MAX) {
        in->error = CR_E_LIMIT;
        return;
    }
    for (size_t f = 0; f < cert->file_count; f++)
        read_file(in, &cert->files[f]);
}

int cr_message_read_offer(struct cr_reader *value, struct cr_bundle *bundle)
{
    uint8_t count = cr_read_u8(value);

    if (count == 0 || count > CR_CERTS_MAX)
        return CR_E_MALFORMED;
    for (uint8_t c = 0; c < count && value->error == CR_OK; c++)
        read_cert(value, &bundle->certs[c]);
    if (cr_reader_end(value) != CR_OK)
        return CR_E_MALFORMED;
    bundle->cert_count = count;
    return cr_bundle_check(bundle);
}

int cr_message_read_data(struct cr_reader *value, struct cr_data *data)
{
    data->cert = cr_read_u8(value);
    data->file = cr_read_u8(value);
    data->offset = cr_read_u32(value);
    data->length = value->left;
    data->bytes = cr_read_bytes(value, value->left);
    if (cr_reader_end(value) != CR_OK || data->length == 0 || data->length > CR_DATA_MAX_BYTES)
        return CR_E_MALFORMED;
    return CR_OK;
}

int cr_message_read_saved(struct cr_reader *value, uint8_t digest[static CR_DIGEST_BYTES])
{
    cr_read_copy(value, digest, CR_DIGEST_BYTES);
    return cr_reader_end(value);
}

int cr_message_read_refuse(struct cr_reader *value, enum cr_reason *reason)
{
    uint8_t code = cr_read_u8(value);

    if (cr_reader_end(value) != CR_OK)
        return CR_E_MALFORMED;
    *reason = code >= CR_REASON_DECLINED && code < CR_REASON_OTHER ? (enum cr_reason)code : CR_REASON_OTHER;
    return CR_OK;
}
