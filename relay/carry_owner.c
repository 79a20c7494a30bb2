/* The owner: visitors in mailboxes of this node whose connection is on another. */
#include "carry_parts.h"

#include <stdlib.h>
#include <string.h>

/* Whose bytes count together is not known here, so each is an address of its own; none that a device can have. */
#define CARRIED_PREFIX UINT64_C(0xff02000000000000)
#define CARRIED_EXTRA 64

static uint64_t carried_hash(uint64_t seed, const void *entry)
{
    const struct carried *carried = entry;

    return table_mix(seed, carried->link ^ table_mix(~seed, carried->peer->node));
}

static int carried_equal(const void *entry, const void *key)
{
    const struct carried *a = entry, *b = key;

    return a->link == b->link && a->peer == b->peer;
}

void carried_init(struct carry *carry, uint64_t seed)
{
    table_init(&carry->carried, seed, carried_hash, carried_equal);
}

static struct carried *carried_of(struct carry *carry, store_node from, const struct envelope *envelope)
{
    const struct carried key = {.link = envelope->link, .peer = peer_find(carry, from)};

    return key.peer != NULL ? table_find(&carry->carried, &key) : NULL;
}

void carry_wake(struct visitor *visitor)
{
    struct carry *carry = visitor->office->carry;
    struct carried *carried = (struct carried *)visitor;

    if (carried->woken_at != NULL)
        return;
    carried->next_woken = carry->woken;
    carried->woken_at = &carry->woken;
    if (carried->next_woken != NULL)
        carried->next_woken->woken_at = &carried->next_woken;
    carry->woken = carried;
}

static void woken_remove(struct carried *carried)
{
    if (carried->woken_at == NULL)
        return;
    *carried->woken_at = carried->next_woken;
    if (carried->next_woken != NULL)
        carried->next_woken->woken_at = carried->woken_at;
    carried->woken_at = NULL;
}

void carry_drop(struct visitor *visitor)
{
    struct carried *carried = (struct carried *)visitor;

    carried->is_dropped = 1;
    carry_wake(visitor);
}

static struct carried *carried_new(struct carry *carry, struct peer *peer, uint64_t link)
{
    struct carried *carried;

    if (carry->carried.count / 4 >= (size_t)carry->office->rules.max_mailboxes + CARRIED_EXTRA)
        return NULL;
    carried = calloc(1, sizeof *carried);
    if (carried == NULL)
        return NULL;
    carried->visitor.office = carry->office;
    carried->visitor.is_carried = 1;
    carried->peer = peer;
    carried->link = link;
    carried->visitor.address = CARRIED_PREFIX | carried_hash(carry->carried.seed, carried) >> 16;
    if (table_add(&carry->carried, carried) != CR_OK) {
        free(carried);
        return NULL;
    }
    carried->next = peer->carried;
    carried->at = &peer->carried;
    if (carried->next != NULL)
        carried->next->at = &carried->next;
    peer->carried = carried;
    return carried;
}

static void carried_end(struct carry *carry, struct carried *carried)
{
    table_remove(&carry->carried, carried);
    *carried->at = carried->next;
    if (carried->next != NULL)
        carried->next->at = carried->at;
    office_leave(&carried->visitor);
    woken_remove(carried);
    free(carried);
}

void carried_cut(struct carry *carry, struct peer *peer)
{
    while (peer->carried != NULL)
        carried_end(carry, peer->carried);
}

static int carried_say(struct carry *carry, struct carried *carried, const struct cr_frame *frame)
{
    struct envelope say = {.type = ENVELOPE_SAY, .link = carried->link, .payload = carry->frame};

    if (cr_frame_encode(frame, carry->frame, sizeof carry->frame, &say.payload_bytes) != CR_OK)
        return 0;
    carried->said += say.payload_bytes + CARRY_FRAME_COST;
    peer_tell(carry, carried->peer, &say);
    return 1;
}

/* Returns 0 when it has ended. */
static int carried_speak(struct carry *carry, struct carried *carried, uint64_t now_ms)
{
    struct cr_frame frame;
    enum office_words words;

    while (!carried->peer->is_broken && carried->said - carried->told < CARRY_TELL_BYTES &&
           office_has_words(&carried->visitor)) {
        words = visitor_speak(&carried->visitor, now_ms, &frame);
        if (words == SAY_FRAME && carried_say(carry, carried, &frame))
            continue;
        peer_tell(carry, carried->peer,
                  &(struct envelope){.type = words == SAY_END ? ENVELOPE_END : ENVELOPE_DROP,
                                     .link = carried->link});
        carried_end(carry, carried);
        return 0;
    }
    return 1;
}

