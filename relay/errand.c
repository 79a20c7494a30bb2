/* From a first frame to a seat: who objects, what the store says, and what that means for the visitor. */
#include "errand.h"

#include "carry.h"
#include "room.h"
#include "toll.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_AWAY_SECONDS 2
#define RETRY_AWAY_SPREAD_SECONDS 4

/* A question to the store on behalf of a visitor, who may leave before it is answered. */
struct errand {
    struct errand *next;
    struct errand **link;
    struct office *office;
    struct visitor *visitor; /* NULL once it has left */
    uint64_t address;
    struct room *room; /* a new mailbox's, until the store has said that it is new */
    uint8_t *kept;     /* a copy of the payload, when the answer takes longer than the call */
    struct cr_frame frame;
    uint64_t now_ms;
    uint16_t retry_after;
    uint8_t reason; /* what to refuse with unless the token is known already; 0: nothing speaks against it */
};

/* All devices of a relay ask again when its engine is back; not all at once. */
static uint16_t retry_away(const struct office *office)
{
    return (uint16_t)(RETRY_AWAY_SECONDS + office->draw(office->draw_context) % RETRY_AWAY_SPREAD_SECONDS);
}

static uint8_t refusal_of(const struct errand *errand, enum store_result result)
{
    if (result == STORE_FULL)
        return CR_REFUSED_FULL;
    if (result == STORE_AWAY)
        return CR_REFUSED_BUSY;
    if (errand->reason != 0)
        return errand->reason;
    return errand->frame.type == CR_FRAME_RESUME ? CR_REFUSED_GONE : CR_REFUSED_UNAVAILABLE;
}

/* Which limit it was, for the statistics. */
static void count_hit(const struct errand *errand, uint8_t reason)
{
    enum tally_event event = errand->frame.type == CR_FRAME_ALLOCATE ? TALLY_ALLOCATION : TALLY_FAILED_JOIN;

    if (reason == CR_REFUSED_TOO_MANY)
        quota_count_hit(errand->office->quota, errand->address, event, 1, errand->now_ms);
}

static void errand_fail(struct errand *errand, uint8_t reason)
{
    struct visitor *visitor = errand->visitor;
    uint16_t retry_after = errand->reason == reason ? errand->retry_after : retry_seconds(reason);

    if (visitor == NULL)
        return;
    count_hit(errand, reason);
    if (reason == CR_REFUSED_UNAVAILABLE)
        carry_charge(errand->office->carry, visitor->address, errand->now_ms);
    visitor_refuse(visitor, reason, retry_after, errand->now_ms);
}

/* A token leads to one seat; asking for another one with it is out of turn, or a nameplate that is not its own. */
static uint8_t mismatch_of(const struct errand *errand, const struct store_record *record)
{
    const struct cr_nameplate *asked = &errand->frame.nameplate;

    if (errand->frame.type == CR_FRAME_ALLOCATE && record->seat != SEAT_DISPLAYER)
        return CR_REFUSED_MALFORMED;
    if (errand->frame.type != CR_FRAME_JOIN)
        return 0;
    if (record->seat != SEAT_TYPIST || asked->digits != record->nameplate.digits ||
        asked->value != record->nameplate.value)
        return CR_REFUSED_UNAVAILABLE;
    return 0;
}

/* The mailbox of a record that this node owns; NULL when it cannot be made here. */
static struct room *room_of(struct errand *errand, const struct store_record *record)
{
    struct store *store = errand->office->store;
    struct room *room = record->local;

    if (room != NULL)
        return room;
    room = room_adopt(errand->office, record, errand->now_ms);
    if (room != NULL)
        store->adopt(store, &record->nameplate, room);
    else
        store->disown(store, &record->nameplate);
    return room;
}

static uint8_t errand_sit(struct errand *errand, const struct guest *guest, const struct store_record *record)
{
    struct room *room;

    if (record->owner != errand->office->store->self)
        return carry_sit(guest, record, &errand->frame, errand->now_ms);
    room = room_of(errand, record);
    if (room == NULL)
        return CR_REFUSED_BUSY;
    if (guest->arrival == ARRIVE_NEW && errand->frame.type == CR_FRAME_JOIN)
        room_note_joiner(room, &(struct joiner){.address = errand->address});
    return room_sit(room, record->seat, guest, &errand->frame, errand->now_ms);
}

