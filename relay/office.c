/* The front desk: who is led to which mailbox, who is turned away, and whose time is up. */
#include "office.h"

#include "carry.h"
#include "errand.h"
#include "farewell.h"
#include "room.h"
#include "toll.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FULL_SECONDS 30
#define RETRY_BUSY_SECONDS 2
#define HAND_OVER_MS 2000

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
    rooms_init(office, (uint64_t)draw(draw_context) << 32 | draw(draw_context));
    office->carry = carry_new(office);
    if (office->carry != NULL)
        return office;
    office_free(office);
    return NULL;
}

void office_free(struct office *office)
{
    if (office == NULL)
        return;
    carry_free(office->carry);
    errands_free(office);
    farewells_free(office);
    while (office->rooms != NULL)
        room_free(office->rooms);
    table_wipe(&office->plates);
    budget_close(&office->rules.mailbox.budget);
    free(office);
}

size_t office_mailboxes(const struct office *office)
{
    return office->room_count;
}

size_t office_queued_bytes(const struct office *office)
{
    return office->rules.mailbox.budget.used;
}

void office_permit(struct office *office, const struct permits *permits)
{
    office->permits = permits;
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
    errand_forget(visitor);
    farewell_forget(visitor);
    carry_leave(visitor);
    if (visitor->room != NULL)
        room_leave(visitor);
}

/* Here, or on another node that may not have answered yet. */
static int has_seat(const struct visitor *visitor)
{
    return visitor->room != NULL || visitor->distant != NULL;
}

/* Who is shown out is let finish what it says; an answer that is still to come may be a seat. */
size_t office_message_max(const struct visitor *visitor)
{
    int is_stranger = !has_seat(visitor) && visitor->errand == NULL && !visitor->is_leaving;

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
    if (!has_seat(visitor))
        return;
    visitor->is_heard = 1;
    visitor->pings = 0;
}

void office_drain(struct office *office, uint64_t until_ms, uint64_t now_ms)
{
    uint64_t within_ms;

    office->drain_until_ms = until_ms > now_ms ? until_ms : now_ms + 1;
    if (!office->store->is_shared || office->is_handing_over)
        return;
    within_ms = office->drain_until_ms - now_ms;
    within_ms = within_ms < HAND_OVER_MS ? within_ms : HAND_OVER_MS;
    office->is_handing_over = 1;
    office->store->leave(office->store);
    rooms_hand_over(office, now_ms, (uint32_t)within_ms);
    carry_hand_over(office->carry, now_ms, (uint32_t)within_ms);
}

int office_is_idle(const struct office *office)
{
    return office->room_count == 0 && !carry_has_distant(office->carry);
}

void office_carried(const struct office *office, struct metrics_carried *figures)
{
    carry_figures(office->carry, figures);
}

void office_flush(struct office *office, uint64_t now_ms)
{
    carry_flush(office->carry, now_ms);
}

void visitor_wake(struct visitor *visitor)
{
    if (visitor->is_carried)
        carry_wake(visitor);
    else
        visitor->office->sink.wake(visitor);
}

void visitor_drop(struct visitor *visitor)
{
    if (visitor->is_carried)
        carry_drop(visitor);
    else
        visitor->office->sink.drop(visitor);
}

void visitor_dismiss(struct timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    visitor_drop((struct visitor *)timer);
}

void office_tell_going_away(struct visitor *visitor)
{
    visitor->owes_going_away = 1;
    visitor_wake(visitor);
}

void visitor_watch(struct visitor *visitor, uint64_t now_ms)
{
    struct office *office = visitor->office;

    wheel_arm(office->wheel, &visitor->timer, now_ms + office->rules.ping_ms, visitor_timer);
}

void visitor_give_time(struct visitor *visitor, uint32_t ms, uint64_t now_ms)
{
    wheel_arm(visitor->office->wheel, &visitor->timer, now_ms + ms, visitor_timer);
    visitor->is_heard = 0;
}

static void visitor_ping(struct visitor *visitor)
{
    visitor->pings++;
    visitor->owes_ping = 1;
    visitor_wake(visitor);
}