void carried_flush(struct carry *carry, uint64_t now_ms)
{
    struct carried *carried;

    while ((carried = carry->woken) != NULL) {
        woken_remove(carried);
        if (!carried->is_dropped) {
            (void)carried_speak(carry, carried, now_ms);
            continue;
        }
        peer_tell(carry, carried->peer, &(struct envelope){.type = ENVELOPE_DROP, .link = carried->link});
        carried_end(carry, carried);
    }
}

/* A mailbox that is not here must not be looked for here for ever. */
static struct room *room_meant(struct carry *carry, const struct envelope *sit)
{
    struct store *store = carry->office->store;
    int is_known;
    struct room *room = room_find(carry->office, &sit->nameplate, sit->era, &is_known);

    if (!is_known)
        store->disown(store, &sit->nameplate);
    return carry->office->is_handing_over ? NULL : room;
}

static void carried_seat(struct carried *carried, struct room *room, store_node from,
                         const struct envelope *sit, uint64_t now_ms)
{
    const struct guest guest = {
        .visitor = &carried->visitor,
        .address = carried->visitor.address,
        .arrival = (enum mailbox_arrival)sit->arrival,
        .seen = sit->seen,
    };
    const struct cr_frame frame = {
        .type = sit->payload_bytes > 0 ? CR_FRAME_JOIN : CR_FRAME_RESUME,
        .payload = sit->payload,
        .payload_bytes = sit->payload_bytes,
    };
    uint8_t reason;

    if (sit->seat == SEAT_TYPIST && sit->arrival == ARRIVE_NEW)
        room_note_joiner(room, &(struct joiner){.node = from, .link = sit->link});
    reason = room_sit(room, sit->seat, &guest, &frame, now_ms);
    if (reason != 0)
        visitor_refuse(&carried->visitor, reason, retry_seconds(reason), now_ms);
}

void carried_sit(struct carry *carry, store_node from, const struct envelope *sit, uint64_t now_ms)
{
    struct room *room = room_meant(carry, sit);
    struct peer *peer = room != NULL ? peer_need(carry, from) : NULL;
    struct carried *carried = NULL;

    if (peer != NULL && carried_of(carry, from, sit) == NULL)
        carried = carried_new(carry, peer, sit->link);
    if (carried != NULL)
        carried_seat(carried, room, from, sit, now_ms);
    else
        carry_answer(carry, from, ENVELOPE_DROP, sit->link);
}

static void heard_report(struct carry *carry, struct carried *carried)
{
    if (carried->heard - carried->heard_reported < CARRY_REPORT_BYTES)
        return;
    carried->heard_reported = carried->heard;
    peer_tell(carry, carried->peer,
              &(struct envelope){.type = ENVELOPE_HEARD, .link = carried->link, .bytes = carried->heard});
}

/* The edge has measured it already. */
static void frame_hear(struct visitor *visitor, const struct envelope *envelope, uint64_t now_ms)
{
    struct cr_frame frame;
    uint8_t reason = CR_REFUSED_MALFORMED;

    if (visitor->room == NULL)
        return;
    if (cr_frame_decode(CR_FROM_DEVICE, envelope->payload, envelope->payload_bytes, &frame) == CR_OK) {
        if (frame.type == CR_FRAME_CLOSE) {
            room_close(visitor, frame.code, now_ms);
            return;
        }
        if (frame.type != CR_FRAME_JOIN)
            reason = room_hear(visitor->room, visitor->seat, &frame, now_ms);
    }
    if (reason != 0)
        visitor_refuse(visitor, reason, retry_seconds(reason), now_ms);
}

void carried_hear(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct carried *carried = carried_of(carry, from, envelope);

    if (carried == NULL) {
        carry_answer(carry, from, ENVELOPE_DROP, envelope->link);
        return;
    }
    carried->heard += envelope->payload_bytes + CARRY_FRAME_COST;
    heard_report(carry, carried);
    frame_hear(&carried->visitor, envelope, now_ms);
}

void carried_told(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct carried *carried = carried_of(carry, from, envelope);

    (void)now_ms;
    if (carried == NULL || envelope->bytes <= carried->told || envelope->bytes > carried->said)
        return;
    carried->told = envelope->bytes;
    carry_wake(&carried->visitor);
}

void carried_leave(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct carried *carried = carried_of(carry, from, envelope);

    (void)now_ms;
    if (carried != NULL)
        carried_end(carry, carried);
}
