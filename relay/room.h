/* A mailbox of this node with its clock, its record in the store, and the visitors in its seats. Private to the office. */
#ifndef RELAY_ROOM_H
#define RELAY_ROOM_H

#include "office.h"

struct office {
    struct office_rules rules; /* with the budget that all mailboxes share */
    struct office_sink sink;
    struct store *store;
    struct quota *quota;
    const struct permits *permits; /* NULL: none */
    struct wheel *wheel;
    random_draw *draw;
    void *draw_context;
    struct room *rooms; /* all that are open */
    size_t room_count;
    uint64_t drain_until_ms; /* 0 unless draining */
};

/* NULL when out of memory; it is not open before the store has given it a nameplate. */
struct room *room_new(struct office *office);
/* Frees one that never opened; NULL is fine. */
void room_discard(struct room *room);
void room_open(struct office *office, struct room *room, const struct cr_nameplate *nameplate,
               uint64_t now_ms);
/* Frees an open one without a word to anybody. */
void room_free(struct room *room);

/* Leads a guest, whose visitor is a struct visitor, to the seat. A connection that had it is dropped. Returns 0 or the reason to refuse
 * with. */
uint8_t room_sit(struct room *room, int seat, const struct guest *guest, const struct cr_frame *frame,
                 uint64_t now_ms);
/* A new JOIN from this address was charged to it. */
void room_note_joiner(struct room *room, uint64_t address, uint64_t now_ms);
void room_leave(struct visitor *visitor);
/* Returns 0 or the reason to refuse with. */
uint8_t room_hear(struct room *room, int seat, const struct cr_frame *frame, uint64_t now_ms);
/* CLOSE of the visitor; the room may be gone afterwards. */
void room_close(struct visitor *visitor, uint8_t mood, uint64_t now_ms);
int room_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame);
int room_has_words(const struct visitor *visitor);

/* In office.c: the visitor has no seat any more, hears CLOSED with the mood (unless 0), and its connection ends. */
void visitor_end(struct visitor *visitor, uint8_t mood, uint64_t now_ms);
/* Also there: from now on the visitor is pinged when it is silent. */
void visitor_watch(struct visitor *visitor, uint64_t now_ms);
/* Also there: for so long the visitor may be silent. */
void visitor_give_time(struct visitor *visitor, uint32_t ms, uint64_t now_ms);
/* Also there: REFUSED with that reason; after one that is the device's fault the connection ends. */
void visitor_refuse(struct visitor *visitor, uint8_t reason, uint16_t retry_after, uint64_t now_ms);
/* When to come again after that refusal; 0: no advice. */
uint16_t retry_seconds(uint8_t reason);

#endif
