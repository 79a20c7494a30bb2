/* What doctor finds: one line for each thing looked at. */
#ifndef PC_CHECKUP_H
#define PC_CHECKUP_H

#include "app.h"

enum finding { FINDING_GOOD, FINDING_BAD, FINDING_NOTE };

/* Prints it, and as event "check" with good true, false or null. */
void checkup_say(const char *name, enum finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The way to the relay: name, port, TLS, WebSocket; whether it can take mailboxes; then whether the page for phones is there. 0, or the exit code of what is
 * wrong, after it was said. */
int checkup_relay(const struct app *app);

#endif
