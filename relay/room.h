/* A mailbox of this node with its clock, its record in the store, and the visitors in its seats. Private to the office. */
#ifndef RELAY_ROOM_H
#define RELAY_ROOM_H

#include "office.h"
#include "table.h"

struct carry;
struct farewell;

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
    struct table plates; /* the same by nameplate */
    struct carry *carry; /* what goes to and comes from other nodes */
    struct errand *errands;
    struct farewell *farewells;
    uint64_t drain_until_ms; /* 0 unless draining */
    uint8_t is_handing_over; /* draining, and what is here goes on on other nodes */
};

/* Once for an office: the table of rooms. */
void rooms_init(struct office *office, uint64_t seed);

/* NULL when out of memory; it is not open before the store has given it a nameplate. */
struct room *room_new(struct office *office);
/* Frees one that never opened; NULL is fine. */
void room_discard(struct room *room);
void room_open(struct room *room, const struct store_record *record, uint64_t now_ms);
/* Makes and opens the mailbox of a record that this node has become the owner of. NULL when there is no room or no memory. */
struct room *room_adopt(struct office *office, const struct store_record *record, uint64_t now_ms);
/* Frees an open one without a word to anybody. */
void room_free(struct room *room);
/* The open one with this nameplate and era, or NULL; *is_known tells whether there is one of any era. */
struct room *room_find(struct office *office, const struct cr_nameplate *nameplate, uint32_t era,
                       int *is_known);
/* It goes on elsewhere: its devices are dropped, so that they come again, and it is freed. */
void room_lose(struct room *room);
/* The same for all, each at a random moment of the next milliseconds. */
void rooms_hand_over(struct office *office, uint64_t now_ms, uint32_t within_ms);
/* The engine is away: where one of a pair is missing, it may be talking to another node already; so the one that is here comes again. */
void rooms_doubt(struct office *office);

/* Leads a guest, whose visitor is a struct visitor, to the seat. A connection that had it is dropped. Returns 0 or the reason to refuse
 * with. */
uint8_t room_sit(struct room *room, int seat, const struct guest *guest, const struct cr_frame *frame,
                 uint64_t now_ms);
/* Who is given back what a new JOIN was charged: an address of this node, or a connection of another. */
struct joiner {
    uint64_t address;
    store_node node; /* 0: this one */
    uint64_t link;
};

void room_note_joiner(struct room *room, const struct joiner *joiner);
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
/* Also there: calls of the sink, for a visitor that is carried as for one on a wire. */
void visitor_wake(struct visitor *visitor);
void visitor_drop(struct visitor *visitor);
/* Also there: as office_speak, and not counted. */
enum office_words visitor_speak(struct visitor *visitor, uint64_t now_ms, struct cr_frame *frame);
/* Also there: fires for a visitor that is to come again on another node. */
void visitor_dismiss(struct timer *timer, uint64_t now_ms);
/* When to come again after that refusal; 0: no advice. */
uint16_t retry_seconds(uint8_t reason);

#endif
