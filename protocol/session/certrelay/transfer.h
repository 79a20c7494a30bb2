/* A whole device: link, session and conversation in one state machine. This is the library's front door; an application adds
 * a WebSocket, a clock, a place to store, and a face for the person. PROTOCOL.md sections 2 to 4.
 *
 * Calling order:
 *     cr_transfer_new(...)
 *     when cr_transfer_connect_at() is due: open a WebSocket; then cr_transfer_connected() or cr_transfer_lost()
 *     after every call: send what cr_transfer_output() gives, act on what cr_transfer_event() gives,
 *     and call cr_transfer_tick() no later than cr_transfer_deadline().
 * Times are milliseconds of any monotonic clock. One transfer is one code: after it ended, make a new one. A typist may be
 * connected before it has its code; a relay that closes such a silent connection is connected to again when the code comes. */
#ifndef CERTRELAY_TRANSFER_H
#define CERTRELAY_TRANSFER_H

#include <certrelay/message.h>

CR_C_BEGIN

struct cr_transfer;

#define CR_NEVER INT64_MAX

enum cr_event_type {
    CR_EVENT_NONE = 0,
    CR_EVENT_CODE,       /* displayer: the code is ready (cr_transfer_invite); seconds left */
    CR_EVENT_TIME,       /* seconds left of the mailbox's life */
    CR_EVENT_ONLINE,     /* the relay answered, for the first time or again */
    CR_EVENT_OFFLINE,    /* the connection is lost; it will be tried again */
    CR_EVENT_PEER,       /* peer: here or away */
    CR_EVENT_CONFIRMED,  /* both devices have proved the code */
    CR_EVENT_HELLO,      /* who the other device is; a sender now asks its person, then cr_transfer_consent */
    CR_EVENT_OFFER,      /* receiver: what will arrive (cr_transfer_bundle, no bytes yet) */
    CR_EVENT_SENDING,    /* sender: offer and data are on their way */
    CR_EVENT_ARRIVED,    /* receiver: everything is here; store it, read it back, cr_transfer_stored */
    CR_EVENT_SAVED,      /* sender: the receiver stored exactly what was sent */
    CR_EVENT_GOING_AWAY, /* the relay shuts down in so many seconds */
    CR_EVENT_STALE,      /* the relay fell silent: close the connection and call cr_transfer_lost */
    CR_EVENT_ENDED,      /* last event; end tells how */
};

enum cr_end {
    CR_END_NONE = 0,
    CR_END_DONE,         /* sent and stored, both know */
    CR_END_DONE_UNHEARD, /* receiver: stored, but the sender may not know */
    CR_END_WRONG_CODE,
    CR_END_STRANGER,    /* displayer: what came to this number is no certrelay device; nothing was tried */
    CR_END_UNAVAILABLE, /* nobody waits under this number: unknown, expired or taken */
    CR_END_EXPIRED,
    CR_END_CANCELLED, /* by this device's person */
    CR_END_PEER_CANCELLED,
    CR_END_PEER_ERROR, /* the other device gave up with an error */
    CR_END_PEER_LOST,  /* it went away and did not come back, or fell silent */
    CR_END_DECLINED,   /* this device's person said no */
    CR_END_PEER_DECLINED,
    CR_END_PEER_REFUSED, /* the receiver could not store: reason */
    CR_END_REFUSED,      /* this device could not store: reason */
    CR_END_SAME_ROLE,    /* both send, or both receive */
    CR_END_VERSION,
    CR_END_TAMPERED, /* somebody changed what was sent, or the relay misbehaves */
    CR_END_PROTOCOL, /* the other device does not keep to the protocol */
    CR_END_RELAY_UNREACHABLE,
    CR_END_RELAY_LOST, /* the relay was there and did not come back, or has forgotten this mailbox */
    CR_END_RELAY_FULL,
    CR_END_RELAY_TOO_MANY,
    CR_END_RELAY_DRAINING,
    CR_END_RELAY_FORBIDDEN, /* displayer: it opens mailboxes for its organisation only, and the permit did not do */
    CR_END_RELAY_PROTOCOL, /* what answers is not a relay that keeps the contract */
    CR_END_MISMATCH,       /* sender: the receiver says it stored something else */
    CR_END_MEMORY,
};

struct cr_event {
    enum cr_event_type type;
    uint16_t seconds;             /* CODE, TIME, GOING_AWAY; retry after in ENDED */
    enum cr_peer peer;            /* PEER */
    enum cr_end end;              /* ENDED */
    enum cr_reason reason;        /* ENDED with PEER_REFUSED or REFUSED */
    const struct cr_hello *hello; /* HELLO: the other device, borrowed from the transfer */
    int has_data_left; /* ENDED, sender: the bundle had left and no word came back; it may have been stored */
};

enum cr_secrets { CR_SECRET_DIGITS_ONLY = 1, CR_SECRET_BOTH = 2, CR_SECRET_LONG_ONLY = 3 };

