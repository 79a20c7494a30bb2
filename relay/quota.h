/* What one address, one network and all of them together may do: connections at once, and events in a minute. Sans-IO: time is an
 * argument.
 *
 * An address is an IPv4 address or the first 64 bits of an IPv6 one; its network is its IPv4 /24 or its IPv6 /48. */
#ifndef RELAY_QUOTA_H
#define RELAY_QUOTA_H

#include "network.h"
#include "tally.h"

struct quota_rules {
    struct tally_rules address, network, all;
};

enum quota_level { QUOTA_ADDRESS, QUOTA_NETWORK, QUOTA_ALL, QUOTA_LEVELS };

struct quota;

/* seed keeps others from choosing what is slow to find. NULL when out of memory. */
struct quota *quota_new(const struct quota_rules *rules, uint32_t max_connections, uint64_t seed);
void quota_free(struct quota *quota);

/* The key of an address; an IPv4 address mapped into IPv6 is the IPv4 address. */
uint64_t quota_key(const struct address *address);
/* The key of the network that an address with this key is in. */
uint64_t quota_network(uint64_t address);

/* NULL when the connection is admitted: then quota_disconnect must follow. Else which limit was reached, as one static word. */
const char *quota_connect(struct quota *quota, uint64_t address, uint64_t now_ms);
void quota_disconnect(struct quota *quota, uint64_t address);

/* As tally.h has them, for all that the address belongs to; the longest wait counts. */
unsigned quota_wait(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                    uint64_t now_ms);
/* The same of one level alone. */
unsigned quota_wait_of(struct quota *quota, enum quota_level level, uint64_t address, enum tally_event event,
                       uint32_t count, uint64_t now_ms);
void quota_spend(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                 uint64_t now_ms);
/* The same of one level alone. */
void quota_spend_of(struct quota *quota, enum quota_level level, uint64_t address, enum tally_event event,
                    uint32_t count, uint64_t now_ms);
void quota_refund(struct quota *quota, uint64_t address, enum tally_event event, uint64_t now_ms);

/* On another node so many events (below 0: so many given back) were spent by addresses of this network: they count against the network and
 * all. */
void quota_hear(struct quota *quota, uint64_t network, enum tally_event event, int count, uint64_t now_ms);

/* Statistics: somebody was refused because quota_wait said to wait; counts it for each level whose limit that was. quota_connect counts by
 * itself, and those at once with those of a minute. */
void quota_count_hit(struct quota *quota, uint64_t address, enum tally_event event, uint32_t count,
                     uint64_t now_ms);
uint64_t quota_hits(const struct quota *quota, enum quota_level level, enum tally_event event);

#endif
