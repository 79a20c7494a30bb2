/* One running relay: the parts put together, from its start to its drain. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "config.h"

/* Runs until it is told to stop by SIGTERM or SIGINT. Returns the exit code of the process: 0 after a drain, else by sysexits; why was
 * logged. */
int relay_run(const struct config *config);

#endif
