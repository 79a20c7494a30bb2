/* The way to a server, walked step by step with plain sockets, so that doctor can say which step fails. Never used for a transfer. */
#ifndef PC_PROBE_H
#define PC_PROBE_H

#include "net.h"

#define PROBE_TEXT_BYTES 256

struct probe;

struct probe_peer {
    char issuer[PROBE_TEXT_BYTES]; /* of its TLS certificate: O, else CN; raw bytes */
    int64_t not_after;             /* seconds since 1970 */
};

struct probe_answer {
    int status;                      /* of HTTP; 0: no such answer */
    int64_t date;                    /* its clock: seconds since 1970; 0: it does not say */
    char type[PROBE_TEXT_BYTES];     /* Content-Type */
    char location[PROBE_TEXT_BYTES]; /* where it sends to; "" */
};

/* Connects to the first address of the list that answers. NET_OK, or why the last one does not. */
enum net_failure probe_connect(const struct addrinfo *list, struct probe **probe);
/* TLS on it, with the certificate checked against host. */
enum net_failure probe_secure(struct probe *probe, const char *host, const char *ca_file);
void probe_peer(const struct probe *probe, struct probe_peer *peer);
/* GET path (starts with '/'). NET_OK when an HTTP answer came. Once for each connection. */
enum net_failure probe_get(struct probe *probe, const char *authority, const char *path,
                           struct probe_answer *answer);
void probe_free(struct probe *probe);

#endif
