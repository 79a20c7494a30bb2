/* One mailbox: two seats, and what each has yet to be told. PROTOCOL.md sections 2 and 2.1.
 *
 * Sans-IO: time is an argument, and what is to be said is fetched, one frame at a time, when a connection can take it. So a device that does not read
 * costs nothing beyond the mailbox's own bounded queues: what is owed to it is a set of flags, not a growing list. */
#ifndef RELAY_MAILBOX_H
#define RELAY_MAILBOX_H

#include "lane.h"
#include "seat.h"

#include <certrelay/contract.h>

#include <stdint.h>

/* How a connection comes to its seat. */
enum mailbox_arrival {
    ARRIVE_NEW,    /* ALLOCATE or JOIN with a new token */
    ARRIVE_AGAIN,  /* the same once more: what it has seen is not known */
    ARRIVE_RESUMED /* RESUME: it tells what it has seen */
};

/* Who comes to a seat. */
struct guest {
    void *visitor;    /* the connection; NULL when it has left meanwhile */
    uint64_t address; /* charged for what is sent from this seat */
    enum mailbox_arrival arrival;
    uint32_t seen; /* counts for ARRIVE_RESUMED only */
};

/* The rules that all mailboxes of a relay share, and the bytes they hold together. */
struct mailbox_rules {
    uint32_t wait_ms;
    uint32_t wait_max_ms;
    uint32_t joined_ms;
    struct budget budget;
};

struct seat {
    void *visitor;    /* the connection that holds it now, NULL when away */
    struct lane lane; /* towards this seat */
    uint64_t address; /* of the connection that holds it or did last */
    uint16_t owes;
    uint8_t is_taken;
    uint8_t mood; /* what it closed with; 0 while it has not */
    uint8_t
        is_astray; /* what it has sent here does not follow on what the other has seen: it must come again */
};

/* The fields are mailbox.c's; the struct is here so that it can be part of another. */
struct mailbox {
    struct mailbox_rules *rules;
    struct cr_nameplate nameplate;
    uint32_t carried_bytes;
    uint64_t born_ms;
    uint64_t end_ms;
    struct seat seats[SEATS];
};

/* rules are borrowed for the mailbox's life. */
void mailbox_init(struct mailbox *mailbox, struct mailbox_rules *rules, const struct cr_nameplate *nameplate,
                  uint64_t now_ms);
struct store_record;
/* In place of mailbox_init: it was another node's, and nothing is known but its record. */
void mailbox_adopt(struct mailbox *mailbox, struct mailbox_rules *rules, const struct store_record *record,
                   uint64_t now_ms);
void mailbox_wipe(struct mailbox *mailbox);

/* Gives the seat to a connection and returns the one that had it before, or NULL. *error is CR_OK, or CR_E_MALFORMED when
 * guest->seen is a number that never was: then nothing has changed. */
void *mailbox_sit(struct mailbox *mailbox, int seat, const struct guest *guest, uint64_t now_ms, int *error);
/* The connection is gone, the seat is kept. */
void mailbox_leave(struct mailbox *mailbox, int seat);

/* Takes JOIN (for its payload), SEND, ACK, EXTEND or CLOCK of the seat. Returns 0 or the enum cr_refusal to answer with. */
int mailbox_hear(struct mailbox *mailbox, int seat, const struct cr_frame *frame, uint64_t now_ms);
/* Ends the seat's part. The other seat will hear it after all that is queued. */
void mailbox_close(struct mailbox *mailbox, int seat, uint8_t mood);

/* Fills frame with the next thing to tell that seat and returns 1, or 0 when there is nothing. A payload points into the
 * mailbox and is valid until the next call. */
int mailbox_speak(struct mailbox *mailbox, int seat, uint64_t now_ms, struct cr_frame *frame);
int mailbox_has_words(const struct mailbox *mailbox, int seat);

/* True when nobody can come back to it: both have closed, or the displayer has before anybody joined. */
int mailbox_is_over(const struct mailbox *mailbox);
int mailbox_is_joined(const struct mailbox *mailbox);

#endif
