/* One bounded cursor for all parsing and writing: it never passes its end, and once it failed it stays failed,
 * so that a row of reads needs one check at its end. Bytes are borrowed, never copied or owned. */
#ifndef CERTRELAY_CURSOR_H
#define CERTRELAY_CURSOR_H

#include <certrelay/error.h>

#include <stddef.h>
#include <stdint.h>

CR_C_BEGIN

struct cr_reader {
    const uint8_t *at;
    size_t left;
    int error;
};

void cr_reader_init(struct cr_reader *reader, const uint8_t *bytes, size_t length);
uint8_t cr_read_u8(struct cr_reader *reader);
uint16_t cr_read_u16(struct cr_reader *reader);
uint32_t cr_read_u32(struct cr_reader *reader);
uint64_t cr_read_u64(struct cr_reader *reader);
/* A pointer to the next length bytes, or NULL when there are fewer. */
const uint8_t *cr_read_bytes(struct cr_reader *reader, size_t length);
void cr_read_copy(struct cr_reader *reader, uint8_t *out, size_t length);
/* CR_OK only if no read failed and nothing is left over. */
int cr_reader_end(const struct cr_reader *reader);

struct cr_writer {
    uint8_t *bytes;
    size_t capacity;
    size_t length;
    int error;
};

void cr_writer_init(struct cr_writer *writer, uint8_t *bytes, size_t capacity);
void cr_write_u8(struct cr_writer *writer, uint8_t value);
void cr_write_u16(struct cr_writer *writer, uint16_t value);
void cr_write_u32(struct cr_writer *writer, uint32_t value);
void cr_write_u64(struct cr_writer *writer, uint64_t value);
void cr_write_bytes(struct cr_writer *writer, const uint8_t *bytes, size_t length);

CR_C_END

#endif
