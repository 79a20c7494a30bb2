/* From the store's record to the end of a mailbox's life. */
#include "room.h"

#include "carry.h"
#include "farewell.h"

#include <stdlib.h>
#include <string.h>

/* How long a device that closes is kept for the other one to get what it has sent: less than it has for its last words. */
#define HOLD_MS 2500

struct room {
    struct timer life; /* first */
    struct timer hold;
    struct mailbox mailbox;
    struct office *office;
    struct room *next;
    struct room **link;
    struct farewell *held[SEATS]; /* those that have closed and are not told so yet */
    struct joiner joiner;         /* whose JOIN took the typist's seat */
    uint64_t noted_end_ms;        /* what the store knows */
    uint32_t tag;
    uint32_t era;
    uint8_t is_noted_joined;
};

static void room_timer(struct timer *timer, uint64_t now_ms);
static void room_hand_over(struct timer *timer, uint64_t now_ms);

struct room *room_new(struct office *office)
{
    struct room *room = calloc(1, sizeof *room);

    if (room != NULL)
        room->office = office;
    return room;
}

void room_discard(struct room *room)
{
    free(room);
}

static uint64_t plate_hash(uint64_t seed, const void *entry)
{
    const struct cr_nameplate *plate = &((const struct room *)entry)->mailbox.nameplate;

    return table_mix(seed, (uint64_t)plate->digits << 32 | plate->value);
}

static int plate_equal(const void *entry, const void *key)
{
    const struct cr_nameplate *a = &((const struct room *)entry)->mailbox.nameplate;
    const struct cr_nameplate *b = &((const struct room *)key)->mailbox.nameplate;

    return a->digits == b->digits && a->value == b->value;
}

void rooms_init(struct office *office, uint64_t seed)
{
    table_init(&office->plates, seed, plate_hash, plate_equal);
}

struct room *room_find(struct office *office, const struct cr_nameplate *nameplate, uint32_t era,
                       int *is_known)
{
    struct room key = {.mailbox = {.nameplate = *nameplate}}, *room = table_find(&office->plates, &key);

    *is_known = room != NULL;
    return room != NULL && room->era == era ? room : NULL;
}

/* Without memory for the table it is not found from other nodes: those who come from there are dropped, and come again. */
static void room_enlist(struct room *room)
{
    struct office *office = room->office;

    room->tag = office->draw(office->draw_context);
    room->next = office->rooms;
    room->link = &office->rooms;
    if (room->next != NULL)
        room->next->link = &room->next;
    office->rooms = room;
    office->room_count++;
    (void)table_add(&office->plates, room);
    room->noted_end_ms = room->mailbox.end_ms;
    room->is_noted_joined = (uint8_t)mailbox_is_joined(&room->mailbox);
    wheel_arm(office->wheel, &room->life, office->is_handing_over ? 0 : room->mailbox.end_ms,
              office->is_handing_over ? room_hand_over : room_timer);
}

void room_open(struct room *room, const struct store_record *record, uint64_t now_ms)
{
    mailbox_init(&room->mailbox, &room->office->rules.mailbox, &record->nameplate, now_ms);
    room->era = record->era;
    room_enlist(room);
    metrics_mailbox_opened(room->office->sink.metrics);
}

/* No other node can go on with it. */
static int is_alone(const struct room *room)
{
    return room->mailbox.nameplate.digits == STORE_ALONE_DIGITS;
}

/* The mailboxes of a node that died are on top of those that were let in here. */
struct room *room_adopt(struct office *office, const struct store_record *record, uint64_t now_ms)
{
    struct room *room = NULL;

    if (office->room_count / 2 < office->rules.max_mailboxes)
        room = room_new(office);
    if (room == NULL)
        return NULL;
    mailbox_adopt(&room->mailbox, &office->rules.mailbox, record, now_ms);
    room->era = record->era;
    room_enlist(room);
    metrics_mailbox_adopted(office->sink.metrics, room->is_noted_joined);
    return room;
}

/* The store keeps what a next owner has to know. */
static void room_note(struct room *room, uint64_t now_ms)
{
    struct store *store = room->office->store;
    uint64_t end_ms = room->mailbox.end_ms;
    uint8_t is_joined = (uint8_t)mailbox_is_joined(&room->mailbox);

    if (room->noted_end_ms == end_ms && room->is_noted_joined == is_joined)
        return;
    if (is_joined && !room->is_noted_joined)
        metrics_mailbox_joined(room->office->sink.metrics, now_ms - room->mailbox.born_ms);
    room->noted_end_ms = end_ms;
    room->is_noted_joined = is_joined;
    store->note(store, &room->mailbox.nameplate, is_joined,
                end_ms > now_ms ? (uint32_t)(end_ms - now_ms) : 0);
}

