/* A timer wheel: arming and cancelling cost the same however many timers there are. It has no clock: the caller turns it.
 *
 * The libraries' own timers sit in sorted lists, and a relay has one timer for every waiting device. */
#ifndef RELAY_WHEEL_H
#define RELAY_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_MS 100

struct timer;
typedef void timer_fire(struct timer *timer, uint64_t now_ms);

/* Lives inside the thing that it times; zero it before its first use. */
struct timer {
    struct timer *next;
    struct timer **link; /* what points here; NULL while it is not armed */
    uint64_t due_tick;
    timer_fire *fire;
};

struct wheel;

/* NULL when out of memory. */
struct wheel *wheel_new(uint64_t now_ms);
void wheel_free(struct wheel *wheel);

/* Fires once, in the first turn at or after due_ms, never before. Armed again, a timer forgets its earlier time. */
void wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms, timer_fire *fire);
/* Does nothing to a timer that is not armed. */
void wheel_cancel(struct wheel *wheel, struct timer *timer);

/* Fires all that is due. Timers may be armed and cancelled meanwhile, the fired one included. */
void wheel_turn(struct wheel *wheel, uint64_t now_ms);
/* How many are armed: with none, the wheel need not be turned. */
size_t wheel_count(const struct wheel *wheel);

#endif
