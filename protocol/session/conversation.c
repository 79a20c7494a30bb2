/* What the two devices say to each other once they share a key: who they are, what is offered, the data, how it ended. */
#include "transfer_state.h"

#include <sodium.h>
#include <string.h>

#define DATA_HEAD_BYTES 11 /* type, length, certificate, file, offset */
#define SMALL_BYTES 1024   /* enough for any message but OFFER and DATA */

void conversation_flush(struct cr_transfer *t)
{
    const uint8_t *payload;
    size_t length;

    while (cr_session_output(t->session, &payload, &length) == CR_OK) {
        int error = cr_link_send(t->link, payload, length);

        if (error != CR_OK)
            transfer_end(t, error == CR_E_MEMORY ? CR_END_MEMORY : CR_END_PROTOCOL, CR_MOOD_ERROR);
        cr_session_sent(t->session);
    }
}

static int seal(struct cr_transfer *t, const struct cr_writer *messages, int is_final)
{
    int error = messages->error;

    if (error == CR_OK)
        error = cr_session_seal(t->session, messages->bytes, messages->length, is_final);
    conversation_flush(t);
    return error;
}

static void say_hello(struct cr_transfer *t)
{
    uint8_t bytes[SMALL_BYTES];
    struct cr_writer out;

    cr_writer_init(&out, bytes, sizeof bytes);
    cr_message_write_hello(&out, &t->own_hello);
    if (seal(t, &out, 0) != CR_OK)
        transfer_end(t, CR_END_MEMORY, CR_MOOD_ERROR);
}

static int say_refuse(struct cr_transfer *t, enum cr_reason reason)
{
    uint8_t bytes[SMALL_BYTES];
    struct cr_writer out;

    cr_writer_init(&out, bytes, sizeof bytes);
    cr_message_write_refuse(&out, reason);
    return seal(t, &out, 1);
}

static void say_bye(struct cr_transfer *t)
{
    uint8_t bytes[SMALL_BYTES];
    struct cr_writer out;

    cr_writer_init(&out, bytes, sizeof bytes);
    cr_message_write_bye(&out);
    (void)seal(t, &out, 1);
}

/* One file, cut so that each record is filled before the next begins. */
static int write_file(struct cr_transfer *t, struct cr_writer *out, struct cr_data *data,
                      const struct cr_file *file)
{
    int error = CR_OK;

    for (data->offset = 0; error == CR_OK && data->offset < file->size;) {
        size_t room = out->capacity - out->length, rest = file->size - data->offset;

        if (room <= DATA_HEAD_BYTES) {
            error = seal(t, out, 0);
            out->length = 0;
            continue;
        }
        data->bytes = file->bytes + data->offset;
        data->length = rest < room - DATA_HEAD_BYTES ? rest : room - DATA_HEAD_BYTES;
        if (data->length > CR_DATA_MAX_BYTES)
            data->length = CR_DATA_MAX_BYTES;
        cr_message_write_data(out, data);
        data->offset += (uint32_t)data->length;
    }
    return error;
}

static int say_bundle(struct cr_transfer *t, const struct cr_bundle *bundle)
{
    uint8_t *bytes = sodium_malloc(CR_RECORD_MAX_PLAIN_BYTES);
    struct cr_writer out;
    int error = CR_OK;

    if (bytes == NULL)
        return CR_E_MEMORY;
    cr_writer_init(&out, bytes, CR_RECORD_MAX_PLAIN_BYTES);
    cr_message_write_offer(&out, bundle);
    for (uint8_t c = 0; c < bundle->cert_count; c++) {
        for (uint8_t f = 0; f < bundle->certs[c].file_count && error == CR_OK; f++) {
            struct cr_data data = {.cert = c, .file = f};

            error = write_file(t, &out, &data, &bundle->certs[c].files[f]);
        }
    }
    if (error == CR_OK)
        error = seal(t, &out, 0);
    sodium_free(bytes);
    return error;
}

int cr_transfer_consent(struct cr_transfer *t, const struct cr_bundle *bundle, int64_t now_ms)
{
    int error;

    t->now = now_ms;
    if (t->stage != EXPECT_CONSENT)
        return CR_E_STATE;
    if (bundle == NULL) {
        (void)say_refuse(t, CR_REASON_DECLINED);
        transfer_end(t, CR_END_DECLINED, CR_MOOD_CANCELLED);
        return CR_OK;
    }
    error = cr_bundle_check(bundle);
    if (error == CR_OK)
        error = cr_bundle_digest(bundle, t->digest);
    if (error != CR_OK)
        return error;
    error = say_bundle(t, bundle);
    if (error != CR_OK) {
        transfer_end(t, CR_END_MEMORY, CR_MOOD_ERROR);
        return error;
    }
    transfer_expect(t, EXPECT_SAVED);
    transfer_push_type(t, CR_EVENT_SENDING);
    return CR_OK;
}