void room_free(struct room *room)
{
    struct office *office = room->office;

    wheel_cancel(office->wheel, &room->life);
    wheel_cancel(office->wheel, &room->hold);
    *room->link = room->next;
    if (room->next != NULL)
        room->next->link = room->link;
    office->room_count--;
    table_remove(&office->plates, room);
    mailbox_wipe(&room->mailbox);
    free(room);
}

static uint8_t worst_mood(const struct mailbox *mailbox)
{
    static const uint8_t worst_first[] = {CR_MOOD_WRONG_CODE, CR_MOOD_ERROR, CR_MOOD_CANCELLED, CR_MOOD_DONE};

    for (size_t i = 0; i < sizeof worst_first; i++) {
        for (int seat = 0; seat < SEATS; seat++) {
            if (mailbox->seats[seat].mood == worst_first[i])
                return worst_first[i];
        }
    }
    return CR_MOOD_EXPIRED;
}

/* One device alone could say "done" to a number that it has guessed. */
static int is_done_by_both(const struct mailbox *mailbox)
{
    return mailbox->seats[SEAT_DISPLAYER].mood == CR_MOOD_DONE &&
           mailbox->seats[SEAT_TYPIST].mood == CR_MOOD_DONE;
}

static void held_end(struct room *room, uint64_t now_ms)
{
    for (int seat = 0; seat < SEATS; seat++) {
        if (room->held[seat] != NULL)
            farewell_end(room->held[seat], now_ms);
    }
}

static void room_end(struct room *room, uint64_t now_ms)
{
    struct office *office = room->office;
    struct office_outcome outcome = {
        .mood = worst_mood(&room->mailbox),
        .was_joined = (uint8_t)mailbox_is_joined(&room->mailbox),
        .tag = room->tag,
        .lived_ms = now_ms - room->mailbox.born_ms,
        .carried_bytes = room->mailbox.carried_bytes,
    };
    struct cr_nameplate nameplate = room->mailbox.nameplate;

    if (is_done_by_both(&room->mailbox))
        carry_refund(office->carry, &room->joiner, now_ms);
    held_end(room, now_ms);
    room_free(room);
    office->store->release(office->store, &nameplate, now_ms);
    metrics_mailbox_ended(office->sink.metrics, (enum cr_mood)outcome.mood, outcome.was_joined,
                          outcome.lived_ms);
    office->sink.outcome(office->sink.context, &outcome);
}

static void room_timer(struct timer *timer, uint64_t now_ms)
{
    struct room *room = (struct room *)timer;

    if (room->mailbox.end_ms > now_ms) {
        wheel_arm(room->office->wheel, timer, room->mailbox.end_ms, room_timer);
        return;
    }
    for (int seat = 0; seat < SEATS; seat++) {
        if (room->mailbox.seats[seat].visitor != NULL)
            visitor_end(room->mailbox.seats[seat].visitor, CR_MOOD_EXPIRED, now_ms);
    }
    room_end(room, now_ms);
}

static void room_wake(struct room *room)
{
    for (int seat = 0; seat < SEATS; seat++) {
        if (mailbox_has_words(&room->mailbox, seat))
            visitor_wake(room->mailbox.seats[seat].visitor);
    }
}

static void visitor_displace(struct visitor *visitor)
{
    visitor->room = NULL;
    visitor->is_leaving = 1;
    visitor_drop(visitor);
}

void room_lose(struct room *room)
{
    for (int seat = 0; seat < SEATS; seat++) {
        if (room->mailbox.seats[seat].visitor != NULL)
            visitor_displace(room->mailbox.seats[seat].visitor);
        if (room->held[seat] != NULL)
            farewell_cancel(room->held[seat]);
    }
    metrics_mailbox_lost(room->office->sink.metrics, mailbox_is_joined(&room->mailbox));
    room_free(room);
}

static void room_hand_over(struct timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    room_lose((struct room *)timer);
}

void rooms_hand_over(struct office *office, uint64_t now_ms, uint32_t within_ms)
{
    for (struct room *room = office->rooms; room != NULL; room = room->next) {
        if (!is_alone(room))
            wheel_arm(office->wheel, &room->life, now_ms + office->draw(office->draw_context) % within_ms,
                      room_hand_over);
    }
}

static void seat_repeat(struct room *room, int seat)
{
    struct visitor *visitor = room->mailbox.seats[seat].visitor;

    if (visitor == NULL)
        return;
    mailbox_leave(&room->mailbox, seat);
    visitor_displace(visitor);
}

static void room_doubt(struct room *room)
{
    const struct seat *seats = room->mailbox.seats;

    if (!mailbox_is_joined(&room->mailbox) || is_alone(room))
        return;
    for (int seat = 0; seat < SEATS; seat++) {
        if (seats[SEATS - 1 - seat].visitor == NULL && seats[SEATS - 1 - seat].mood == 0)
            seat_repeat(room, seat);
    }
}

void rooms_doubt(struct office *office)
{
    for (struct room *room = office->rooms; room != NULL; room = room->next)
        room_doubt(room);
}

