/* What the service manager that started the relay is told, after sd_notify(3). Without one, nothing is said to anybody. */
#ifndef RELAY_NOTIFY_H
#define RELAY_NOTIFY_H

#include <stdint.h>

struct notify;

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from the environment. NULL when nobody listens, or out of memory;
 * everything below takes that. */
struct notify *notify_new(void);
/* How often notify_beat is due at least; 0: nobody watches. */
uint64_t notify_beat_ms(const struct notify *notify);

/* Each says the state and a status for people: one line, of numbers and never of persons. */
void notify_ready(const struct notify *notify, const char *status);
void notify_reloading(const struct notify *notify);
void notify_status(const struct notify *notify, const char *status);
/* It ends, within so many milliseconds. To be said again while that lasts. */
void notify_stopping(const struct notify *notify, uint64_t within_ms, const char *status);
/* The loop turns. */
void notify_beat(const struct notify *notify);

void notify_free(struct notify *notify);

#endif
