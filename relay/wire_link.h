/* What wire.c, wire_link.c and wire_page.c share. With wire_upgrade.c they are all that knows libwebsockets. */
#ifndef RELAY_WIRE_LINK_H
#define RELAY_WIRE_LINK_H

#include "wire.h"
#include "wire_page.h"

#include <libwebsockets.h>

#define WIRE_HEADERS_MAX_BYTES 4096

/* What is written at once: small frames until there are so many bytes, and the frame that goes beyond; its head is 10 bytes at most. */
#define WIRE_GATHER_BYTES 4096
#define WIRE_OUT_BYTES (WIRE_GATHER_BYTES + 10 + CR_FRAME_MAX_BYTES)

struct link;

struct wire {
    struct wire_rules rules;
    struct wire_sink sink;
    struct office *office;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct link *woken;    /* those with something to be told */
    struct link *adopting; /* until the library has made a connection of it */
    struct page_desk page;
    uint8_t out[LWS_PRE + WIRE_OUT_BYTES];
};

/* The library's callback for everything that happens to a connection. */
int link_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

#endif
