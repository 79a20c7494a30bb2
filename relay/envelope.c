/* Reading and writing envelopes, by a table of what each type holds. */
#include "envelope.h"

#include "mailbox.h"

#include <string.h>

enum { HOLDS_SEAT = 1 << 0, HOLDS_BYTES = 1 << 1, HOLDS_PAYLOAD = 1 << 2, IS_KNOWN = 1 << 3 };

static const uint8_t holdings[] = {
    [ENVELOPE_SIT] = IS_KNOWN | HOLDS_SEAT | HOLDS_PAYLOAD,
    [ENVELOPE_HEAR] = IS_KNOWN | HOLDS_PAYLOAD,
    [ENVELOPE_TOLD] = IS_KNOWN | HOLDS_BYTES,
    [ENVELOPE_LEAVE] = IS_KNOWN,
    [ENVELOPE_SAY] = IS_KNOWN | HOLDS_PAYLOAD,
    [ENVELOPE_HEARD] = IS_KNOWN | HOLDS_BYTES,
    [ENVELOPE_END] = IS_KNOWN,
    [ENVELOPE_DROP] = IS_KNOWN,
    [ENVELOPE_REFUND] = IS_KNOWN,
    [ENVELOPE_RESET] = IS_KNOWN,
    [ENVELOPE_PULSE] = IS_KNOWN,
    [ENVELOPE_PREFIXES] = IS_KNOWN | HOLDS_PAYLOAD,
};

/* What is left to read; a field that is not there makes it bad for good. */
struct cursor {
    const uint8_t *at;
    size_t left;
    int is_bad;
};

static uint64_t take(struct cursor *cursor, size_t bytes)
{
    uint64_t value = 0;

    if (cursor->left < bytes)
        cursor->is_bad = 1;
    if (cursor->is_bad)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | cursor->at[i];
    cursor->at += bytes;
    cursor->left -= bytes;
    return value;
}

static void put(uint8_t **at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        (*at)[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    *at += bytes;
}

static uint8_t holding_of(unsigned type)
{
    return type < sizeof holdings ? holdings[type] : 0;
}

static int is_in_range(const struct envelope *envelope, uint8_t holding)
{
    if (holding & HOLDS_SEAT && (!cr_nameplate_is_valid(&envelope->nameplate) || envelope->seat >= SEATS ||
                                 envelope->arrival > ARRIVE_RESUMED))
        return 0;
    return (holding & IS_KNOWN) != 0 && envelope->payload_bytes <= CR_FRAME_MAX_BYTES;
}

static void seat_take(struct cursor *cursor, struct envelope *envelope)
{
    envelope->nameplate.digits = (uint8_t)take(cursor, 1);
    envelope->nameplate.value = (uint32_t)take(cursor, 4);
    envelope->era = (uint32_t)take(cursor, 4);
    envelope->seat = (uint8_t)take(cursor, 1);
    envelope->arrival = (uint8_t)take(cursor, 1);
    envelope->seen = (uint32_t)take(cursor, 4);
}

static void payload_take(struct cursor *cursor, struct envelope *envelope)
{
    size_t length = (size_t)take(cursor, 4);

    if (length > cursor->left)
        cursor->is_bad = 1;
    if (cursor->is_bad)
        return;
    envelope->payload = cursor->at;
    envelope->payload_bytes = length;
}

int envelope_decode(const uint8_t *bytes, size_t length, struct envelope *envelope)
{
    struct cursor cursor = {bytes, length, 0};
    uint64_t version = take(&cursor, 1);
    unsigned type = (unsigned)take(&cursor, 1);
    uint8_t holding = holding_of(type);

    memset(envelope, 0, sizeof *envelope);
    if (version != ENVELOPE_VERSION || holding == 0)
        return CR_E_MALFORMED;
    envelope->type = (enum envelope_type)type;
    envelope->link = take(&cursor, 8);
    if (holding & HOLDS_SEAT)
        seat_take(&cursor, envelope);
    if (holding & HOLDS_BYTES)
        envelope->bytes = take(&cursor, 8);
    if (holding & HOLDS_PAYLOAD)
        payload_take(&cursor, envelope);
    return !cursor.is_bad && is_in_range(envelope, holding) ? CR_OK : CR_E_MALFORMED;
}

size_t envelope_encode(const struct envelope *envelope, uint8_t *out, size_t room)
{
    uint8_t holding = holding_of(envelope->type), *at = out;

    if (!is_in_range(envelope, holding) || ENVELOPE_HEAD_MAX_BYTES + envelope->payload_bytes > room)
        return 0;
    put(&at, ENVELOPE_VERSION, 1);
    put(&at, envelope->type, 1);
    put(&at, envelope->link, 8);
    if (holding & HOLDS_SEAT) {
        put(&at, envelope->nameplate.digits, 1);
        put(&at, envelope->nameplate.value, 4);
        put(&at, envelope->era, 4);
        put(&at, envelope->seat, 1);
        put(&at, envelope->arrival, 1);
        put(&at, envelope->seen, 4);
    }
    if (holding & HOLDS_BYTES)
        put(&at, envelope->bytes, 8);
    if (holding & HOLDS_PAYLOAD) {
        put(&at, envelope->payload_bytes, 4);
        if (envelope->payload_bytes > 0)
            memcpy(at, envelope->payload, envelope->payload_bytes);
        at += envelope->payload_bytes;
    }
    return (size_t)(at - out);
}

void prefix_read(const uint8_t bytes[static ENVELOPE_PREFIX_BYTES], struct prefix *prefix)
{
    struct cursor cursor = {bytes, ENVELOPE_PREFIX_BYTES, 0};

    prefix->network = take(&cursor, 8);
    prefix->count = (int16_t)take(&cursor, 2);
}

void prefix_write(const struct prefix *prefix, uint8_t out[static ENVELOPE_PREFIX_BYTES])
{
    put(&out, prefix->network, 8);
    put(&out, (uint16_t)prefix->count, 2);
}
