/* The device's half of the relay contract: numbering, keeping, resuming. */
#include <certrelay/link.h>

#include "work.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SEND_HEAD_BYTES 5
#define CONTROL_MAX_BYTES (1 + CR_TOKEN_BYTES + CR_PERMIT_MAX_BYTES) /* ALLOCATE */

/* One payload, encoded as SEND, kept until the other device has seen it. */
struct kept {
    struct kept *next;
    uint32_t seq;
    size_t length;
    uint8_t frame[];
};

enum item { ITEM_NONE, ITEM_FIRST, ITEM_PROOF, ITEM_ACK, ITEM_SEND, ITEM_EXTEND, ITEM_CLOCK, ITEM_CLOSE };
enum seat { SEAT_NONE, SEAT_ALLOCATE, SEAT_JOIN };

struct cr_link {
    enum seat seat;
    uint8_t token[CR_TOKEN_BYTES];
    struct cr_nameplate nameplate;
    uint8_t permit[CR_PERMIT_MAX_BYTES];
    size_t permit_bytes;
    struct work work; /* that the relay asks for on this connection */
    int is_seated;    /* the relay has answered ALLOCATE or JOIN once */
    int is_connected;
    int has_spoken;  /* the first frame of this connection has left */
    int is_answered; /* and the relay has answered it */
    int wants_ack, wants_extend, wants_clock;
    int is_closed;           /* CLOSE has been given to this connection, or nothing more is to be said */
    int is_heard;            /* the relay has answered CLOSE, or will never */
    enum cr_mood close_mood; /* 0: no CLOSE wanted */
    uint32_t last_seq;       /* of our newest frame */
    uint32_t unsent;         /* the next to send on this connection */
    uint32_t acked;
    uint32_t seen;
    size_t total_bytes;
    struct kept *first, **last;
    enum item item; /* what output has given out */
    uint8_t control[CONTROL_MAX_BYTES];
    uint8_t *join_frame;
};

int cr_link_new(struct cr_link **link)
{
    struct cr_link *l;

    *link = NULL;
    if (sodium_init() < 0 || (l = calloc(1, sizeof *l)) == NULL)
        return CR_E_MEMORY;
    randombytes_buf(l->token, sizeof l->token);
    l->unsent = 1;
    l->last = &l->first;
    *link = l;
    return CR_OK;
}

static void forget_first(struct cr_link *l)
{
    struct kept *kept = l->first;

    l->first = kept->next;
    if (l->first == NULL)
        l->last = &l->first;
    free(kept);
}

void cr_link_free(struct cr_link *l)
{
    if (l == NULL)
        return;
    while (l->first != NULL)
        forget_first(l);
    free(l->join_frame);
    sodium_memzero(l, sizeof *l);
    free(l);
}

static int keep(struct cr_link *l, const uint8_t *payload, size_t length)
{
    struct cr_frame frame = {.type = CR_FRAME_SEND, .payload = payload, .payload_bytes = length};
    struct kept *kept;
    int error;

    if (length == 0 || length > CR_PAYLOAD_MAX_BYTES || l->total_bytes + length > CR_MAILBOX_MAX_BYTES)
        return CR_E_LIMIT;
    kept = malloc(sizeof *kept + SEND_HEAD_BYTES + length);
    if (kept == NULL)
        return CR_E_MEMORY;
    frame.seq = l->last_seq + 1;
    error = cr_frame_encode(&frame, kept->frame, SEND_HEAD_BYTES + length, &kept->length);
    if (error != CR_OK) {
        free(kept);
        return error;
    }
    kept->next = NULL;
    kept->seq = frame.seq;
    *l->last = kept;
    l->last = &kept->next;
    l->last_seq = frame.seq;
    l->total_bytes += length;
    return CR_OK;
}

int cr_link_permit(struct cr_link *l, const uint8_t *permit, size_t length)
{
    if (l->seat != SEAT_NONE)
        return CR_E_STATE;
    if (length > CR_PERMIT_MAX_BYTES)
        return CR_E_LIMIT;
    sodium_memzero(l->permit, sizeof l->permit);
    if (length > 0)
        memcpy(l->permit, permit, length);
    l->permit_bytes = length;
    return CR_OK;
}

