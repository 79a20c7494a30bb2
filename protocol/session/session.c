/* The session: which message may come when, and the records after the handshake. */
#include "session_state.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_EXTRA_BYTES crypto_secretstream_xchacha20poly1305_ABYTES
#define TAG_MESSAGE crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
#define TAG_FINAL crypto_secretstream_xchacha20poly1305_TAG_FINAL
#define RECORD_MIN_BYTES 4096

static int fail(struct cr_session *s, int error)
{
    s->state = FAILED;
    s->error = error;
    sodium_memzero(&s->config, sizeof s->config);
    sodium_memzero(s->y, sizeof s->y);
    sodium_memzero(s->isk, sizeof s->isk);
    sodium_memzero(s->prk, sizeof s->prk);
    sodium_memzero(&s->push, sizeof s->push);
    sodium_memzero(&s->pull, sizeof s->pull);
    return error;
}

static struct output *queue_output(struct cr_session *s, size_t length)
{
    struct output *output = malloc(sizeof *output + length);

    if (output == NULL)
        return NULL;
    output->next = NULL;
    output->length = length;
    *s->last = output;
    s->last = &output->next;
    return output;
}

int session_queue(struct cr_session *s, const uint8_t *bytes, size_t length)
{
    struct output *output = queue_output(s, length);

    if (output == NULL)
        return CR_E_MEMORY;
    memcpy(output->bytes, bytes, length);
    return CR_OK;
}

static void drop_record(struct cr_session *s)
{
    sodium_free(s->record);
    s->record = NULL;
    s->record_bytes = 0;
}

static int is_record_size(size_t length)
{
    for (size_t size = RECORD_MIN_BYTES; size <= CR_PAYLOAD_MAX_BYTES; size *= 2)
        if (length == size)
            return 1;
    return 0;
}

static int handle_record(struct cr_session *s, struct cr_reader *in)
{
    size_t cipher_bytes = in->left;
    uint8_t tag = 0;

    if (!is_record_size(cipher_bytes + 1))
        return CR_E_TAMPERED;
    s->record_bytes = cipher_bytes - STREAM_EXTRA_BYTES;
    s->record = sodium_malloc(s->record_bytes);
    if (s->record == NULL)
        return CR_E_MEMORY;
    if (crypto_secretstream_xchacha20poly1305_pull(&s->pull, s->record, NULL, &tag, in->at, cipher_bytes,
                                                   NULL, 0) != 0 ||
        (tag != TAG_MESSAGE && tag != TAG_FINAL)) {
        drop_record(s);
        return CR_E_TAMPERED;
    }
    if (tag == TAG_FINAL)
        s->state = ENDED_BY_PEER;
    return CR_OK;
}

/* What each state lets in; everything else is out of turn. */
static int handle(struct cr_session *s, uint8_t type, struct cr_reader *in, const uint8_t *payload,
                  size_t length)
{
    if (s->state == EXPECT_START && type == FRAME_START)
        return handshake_start(s, in, payload, length);
    if (s->state == EXPECT_REPLY && type == FRAME_ABORT)
        return handshake_abort(in);
    if (s->state == EXPECT_REPLY && type == FRAME_REPLY)
        return handshake_reply(s, in, payload, length);
    if (s->state == EXPECT_CONFIRM && type == FRAME_CONFIRM)
        return handshake_confirm(s, in, payload, length);
    if (s->state == OPEN && type == FRAME_RECORD)
        return handle_record(s, in);
    if (s->state == OPEN || s->state == ENDED_BY_PEER)
        return CR_E_TAMPERED;
    return CR_E_MALFORMED;
}

int cr_session_input(struct cr_session *s, const uint8_t *payload, size_t length)
{
    struct cr_reader in;
    uint8_t type;
    int error;

    if (s->state == FAILED)
        return s->error;
    drop_record(s);
    cr_reader_init(&in, payload, length);
    type = cr_read_u8(&in);
    error = length > CR_PAYLOAD_MAX_BYTES ? CR_E_MALFORMED : handle(s, type, &in, payload, length);
    return error == CR_OK ? CR_OK : fail(s, error);
}

