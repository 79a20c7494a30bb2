/* Numbers and links as entered, turned into an invitation. */
#include "entry.h"

#include <sodium.h>
#include <string.h>

static enum error_id link_read(const char *fragment, size_t length, const struct address *relay,
                               struct cr_invite *invite)
{
    struct cr_invite read;
    struct address other;
    enum error_id id = ERROR_NONE;

    if (cr_invite_parse(fragment, length, &read))
        id = ERROR_CODE_NOT_DIGITS;
    else if (*read.relay && (address_read(read.relay, &other) || strcmp(other.url, relay->url) != 0))
        id = ERROR_CODE_OTHER_RELAY;
    else
        *invite = read;
    sodium_memzero(&read, sizeof(read));
    return id;
}

enum error_id entry_read(const char *text, size_t length, const struct address *relay,
                         struct cr_invite *invite)
{
    const char *hash = memchr(text, '#', length);
    struct cr_code code;
    enum cr_code_fault fault;

    if (hash)
        return link_read(hash + 1, length - (size_t)(hash + 1 - text), relay, invite);
    if (length > CR_CODE_INPUT_MAX_BYTES)
        return ERROR_CODE_TOO_LONG;
    fault = cr_code_parse(text, length, &code);
    if (fault == CR_CODE_GOOD) {
        memset(invite, 0, sizeof(*invite));
        invite->has_digits = 1;
        invite->code = code;
    }
    sodium_memzero(&code, sizeof(code));
    return error_of_code(fault);
}
