/* A question to the store on behalf of a visitor that has no seat yet: ALLOCATE, JOIN or RESUME, the first thing a connection says. Private to
 * the office. */
#ifndef RELAY_ERRAND_H
#define RELAY_ERRAND_H

#include "office.h"

/* Leads the visitor to a seat, or has it refused: now, or when the store answers. Until then visitor->errand is set. */
void errand_run(struct visitor *visitor, const struct cr_frame *frame, uint64_t now_ms);
/* The visitor leaves before the answer. */
void errand_forget(struct visitor *visitor);
/* Frees what the store has not answered and will not. */
void errands_free(struct office *office);

#endif