static void errand_seat(struct errand *errand, enum store_result result, const struct store_record *record)
{
    struct visitor *visitor = errand->visitor;
    struct guest guest = {
        .visitor = visitor,
        .address = errand->address,
        .arrival = result == STORE_NEW ? ARRIVE_NEW : ARRIVE_AGAIN,
        .seen = errand->frame.seq,
    };
    uint8_t reason = mismatch_of(errand, record);

    if (errand->frame.type == CR_FRAME_RESUME)
        guest.arrival = ARRIVE_RESUMED;
    if (reason != 0) {
        errand_fail(errand, reason);
        return;
    }
    reason = errand_sit(errand, &guest, record);
    if (visitor == NULL)
        return;
    if (reason != 0)
        visitor_refuse(visitor, reason, retry_seconds(reason), errand->now_ms);
    if (!visitor->is_leaving && visitor->room != NULL)
        visitor_watch(visitor, errand->now_ms);
}

static void errand_free(struct errand *errand)
{
    *errand->link = errand->next;
    if (errand->next != NULL)
        errand->next->link = errand->link;
    room_discard(errand->room);
    free(errand->kept);
    free(errand);
}

static void errand_answer(void *context, enum store_result result, const struct store_record *record)
{
    struct errand *errand = context;
    struct office *office = errand->office;

    if (errand->visitor != NULL)
        errand->visitor->errand = NULL;
    if (result == STORE_NEW && errand->frame.type == CR_FRAME_ALLOCATE) {
        room_open(errand->room, record, errand->now_ms);
        errand->room = NULL;
        if (errand->visitor != NULL)
            quota_spend(office->quota, errand->visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);
    }
    /* A number that was hit is burnt, so it costs as much as one that was not; the room gives it back when all ends well. */
    if (result == STORE_NEW && errand->frame.type == CR_FRAME_JOIN)
        carry_charge(office->carry, errand->address, errand->now_ms);
    if (result == STORE_AWAY) {
        errand->reason = CR_REFUSED_BUSY;
        errand->retry_after = retry_away(office);
    }
    if (record != NULL)
        errand_seat(errand, result, record);
    else
        errand_fail(errand, refusal_of(errand, result));
    errand_free(errand);
}

/* A permit that does not do is charged like a mailbox, so that guessing one is slow; but not to all together, or strangers could spend what
 * the organisation may. */
static int is_permitted(const struct errand *errand, const struct visitor *visitor)
{
    const struct cr_frame *frame = &errand->frame;
    struct quota *quota = errand->office->quota;

    if (!visitor->is_outsider || permits_hold(errand->office->permits, frame->permit, frame->permit_bytes))
        return 1;
    if (frame->permit_bytes > 0) {
        quota_spend_of(quota, QUOTA_ADDRESS, visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);
        quota_spend_of(quota, QUOTA_NETWORK, visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);
    }
    return 0;
}

static uint8_t objection_to_allocate(struct errand *errand, const struct visitor *visitor)
{
    struct office *office = errand->office;
    unsigned wait = quota_wait(office->quota, visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);

    if (office->drain_until_ms != 0)
        return CR_REFUSED_DRAINING;
    /* Who has guessed permits for too long waits before one is looked at again. */
    if ((wait == 0 || errand->frame.permit_bytes == 0) && !is_permitted(errand, visitor))
        return CR_REFUSED_FORBIDDEN;
    if (office->room_count >= office->rules.max_mailboxes)
        return CR_REFUSED_FULL;
    errand->retry_after = (uint16_t)wait;
    return wait > 0 ? CR_REFUSED_TOO_MANY : 0;
}

