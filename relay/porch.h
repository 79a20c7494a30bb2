/* Where connections of trusted proxies wait until it is known whether they begin with a PROXY header, and what it says. */
#ifndef RELAY_PORCH_H
#define RELAY_PORCH_H

#include "network.h"
#include "wheel.h"

struct porch_sink {
    /* fd comes in, the header taken off. is_named: address is the client's, by that header; else the proxy's own. */
    void (*enter)(void *context, int fd, const struct address *address, int is_named, uint64_t now_ms);
    /* fd was closed: reason is one static word, or NULL when the proxy went away by itself. */
    void (*leave)(void *context, const char *reason);
    void *context;
};

struct porch;

/* wheel is borrowed. NULL when it cannot be made. */
struct porch *porch_new(struct wheel *wheel, const struct porch_sink *sink);
/* To be watched: when it is readable, porch_serve is due. */
int porch_fd(const struct porch *porch);
/* Takes over an accepted socket of a trusted proxy with this address. */
void porch_wait(struct porch *porch, int fd, const struct address *proxy, uint64_t now_ms);
void porch_serve(struct porch *porch, uint64_t now_ms);
/* Closes whatever waits; NULL is fine. */
void porch_free(struct porch *porch);

#endif
