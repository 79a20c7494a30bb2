/* One running relay: the parts put together, from its start to its drain. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "config.h"
#include "handed.h"

/* Runs until it is told to stop by SIGTERM or SIGINT. Returns the exit code of the process: 0 after a drain, else by sysexits; why was
 * logged. */
int relay_run(const struct config *config, const struct handed *handed);

/* Tries what relay_run would need, as far as that disturbs no relay that runs: limits, names, TLS. Returns 0, or the exit code with a sentence in
 * error; and a sentence in warning, or "". The process is confined as a running one, so nothing else can be done with it. */
int relay_check(const struct config *config, char error[static CONFIG_ERROR_BYTES],
                char warning[static CONFIG_ERROR_BYTES]);

#endif
