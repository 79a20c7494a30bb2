/* WebSocket and TLS: moves frames between sockets and the office. The only header of ours in front of libwebsockets. */
#ifndef RELAY_WIRE_H
#define RELAY_WIRE_H

#include "caller.h"
#include "office.h"

#include <stdint.h>

struct wire_rules {
    const char *path;
    const char *tls_cert; /* both NULL: no TLS */
    const char *tls_key;
    void *loop;             /* the event library's own loop */
    uint32_t max_downloads; /* at once, beyond what sockets take by themselves */
};

struct wire_sink {
    uint64_t (*now_ms)(void *context);
    void (*closed)(void *context, const struct caller *caller);
    void (*refused)(void *context, const char *reason);
    /* A trusted proxy asks for a WebSocket and forwards this ("" for nothing). Returns NULL, or why that client is refused. */
    const char *(*named)(void *context, struct caller *caller, const char *forwarded);
    /* Somebody else forwards. */
    void (*disbelieved)(void *context, uint64_t key);
    /* A browser was answered with this HTTP status. */
    void (*answered)(void *context, unsigned status);
    /* A connection ended before its TLS handshake was done. */
    void (*unsecured)(void *context);
    void *context;
};

struct site;
struct wire;

enum wire_state {
    WIRE_READY,
    WIRE_NO_LIBRARY, /* libwebsockets does not start; mostly for want of its plugin for the event library */
    WIRE_NO_TLS,     /* certificate and key do not fit, or are damaged */
};

/* NULL when out of memory. */
struct wire *wire_new(const struct wire_rules *rules, const struct wire_sink *sink);
enum wire_state wire_state(const struct wire *wire);
/* What the library said last when something failed: "" or one line, valid until the next call of wire_new or wire_reload. */
const char *wire_complaint(void);
/* Before the first connection. */
void wire_serve(struct wire *wire, struct office *office);
/* Shows the page's files to browsers from now on, in place of those before; holds site. Returns 0, or -1 with errno. */
int wire_show(struct wire *wire, struct site *site);
/* To be watched once there is a page: when it is readable, wire_pages_serve is due. */
int wire_pages_fd(const struct wire *wire);
void wire_pages_serve(struct wire *wire);
/* Takes over an accepted socket, also when it fails: sink->closed follows in any case. */
void wire_adopt(struct wire *wire, int fd, const struct caller *caller);

/* Writes what visitors are to be told, as far as their sockets take it. For when the loop is about to wait: never within a callback. */
void wire_flush(struct wire *wire);

/* For the office's sink. */
void wire_wake(struct visitor *visitor); /* wire_flush must follow */
void wire_drop(struct visitor *visitor);

/* Tells every visitor present that the relay is going away. */
void wire_tell_going_away(struct wire *wire);
/* Loads certificate and key again, for new connections. Returns 0, or -1 when they cannot be used: the old ones stay. Not without TLS. */
int wire_reload(struct wire *wire);

/* Closes all connections. The loop must run on until wire_is_closed. */
void wire_close(struct wire *wire);
int wire_is_closed(const struct wire *wire);
void wire_free(struct wire *wire);

/* The library's version, and whether it is one with known faults that this file has to avoid. */
const char *wire_library(void);
int wire_library_is_old(void);

#endif
