/* The frames between a device and the relay, read and written by one table. */
#include <certrelay/contract.h>
#include <certrelay/cursor.h>

#include <string.h>

enum field { END, TOKEN, NAMEPLATE, SEQ, SECONDS, CODE, PAYLOAD, PERMIT, SALT, COUNT };

#define FIELDS_MAX 3

/* One row of PROTOCOL.md section 2: the fields after the type byte, and the ranges of those that have one. */
struct shape {
    uint8_t type;
    uint8_t fields[FIELDS_MAX];
    uint8_t code_min, code_max;
    uint8_t seq_min;
};

static const struct shape shapes[] = {
    {CR_FRAME_ALLOCATE, {TOKEN, PERMIT}, 0, 0, 0},
    {CR_FRAME_JOIN, {TOKEN, NAMEPLATE, PAYLOAD}, 0, 0, 0},
    {CR_FRAME_SEND, {SEQ, PAYLOAD}, 0, 0, 1},
    {CR_FRAME_ACK, {SEQ}, 0, 0, 0},
    {CR_FRAME_RESUME, {TOKEN, SEQ}, 0, 0, 0},
    {CR_FRAME_EXTEND, {END}, 0, 0, 0},
    {CR_FRAME_CLOSE, {CODE}, CR_MOOD_DONE, CR_MOOD_ERROR, 0},
    {CR_FRAME_CLOCK, {END}, 0, 0, 0},
    {CR_FRAME_PROOF, {COUNT}, 0, 0, 0},
    {CR_FRAME_ALLOCATED, {NAMEPLATE, SECONDS}, 0, 0, 0},
    {CR_FRAME_JOINED, {SECONDS}, 0, 0, 0},
    {CR_FRAME_DELIVER, {SEQ, PAYLOAD}, 0, 0, 1},
    {CR_FRAME_ACKED, {SEQ}, 0, 0, 0},
    {CR_FRAME_RESUMED, {SECONDS, CODE, SEQ}, CR_PEER_NOBODY, CR_PEER_AWAY, 1},
    {CR_FRAME_TIME, {SECONDS}, 0, 0, 0},
    {CR_FRAME_PEER, {CODE}, CR_PEER_NOBODY, CR_PEER_AWAY, 0},
    {CR_FRAME_CLOSED, {CODE}, CR_MOOD_DONE, CR_MOOD_EXPIRED, 0},
    {CR_FRAME_REFUSED, {CODE, SECONDS}, CR_REFUSED_UNAVAILABLE, CR_REFUSED_FORBIDDEN, 0},
    {CR_FRAME_GOING_AWAY, {SECONDS}, 0, 0, 0},
    {CR_FRAME_PUZZLE, {CODE, SALT}, 1, CR_PUZZLE_MAX_BITS, 0},
};

static const struct shape *shape_find(unsigned type)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (shapes[i].type == type)
            return &shapes[i];
    }
    return NULL;
}

int cr_nameplate_is_valid(const struct cr_nameplate *nameplate)
{
    uint32_t end = 1;

    if (nameplate->digits < CR_NAMEPLATE_MIN_DIGITS || nameplate->digits > CR_NAMEPLATE_MAX_DIGITS)
        return 0;
    for (unsigned i = 0; i < nameplate->digits; i++)
        end *= 10;
    return nameplate->value < end;
}

static int payload_check(size_t length)
{
    if (length == 0)
        return CR_E_MALFORMED;
    return length > CR_PAYLOAD_MAX_BYTES ? CR_E_LIMIT : CR_OK;
}

static int field_check(const struct shape *shape, enum field field, const struct cr_frame *frame)
{
    switch (field) {
    case NAMEPLATE:
        return cr_nameplate_is_valid(&frame->nameplate) ? CR_OK : CR_E_MALFORMED;
    case SEQ:
        return frame->seq >= shape->seq_min ? CR_OK : CR_E_MALFORMED;
    case CODE:
        return frame->code >= shape->code_min && frame->code <= shape->code_max ? CR_OK : CR_E_MALFORMED;
    case PAYLOAD:
        return payload_check(frame->payload_bytes);
    case PERMIT:
        return frame->permit_bytes <= CR_PERMIT_MAX_BYTES ? CR_OK : CR_E_LIMIT;
    default:
        return CR_OK;
    }
}

