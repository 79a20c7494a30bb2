/* The bounded cursor for reading and writing big-endian numbers and byte strings. */
#include <certrelay/cursor.h>

#include <string.h>

void cr_reader_init(struct cr_reader *reader, const uint8_t *bytes, size_t length)
{
    reader->at = bytes;
    reader->left = length;
    reader->error = CR_OK;
}

const uint8_t *cr_read_bytes(struct cr_reader *reader, size_t length)
{
    const uint8_t *here = reader->at;

    if (reader->error != CR_OK || length > reader->left) {
        reader->error = CR_E_MALFORMED;
        return NULL;
    }
    if (length > 0) {
        reader->at += length;
        reader->left -= length;
    }
    return here;
}

static uint64_t read_number(struct cr_reader *reader, size_t width)
{
    const uint8_t *bytes = cr_read_bytes(reader, width);
    uint64_t value = 0;

    if (bytes == NULL)
        return 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint8_t cr_read_u8(struct cr_reader *reader)
{
    return (uint8_t)read_number(reader, 1);
}

uint16_t cr_read_u16(struct cr_reader *reader)
{
    return (uint16_t)read_number(reader, 2);
}

uint32_t cr_read_u32(struct cr_reader *reader)
{
    return (uint32_t)read_number(reader, 4);
}

uint64_t cr_read_u64(struct cr_reader *reader)
{
    return read_number(reader, 8);
}

void cr_read_copy(struct cr_reader *reader, uint8_t *out, size_t length)
{
    const uint8_t *bytes = cr_read_bytes(reader, length);

    if (length == 0)
        return;
    if (bytes == NULL)
        memset(out, 0, length);
    else
        memcpy(out, bytes, length);
}

int cr_reader_end(const struct cr_reader *reader)
{
    if (reader->error != CR_OK)
        return reader->error;
    return reader->left == 0 ? CR_OK : CR_E_MALFORMED;
}

void cr_writer_init(struct cr_writer *writer, uint8_t *bytes, size_t capacity)
{
    writer->bytes = bytes;
    writer->capacity = capacity;
    writer->length = 0;
    writer->error = CR_OK;
}

void cr_write_bytes(struct cr_writer *writer, const uint8_t *bytes, size_t length)
{
    if (writer->error != CR_OK || length > writer->capacity - writer->length) {
        writer->error = CR_E_LIMIT;
        return;
    }
    if (length == 0)
        return;
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static void write_number(struct cr_writer *writer, uint64_t value, size_t width)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    cr_write_bytes(writer, bytes, width);
}

void cr_write_u8(struct cr_writer *writer, uint8_t value)
{
    write_number(writer, value, 1);
}

void cr_write_u16(struct cr_writer *writer, uint16_t value)
{
    write_number(writer, value, 2);
}

void cr_write_u32(struct cr_writer *writer, uint32_t value)
{
    write_number(writer, value, 4);
}

void cr_write_u64(struct cr_writer *writer, uint64_t value)
{
    write_number(writer, value, 8);
}
