/* What net.c and net_events.c share; both know libwebsockets, nothing else does. */
#ifndef PC_NET_STATE_H
#define PC_NET_STATE_H

#include "net.h"

#include <openssl/ssl.h>

#include <libwebsockets.h>

struct net {
    struct lws_context *context;
    struct lws *wsi;
    SSL_CTX *tls;
    struct address address;
    struct addrinfo *found; /* all addresses of the relay */
    struct addrinfo *next;  /* the one to try now */
    uintptr_t attempt;      /* callbacks of an older one are not listened to */
    enum net_state state;
    enum net_failure failure;
    int verification; /* OpenSSL's first complaint about the relay's certificate */
    int has_asked;    /* TCP and TLS stand, the upgrade has been asked for */
    int wants_next;
    int wants_ping;
    int is_woken;
    int64_t heard_ms;
    lws_sorted_usec_list_t wake, limit, beat;
    int watched;       /* epoll of the watched descriptors */
    uint8_t *outgoing; /* LWS_PRE bytes, then the message */
    size_t outgoing_bytes;
    uint8_t *incoming;
    size_t incoming_bytes;
    net_message message;
    void *self;
};

/* Makes the running net_wait return. */
void net_wake(struct net *net);
/* The connection, or the last attempt, is over. */
void net_closed(struct net *net, enum net_failure failure);
/* This address failed: the next one, or the end. text is the library's reason, or "". */
void net_attempt_failed(struct net *net, struct lws *wsi, const char *text);

/* Timers: an attempt took too long; net_wait's deadline. */
void net_on_limit(lws_sorted_usec_list_t *sul);
void net_on_wake(lws_sorted_usec_list_t *sul);

/* The library's one callback. */
int net_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

#endif