int cr_link_allocate(struct cr_link *l)
{
    if (l->seat != SEAT_NONE)
        return CR_E_STATE;
    l->seat = SEAT_ALLOCATE;
    return CR_OK;
}

int cr_link_join(struct cr_link *l, const struct cr_nameplate *nameplate, const uint8_t *payload,
                 size_t length)
{
    int error;

    if (l->seat != SEAT_NONE)
        return CR_E_STATE;
    l->join_frame = malloc(CR_FRAME_HEAD_MAX_BYTES + length);
    if (l->join_frame == NULL)
        return CR_E_MEMORY;
    error = keep(l, payload, length);
    if (error != CR_OK) {
        free(l->join_frame);
        l->join_frame = NULL;
        return error;
    }
    l->nameplate = *nameplate;
    l->seat = SEAT_JOIN;
    return CR_OK;
}

int cr_link_send(struct cr_link *l, const uint8_t *payload, size_t length)
{
    if (l->seat == SEAT_NONE || l->close_mood != 0)
        return CR_E_STATE;
    return keep(l, payload, length);
}

void cr_link_extend(struct cr_link *l)
{
    l->wants_extend = 1;
}

void cr_link_clock(struct cr_link *l)
{
    l->wants_clock = 1;
}

void cr_link_close(struct cr_link *l, enum cr_mood mood)
{
    if (l->close_mood == 0)
        l->close_mood = mood;
    if (l->work.state != WORK_NONE) /* no seat was asked for yet: there is nothing to close */
        cr_link_silence(l);
}

void cr_link_connected(struct cr_link *l)
{
    l->is_connected = 1;
    l->work.state = WORK_NONE;
    l->has_spoken = 0;
    l->is_answered = 0;
    l->item = ITEM_NONE;
    l->wants_ack = l->seen > 0;
}

void cr_link_lost(struct cr_link *l)
{
    cr_link_connected(l);
    l->is_connected = 0;
    l->is_closed = l->is_heard; /* whether CLOSE arrived is not known, so it will be said again */
}

void cr_link_repeat(struct cr_link *l)
{
    l->unsent = l->acked + 1;
    l->has_spoken = l->is_answered; /* a first frame without an answer is what the relay was too busy for */
    l->item = ITEM_NONE;
}

/* The relay has answered the first frame of this connection and lacks our frames from here on. */
static void answered(struct cr_link *l, uint32_t unsent)
{
    l->is_answered = 1;
    l->unsent = unsent > l->acked ? unsent : l->acked + 1;
}

static int on_allocated(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    if (l->seat != SEAT_ALLOCATE || l->is_seated)
        return CR_E_MALFORMED;
    l->is_seated = 1;
    l->nameplate = frame->nameplate;
    sodium_memzero(l->permit, sizeof l->permit);
    sodium_memzero(l->control, sizeof l->control); /* ALLOCATE bore it */
    l->permit_bytes = 0;
    answered(l, 1);
    event->type = CR_LINK_SEATED;
    event->nameplate = frame->nameplate;
    return CR_OK;
}

static int on_joined(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)frame;
    if (l->seat != SEAT_JOIN || l->is_seated || l->work.state != WORK_NONE)
        return CR_E_MALFORMED;
    l->is_seated = 1;
    free(l->join_frame);
    l->join_frame = NULL;
    answered(l, 2);
    event->type = CR_LINK_SEATED;
    event->nameplate = l->nameplate;
    return CR_OK;
}

static int on_resumed(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    if (!l->is_seated || l->is_answered || frame->seq > l->last_seq + 1)
        return CR_E_MALFORMED;
    answered(l, frame->seq);
    event->type = CR_LINK_RESUMED;
    return CR_OK;
}

static int on_deliver(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    if (!l->is_answered || frame->seq > l->seen + 1 || frame->seq == 0)
        return CR_E_MALFORMED;
    l->wants_ack = 1;
    if (frame->seq <= l->seen)
        return CR_OK;
    l->seen = frame->seq;
    event->type = CR_LINK_PAYLOAD;
    event->payload = frame->payload;
    event->payload_bytes = frame->payload_bytes;
    return CR_OK;
}

