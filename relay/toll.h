/* What a JOIN costs while too many of them fail: work of the device, asked for before anything is looked up. Private to the office. */
#ifndef RELAY_TOLL_H
#define RELAY_TOLL_H

#include "office.h"

/* How many seconds an address must wait before it may join even for a price; 0: none. */
unsigned toll_wait(const struct office *office, uint64_t address, uint64_t now_ms);
/* 1 when a JOIN may be looked up: nothing is asked for, or it was paid. 0 when the visitor was told otherwise. */
int toll_pass(struct visitor *visitor, const struct cr_frame *join, uint64_t now_ms);
/* PROOF: it counts for the next JOIN. */
void toll_hear(struct visitor *visitor, const struct cr_frame *proof, uint64_t now_ms);
/* Fills frame and returns 1 when the visitor is to be told of a puzzle. */
int toll_speak(struct visitor *visitor, struct cr_frame *frame);
int toll_has_words(const struct visitor *visitor);

#endif
