/* The front desk of the relay: connections come in, are led to their seats, and are told what they are owed. It owns all mailboxes of this node.
 *
 * Sans-IO: who calls it moves the bytes and knows the time. PROTOCOL.md sections 2 and 2.1. */
#ifndef RELAY_OFFICE_H
#define RELAY_OFFICE_H

#include "quota.h"
#include "mailbox.h"
#include "metrics.h"
#include "permits.h"
#include "puzzle.h"
#include "store.h"
#include "wheel.h"

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

/* The longest message before a connection has a seat: JOIN with more than any handshake needs. PROTOCOL.md section 2. */
#define OFFICE_FIRST_MAX_BYTES (1 + CR_TOKEN_BYTES + 5 + 1024)

struct room;
struct errand;
struct farewell;
struct distant;

/* One connection, part of whatever carries it. The fields are the office's. */
struct visitor {
    struct timer timer; /* first: silence, then pings */
    struct office *office;
    struct room *room;
    struct errand *errand;     /* a question to the store that is not answered yet */
    struct farewell *farewell; /* the same about its CLOSE */
    struct distant *distant;   /* in place of room: its seat is on another node */
    struct account *account;   /* of the bytes held for a message that is not whole */
    size_t held_bytes;
    uint64_t address;
    struct puzzle puzzle; /* that a JOIN of it costs */
    uint16_t retry_after;
    uint8_t seat;
    uint8_t refusal;   /* to be told; 0 for none */
    uint8_t last_mood; /* CLOSED to be told as the last word; 0 for none */
    uint8_t pings;     /* sent and not answered */
    uint8_t owes_ping;
    uint8_t owes_going_away;
    uint8_t is_heard;    /* since the timer was last set */
    uint8_t is_outsider; /* may join a mailbox, and open one with a permit only */
    uint8_t is_carried;  /* it sits here, and its connection is another node's */
    uint8_t is_leaving;  /* nothing more is heard; the connection ends when all is told */
};

/* How a mailbox came to its end, for the log; the moods first. */
struct office_outcome {
    uint8_t mood; /* enum cr_mood */
    uint8_t was_joined;
    uint32_t tag; /* random, of this mailbox alone */
    uint64_t lived_ms;
    uint32_t carried_bytes;
};

struct office_rules {
    struct mailbox_rules mailbox;
    uint32_t max_mailboxes;
    uint32_t silent_ms;
    uint32_t ping_ms;
};

struct office_sink {
    /* The visitor has something to be told: call office_speak when its connection can take a frame. */
    void (*wake)(struct visitor *visitor);
    /* End the visitor's connection now, without a word; office_leave is called later as always. */
    void (*drop)(struct visitor *visitor);
    void (*outcome)(void *context, const struct office_outcome *outcome);
    void (*refused)(void *context, enum cr_refusal reason);
    void *context;
    struct metrics *metrics; /* borrowed; NULL: nothing is counted */
};

struct office;

/* store, quota and wheel are borrowed and must outlive it; the store's sink is the office's. NULL when out of memory. */
struct office *office_new(const struct office_rules *rules, const struct office_sink *sink,
                          struct store *store, struct quota *quota, struct wheel *wheel, random_draw *draw,
                          void *draw_context);
/* Every visitor must have left. */
void office_free(struct office *office);

/* What lets an outsider open mailboxes, from now on; borrowed. NULL, as it begins: nothing does. */
void office_permit(struct office *office, const struct permits *permits);

/* visitor is zeroed by this call and belongs to the office until office_leave. */
void office_enter(struct office *office, struct visitor *visitor, uint64_t address, uint64_t now_ms);
/* From now on the visitor may join mailboxes, and open them with a permit only. */
void office_restrict(struct visitor *visitor);
/* One whole message of a device. */
void office_hear(struct visitor *visitor, const uint8_t *bytes, size_t length, uint64_t now_ms);
/* How long a message of the visitor may be now. */
size_t office_message_max(const struct visitor *visitor);
/* Charges so many bytes to the visitor for a message that is not whole yet, in place of those charged before; 0 for none. CR_OK, or
 * CR_E_LIMIT: then none are charged. */
int office_hold(struct visitor *visitor, size_t bytes);
/* In place of office_hear for a message that could not be kept: the device is to say it again. */
void office_hear_nothing(struct visitor *visitor, uint64_t now_ms);
/* A pong, or anything else that shows that the connection lives. */
void office_heard(struct visitor *visitor);
void office_leave(struct visitor *visitor);

enum office_words { SAY_NOTHING, SAY_FRAME, SAY_PING, SAY_END };
/* What to send next: SAY_FRAME fills frame, whose payload is valid until the next call; SAY_END means: close the connection in order. */
enum office_words office_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame);
/* True when office_speak would say something. */
int office_has_words(const struct visitor *visitor);

/* Says to other nodes what their devices are to be told. For when the loop is about to wait, before wire_flush: never within a call of the
 * sink or of the store. */
void office_flush(struct office *office, uint64_t now_ms);

/* From now on no new mailbox is made; visitors that are or come in are told until when (GOING_AWAY). With a store that other nodes share all
 * mailboxes and visitors go on there: they are dropped, each at a random moment of the next 2 seconds. */
void office_drain(struct office *office, uint64_t until_ms, uint64_t now_ms);
/* To be told by its keeper: every visitor present, since the office keeps no list of them. */
void office_tell_going_away(struct visitor *visitor);
size_t office_mailboxes(const struct office *office);
/* True when nobody's mailbox would be missed: none is here, and no visitor's is on another node. */
int office_is_idle(const struct office *office);
/* Devices whose connection is on one node and whose mailbox is on another. */
void office_carried(const struct office *office, struct metrics_carried *figures);
/* Payload that is held for devices. */
size_t office_queued_bytes(const struct office *office);

#endif