int cr_transfer_stored(struct cr_transfer *t, const uint8_t digest[static CR_DIGEST_BYTES], int64_t now_ms)
{
    uint8_t expected[CR_DIGEST_BYTES], bytes[SMALL_BYTES];
    struct cr_writer out;

    t->now = now_ms;
    if (t->stage != EXPECT_STORE)
        return CR_E_STATE;
    if (cr_bundle_digest(t->incoming, expected) != CR_OK || memcmp(expected, digest, CR_DIGEST_BYTES) != 0)
        return cr_transfer_refuse(t, CR_REASON_OTHER, now_ms);
    cr_writer_init(&out, bytes, sizeof bytes);
    cr_message_write_saved(&out, digest);
    transfer_expect(t, EXPECT_BYE);
    return seal(t, &out, 1);
}

int cr_transfer_refuse(struct cr_transfer *t, enum cr_reason reason, int64_t now_ms)
{
    t->now = now_ms;
    if (t->stage != EXPECT_DATA && t->stage != EXPECT_STORE)
        return CR_E_STATE;
    (void)say_refuse(t, reason);
    transfer_end_reason(t, reason == CR_REASON_DECLINED ? CR_END_DECLINED : CR_END_REFUSED, CR_MOOD_CANCELLED,
                        reason);
    return CR_OK;
}

static int on_hello(struct cr_transfer *t, struct cr_reader *value)
{
    struct cr_event event = {.type = CR_EVENT_HELLO, .hello = &t->peer_hello};
    int error;

    if (t->stage != EXPECT_HELLO)
        return CR_E_STATE;
    error = cr_message_read_hello(value, &t->peer_hello);
    if (error != CR_OK || t->peer_hello.role == t->role)
        return CR_E_MALFORMED;
    transfer_expect(t, t->role == CR_SENDER ? EXPECT_CONSENT : EXPECT_OFFER);
    transfer_push(t, &event);
    return CR_OK;
}

static int on_offer(struct cr_transfer *t, struct cr_reader *value)
{
    int error;

    if (t->stage != EXPECT_OFFER)
        return CR_E_STATE;
    t->incoming = cr_bundle_new();
    if (t->incoming == NULL)
        return CR_E_MEMORY;
    error = cr_message_read_offer(value, t->incoming);
    if (error != CR_OK)
        return error;
    transfer_expect(t, EXPECT_DATA);
    transfer_push_type(t, CR_EVENT_OFFER);
    return CR_OK;
}

/* Moves to the next file; the last one of the last certificate completes the bundle. */
static void next_file(struct cr_transfer *t)
{
    t->at_offset = 0;
    t->at_file++;
    if (t->at_file < t->incoming->certs[t->at_cert].file_count)
        return;
    t->at_file = 0;
    t->at_cert++;
    if (t->at_cert < t->incoming->cert_count)
        return;
    transfer_expect(t, EXPECT_STORE);
    transfer_push_type(t, CR_EVENT_ARRIVED);
}

static int on_data(struct cr_transfer *t, struct cr_reader *value)
{
    struct cr_data data;
    struct cr_file *file;

    if (t->stage != EXPECT_DATA)
        return CR_E_STATE;
    if (cr_message_read_data(value, &data) != CR_OK || data.cert != t->at_cert || data.file != t->at_file ||
        data.offset != t->at_offset)
        return CR_E_MALFORMED;
    file = &t->incoming->certs[t->at_cert].files[t->at_file];
    if (data.length > file->size - data.offset)
        return CR_E_MALFORMED;
    if (file->bytes == NULL && (file->bytes = sodium_malloc(file->size)) == NULL)
        return CR_E_MEMORY;
    memcpy(file->bytes + data.offset, data.bytes, data.length);
    t->at_offset += (uint32_t)data.length;
    if (t->at_offset == file->size)
        next_file(t);
    else
        transfer_expect(t, EXPECT_DATA);
    return CR_OK;
}

static int on_saved(struct cr_transfer *t, struct cr_reader *value)
{
    uint8_t digest[CR_DIGEST_BYTES];

    if (t->stage != EXPECT_SAVED)
        return CR_E_STATE;
    if (cr_message_read_saved(value, digest) != CR_OK || !cr_session_is_ended(t->session))
        return CR_E_MALFORMED;
    if (memcmp(digest, t->digest, sizeof digest) != 0) {
        transfer_end(t, CR_END_MISMATCH, CR_MOOD_ERROR);
        return CR_OK;
    }
    transfer_push_type(t, CR_EVENT_SAVED);
    say_bye(t);
    transfer_end(t, CR_END_DONE, CR_MOOD_DONE);
    return CR_OK;
}

