/* Many devices that wait in their mailboxes: what a relay's memory per waiting mailbox is measured with. */
#ifndef BENCH_HOLD_H
#define BENCH_HOLD_H

#include "stream.h"

/* Opens count connections, allocates on each, prints "held N" on standard output when all wait, and keeps them (pings are answered) until standard
 * input ends. 0, or -1 when one was refused or lost. */
int hold_run(struct target *target, uint32_t count);

#endif