static void visitor_timer(struct timer *timer, uint64_t now_ms)
{
    struct visitor *visitor = (struct visitor *)timer;
    struct office *office = visitor->office;
    int is_seated = visitor->room != NULL || carry_is_answered(visitor),
        is_alive = visitor->is_heard || visitor->errand != NULL;

    if (visitor->is_leaving || (!is_alive && (!is_seated || visitor->pings >= 2))) {
        visitor_drop(visitor);
        return;
    }
    if (!is_alive)
        visitor_ping(visitor);
    visitor->is_heard = 0;
    wheel_arm(office->wheel, timer, now_ms + (is_seated ? office->rules.ping_ms : office->rules.silent_ms),
              visitor_timer);
}

void visitor_refuse(struct visitor *visitor, uint8_t reason, uint16_t retry_after, uint64_t now_ms)
{
    struct office *office = visitor->office;

    visitor->refusal = reason;
    visitor->retry_after = retry_after;
    office->sink.refused(office->sink.context, (enum cr_refusal)reason);
    if (reason == CR_REFUSED_MALFORMED) {
        if (visitor->room != NULL)
            room_leave(visitor);
        carry_leave(visitor);
        visitor_end(visitor, 0, now_ms);
    }
    visitor_wake(visitor);
}

void visitor_end(struct visitor *visitor, uint8_t mood, uint64_t now_ms)
{
    struct office *office = visitor->office;

    visitor->room = NULL;
    visitor->last_mood = mood;
    visitor->is_leaving = 1;
    wheel_arm(office->wheel, &visitor->timer, now_ms + office->rules.silent_ms, visitor_timer);
    visitor_wake(visitor);
}

uint16_t retry_seconds(uint8_t reason)
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

/* Bytes are charged when they come, also those that the relay has already. */
static int may_send(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms)
{
    struct quota *quota = visitor->office->quota;
    uint32_t bytes = (uint32_t)frame->payload_bytes;
    unsigned wait = quota_wait(quota, visitor->address, TALLY_BYTE, bytes, now_ms);

    if (wait > 0) {
        quota_count_hit(quota, visitor->address, TALLY_BYTE, bytes, now_ms);
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
        visitor_refuse(visitor, reason, retry_seconds(reason), now_ms);
}

static void hear_distant(struct visitor *visitor, const struct cr_frame *frame, const uint8_t *bytes,
                         size_t length, uint64_t now_ms)
{
    if (frame->type != CR_FRAME_SEND || may_send(visitor, frame, now_ms))
        carry_hear(visitor, frame, bytes, length, now_ms);
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
    metrics_frame(visitor->office->sink.metrics, METRICS_IN, frame.payload_bytes);
    is_first =
        frame.type == CR_FRAME_ALLOCATE || frame.type == CR_FRAME_JOIN || frame.type == CR_FRAME_RESUME;
    if (visitor->errand != NULL)
        visitor_refuse(visitor, CR_REFUSED_BUSY, RETRY_BUSY_SECONDS, now_ms);
    else if (frame.type == CR_FRAME_PROOF)
        toll_hear(visitor, &frame, now_ms);
    else if (is_first == has_seat(visitor))
        visitor_refuse(visitor, CR_REFUSED_MALFORMED, 0, now_ms);
    else if (is_first)
        errand_run(visitor, &frame, now_ms);
    else if (visitor->distant != NULL)
        hear_distant(visitor, &frame, bytes, length, now_ms);
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

enum office_words visitor_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame)
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
    if (toll_speak(visitor, frame) || (visitor->room != NULL && room_speak(visitor, now_ms, frame)))
        return SAY_FRAME;
    if (visitor->distant != NULL && carry_speak(visitor, frame))
        return SAY_FRAME;
    if (visitor->last_mood != 0) {
        code = visitor->last_mood;
        visitor->last_mood = 0;
        return say(frame, CR_FRAME_CLOSED, code, 0);
    }
    return visitor->is_leaving && visitor->farewell == NULL ? SAY_END : SAY_NOTHING;
}

enum office_words office_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame)
{
    enum office_words words = visitor_speak(visitor, now_ms, frame);

    if (words == SAY_FRAME)
        metrics_frame(visitor->office->sink.metrics, METRICS_OUT, frame->payload_bytes);
    return words;
}

int office_has_words(const struct visitor *visitor)
{
    if (visitor->owes_ping || visitor->owes_going_away || visitor->refusal != 0 || toll_has_words(visitor))
        return 1;
    if (visitor->is_leaving && visitor->farewell == NULL)
        return 1;
    if (visitor->distant != NULL)
        return carry_has_words(visitor);
    return visitor->room != NULL && room_has_words(visitor);
}
