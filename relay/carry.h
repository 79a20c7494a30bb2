/* Devices that are connected to one node while their mailbox is on another. Private to the office.
 *
 * The edge keeps the connection: it measures what may be said, pings, and hands frames on. The owner seats a visitor that has no wire. If
 * either node or the post between them fails, what was carried ends: the device's connection is dropped, it comes again and resumes. */
#ifndef RELAY_CARRY_H
#define RELAY_CARRY_H

#include "room.h"

struct carry;

/* The store's sink is its. NULL when out of memory. */
struct carry *carry_new(struct office *office);
/* Every visitor on a wire must have left; NULL is fine. */
void carry_free(struct carry *carry);

/* The edge. Asks the owner of the record for the seat; a guest whose visitor has left already comes again. 0, or the reason to refuse
 * with. */
uint8_t carry_sit(const struct guest *guest, const struct store_record *record, const struct cr_frame *frame,
                  uint64_t now_ms);
/* A frame of a visitor with a distant seat, as it came; may refuse it. */
void carry_hear(struct visitor *visitor, const struct cr_frame *frame, const uint8_t *bytes, size_t length,
                uint64_t now_ms);
/* As room_speak. */
int carry_speak(struct visitor *visitor, struct cr_frame *frame);
int carry_has_words(const struct visitor *visitor);
/* The owner has said something. */
int carry_is_answered(const struct visitor *visitor);
/* Tells the owner that the visitor is gone; does nothing to one whose seat is not distant. */
void carry_leave(struct visitor *visitor);
int carry_has_distant(const struct carry *carry);
/* All visitors with a distant seat are dropped, each at a random moment of the next milliseconds. */
void carry_hand_over(struct carry *carry, uint64_t now_ms, uint32_t within_ms);

/* The owner: as the sink's wake and drop, for a visitor that is carried. */
void carry_wake(struct visitor *visitor);
void carry_drop(struct visitor *visitor);

/* Says what there is to say, and ends what cannot go on. Never within a call of the sink or of the store. */
void carry_flush(struct carry *carry, uint64_t now_ms);

/* A join that failed, or has not succeeded yet, from an address of this node; other nodes count it too. */
void carry_charge(struct carry *carry, uint64_t address, uint64_t now_ms);
/* It has succeeded. */
void carry_refund(struct carry *carry, const struct joiner *joiner, uint64_t now_ms);

/* Statistics: envelopes that nobody could read. */
uint64_t carry_strange(const struct carry *carry);
/* The same, and how many devices are carried now. */
void carry_figures(const struct carry *carry, struct metrics_carried *figures);

#endif
