/* A hashed timer wheel: one rotation is 102.4 seconds, later timers are passed over once in every rotation. */
#include "wheel.h"

#include <stdlib.h>

#define SLOTS 1024

struct wheel {
    uint64_t tick; /* the last one turned to */
    size_t count;
    struct timer *slots[SLOTS];
};

struct wheel *wheel_new(uint64_t now_ms)
{
    struct wheel *wheel = calloc(1, sizeof *wheel);

    if (wheel != NULL)
        wheel->tick = now_ms / WHEEL_TICK_MS;
    return wheel;
}

void wheel_free(struct wheel *wheel)
{
    free(wheel);
}

static void list_push(struct timer **list, struct timer *timer)
{
    timer->next = *list;
    timer->link = list;
    if (timer->next != NULL)
        timer->next->link = &timer->next;
    *list = timer;
}

static void list_remove(struct timer *timer)
{
    *timer->link = timer->next;
    if (timer->next != NULL)
        timer->next->link = timer->link;
    timer->next = NULL;
    timer->link = NULL;
}

void wheel_arm(struct wheel *wheel, struct timer *timer, uint64_t due_ms, timer_fire *fire)
{
    uint64_t tick = due_ms / WHEEL_TICK_MS + (due_ms % WHEEL_TICK_MS != 0);

    wheel_cancel(wheel, timer);
    timer->due_tick = tick > wheel->tick ? tick : wheel->tick + 1;
    timer->fire = fire;
    list_push(&wheel->slots[timer->due_tick % SLOTS], timer);
    wheel->count++;
}

void wheel_cancel(struct wheel *wheel, struct timer *timer)
{
    if (timer->link == NULL)
        return;
    list_remove(timer);
    wheel->count--;
}

static void slot_collect(struct timer *slot, uint64_t tick, struct timer **due)
{
    for (struct timer *timer = slot, *next; timer != NULL; timer = next) {
        next = timer->next;
        if (timer->due_tick > tick)
            continue;
        list_remove(timer);
        list_push(due, timer);
    }
}

void wheel_turn(struct wheel *wheel, uint64_t now_ms)
{
    uint64_t tick = now_ms / WHEEL_TICK_MS;
    uint64_t from = wheel->tick + 1;
    struct timer *due = NULL;

    if (tick < from)
        return;
    if (tick - from >= SLOTS)
        from = tick - SLOTS + 1;
    for (uint64_t t = from; t <= tick; t++)
        slot_collect(wheel->slots[t % SLOTS], tick, &due);
    wheel->tick = tick;
    while (due != NULL) {
        struct timer *timer = due;

        wheel_cancel(wheel, timer);
        timer->fire(timer, now_ms);
    }
}

size_t wheel_count(const struct wheel *wheel)
{
    return wheel->count;
}
