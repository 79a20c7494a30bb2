/* CLOSE of a device that goes before the other: it is told CLOSED only when nothing that it leaves can get lost, since then it is gone. Private
 * to the office.
 *
 * First the mailbox may hold it until the other device has what was sent; then the store is asked to keep the mood for a next owner. */
#ifndef RELAY_FAREWELL_H
#define RELAY_FAREWELL_H

#include "office.h"

/* The visitor's seat has closed with that mood, and it has none any more. NULL when out of memory: then it has been told. */
struct farewell *farewell_new(struct visitor *visitor, uint8_t mood, uint64_t now_ms);
/* A new connection of the same device, in place of the one before. */
void farewell_seat(struct farewell *farewell, struct visitor *visitor, uint64_t now_ms);
/* From here on it is the store's, and freed with its answer. */
void farewell_ask(struct farewell *farewell, const struct cr_nameplate *nameplate, int seat, uint64_t now_ms);
/* In place of that: the mailbox has ended, or (cancel) goes on elsewhere, where the device comes again. Both free it. */
void farewell_end(struct farewell *farewell, uint64_t now_ms);
void farewell_cancel(struct farewell *farewell);

/* The visitor leaves. */
void farewell_forget(struct visitor *visitor);
/* Frees all. */
void farewells_free(struct office *office);

#endif