static int on_acked(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)event;
    if (!l->is_answered || frame->seq > l->last_seq)
        return CR_E_MALFORMED;
    if (frame->seq <= l->acked)
        return CR_OK;
    l->acked = frame->seq;
    while (l->first != NULL && l->first->seq <= l->acked)
        forget_first(l);
    if (l->unsent <= l->acked) {
        l->unsent = l->acked + 1;
        if (l->item == ITEM_SEND)
            l->item = ITEM_NONE;
    }
    return CR_OK;
}

static int on_time(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)l;
    (void)frame;
    event->type = CR_LINK_TIME;
    return CR_OK;
}

static int on_peer(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)l;
    (void)frame;
    event->type = CR_LINK_PEER;
    return CR_OK;
}

static int on_closed(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)frame;
    /* It answers our CLOSE, or says after RESUME that CLOSE came before; else it is the other's, and ours is still to be said. */
    if (l->close_mood != 0 && (l->is_closed || !l->is_answered))
        cr_link_silence(l);
    event->type = CR_LINK_CLOSED;
    return CR_OK;
}

static int on_refused(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    if (l->close_mood != 0 && frame->code != CR_REFUSED_BUSY)
        cr_link_silence(l);
    event->type = CR_LINK_REFUSED;
    return CR_OK;
}

static int on_going_away(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)l;
    (void)frame;
    event->type = CR_LINK_GOING_AWAY;
    return CR_OK;
}

/* In place of an answer to JOIN, and not while it is being worked on. */
static int on_puzzle(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event)
{
    (void)event;
    if (l->seat != SEAT_JOIN || l->is_seated || l->work.state != WORK_NONE)
        return CR_E_MALFORMED;
    if (l->close_mood == 0)
        work_begin(&l->work, frame, l->token);
    else
        cr_link_silence(l);
    return CR_OK;
}

static const struct {
    enum cr_frame_type type;
    int (*handle)(struct cr_link *l, const struct cr_frame *frame, struct cr_link_event *event);
} HANDLERS[] = {
    {CR_FRAME_ALLOCATED, on_allocated}, {CR_FRAME_JOINED, on_joined},
    {CR_FRAME_DELIVER, on_deliver},     {CR_FRAME_ACKED, on_acked},
    {CR_FRAME_RESUMED, on_resumed},     {CR_FRAME_TIME, on_time},
    {CR_FRAME_PEER, on_peer},           {CR_FRAME_CLOSED, on_closed},
    {CR_FRAME_REFUSED, on_refused},     {CR_FRAME_GOING_AWAY, on_going_away},
    {CR_FRAME_PUZZLE, on_puzzle},
};

/* All that a relay may say to a device that has said nothing yet. */
static int is_early(enum cr_frame_type type)
{
    return type == CR_FRAME_GOING_AWAY || type == CR_FRAME_REFUSED;
}

int cr_link_input(struct cr_link *l, const uint8_t *message, size_t length, struct cr_link_event *event)
{
    struct cr_frame frame;
    int error = cr_frame_decode(CR_FROM_RELAY, message, length, &frame);

    memset(event, 0, sizeof *event);
    if (error != CR_OK || !l->is_connected || (!l->has_spoken && !is_early(frame.type)))
        return CR_E_MALFORMED;
    event->seconds = frame.seconds;
    event->code = frame.code;
    for (size_t i = 0; i < sizeof HANDLERS / sizeof *HANDLERS; i++)
        if (HANDLERS[i].type == frame.type)
            return HANDLERS[i].handle(l, &frame, event);
    return CR_E_MALFORMED;
}

static const struct kept *next_unsent(const struct cr_link *l)
{
    const struct kept *kept = l->first;

    while (kept != NULL && kept->seq < l->unsent)
        kept = kept->next;
    return kept;
}