static int on_refuse(struct cr_transfer *t, struct cr_reader *value)
{
    enum cr_reason reason;
    enum cr_end end;

    if (t->stage < EXPECT_CONSENT || t->stage > EXPECT_STORE)
        return CR_E_STATE;
    if (cr_message_read_refuse(value, &reason) != CR_OK || !cr_session_is_ended(t->session))
        return CR_E_MALFORMED;
    end = reason == CR_REASON_DECLINED ? CR_END_PEER_DECLINED : CR_END_PEER_REFUSED;
    transfer_end_reason(t, end, CR_MOOD_CANCELLED, reason);
    return CR_OK;
}

static int on_bye(struct cr_transfer *t, struct cr_reader *value)
{
    if (t->stage != EXPECT_BYE)
        return CR_E_STATE;
    if (cr_reader_end(value) != CR_OK || !cr_session_is_ended(t->session))
        return CR_E_MALFORMED;
    transfer_end(t, CR_END_DONE, CR_MOOD_DONE);
    return CR_OK;
}

static int (*const MESSAGES[])(struct cr_transfer *t, struct cr_reader *value) = {
    [CR_MESSAGE_HELLO] = on_hello, [CR_MESSAGE_OFFER] = on_offer,   [CR_MESSAGE_DATA] = on_data,
    [CR_MESSAGE_SAVED] = on_saved, [CR_MESSAGE_REFUSE] = on_refuse, [CR_MESSAGE_BYE] = on_bye,
};

static int handle_message(struct cr_transfer *t, uint8_t type, struct cr_reader *value)
{
    if (type >= CR_MESSAGE_OPTIONAL)
        return CR_OK;
    if (type > CR_MESSAGE_BYE)
        return CR_E_MALFORMED;
    return MESSAGES[type](t, value);
}

/* All messages of the record that has just been opened. */
static void handle_record(struct cr_transfer *t)
{
    const uint8_t *bytes;
    size_t length;
    struct cr_reader record, value;
    uint8_t type = 0;
    int error = CR_OK;

    if (cr_session_record(t->session, &bytes, &length) != CR_OK)
        return;
    cr_reader_init(&record, bytes, length);
    while (error == CR_OK && t->stage != EXPECT_NOTHING) {
        error = cr_message_next(&record, &type, &value);
        if (error == CR_OK)
            error = handle_message(t, type, &value);
    }
    if (error == CR_INCOMPLETE && cr_session_is_ended(t->session) && t->stage != EXPECT_NOTHING)
        error = CR_E_MALFORMED; /* FINAL without a last word */
    if (error == CR_E_MEMORY)
        transfer_end(t, CR_END_MEMORY, CR_MOOD_ERROR);
    else if (error < 0)
        transfer_end(t, CR_END_PROTOCOL, CR_MOOD_ERROR);
}

/* Whatever knocks at a number without being a certrelay device has not tried it, and has broken nothing but this mailbox. */
static int is_stranger(const struct cr_transfer *t)
{
    return t->side == CR_DISPLAYER && !cr_session_is_spent(t->session);
}

static void end_session(struct cr_transfer *t, int error)
{
    switch (error) {
    case CR_E_CODE:
        transfer_end(t, CR_END_WRONG_CODE, CR_MOOD_WRONG_CODE);
        break;
    case CR_E_ROLE:
        transfer_end(t, CR_END_SAME_ROLE, CR_MOOD_ERROR);
        break;
    case CR_E_VERSION:
        transfer_end(t, CR_END_VERSION, CR_MOOD_ERROR);
        break;
    case CR_E_MEMORY:
        transfer_end(t, CR_END_MEMORY, CR_MOOD_ERROR);
        break;
    default:
        transfer_end(t, is_stranger(t) ? CR_END_STRANGER : CR_END_TAMPERED, CR_MOOD_ERROR);
    }
}

void conversation_payload(struct cr_transfer *t, const uint8_t *payload, size_t length)
{
    int error;

    if (t->session == NULL) {
        transfer_end(t, CR_END_RELAY_PROTOCOL, CR_MOOD_ERROR);
        return;
    }
    error = cr_session_input(t->session, payload, length);
    conversation_flush(t);
    if (error != CR_OK) {
        end_session(t, error);
        return;
    }
    if (t->stage == EXPECT_NOTHING)
        return; /* the link could not take the answer */
    if (t->stage == EXPECT_TYPIST || t->stage == EXPECT_KEYS)
        transfer_expect(t, EXPECT_KEYS);
    if (cr_session_is_open(t->session) && !t->is_open_told) {
        t->is_open_told = 1;
        transfer_expect(t, EXPECT_HELLO);
        transfer_push_type(t, CR_EVENT_CONFIRMED);
        say_hello(t);
    }
    handle_record(t);
}