static uint8_t objection_to_join(struct errand *errand, const struct visitor *visitor)
{
    const struct budget *budget = &errand->office->rules.mailbox.budget;
    size_t cost = errand->frame.payload_bytes + LANE_LETTER_COST;
    unsigned wait = toll_wait(errand->office, visitor->address, errand->now_ms);

    /* Asked before the seat is claimed: a join whose payload found no room would burn the nameplate. */
    if (!budget_fits(budget, visitor->address, cost))
        return CR_REFUSED_BUSY;
    errand->retry_after = (uint16_t)wait;
    return wait > 0 ? CR_REFUSED_TOO_MANY : 0;
}

static void errand_ask(struct errand *errand)
{
    struct office *office = errand->office;
    struct store *store = office->store;
    const struct cr_frame *frame = &errand->frame;

    if (errand->reason != 0 || frame->type == CR_FRAME_RESUME)
        store->find(store, frame->token, errand_answer, errand);
    else if (frame->type == CR_FRAME_JOIN)
        store->claim(store, &frame->nameplate, frame->token, office->rules.mailbox.joined_ms, errand_answer,
                     errand);
    else
        store->allocate(store, frame->token, errand->room, office->rules.mailbox.wait_ms, errand->now_ms,
                        errand_answer, errand);
}

/* The payload is borrowed from the caller of office_hear, so it is copied if the answer is still to come. */
static int errand_keep(struct errand *errand)
{
    struct cr_frame *frame = &errand->frame;

    if (frame->payload_bytes == 0)
        return CR_OK;
    errand->kept = malloc(frame->payload_bytes);
    if (errand->kept == NULL)
        return CR_E_MEMORY;
    memcpy(errand->kept, frame->payload, frame->payload_bytes);
    frame->payload = errand->kept;
    return CR_OK;
}

static struct errand *errand_new(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct errand *errand = calloc(1, sizeof *errand);

    if (errand == NULL)
        return NULL;
    errand->office = visitor->office;
    errand->next = errand->office->errands;
    errand->link = &errand->office->errands;
    if (errand->next != NULL)
        errand->next->link = &errand->next;
    errand->office->errands = errand;
    errand->visitor = visitor;
    errand->address = visitor->address;
    errand->frame = *frame;
    errand->now_ms = now_ms;
    if (frame->type == CR_FRAME_ALLOCATE)
        errand->reason = objection_to_allocate(errand, visitor);
    else if (frame->type == CR_FRAME_JOIN)
        errand->reason = objection_to_join(errand, visitor);
    errand->frame.permit = NULL; /* the caller's, and not looked at again */
    if (errand->reason != 0 && errand->retry_after == 0)
        errand->retry_after = retry_seconds(errand->reason);
    if (frame->type == CR_FRAME_ALLOCATE && errand->reason == 0) {
        errand->room = room_new(visitor->office);
        if (errand->room == NULL)
            errand->reason = CR_REFUSED_FULL;
    }
    return errand;
}

void errand_run(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct errand *errand;

    if (visitor->office->is_handing_over && frame->type != CR_FRAME_ALLOCATE) {
        visitor_drop(visitor);
        return;
    }
    errand = errand_new(visitor, frame, now_ms);
    if (errand == NULL) {
        visitor_refuse(visitor, CR_REFUSED_BUSY, retry_seconds(CR_REFUSED_BUSY), now_ms);
        return;
    }
    if (frame->type == CR_FRAME_JOIN && errand->reason == 0 && !toll_pass(visitor, frame, now_ms)) {
        errand_free(errand);
        return;
    }
    visitor->errand = errand;
    errand_ask(errand);
    /* Still there: the answer is to come later. */
    if (visitor->errand != NULL && errand_keep(errand) != CR_OK) {
        errand->visitor = NULL;
        visitor->errand = NULL;
        visitor_refuse(visitor, CR_REFUSED_BUSY, retry_seconds(CR_REFUSED_BUSY), now_ms);
    }
}

void errand_forget(struct visitor *visitor)
{
    if (visitor->errand != NULL)
        visitor->errand->visitor = NULL;
    visitor->errand = NULL;
}

void errands_free(struct office *office)
{
    while (office->errands != NULL)
        errand_free(office->errands);
}
