/* Answers browsers with files from memory. Private to wire.c and wire_link.c. */
#ifndef RELAY_WIRE_PAGE_H
#define RELAY_WIRE_PAGE_H

#include "page.h"

#include <stddef.h>
#include <stdint.h>

struct lws;
struct wire;

/* Of all connections. Zero, but for poll: -1. */
struct page_desk {
    struct site *site; /* NULL: there is no page */
    int poll;          /* watches the sockets of unfinished replies; -1: none */
    uint32_t unfinished, unfinished_max;
};

/* Of one connection; zero while nothing is being sent. */
struct reply {
    struct site *site; /* held */
    struct lws *wsi;
    const uint8_t *body;
    size_t left;
    int fd;
    uint8_t is_unfinished; /* the socket was full */
    uint8_t is_last;
};

/* For the connection's HTTP callback: what that is to return. */
int reply_begin(struct wire *wire, struct reply *reply, struct lws *wsi, const char *path, size_t path_bytes);
/* The connection is gone. */
void reply_end(struct wire *wire, struct reply *reply);

#endif
