/* Whether a relay with this configuration answers: what a container's health check asks. */
#ifndef RELAY_PROBE_H
#define RELAY_PROBE_H

#include "config.h"

/* Connects to each address that the configuration listens on, until something there speaks HTTP, or TLS where that is on. Waits some
 * seconds for each. Returns 0, or -1 with a sentence in error. */
int probe_relay(const struct config *config, char error[static CONFIG_ERROR_BYTES]);

#endif
