/* The table of keys behind config.h: private to the files config*.c. */
#ifndef RELAY_CONFIG_KEYS_H
#define RELAY_CONFIG_KEYS_H

#include "config.h"

enum kind { LISTEN, TEXT, SWITCH, NUMBER, NETWORK };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t min, max, standard; /* of a TEXT: min is the least length */
    const char *text;            /* the standard value of a TEXT */
    const char *sample;          /* for what has no standard value */
    const char *help;
};

#define LISTEN_SAMPLE "0.0.0.0:443"
#define CERT_SAMPLE "/etc/certrelay/fullchain.pem"
#define KEY_SAMPLE "/etc/certrelay/privkey.pem"

#define QUEUED_MIN_BYTES 131072 /* less would never take the longest frame */

extern const struct key config_keys[];
extern const size_t config_key_count;

const void *config_field(const struct config *config, const struct key *key);
uint32_t config_number(const struct config *config, const struct key *key);

/* config_watch.c: whether the door for monitoring is where it may be. Returns 0, or -1 with a sentence in error. */
int config_check_watch(const struct config *config, char error[static CONFIG_ERROR_BYTES]);

/* config_engine.c: whether the engine can be what it says. Returns 0, or -1 with a sentence in error. */
int config_check_engine(const struct config *config, char error[static CONFIG_ERROR_BYTES]);

#endif
