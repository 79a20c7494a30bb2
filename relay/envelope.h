/* What relays of one service say to each other about devices that one of them has on the line and another one in a mailbox. Sans-IO.
 *
 * Big-endian: version(1) type(1) link(8) and the fields below. The link is a number that the edge, where the device is connected, has
 * chosen; it never uses it again. Who the message is from, and that none is missing, is the store's part. Bytes after the fields are from
 * a newer node and are not read. */
#ifndef RELAY_ENVELOPE_H
#define RELAY_ENVELOPE_H

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

#define ENVELOPE_VERSION 1
#define ENVELOPE_HEAD_MAX_BYTES 32 /* SIT's */
#define ENVELOPE_MAX_BYTES (ENVELOPE_HEAD_MAX_BYTES + CR_FRAME_MAX_BYTES)
#define ENVELOPE_PREFIX_BYTES 10

enum envelope_type {
    /* From the edge. */
    ENVELOPE_SIT = 1,   /* nameplate(5) era(4) seat(1) arrival(1) seen(4), JOIN's payload: length(4) bytes */
    ENVELOPE_HEAR = 2,  /* the device says: length(4) frame */
    ENVELOPE_TOLD = 3,  /* so much of what it is to be told is out: bytes(8), from the beginning */
    ENVELOPE_LEAVE = 4, /* it is gone */
    /* From the owner of the mailbox. */
    ENVELOPE_SAY = 5,    /* to be told: length(4) frame */
    ENVELOPE_HEARD = 6,  /* so much of what it says is taken: bytes(8), from the beginning */
    ENVELOPE_END = 7,    /* when all is told, close in order */
    ENVELOPE_DROP = 8,   /* end its connection without a word */
    ENVELOPE_REFUND = 9, /* its JOIN came to a good end: it does not count as failed */
    /* Between any two; link is 0. */
    ENVELOPE_RESET = 10, /* nothing is carried between us any more, whatever was before this */
    ENVELOPE_PULSE = 11, /* something is; it also shows when the last message before it is missing */
    ENVELOPE_PREFIXES =
        12 /* failed joins: length(4), then for each network its key(8) and how many(2, two's complement) */
};

/* Which fields count is in the list above. */
struct envelope {
    enum envelope_type type;
    uint64_t link;
    struct cr_nameplate nameplate;
    uint32_t era;
    uint32_t seen;
    uint8_t seat;
    uint8_t arrival; /* enum mailbox_arrival */
    uint64_t bytes;
    const uint8_t *payload; /* borrowed: decode points into its input */
    size_t payload_bytes;
};

/* CR_E_MALFORMED for another version, an unknown type, a missing byte, and a field out of its range. */
int envelope_decode(const uint8_t *bytes, size_t length, struct envelope *envelope);
/* Returns the length, at most ENVELOPE_MAX_BYTES; 0 when it does not fit or a field is out of its range. */
size_t envelope_encode(const struct envelope *envelope, uint8_t *out, size_t room);

struct prefix {
    uint64_t network; /* as quota_network has it */
    int16_t count;
};

/* One of those in PREFIXES' payload. */
void prefix_read(const uint8_t bytes[static ENVELOPE_PREFIX_BYTES], struct prefix *prefix);
void prefix_write(const struct prefix *prefix, uint8_t out[static ENVELOPE_PREFIX_BYTES]);

#endif
