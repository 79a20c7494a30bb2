/* The listening sockets, and the door: who comes in is counted and checked before anything, TLS included, is spent on them.
 *
 * libwebsockets' own listener cannot do this: it spins at the end of the descriptors. */
#ifndef RELAY_LISTEN_H
#define RELAY_LISTEN_H

#include "caller.h"
#include "config.h"
#include "quota.h"
#include "wheel.h"

#include <stdint.h>

struct listen_sink {
    /* Watch, or stop watching, the listening socket fd for newcomers. */
    void (*watch)(void *context, int fd, int is_on);
    /* A connection for whoever serves it; listen_closed must follow when it is gone. */
    void (*guest)(void *context, int fd, const struct caller *caller);
    void (*refused)(void *context, const char *reason);
    /* Somebody who is no trusted proxy brought a PROXY header, and was sent away. */
    void (*disbelieved)(void *context, uint64_t key);
    void *context;
};

struct listen_rules {
    uint32_t max_connections;
    const struct networks *trusted; /* proxies */
    const struct networks *allowed; /* who may open mailboxes; empty: everybody, unless */
    int asks_permit;                /* who shows a permit may */
};

struct listeners;

/* NULL when out of memory. The networks, quota and wheel are borrowed. */
struct listeners *listen_new(const struct listen_rules *rules, struct quota *quota, struct wheel *wheel,
                             const struct listen_sink *sink);
/* Whether HOST:PORT means an address, or unix:/PATH one that can be. Returns 0, or -1 with a sentence in error. Opens nothing. */
int listen_check(const char *text, char error[static CONFIG_ERROR_BYTES]);
/* Opens HOST:PORT or unix:/PATH, which no other process may have, and begins to watch it; *port is the one that it got, 0 for a path. Returns 0 or an errno, with a
 * sentence in error that names HOST:PORT; EAFNOSUPPORT: this machine has no such kind of address (IPv6, say). */
int listen_open(struct listeners *listeners, const char *text, uint16_t *port,
                char error[static CONFIG_ERROR_BYTES]);
/* Takes over a socket that listens already, and begins to watch it. No more than CONFIG_LISTENS_MAX in all. */
void listen_take(struct listeners *listeners, int fd);
/* Of a listening socket; 0 for a path. */
uint16_t listen_port(int fd);
/* Lets go of the sockets that were handed over: who connects from now on waits for the process that has them next. */
void listen_leave(struct listeners *listeners);
/* fd, one of those watched, has newcomers. */
void listen_serve(struct listeners *listeners, int fd, uint64_t now_ms);
/* It is known now for whom a proxy speaks: counts the connection to that address. client NULL: it did not say, so that the connection is
 * counted to the proxy and is an outsider's where there are any. Returns NULL, or which limit was reached; then it is not counted. */
const char *listen_name(struct listeners *listeners, struct caller *caller, const struct address *client,
                        uint64_t now_ms);
/* A guest's connection is gone. */
void listen_closed(struct listeners *listeners, const struct caller *caller);
uint32_t listen_connections(const struct listeners *listeners);
/* Closes the sockets, and removes the paths; guests stay. */
void listen_stop(struct listeners *listeners);
void listen_free(struct listeners *listeners);

#endif
