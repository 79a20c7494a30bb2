/* From the store's record to the end of a mailbox's life. */
#include "room.h"

#include <stdlib.h>
#include <string.h>

struct room {
    struct timer life; /* first */
    struct mailbox mailbox;
    struct office *office;
    struct room *next;
    struct room **link;
    uint64_t joiner; /* the address whose JOIN took the typist's seat */
    uint32_t tag;
};

static void room_timer(struct timer *timer, uint64_t now_ms);

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

void room_open(struct office *office, struct room *room, const struct cr_nameplate *nameplate,
               uint64_t now_ms)
{
    mailbox_init(&room->mailbox, &office->rules.mailbox, nameplate, now_ms);
    room->tag = office->draw(office->draw_context);
    room->next = office->rooms;
    room->link = &office->rooms;
    if (room->next != NULL)
        room->next->link = &room->next;
    office->rooms = room;
    office->room_count++;
    wheel_arm(office->wheel, &room->life, room->mailbox.end_ms, room_timer);
    metrics_mailbox_opened(office->sink.metrics);
}

void room_free(struct room *room)
{
    struct office *office = room->office;

    wheel_cancel(office->wheel, &room->life);
    *room->link = room->next;
    if (room->next != NULL)
        room->next->link = room->link;
    office->room_count--;
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
        quota_refund(office->quota, room->joiner, TALLY_FAILED_JOIN, now_ms);
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
            room->office->sink.wake(room->mailbox.seats[seat].visitor);
    }
}

static void visitor_displace(struct visitor *visitor)
{
    visitor->room = NULL;
    visitor->is_leaving = 1;
    visitor->office->sink.drop(visitor);
}

uint8_t room_sit(struct room *room, int seat, const struct guest *guest, const struct cr_frame *frame,
                 uint64_t now_ms)
{
    struct visitor *before, *visitor = guest->visitor;
    uint8_t reason = 0, mood = room->mailbox.seats[seat].mood;
    int error;

    if (mood != 0) {
        if (visitor != NULL)
            visitor_end(visitor, mood, now_ms);
        return 0;
    }
    before = mailbox_sit(&room->mailbox, seat, guest, now_ms, &error);
    if (error != CR_OK)
        return CR_REFUSED_MALFORMED;
    if (guest->arrival == ARRIVE_RESUMED)
        metrics_mailbox_resumed(room->office->sink.metrics);
    if (before != NULL)
        visitor_displace(before);
    if (visitor != NULL) {
        visitor->room = room;
        visitor->seat = (uint8_t)seat;
    }
    if (frame->type == CR_FRAME_JOIN)
        reason = (uint8_t)mailbox_hear(&room->mailbox, seat, frame, now_ms);
    wheel_arm(room->office->wheel, &room->life, room->mailbox.end_ms, room_timer);
    room_wake(room);
    return reason;
}

void room_note_joiner(struct room *room, uint64_t address, uint64_t now_ms)
{
    room->joiner = address;
    metrics_mailbox_joined(room->office->sink.metrics, now_ms - room->mailbox.born_ms);
}

void room_leave(struct visitor *visitor)
{
    struct room *room = visitor->room;

    visitor->room = NULL;
    mailbox_leave(&room->mailbox, visitor->seat);
    room_wake(room);
}

uint8_t room_hear(struct room *room, int seat, const struct cr_frame *frame, uint64_t now_ms)
{
    uint8_t reason = (uint8_t)mailbox_hear(&room->mailbox, seat, frame, now_ms);

    room_wake(room);
    return reason;
}

void room_close(struct visitor *visitor, uint8_t mood, uint64_t now_ms)
{
    struct room *room = visitor->room;

    mailbox_close(&room->mailbox, visitor->seat, mood);
    visitor_end(visitor, mood, now_ms);
    if (mailbox_is_over(&room->mailbox))
        room_end(room, now_ms);
    else
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