struct cr_transfer_config {
    enum cr_side side;
    enum cr_role role;
    enum cr_secrets secrets;        /* displayer: what to draw */
    const struct cr_invite *invite; /* typist: what was typed or scanned; copied */
    const char *name;               /* of this device, for the other person's eyes; copied */
    const char *platform;
    const char *program;
    int64_t patience_ms;   /* how long to wait for the relay or the other device to come back; 0: 60 s */
    const uint8_t *permit; /* displayer: what the relay wants to see before it opens a mailbox; copied */
    size_t permit_bytes;   /* 0: none */
};

/* now_ms starts the clock. A typist connects first and may get its code later: with invite NULL it waits for cr_transfer_enter. */
int cr_transfer_new(struct cr_transfer **transfer, const struct cr_transfer_config *config, int64_t now_ms);
void cr_transfer_free(struct cr_transfer *transfer);

/* Typist without an invite: the code has been typed. CR_E_STATE when there is one already. */
int cr_transfer_enter(struct cr_transfer *transfer, const struct cr_invite *invite, int64_t now_ms);

/* When the application should (next) open a connection; CR_NEVER while there is one, one is being opened, or none is wanted. */
int64_t cr_transfer_connect_at(const struct cr_transfer *transfer);
/* The application has begun to open one. */
void cr_transfer_connecting(struct cr_transfer *transfer, int64_t now_ms);
void cr_transfer_connected(struct cr_transfer *transfer, int64_t now_ms);
/* It could not be opened, or went. is_refused: the machine answered that nobody listens, so patience is short. */
void cr_transfer_lost(struct cr_transfer *transfer, int is_refused, int64_t now_ms);

/* One whole binary WebSocket message. */
void cr_transfer_input(struct cr_transfer *transfer, const uint8_t *message, size_t length, int64_t now_ms);
/* Does what is due by now. A relay may ask for work before it lets a device join (section 2.2): then the deadline is always near, and each tick
 * does a millisecond of it, so that connection and person are served in between. */
void cr_transfer_tick(struct cr_transfer *transfer, int64_t now_ms);
/* There is such work: who has nothing else to do may tick again at once. */
int cr_transfer_has_work(const struct cr_transfer *transfer);
/* When tick must be called at the latest; CR_NEVER when nothing is timed. */
int64_t cr_transfer_deadline(const struct cr_transfer *transfer);

/* Asks the relay for a sign of life (after a suspended page woke up): CR_EVENT_TIME, or within 10 s CR_EVENT_STALE. */
void cr_transfer_probe(struct cr_transfer *transfer, int64_t now_ms);

/* The next message to send, borrowed until the next call of any cr_transfer function; CR_INCOMPLETE when there is none. */
int cr_transfer_output(struct cr_transfer *transfer, const uint8_t **message, size_t *length);
void cr_transfer_sent(struct cr_transfer *transfer);

/* The next event; type CR_EVENT_NONE when there is none. */
void cr_transfer_event(struct cr_transfer *transfer, struct cr_event *event);

/* Displayer, after CR_EVENT_CODE: what to show. Borrowed. */
const struct cr_invite *cr_transfer_invite(const struct cr_transfer *transfer);
/* Receiver, after CR_EVENT_OFFER. Borrowed; the bytes are there after CR_EVENT_ARRIVED. */
const struct cr_bundle *cr_transfer_bundle(const struct cr_transfer *transfer);

/* These three return CR_E_STATE when it is not their turn (also after ENDED) and change nothing then.
 *
 * Sender, after CR_EVENT_HELLO: the person agreed to send this bundle (copied), or NULL: said no. CR_E_LIMIT or
 * CR_E_MALFORMED for a bundle that cr_bundle_check refuses; it can be offered again, corrected. */
int cr_transfer_consent(struct cr_transfer *transfer, const struct cr_bundle *bundle, int64_t now_ms);
/* Receiver, after CR_EVENT_ARRIVED: digest of what was read back from the store. */
int cr_transfer_stored(struct cr_transfer *transfer, const uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)],
                       int64_t now_ms);
/* Receiver, after CR_EVENT_OFFER: it will not be stored. */
int cr_transfer_refuse(struct cr_transfer *transfer, enum cr_reason reason, int64_t now_ms);

/* More time for the person (displayer, while waiting). */
void cr_transfer_extend(struct cr_transfer *transfer, int64_t now_ms);
/* This device's person stops. Burns the code. Send the remaining output, then free. */
void cr_transfer_cancel(struct cr_transfer *transfer, int64_t now_ms);

/* Nothing left to say: after CR_EVENT_ENDED the connection may be closed. Until then the deadline still counts, and the tick
 * at it, 10 s after the end, gives up what a silent relay has not taken. */
int cr_transfer_is_finished(const struct cr_transfer *transfer);

CR_C_END

#endif
