/* What one address may do: connections at once, new mailboxes and failed joins in a minute. Sans-IO: time is an argument.
 *
 * An address is an IPv4 address or the first 64 bits of an IPv6 one. Every address with a connection has its own counters; those that
 * left with something spent are remembered until it is made good, but not more than a bounded number of them: then who left first is
 * forgotten. */
#ifndef RELAY_QUOTA_H
#define RELAY_QUOTA_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* 0 in a field means: no limit. */
struct quota_rules {
    uint32_t connections;
    uint32_t per_minute[2]; /* by enum quota_event */
};

struct quota;

/* Remembers up to twice max_connections addresses that left. seed keeps others from choosing what is slow to find. NULL when out of
 * memory. */
struct quota *quota_new(const struct quota_rules *rules, uint32_t max_connections, uint64_t seed);
void quota_free(struct quota *quota);

/* The key of a socket address; an IPv4 address mapped into IPv6 is the IPv4 address. */
uint64_t quota_address(const struct sockaddr *address);

/* 1 when the connection is admitted: then quota_disconnect must follow. 0 at the address's limit, and when out of memory. */
int quota_connect(struct quota *quota, uint64_t address, uint64_t now_ms);
void quota_disconnect(struct quota *quota, uint64_t address);

/* The rest is for addresses that are connected. quota_wait: 0 when one more event may happen now, else the seconds to wait. quota_spend: it
 * has happened. quota_refund: one that was spent does not count after all; the address may have left. */
enum quota_event { QUOTA_ALLOCATION, QUOTA_FAILED_JOIN, QUOTA_EVENTS };
unsigned quota_wait(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms);
void quota_spend(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms);
void quota_refund(struct quota *quota, uint64_t address, enum quota_event event, uint64_t now_ms);

#endif
