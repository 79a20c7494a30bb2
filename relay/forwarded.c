/* Reads what proxies put before, or into, what they pass on. */
#include "forwarded.h"

#include <certrelay/cursor.h>

#include <string.h>

#define SIGNATURE_BYTES 12
#define HEAD_BYTES 16

enum { VERSION_2 = 0x20, LOCAL = 0x00, PROXY = 0x01, TCP4 = 0x11, TCP6 = 0x21 };

/* The last item before end, without the space around it; *length of it. */
static const char *item_before(const char *header, const char *end, const char **start, size_t *length)
{
    const char *item;

    *start = end;
    while (*start > header && (*start)[-1] != ',')
        (*start)--;
    item = *start;
    while (item < end && (*item == ' ' || *item == '\t'))
        item++;
    while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *length = (size_t)(end - item);
    return item;
}

int forwarded_read(const char *header, const struct networks *trusted, struct address *client)
{
    const char *end = header + strlen(header), *start, *item;
    size_t length;

    for (;;) {
        item = item_before(header, end, &start, &length);
        if (address_read(item, length, client) != 0)
            return -1;
        if (start == header || !networks_hold(trusted, client))
            return 0;
        end = start - 1;
    }
}

/* The block behind the head: source, destination, two ports, and what else the proxy adds. */
static enum forwarded block_read(struct cr_reader *block, uint8_t family, struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    size_t length = family == TCP4 ? 4 : 16;
    const uint8_t *source;

    if (family != TCP4 && family != TCP6)
        return FORWARDED_OWN;
    source = cr_read_bytes(block, length);
    (void)cr_read_bytes(block, length + 4);
    if (block->error != CR_OK)
        return FORWARDED_BAD;
    memcpy(address->bytes, mapped, sizeof mapped);
    memcpy(address->bytes + 16 - length, source, length);
    return FORWARDED_ADDRESS;
}

enum forwarded forwarded_parse(const uint8_t *bytes, size_t length, struct address *address,
                               size_t *header_bytes)
{
    static const uint8_t signature[SIGNATURE_BYTES] = "\r\n\r\n\0\r\nQUIT\n";
    size_t common = length < SIGNATURE_BYTES ? length : SIGNATURE_BYTES, block_bytes;
    struct cr_reader reader;
    uint8_t command, family;
    enum forwarded found;

    if (length > 0 && memcmp(bytes, signature, common) != 0)
        return FORWARDED_NOT;
    if (length < HEAD_BYTES)
        return FORWARDED_PART;
    cr_reader_init(&reader, bytes + SIGNATURE_BYTES, length - SIGNATURE_BYTES);
    command = cr_read_u8(&reader);
    family = cr_read_u8(&reader);
    block_bytes = cr_read_u16(&reader);
    if (HEAD_BYTES + block_bytes > FORWARDED_MAX_BYTES ||
        (command != (VERSION_2 | PROXY) && command != (VERSION_2 | LOCAL)))
        return FORWARDED_BAD;
    if (length < HEAD_BYTES + block_bytes)
        return FORWARDED_PART;
    cr_reader_init(&reader, bytes + HEAD_BYTES, block_bytes);
    found = command == (VERSION_2 | LOCAL) ? FORWARDED_OWN : block_read(&reader, family, address);
    if (found != FORWARDED_BAD)
        *header_bytes = HEAD_BYTES + block_bytes;
    return found;
}
