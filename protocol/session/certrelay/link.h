/* A device's half of the relay contract: numbers the frames, keeps them until the other device has seen them, asks to go on
 * after a lost connection, and hands up each payload exactly once. PROTOCOL.md section 2.1.
 *
 * Sans-IO. Knows nothing of the session. */
#ifndef CERTRELAY_LINK_H
#define CERTRELAY_LINK_H

#include <certrelay/contract.h>

CR_C_BEGIN

struct cr_link;

/* What the relay said. REFUSED leaves the link usable only for CR_REFUSED_BUSY. */
enum cr_link_event_type {
    CR_LINK_NOTHING = 0,
    CR_LINK_SEATED, /* ALLOCATED or JOINED for the first time; nameplate counts after ALLOCATED */
    CR_LINK_RESUMED,
    CR_LINK_PAYLOAD,
    CR_LINK_PEER,
    CR_LINK_TIME,
    CR_LINK_CLOSED,
    CR_LINK_REFUSED,
    CR_LINK_GOING_AWAY,
};

struct cr_link_event {
    enum cr_link_event_type type;
    struct cr_nameplate nameplate;
    uint16_t seconds;
    uint8_t code;           /* mood, peer or refusal */
    const uint8_t *payload; /* borrowed from the message */
    size_t payload_bytes;
};

/* Draws its own token. */
int cr_link_new(struct cr_link **link);
void cr_link_free(struct cr_link *link);

/* What the relay wants to see before it opens a mailbox, copied, and wiped once it has. Before the seat is chosen: CR_E_STATE after.
 * CR_E_LIMIT over CR_PERMIT_MAX_BYTES. */
int cr_link_permit(struct cr_link *link, const uint8_t *permit, size_t length);

/* Choose the seat, once. join copies the first payload. The frame leaves when the connection is there. */
int cr_link_allocate(struct cr_link *link);
int cr_link_join(struct cr_link *link, const struct cr_nameplate *nameplate, const uint8_t *payload,
                 size_t length);

/* Queues one payload, copied. CR_E_LIMIT past the mailbox's byte limit. */
int cr_link_send(struct cr_link *link, const uint8_t *payload, size_t length);
void cr_link_extend(struct cr_link *link);
void cr_link_clock(struct cr_link *link);
/* Last word: after what is queued, CLOSE. */
void cr_link_close(struct cr_link *link, enum cr_mood mood);

/* The connection came (speak again from where we were) or went. */
void cr_link_connected(struct cr_link *link);
void cr_link_lost(struct cr_link *link);

/* Takes one WebSocket message; the event is CR_LINK_NOTHING when there is nothing to tell. CR_E_MALFORMED ends the link. */
int cr_link_input(struct cr_link *link, const uint8_t *message, size_t length, struct cr_link_event *event);

/* Sends everything not acknowledged by the other device again, also a first frame that had no answer (after CR_REFUSED_BUSY). */
void cr_link_repeat(struct cr_link *link);

/* The relay may ask for work before it answers a JOIN (section 2.2). While cr_link_has_work, cr_link_work makes so many tries at most: CR_OK
 * once there is something to send, or nothing to do; CR_INCOMPLETE when it is to be called again. A try is a SHA-256 of one block. */
int cr_link_has_work(const struct cr_link *link);
int cr_link_work(struct cr_link *link, unsigned tries);

/* The next WebSocket message to send, borrowed until the next call; CR_INCOMPLETE when there is none or no connection. */
int cr_link_output(struct cr_link *link, const uint8_t **message, size_t *length);
void cr_link_sent(struct cr_link *link);

/* Nothing more will be said, not even what is queued: the other device knows, or the relay has ended it. */
void cr_link_silence(struct cr_link *link);
/* After cr_link_close: the relay has not answered CLOSE yet, so it must be said, perhaps on another connection. */
int cr_link_has_more(const struct cr_link *link);

CR_C_END

#endif