int cr_session_seal(struct cr_session *s, const uint8_t *messages, size_t length, int is_final)
{
    size_t size = RECORD_MIN_BYTES;
    uint8_t *plain;
    struct output *output;

    if (!cr_session_is_open(s) || s->has_sent_final)
        return CR_E_STATE;
    if (length > CR_RECORD_MAX_PLAIN_BYTES)
        return CR_E_LIMIT;
    while (size < 1 + STREAM_EXTRA_BYTES + length)
        size *= 2;
    plain = sodium_malloc(size);
    output = plain != NULL ? queue_output(s, size) : NULL;
    if (output == NULL) {
        sodium_free(plain);
        return fail(s, CR_E_MEMORY);
    }
    memset(plain, 0, size);
    memcpy(plain, messages, length);
    output->bytes[0] = FRAME_RECORD;
    crypto_secretstream_xchacha20poly1305_push(&s->push, output->bytes + 1, NULL, plain,
                                               size - 1 - STREAM_EXTRA_BYTES, NULL, 0,
                                               is_final ? TAG_FINAL : TAG_MESSAGE);
    s->has_sent_final = is_final;
    sodium_free(plain);
    return CR_OK;
}

int cr_session_export(const struct cr_session *s, const char *label, uint8_t *out, size_t length)
{
    static const char PREFIX[] = "certrelay 1 export ";
    uint8_t full[KEYS_LABEL_MAX_BYTES];
    struct cr_writer writer;

    if (!cr_session_is_open(s))
        return CR_E_STATE;
    if (strlen(label) > 64)
        return CR_E_LIMIT;
    cr_writer_init(&writer, full, sizeof full);
    cr_write_bytes(&writer, (const uint8_t *)PREFIX, strlen(PREFIX));
    cr_write_bytes(&writer, (const uint8_t *)label, strlen(label));
    return keys_expand(s->prk, full, writer.length, out, length);
}

int cr_session_new(struct cr_session **session, const struct cr_session_config *config)
{
    struct cr_session *s;
    int error = CR_OK;

    *session = NULL;
    if ((!config->has_digits && !config->has_long) || !cr_nameplate_is_valid(&config->nameplate))
        return CR_E_STATE;
    if (sodium_init() < 0 || (s = sodium_malloc(sizeof *s)) == NULL)
        return CR_E_MEMORY;
    memset(s, 0, sizeof *s);
    s->config = *config;
    s->state = EXPECT_START;
    s->last = &s->first;
    crypto_hash_sha512_init(&s->transcript);
    if (config->side == CR_TYPIST)
        error = handshake_send_start(s);
    if (error != CR_OK) {
        cr_session_free(s);
        return error;
    }
    *session = s;
    return CR_OK;
}

void cr_session_free(struct cr_session *s)
{
    if (s == NULL)
        return;
    while (s->first != NULL)
        cr_session_sent(s);
    drop_record(s);
    sodium_free(s);
}

int cr_session_output(const struct cr_session *s, const uint8_t **payload, size_t *length)
{
    if (s->first == NULL)
        return CR_INCOMPLETE;
    *payload = s->first->bytes;
    *length = s->first->length;
    return CR_OK;
}

void cr_session_sent(struct cr_session *s)
{
    struct output *output = s->first;

    if (output == NULL)
        return;
    s->first = output->next;
    if (s->first == NULL)
        s->last = &s->first;
    free(output);
}

int cr_session_record(const struct cr_session *s, const uint8_t **messages, size_t *length)
{
    if (s->record == NULL)
        return CR_INCOMPLETE;
    *messages = s->record;
    *length = s->record_bytes;
    return CR_OK;
}

int cr_session_is_open(const struct cr_session *s)
{
    return s->state == OPEN || s->state == ENDED_BY_PEER;
}

int cr_session_is_spent(const struct cr_session *s)
{
    return s->is_spent;
}

int cr_session_is_ended(const struct cr_session *s)
{
    return s->state == ENDED_BY_PEER;
}

int cr_session_error(const struct cr_session *s)
{
    return s->error;
}