static void field_read(struct cr_reader *reader, enum field field, struct cr_frame *frame)
{
    switch (field) {
    case TOKEN:
        cr_read_copy(reader, frame->token, CR_TOKEN_BYTES);
        break;
    case NAMEPLATE:
        frame->nameplate.digits = cr_read_u8(reader);
        frame->nameplate.value = cr_read_u32(reader);
        break;
    case SEQ:
        frame->seq = cr_read_u32(reader);
        break;
    case SECONDS:
        frame->seconds = cr_read_u16(reader);
        break;
    case CODE:
        frame->code = cr_read_u8(reader);
        break;
    case PAYLOAD:
        frame->payload_bytes = reader->left;
        frame->payload = cr_read_bytes(reader, reader->left);
        break;
    case PERMIT:
        frame->permit_bytes = reader->left;
        frame->permit = cr_read_bytes(reader, reader->left);
        break;
    case SALT:
        cr_read_copy(reader, frame->salt, CR_SALT_BYTES);
        break;
    case COUNT:
        frame->count = cr_read_u64(reader);
        break;
    case END:
        break;
    }
}

static void field_write(struct cr_writer *writer, enum field field, const struct cr_frame *frame)
{
    switch (field) {
    case TOKEN:
        cr_write_bytes(writer, frame->token, CR_TOKEN_BYTES);
        break;
    case NAMEPLATE:
        cr_write_u8(writer, frame->nameplate.digits);
        cr_write_u32(writer, frame->nameplate.value);
        break;
    case SEQ:
        cr_write_u32(writer, frame->seq);
        break;
    case SECONDS:
        cr_write_u16(writer, frame->seconds);
        break;
    case CODE:
        cr_write_u8(writer, frame->code);
        break;
    case PAYLOAD:
        cr_write_bytes(writer, frame->payload, frame->payload_bytes);
        break;
    case PERMIT:
        cr_write_bytes(writer, frame->permit, frame->permit_bytes);
        break;
    case SALT:
        cr_write_bytes(writer, frame->salt, CR_SALT_BYTES);
        break;
    case COUNT:
        cr_write_u64(writer, frame->count);
        break;
    case END:
        break;
    }
}

static int fields_check(const struct shape *shape, const struct cr_frame *frame)
{
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        int error = field_check(shape, (enum field)shape->fields[i], frame);

        if (error != CR_OK)
            return error;
    }
    return CR_OK;
}

int cr_frame_decode(enum cr_direction from, const uint8_t *bytes, size_t length, struct cr_frame *frame)
{
    struct cr_reader reader;
    const struct shape *shape;
    unsigned type;

    memset(frame, 0, sizeof *frame);
    cr_reader_init(&reader, bytes, length);
    type = cr_read_u8(&reader);
    shape = shape_find(type);
    if (shape == NULL || (type >= CR_FRAME_ALLOCATED) != (from == CR_FROM_RELAY))
        return CR_E_MALFORMED;
    frame->type = (enum cr_frame_type)type;
    for (size_t i = 0; i < FIELDS_MAX; i++)
        field_read(&reader, (enum field)shape->fields[i], frame);
    if (cr_reader_end(&reader) != CR_OK)
        return CR_E_MALFORMED;
    return fields_check(shape, frame);
}

int cr_frame_encode(const struct cr_frame *frame, uint8_t *out, size_t capacity, size_t *written)
{
    const struct shape *shape = shape_find(frame->type);
    struct cr_writer writer;
    int error;

    if (shape == NULL)
        return CR_E_MALFORMED;
    error = fields_check(shape, frame);
    if (error != CR_OK)
        return error;
    cr_writer_init(&writer, out, capacity);
    cr_write_u8(&writer, shape->type);
    for (size_t i = 0; i < FIELDS_MAX; i++)
        field_write(&writer, (enum field)shape->fields[i], frame);
    if (writer.error != CR_OK)
        return writer.error;
    *written = writer.length;
    return CR_OK;
}

size_t cr_frame_bytes(const struct cr_frame *frame)
{
    static const uint8_t widths[] = {
        [END] = 0,
        [TOKEN] = CR_TOKEN_BYTES,
        [NAMEPLATE] = 5,
        [SEQ] = 4,
        [SECONDS] = 2,
        [CODE] = 1,
        [PAYLOAD] = 0,
        [PERMIT] = 0,
        [SALT] = CR_SALT_BYTES,
        [COUNT] = 8,
    };
    const struct shape *shape = shape_find(frame->type);
    size_t bytes = 1;

    if (shape == NULL)
        return 0;
    for (size_t i = 0; i < FIELDS_MAX; i++) {
        bytes += widths[shape->fields[i]];
        bytes += shape->fields[i] == PAYLOAD ? frame->payload_bytes : 0;
        bytes += shape->fields[i] == PERMIT ? frame->permit_bytes : 0;
    }
    return bytes;
}
