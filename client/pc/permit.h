/* What an organisation's relay wants to see of a device that shows a number. */
#ifndef PC_PERMIT_H
#define PC_PERMIT_H

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

struct app;

#define PERMIT_MIN_BYTES 8

struct permit {
    uint8_t bytes[CR_PERMIT_MAX_BYTES];
    size_t length; /* 0: none */
};

/* Reads the first line of the file that --permit-file or the configuration names; without one the permit is empty. 0, or an exit code after it was
 * said why. */
int permit_read(const struct app *app, struct permit *permit);
void permit_wipe(struct permit *permit);

#endif
