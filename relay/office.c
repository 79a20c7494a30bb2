/* The front desk: who is led to which mailbox, who is turned away, and whose time is up. */
#include "office.h"

#include "room.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FULL_SECONDS 30
#define RETRY_BUSY_SECONDS 2
#define RETRY_OUTSIDER_SECONDS 3600 /* the contract has no word for "never from there" */

/* A question to the store on behalf of a visitor, who may leave before it is answered. */
struct errand {
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

static void visitor_timer(struct timer *timer, uint64_t now_ms);

struct office *office_new(const struct office_rules *rules, const struct office_sink *sink,
                          struct store *store, struct quota *quota, struct wheel *wheel, random_draw *draw,
                          void *draw_context)
{
    struct office *office = calloc(1, sizeof *office);

    if (office == NULL)
        return NULL;
    office->rules = *rules;
    office->sink = *sink;
    office->store = store;
    office->quota = quota;
    office->wheel = wheel;
    office->draw = draw;
    office->draw_context = draw_context;
    budget_open(&office->rules.mailbox.budget, (uint64_t)draw(draw_context) << 32 | draw(draw_context));
    return office;
}

void office_free(struct office *office)
{
    if (office == NULL)
        return;
    while (office->rooms != NULL)
        room_free(office->rooms);
    budget_close(&office->rules.mailbox.budget);
    free(office);
}

size_t office_mailboxes(const struct office *office)
{
    return office->room_count;
}

void office_enter(struct office *office, struct visitor *visitor, uint64_t address, uint64_t now_ms)
{
    memset(visitor, 0, sizeof *visitor);
    visitor->office = office;
    visitor->address = address;
    wheel_arm(office->wheel, &visitor->timer, now_ms + office->rules.silent_ms, visitor_timer);
    if (office->drain_until_ms != 0)
        office_tell_going_away(visitor);
}

void office_restrict(struct visitor *visitor)
{
    visitor->is_outsider = 1;
}

void office_leave(struct visitor *visitor)
{
    (void)office_hold(visitor, 0);
    wheel_cancel(visitor->office->wheel, &visitor->timer);
    if (visitor->errand != NULL)
        visitor->errand->visitor = NULL;
    if (visitor->room != NULL)
        room_leave(visitor);
}

/* Who is shown out is let finish what it says; an answer that is still to come may be a seat. */
size_t office_message_max(const struct visitor *visitor)
{
    int is_stranger = visitor->room == NULL && visitor->errand == NULL && !visitor->is_leaving;

    return is_stranger ? OFFICE_FIRST_MAX_BYTES : CR_FRAME_MAX_BYTES;
}

int office_hold(struct visitor *visitor, size_t bytes)
{
    struct budget *budget = &visitor->office->rules.mailbox.budget;

    if (visitor->account != NULL)
        budget_give_back(budget, visitor->account, visitor->held_bytes);
    visitor->held_bytes = bytes;
    visitor->account = bytes > 0 ? budget_take(budget, visitor->address, bytes) : NULL;
    return bytes > 0 && visitor->account == NULL ? CR_E_LIMIT : CR_OK;
}

void office_heard(struct visitor *visitor)
{
    if (visitor->room == NULL)
        return;
    visitor->is_heard = 1;
    visitor->pings = 0;
}

void office_drain(struct office *office, uint64_t until_ms, uint64_t now_ms)
{
    office->drain_until_ms = until_ms > now_ms ? until_ms : now_ms + 1;
}

void office_tell_going_away(struct visitor *visitor)
{
    visitor->owes_going_away = 1;
    visitor->office->sink.wake(visitor);
}

static void visitor_ping(struct visitor *visitor)
{
    visitor->pings++;
    visitor->owes_ping = 1;
    visitor->office->sink.wake(visitor);
}

static void visitor_timer(struct timer *timer, uint64_t now_ms)
{
    struct visitor *visitor = (struct visitor *)timer;
    struct office *office = visitor->office;
    int is_seated = visitor->room != NULL, is_alive = visitor->is_heard || visitor->errand != NULL;

    if (visitor->is_leaving || (!is_alive && (!is_seated || visitor->pings >= 2))) {
        office->sink.drop(visitor);
        return;
    }
    if (!is_alive)
        visitor_ping(visitor);
    visitor->is_heard = 0;
    wheel_arm(office->wheel, timer, now_ms + (is_seated ? office->rules.ping_ms : office->rules.silent_ms),
              visitor_timer);
}

static void visitor_refuse(struct visitor *visitor, uint8_t reason, uint16_t retry_after, uint64_t now_ms)
{
    struct office *office = visitor->office;

    visitor->refusal = reason;
    visitor->retry_after = retry_after;
    office->sink.refused(office->sink.context, (enum cr_refusal)reason);
    if (reason == CR_REFUSED_MALFORMED) {
        if (visitor->room != NULL)
            room_leave(visitor);
        visitor_end(visitor, 0, now_ms);
    }
    office->sink.wake(visitor);
}

void visitor_end(struct visitor *visitor, uint8_t mood, uint64_t now_ms)
{
    struct office *office = visitor->office;

    visitor->room = NULL;
    visitor->last_mood = mood;
    visitor->is_leaving = 1;
    wheel_arm(office->wheel, &visitor->timer, now_ms + office->rules.silent_ms, visitor_timer);
    office->sink.wake(visitor);
}

static uint16_t retry_for(uint8_t reason)
{
    switch (reason) {
    case CR_REFUSED_FULL:
        return RETRY_FULL_SECONDS;
    case CR_REFUSED_BUSY:
    case CR_REFUSED_DRAINING:
        return RETRY_BUSY_SECONDS;
    default:
        return 0;
    }
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

static void errand_fail(struct errand *errand, uint8_t reason)
{
    struct visitor *visitor = errand->visitor;
    uint16_t retry_after = errand->reason == reason ? errand->retry_after : retry_for(reason);

    if (visitor == NULL)
        return;
    if (reason == CR_REFUSED_UNAVAILABLE)
        quota_spend(errand->office->quota, visitor->address, TALLY_FAILED_JOIN, 1, errand->now_ms);
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
    reason = room_sit(record->local, record->seat, &guest, &errand->frame, errand->now_ms);
    if (visitor == NULL)
        return;
    if (reason != 0)
        visitor_refuse(visitor, reason, retry_for(reason), errand->now_ms);
    if (!visitor->is_leaving)
        wheel_arm(errand->office->wheel, &visitor->timer, errand->now_ms + errand->office->rules.ping_ms,
                  visitor_timer);
}

static void errand_free(struct errand *errand)
{
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
        room_open(office, errand->room, &record->nameplate, errand->now_ms);
        errand->room = NULL;
        if (errand->visitor != NULL)
            quota_spend(office->quota, errand->visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);
    }
    /* A number that was hit is burnt, so it costs as much as one that was not; the room gives it back when all ends well. */
    if (result == STORE_NEW && errand->frame.type == CR_FRAME_JOIN) {
        quota_spend(office->quota, errand->address, TALLY_FAILED_JOIN, 1, errand->now_ms);
        room_note_joiner(record->local, errand->address);
    }
    if (record != NULL)
        errand_seat(errand, result, record);
    else
        errand_fail(errand, refusal_of(errand, result));
    errand_free(errand);
}

static uint8_t objection_to_allocate(struct errand *errand, const struct visitor *visitor)
{
    struct office *office = errand->office;
    unsigned wait = quota_wait(office->quota, visitor->address, TALLY_ALLOCATION, 1, errand->now_ms);

    if (office->drain_until_ms != 0)
        return CR_REFUSED_DRAINING;
    if (visitor->is_outsider) {
        errand->retry_after = RETRY_OUTSIDER_SECONDS;
        return CR_REFUSED_TOO_MANY;
    }
    if (office->room_count >= office->rules.max_mailboxes)
        return CR_REFUSED_FULL;
    errand->retry_after = (uint16_t)wait;
    return wait > 0 ? CR_REFUSED_TOO_MANY : 0;
}

static uint8_t objection_to_join(struct errand *errand, const struct visitor *visitor)
{
    const struct budget *budget = &errand->office->rules.mailbox.budget;
    size_t cost = errand->frame.payload_bytes + LANE_LETTER_COST;
    unsigned wait = quota_wait(errand->office->quota, visitor->address, TALLY_FAILED_JOIN, 1, errand->now_ms);

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
    uint64_t life_ms = (uint64_t)office->rules.mailbox.wait_max_ms + office->rules.mailbox.joined_ms;

    if (errand->reason != 0 || frame->type == CR_FRAME_RESUME)
        store->find(store, frame->token, errand_answer, errand);
    else if (frame->type == CR_FRAME_JOIN)
        store->claim(store, &frame->nameplate, frame->token, errand_answer, errand);
    else
        store->allocate(store, frame->token, errand->room, life_ms, errand->now_ms, errand_answer, errand);
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
    errand->visitor = visitor;
    errand->address = visitor->address;
    errand->frame = *frame;
    errand->now_ms = now_ms;
    if (frame->type == CR_FRAME_ALLOCATE)
        errand->reason = objection_to_allocate(errand, visitor);
    else if (frame->type == CR_FRAME_JOIN)
        errand->reason = objection_to_join(errand, visitor);
    if (errand->reason != 0 && errand->retry_after == 0)
        errand->retry_after = retry_for(errand->reason);
    if (frame->type == CR_FRAME_ALLOCATE && errand->reason == 0) {
        errand->room = room_new(visitor->office);
        if (errand->room == NULL)
            errand->reason = CR_REFUSED_FULL;
    }
    return errand;
}

/* ALLOCATE, JOIN and RESUME: the first thing a connection says. */
static void hear_first(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct errand *errand = errand_new(visitor, frame, now_ms);

    if (errand == NULL) {
        visitor_refuse(visitor, CR_REFUSED_BUSY, RETRY_BUSY_SECONDS, now_ms);
        return;
    }
    visitor->errand = errand;
    errand_ask(errand);
    /* Still there: the answer is to come later. */
    if (visitor->errand != NULL && errand_keep(errand) != CR_OK) {
        errand->visitor = NULL;
        visitor->errand = NULL;
        visitor_refuse(visitor, CR_REFUSED_BUSY, RETRY_BUSY_SECONDS, now_ms);
    }
}

/* Bytes are charged when they come, also those that the relay has already. */
static int may_send(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct quota *quota = visitor->office->quota;
    uint32_t bytes = (uint32_t)frame->payload_bytes;
    unsigned wait = quota_wait(quota, visitor->address, TALLY_BYTE, bytes, now_ms);

    if (wait > 0) {
        visitor_refuse(visitor, CR_REFUSED_BUSY, (uint16_t)wait, now_ms);
        return 0;
    }
    quota_spend(quota, visitor->address, TALLY_BYTE, bytes, now_ms);
    return 1;
}

static void hear_seated(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct room *room = visitor->room;
    uint8_t reason;

    if (frame->type == CR_FRAME_CLOSE) {
        room_close(visitor, frame->code, now_ms);
        return;
    }
    if (frame->type == CR_FRAME_SEND && !may_send(visitor, frame, now_ms))
        return;
    reason = room_hear(room, visitor->seat, frame, now_ms);
    if (reason != 0)
        visitor_refuse(visitor, reason, retry_for(reason), now_ms);
}

void office_hear(struct visitor *visitor, const uint8_t *bytes, size_t length, uint64_t now_ms)
{
    struct cr_frame frame;
    int is_first;

    if (visitor->is_leaving)
        return;
    visitor->is_heard = 1;
    visitor->pings = 0;
    if (cr_frame_decode(CR_FROM_DEVICE, bytes, length, &frame) != CR_OK) {
        visitor_refuse(visitor, CR_REFUSED_MALFORMED, 0, now_ms);
        return;
    }
    is_first =
        frame.type == CR_FRAME_ALLOCATE || frame.type == CR_FRAME_JOIN || frame.type == CR_FRAME_RESUME;
    if (visitor->errand != NULL)
        visitor_refuse(visitor, CR_REFUSED_BUSY, RETRY_BUSY_SECONDS, now_ms);
    else if (is_first != (visitor->room == NULL))
        visitor_refuse(visitor, CR_REFUSED_MALFORMED, 0, now_ms);
    else if (is_first)
        hear_first(visitor, &frame, now_ms);
    else
        hear_seated(visitor, &frame, now_ms);
}

void office_hear_nothing(struct visitor *visitor, uint64_t now_ms)
{
    if (!visitor->is_leaving)
        visitor_refuse(visitor, CR_REFUSED_BUSY, RETRY_BUSY_SECONDS, now_ms);
}

static enum office_words say(struct cr_frame *frame, enum cr_frame_type type, uint8_t code, uint16_t seconds)
{
    memset(frame, 0, sizeof *frame);
    frame->type = type;
    frame->code = code;
    frame->seconds = seconds;
    return SAY_FRAME;
}

static uint16_t drain_seconds(const struct office *office, uint64_t now_ms)
{
    return office->drain_until_ms <= now_ms ? 0 : (uint16_t)((office->drain_until_ms - now_ms + 999) / 1000);
}

enum office_words office_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame)
{
    uint8_t code;

    if (visitor->owes_ping) {
        visitor->owes_ping = 0;
        return SAY_PING;
    }
    if (visitor->owes_going_away) {
        visitor->owes_going_away = 0;
        return say(frame, CR_FRAME_GOING_AWAY, 0, drain_seconds(visitor->office, now_ms));
    }
    if (visitor->refusal != 0) {
        code = visitor->refusal;
        visitor->refusal = 0;
        return say(frame, CR_FRAME_REFUSED, code, visitor->retry_after);
    }
    if (visitor->room != NULL && room_speak(visitor, now_ms, frame))
        return SAY_FRAME;
    if (visitor->last_mood != 0) {
        code = visitor->last_mood;
        visitor->last_mood = 0;
        return say(frame, CR_FRAME_CLOSED, code, 0);
    }
    return visitor->is_leaving ? SAY_END : SAY_NOTHING;
}

int office_has_words(const struct visitor *visitor)
{
    if (visitor->owes_ping || visitor->owes_going_away || visitor->refusal != 0 || visitor->is_leaving)
        return 1;
    return visitor->room != NULL && room_has_words(visitor);
}
