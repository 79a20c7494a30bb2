/* The private door for monitoring: few connections, each with one question and one answer, and seconds to live. It shares nothing with the
 * devices' listeners, their limits or their library. */
#ifndef RELAY_WATCH_DOOR_H
#define RELAY_WATCH_DOOR_H

#include "config.h"
#include "wheel.h"

struct watch_sink {
    /* Writes all figures into out; returns their length, or 0 when they do not fit. */
    size_t (*metrics)(void *context, char *out, size_t room);
    /* NULL while the relay takes new mailboxes, else one static word why not. */
    const char *(*unready)(void *context);
    void *context;
};

struct watch_door;

/* wheel is borrowed. NULL when it cannot be made. */
struct watch_door *watch_door_new(struct wheel *wheel, const struct watch_sink *sink);
/* Whether the place could be opened, as far as that is known without trying. Returns 0, or -1 with a sentence in error. */
int watch_door_check(const struct config *config, char error[static CONFIG_ERROR_BYTES]);
/* Opens what config->watch says; *port is the one that it got, 0 for a path. Returns 0, or -1 with a sentence in error. */
int watch_door_open(struct watch_door *door, const struct config *config, uint16_t *port,
                    char error[static CONFIG_ERROR_BYTES]);
/* To be watched: when it is readable, watch_door_serve is due. */
int watch_door_fd(const struct watch_door *door);
void watch_door_serve(struct watch_door *door, uint64_t now_ms);
/* Closes all; NULL is fine. */
void watch_door_free(struct watch_door *door);

#endif
