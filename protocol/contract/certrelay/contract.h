/* The relay contract: the frames a device and the relay exchange. PROTOCOL.md section 2.
 *
 * No crypto and no I/O: this is all that the relay knows of the protocol. */
#ifndef CERTRELAY_CONTRACT_H
#define CERTRELAY_CONTRACT_H

#include <certrelay/error.h>

#include <stddef.h>
#include <stdint.h>

CR_C_BEGIN

#define CR_SUBPROTOCOL "certrelay.v1"

#define CR_TOKEN_BYTES 16
#define CR_PAYLOAD_MAX_BYTES 65536
#define CR_MAILBOX_MAX_BYTES 1048576
#define CR_FRAME_HEAD_MAX_BYTES 22 /* JOIN: type, token, nameplate */
#define CR_FRAME_MAX_BYTES (CR_FRAME_HEAD_MAX_BYTES + CR_PAYLOAD_MAX_BYTES)

#define CR_NAMEPLATE_MIN_DIGITS 4
#define CR_NAMEPLATE_MAX_DIGITS 8

#define CR_WAIT_SECONDS 180
#define CR_WAIT_MAX_SECONDS 1800
#define CR_JOINED_SECONDS 600
#define CR_REST_SECONDS 600
#define CR_SILENT_SECONDS 10 /* a connection that never says anything */
#define CR_PING_SECONDS 25

#define CR_PERMIT_MAX_BYTES 64
#define CR_SALT_BYTES 8
#define CR_PUZZLE_MAX_BITS 22
#define CR_PUZZLE_SECONDS 60 /* for the work on one puzzle */
#define CR_PUZZLE_PREFIX "certrelay-join"

/* The public number of a mailbox; leading zeros count, so 0042 and 00042 differ. */
struct cr_nameplate {
    uint8_t digits;
    uint32_t value;
};

enum cr_frame_type {
    CR_FRAME_ALLOCATE = 0x01,
    CR_FRAME_JOIN = 0x02,
    CR_FRAME_SEND = 0x03,
    CR_FRAME_ACK = 0x04,
    CR_FRAME_RESUME = 0x05,
    CR_FRAME_EXTEND = 0x06,
    CR_FRAME_CLOSE = 0x07,
    CR_FRAME_CLOCK = 0x08,
    CR_FRAME_PROOF = 0x09,
    CR_FRAME_ALLOCATED = 0x81,
    CR_FRAME_JOINED = 0x82,
    CR_FRAME_DELIVER = 0x83,
    CR_FRAME_ACKED = 0x84,
    CR_FRAME_RESUMED = 0x85,
    CR_FRAME_TIME = 0x86,
    CR_FRAME_PEER = 0x87,
    CR_FRAME_CLOSED = 0x88,
    CR_FRAME_REFUSED = 0x89,
    CR_FRAME_GOING_AWAY = 0x8a,
    CR_FRAME_PUZZLE = 0x8b,
};

enum cr_mood {
    CR_MOOD_DONE = 1,
    CR_MOOD_CANCELLED = 2,
    CR_MOOD_WRONG_CODE = 3,
    CR_MOOD_ERROR = 4,
    CR_MOOD_EXPIRED = 5, /* only from the relay */
};

enum cr_peer {
    CR_PEER_NOBODY = 0,
    CR_PEER_HERE = 1,
    CR_PEER_AWAY = 2,
};

enum cr_refusal {
    CR_REFUSED_UNAVAILABLE = 1, /* nameplate unknown, expired or taken: one answer */
    CR_REFUSED_GONE = 2,        /* no mailbox has this token */
    CR_REFUSED_FULL = 3,
    CR_REFUSED_TOO_MANY = 4, /* from this address */
    CR_REFUSED_DRAINING = 5,
    CR_REFUSED_TOO_MUCH = 6, /* the mailbox's byte limit */
    CR_REFUSED_MALFORMED = 7,
    CR_REFUSED_BUSY = 8,
    CR_REFUSED_FORBIDDEN = 9, /* this relay opens mailboxes for its organisation only */
};

/* One frame, of any type; which fields count is in the table of PROTOCOL.md section 2. */
struct cr_frame {
    enum cr_frame_type type;
    uint8_t token[CR_TOKEN_BYTES];
    struct cr_nameplate nameplate;
    uint32_t seq;           /* SEND, ACK, DELIVER, ACKED; seen in RESUME; next in RESUMED */
    uint16_t seconds;       /* retry_after in REFUSED */
    uint8_t code;           /* mood, peer, reason, or bits of PUZZLE */
    const uint8_t *payload; /* borrowed: decode points into its input */
    size_t payload_bytes;
    const uint8_t *permit;       /* ALLOCATE; borrowed like the payload */
    size_t permit_bytes;         /* 0: none */
    uint8_t salt[CR_SALT_BYTES]; /* PUZZLE */
    uint64_t count;              /* PROOF */
};

enum cr_direction { CR_FROM_DEVICE, CR_FROM_RELAY };

/* Reads one whole message. CR_E_MALFORMED for a type of the other direction, a field out of its range, a missing
 * or a trailing byte, an empty payload; CR_E_LIMIT for a payload over CR_PAYLOAD_MAX_BYTES or a permit over CR_PERMIT_MAX_BYTES. */
int cr_frame_decode(enum cr_direction from, const uint8_t *bytes, size_t length, struct cr_frame *frame);

/* Writes one frame. *written is set only on success. CR_E_LIMIT when it does not fit into capacity,
 * CR_E_MALFORMED for a field out of its range. */
int cr_frame_encode(const struct cr_frame *frame, uint8_t *out, size_t capacity, size_t *written);

/* How many bytes cr_frame_encode would write; 0 for an unknown type. */
size_t cr_frame_bytes(const struct cr_frame *frame);

/* True for 4 to 8 digits and a value that has no more. */
int cr_nameplate_is_valid(const struct cr_nameplate *nameplate);

CR_C_END

#endif
