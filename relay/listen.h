/* The listening sockets, and the door: who comes in is counted and checked before anything, TLS included, is spent on them.
 *
 * libwebsockets' own listener cannot do this: it spins at the end of the descriptors. */
#ifndef RELAY_LISTEN_H
#define RELAY_LISTEN_H

#include "config.h"
#include "quota.h"
#include "wheel.h"

#include <stdint.h>

struct listen_sink {
    /* Watch, or stop watching, the listening socket fd for newcomers. */
    void (*watch)(void *context, int fd, int is_on);
    /* A connection for whoever serves it; listen_closed must follow when it is gone. */
    void (*guest)(void *context, int fd, uint64_t address);
    void (*refused)(void *context, const char *reason);
    void *context;
};

struct listeners;

/* NULL when out of memory. quota and wheel are borrowed. */
struct listeners *listen_new(uint32_t max_connections, struct quota *quota, struct wheel *wheel,
                             const struct listen_sink *sink);
/* Whether HOST:PORT means an address. Returns 0, or -1 with a sentence in error. Opens nothing. */
int listen_check(const char *text, char error[static CONFIG_ERROR_BYTES]);
/* Opens HOST:PORT, which no other process may have, and begins to watch it; *port is the one that it got. Returns 0 or an errno, with a
 * sentence in error that names HOST:PORT; EAFNOSUPPORT: this machine has no such kind of address (IPv6, say). */
int listen_open(struct listeners *listeners, const char *text, uint16_t *port,
                char error[static CONFIG_ERROR_BYTES]);
/* fd, one of those watched, has newcomers. */
void listen_serve(struct listeners *listeners, int fd, uint64_t now_ms);
/* A guest's connection is gone. */
void listen_closed(struct listeners *listeners, uint64_t address);
uint32_t listen_connections(const struct listeners *listeners);
/* Closes the sockets; guests stay. */
void listen_stop(struct listeners *listeners);
void listen_free(struct listeners *listeners);

#endif
