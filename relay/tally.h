/* Counts for one kind of key, such as an address: connections at once, and events in a minute. Sans-IO: time is an argument.
 *
 * Every key with a connection has its own counters; those that left with something spent are remembered until it is made good, but not
 * more than a bounded number of them: then who left first is forgotten. */
#ifndef RELAY_TALLY_H
#define RELAY_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum tally_event { TALLY_ALLOCATION, TALLY_FAILED_JOIN, TALLY_CONNECTION, TALLY_BYTE, TALLY_EVENTS };

/* 0 in a field means: no limit. */
struct tally_rules {
    uint32_t connections;
    uint32_t per_minute[TALLY_EVENTS];
};

#define TALLY_DEBT_MINUTES 64

struct tally;

/* Remembers up to twice max_connections keys that left. seed keeps others from choosing what is slow to find. NULL when out of memory. */
struct tally *tally_new(const struct tally_rules *rules, uint32_t max_connections, uint64_t seed);
void tally_free(struct tally *tally);

/* 1 when the connection is admitted: then tally_disconnect must follow. 0 at the key's limit, and when out of memory. */
int tally_connect(struct tally *tally, uint64_t key, uint64_t now_ms);
void tally_disconnect(struct tally *tally, uint64_t key);

/* The rest is for keys that are connected. tally_wait: 0 when so many more events may happen now, else the seconds to wait; what is
 * larger than a whole minute's worth may happen when nothing is spent. tally_spend: they have happened, also when they had to wait; who has
 * spent TALLY_DEBT_MINUTES' worth spends no more. tally_refund: one that was spent does not count after all; the key may have left. */
unsigned tally_wait(struct tally *tally, uint64_t key, enum tally_event event, uint32_t count,
                    uint64_t now_ms);
void tally_spend(struct tally *tally, uint64_t key, enum tally_event event, uint32_t count, uint64_t now_ms);
void tally_refund(struct tally *tally, uint64_t key, enum tally_event event, uint64_t now_ms);

/* So many events of a key (below 0: so many that do not count after all) have happened elsewhere, whether it is connected here or not. */
void tally_hear(struct tally *tally, uint64_t key, enum tally_event event, int count, uint64_t now_ms);

#endif