/* What a device has sent is gone with the mailbox when its node dies, and once told CLOSED it cannot say it again. */
static int must_hold(const struct room *room, int seat)
{
    const struct seat *other = &room->mailbox.seats[SEATS - 1 - seat];

    return room->office->store->is_shared && other->mood == 0 && other->lane.first != NULL;
}

static void held_ask(struct room *room, int seat, uint64_t now_ms)
{
    struct farewell *farewell = room->held[seat];

    room->held[seat] = NULL;
    if (farewell != NULL)
        farewell_ask(farewell, &room->mailbox.nameplate, seat, now_ms);
}

static void hold_timer(struct timer *timer, uint64_t now_ms)
{
    struct room *room = (struct room *)((char *)timer - offsetof(struct room, hold));

    for (int seat = 0; seat < SEATS; seat++) {
        if (room->held[seat] == NULL)
            continue;
        if (!room->office->is_handing_over) {
            held_ask(room, seat, now_ms);
            continue;
        }
        farewell_cancel(room->held[seat]);
        room->held[seat] = NULL;
    }
}

static void held_release(struct room *room, uint64_t now_ms)
{
    for (int seat = 0; seat < SEATS; seat++) {
        if (room->held[seat] != NULL && !must_hold(room, seat))
            held_ask(room, seat, now_ms);
    }
}

/* A device that had closed, and has lost its line before it was told so. */
static void room_part(struct room *room, int seat, struct visitor *visitor, uint64_t now_ms)
{
    if (visitor != NULL && room->held[seat] != NULL)
        farewell_seat(room->held[seat], visitor, now_ms);
    else if (visitor != NULL)
        visitor_end(visitor, room->mailbox.seats[seat].mood, now_ms);
    if (mailbox_is_over(&room->mailbox))
        room_end(room, now_ms);
}

uint8_t room_sit(struct room *room, int seat, const struct guest *guest, const struct cr_frame *frame,
                 uint64_t now_ms)
{
    struct visitor *before, *visitor = guest->visitor;
    uint8_t reason = 0;
    int error;

    if (room->mailbox.seats[seat].mood != 0) {
        room_part(room, seat, visitor, now_ms);
        return 0;
    }
    before = mailbox_sit(&room->mailbox, seat, guest, now_ms, &error);
    if (error != CR_OK)
        return CR_REFUSED_MALFORMED;
    if (guest->arrival == ARRIVE_RESUMED)
        metrics_mailbox_resumed(room->office->sink.metrics);
    if (before != NULL)
        visitor_displace(before);
    if (room->mailbox.seats[SEATS - 1 - seat].is_astray)
        seat_repeat(room, SEATS - 1 - seat);
    if (visitor != NULL) {
        visitor->room = room;
        visitor->seat = (uint8_t)seat;
    }
    if (frame->type == CR_FRAME_JOIN)
        reason = (uint8_t)mailbox_hear(&room->mailbox, seat, frame, now_ms);
    if (!room->office->is_handing_over)
        wheel_arm(room->office->wheel, &room->life, room->mailbox.end_ms, room_timer);
    room_note(room, now_ms);
    held_release(room, now_ms);
    room_wake(room);
    return reason;
}

void room_note_joiner(struct room *room, const struct joiner *joiner)
{
    room->joiner = *joiner;
}

void room_leave(struct visitor *visitor)
{
    struct room *room = visitor->room;

    visitor->room = NULL;
    mailbox_leave(&room->mailbox, visitor->seat);
    if (room->office->store->state(room->office->store, NULL) == STORE_AWAY_NOW)
        room_doubt(room);
    room_wake(room);
}

uint8_t room_hear(struct room *room, int seat, const struct cr_frame *frame, uint64_t now_ms)
{
    uint8_t reason = (uint8_t)mailbox_hear(&room->mailbox, seat, frame, now_ms);

    room_note(room, now_ms);
    held_release(room, now_ms);
    room_wake(room);
    return reason;
}

void room_close(struct visitor *visitor, uint8_t mood, uint64_t now_ms)
{
    struct room *room = visitor->room;
    int seat = visitor->seat;

    mailbox_close(&room->mailbox, seat, mood);
    if (mailbox_is_over(&room->mailbox)) {
        visitor_end(visitor, mood, now_ms);
        room_end(room, now_ms);
        return;
    }
    room->held[seat] = farewell_new(visitor, mood, now_ms);
    held_release(room, now_ms);
    if (room->held[seat] != NULL)
        wheel_arm(room->office->wheel, &room->hold, now_ms + HOLD_MS, hold_timer);
    room_wake(room);
}

int room_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame)
{
    return mailbox_speak(&visitor->room->mailbox, visitor->seat, now_ms, frame);
}

int room_has_words(const struct visitor *visitor)
{
    return mailbox_has_words(&visitor->room->mailbox, visitor->seat);
}
