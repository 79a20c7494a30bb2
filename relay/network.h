/* Addresses of devices and networks of them. Sans-IO: nothing is looked up. */
#ifndef RELAY_NETWORK_H
#define RELAY_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#define NETWORKS_MAX 64
#define NETWORK_TEXT_BYTES 64

struct sockaddr;

/* An IPv4 address stands as ::ffff:a.b.c.d. All zero: not known. */
struct address {
    uint8_t bytes[16];
};

struct network {
    struct address base;
    uint8_t bits; /* of the 128 */
};

struct networks {
    size_t count;
    struct network items[NETWORKS_MAX];
};

/* Of a local socket (AF_UNIX) it is not known. */
struct address address_of(const struct sockaddr *from);
/* Reads A.B.C.D, A.B.C.D:PORT, an IPv6 address, or [IPv6]:PORT. Returns 0, or -1 when it is none of them. */
int address_read(const char *text, size_t length, struct address *address);

/* Reads ADDRESS or ADDRESS/BITS. Returns 0, or -1, also when there are bits set behind those that count. */
int network_read(const char *text, struct network *network);
int networks_hold(const struct networks *networks, const struct address *address);

#endif
