/* Two sessions in one process, and the payloads between them. */
#ifndef TESTS_PUMP_H
#define TESTS_PUMP_H

#include "session_state.h"

#define ALL_AT_ONCE SIZE_MAX

struct pump {
    struct cr_session *typist, *displayer;
    int typist_error, displayer_error;          /* the first that input gave */
    char typist_heard[32], displayer_heard[32]; /* the first byte of each record that was opened */
};

/* Which secrets the two know: 'd' digits, 'l' the long one, 'b' both; typist's first, as in "dd" or "lb". */
int pump_new(struct pump *pump, enum cr_role typist_role, const char *secrets);
void pump_free(struct pump *pump);
/* Moves payloads, up to burst of them in one direction before the other has its turn, until neither has any. */
void pump_run(struct pump *pump, size_t burst);
/* Moves one payload; 0 when there was none. */
int pump_one(struct pump *pump, struct cr_session *from);

/* What pump_new gives the two sides; tests that need other configurations begin with these. */
struct cr_session_config pump_config(enum cr_side side, enum cr_role role, char secrets);

/* Removes the next output into out; its length, 0 when there is none. */
size_t pump_take(struct cr_session *session, uint8_t *out, size_t capacity);

#endif