static enum item choose(const struct cr_link *l)
{
    if (!l->is_connected || l->seat == SEAT_NONE || l->is_closed)
        return ITEM_NONE;
    if (l->work.state == WORK_FOUND)
        return ITEM_PROOF;
    if (!l->has_spoken)
        return ITEM_FIRST;
    if (l->is_answered && l->wants_ack)
        return ITEM_ACK;
    if (l->is_answered && next_unsent(l) != NULL)
        return ITEM_SEND;
    if (l->close_mood != 0)
        return l->is_answered || !l->is_seated ? ITEM_CLOSE : ITEM_NONE; /* what is queued goes first */
    if (l->is_answered && l->wants_extend)
        return ITEM_EXTEND;
    return l->is_answered && l->wants_clock ? ITEM_CLOCK : ITEM_NONE;
}

static void describe(const struct cr_link *l, struct cr_frame *frame)
{
    static const enum cr_frame_type TYPES[] = {
        [ITEM_PROOF] = CR_FRAME_PROOF, [ITEM_ACK] = CR_FRAME_ACK,     [ITEM_EXTEND] = CR_FRAME_EXTEND,
        [ITEM_CLOCK] = CR_FRAME_CLOCK, [ITEM_CLOSE] = CR_FRAME_CLOSE,
    };

    memset(frame, 0, sizeof *frame);
    frame->seq = l->seen;
    frame->count = l->work.count;
    frame->code = (uint8_t)l->close_mood;
    memcpy(frame->token, l->token, sizeof frame->token);
    if (l->item != ITEM_FIRST) {
        frame->type = TYPES[l->item];
        return;
    }
    frame->type = l->is_seated ? CR_FRAME_RESUME : l->seat == SEAT_JOIN ? CR_FRAME_JOIN : CR_FRAME_ALLOCATE;
    if (frame->type == CR_FRAME_ALLOCATE) {
        frame->permit = l->permit;
        frame->permit_bytes = l->permit_bytes;
    } else if (frame->type == CR_FRAME_JOIN) {
        frame->nameplate = l->nameplate;
        frame->payload = l->first->frame + SEND_HEAD_BYTES;
        frame->payload_bytes = l->first->length - SEND_HEAD_BYTES;
    }
}

int cr_link_output(struct cr_link *l, const uint8_t **message, size_t *length)
{
    struct cr_frame frame;

    l->item = choose(l);
    if (l->item == ITEM_NONE)
        return CR_INCOMPLETE;
    if (l->item == ITEM_SEND) {
        const struct kept *kept = next_unsent(l);

        *message = kept->frame;
        *length = kept->length;
        return CR_OK;
    }
    describe(l, &frame);
    *message = frame.type == CR_FRAME_JOIN ? l->join_frame : l->control;
    return cr_frame_encode(&frame, frame.type == CR_FRAME_JOIN ? l->join_frame : l->control,
                           frame.type == CR_FRAME_JOIN ? CR_FRAME_HEAD_MAX_BYTES + frame.payload_bytes
                                                       : sizeof l->control,
                           length);
}

void cr_link_sent(struct cr_link *l)
{
    switch (l->item) {
    case ITEM_FIRST:
        l->has_spoken = 1;
        break;
    case ITEM_PROOF: /* good for one JOIN, which is said again */
        l->work.state = WORK_NONE;
        l->has_spoken = 0;
        break;
    case ITEM_ACK:
        l->wants_ack = 0;
        break;
    case ITEM_SEND:
        l->unsent = next_unsent(l)->seq + 1;
        break;
    case ITEM_EXTEND:
        l->wants_extend = 0;
        break;
    case ITEM_CLOCK:
        l->wants_clock = 0;
        break;
    case ITEM_CLOSE:
        l->is_closed = 1;
        break;
    case ITEM_NONE:
        break;
    }
    l->item = ITEM_NONE;
}

void cr_link_silence(struct cr_link *l)
{
    l->is_closed = l->is_heard = 1;
    l->work.state = WORK_NONE;
}

int cr_link_has_work(const struct cr_link *l)
{
    return l->work.state == WORK_SEARCHING;
}

int cr_link_work(struct cr_link *l, unsigned tries)
{
    work_search(&l->work, tries);
    return cr_link_has_work(l) ? CR_INCOMPLETE : CR_OK;
}

int cr_link_has_more(const struct cr_link *l)
{
    if (l->is_heard || l->close_mood == 0)
        return 0;
    return l->is_seated || (l->is_connected && l->has_spoken && !l->is_closed);
}
