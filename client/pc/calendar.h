/* The last days of certificates as a calendar with reminders: iCalendar, RFC 5545. */
#ifndef PC_CALENDAR_H
#define PC_CALENDAR_H

#include "app.h"

#include <store.h>
#include <time.h>

/* --ics or --output was given. */
int calendar_is_wanted(const struct app *app);

/* One event for each of these entries that has not expired: its last day in Korea, with reminders 30 and 7 days before. Events keep
 * their UID from one time to the next, so that a calendar replaces them. Caller frees; NULL when there is none to tell of. */
char *calendar_text(const struct store_list *list, const size_t *indexes, size_t count, time_t now);

/* Writes it to standard output, or to --output. 0, or an exit code after it was said why. */
int calendar_write(const struct app *app, const struct store_list *list, const size_t *indexes, size_t count);

#endif
