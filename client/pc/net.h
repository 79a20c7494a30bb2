/* One WebSocket to the relay, and the one place where the program waits: for the relay, for a point in time, for
 * descriptors. Only net*.c know libwebsockets.
 *
 * TLS certificates are always verified; there is no way to turn that off. */
#ifndef PC_NET_H
#define PC_NET_H

#include "address.h"

#include <stdint.h>

struct net;

enum net_state { NET_CLOSED, NET_CONNECTING, NET_OPEN };

enum net_failure {
    NET_OK = 0,
    NET_NAME_NOT_FOUND,
    NET_REFUSED,     /* the machine answered that nobody listens */
    NET_UNREACHABLE, /* no route, no network */
    NET_TIMEOUT,
    NET_LOST, /* it hung up, or fell silent */
    NET_BUSY, /* a server in front of the relay answers that it is not there: HTTP 429, 502, 503, 504 */
    NET_TLS_NAME,
    NET_TLS_UNTRUSTED,
    NET_TLS_EXPIRED,
    NET_TLS_NOT_YET,
    NET_TLS_OTHER,
    NET_NOT_A_RELAY, /* an HTTP answer other than 101, another subprotocol, text messages */
    NET_CA_FILE,
    NET_PLAIN, /* ws:// that leads to another computer */
    NET_MEMORY,
};

#define NET_NEVER INT64_MAX
#define NET_CONNECT_MS 10000
#define NET_PING_MS 10000
#define NET_SILENT_MS 20000

/* A whole binary message of the relay; called from within net_wait. */
typedef void (*net_message)(void *self, const uint8_t *message, size_t length);

/* ca_file NULL: this computer's CA certificates. NET_OK, NET_CA_FILE, NET_NAME_NOT_FOUND (no IPv6 address after all) or NET_MEMORY. */
enum net_failure net_new(struct net **net, const struct address *address, const char *ca_file);
void net_free(struct net *net);
void net_on_message(struct net *net, net_message message, void *self);

/* Begins to connect; the outcome shows in net_state. Names are resolved at once, which may block. */
void net_open(struct net *net);
/* Drops the connection or the attempt. */
void net_close(struct net *net);
enum net_state net_state(const struct net *net);
/* Why it is closed. */
enum net_failure net_why(const struct net *net);
/* Trying again cannot help: wrong certificate, not a relay... */
int net_is_final(enum net_failure failure);

/* Takes a copy of one message. One at a time: not while net_is_sending. */
int net_send(struct net *net, const uint8_t *message, size_t length);
int net_is_sending(const struct net *net);

/* net_wait also returns when this descriptor is readable. A descriptor that is watched must be read when it is readable. */
void net_watch(struct net *net, int descriptor);
void net_unwatch(struct net *net, int descriptor);

/* Waits until something happened (a message, a change of state, a message sent, a watched descriptor) or until now is deadline_ms. */
void net_wait(struct net *net, int64_t deadline_ms);

/* Monotonic milliseconds. */
int64_t net_now(void);

/* Name and version of the library in use. */
const char *net_library(void);

#endif
