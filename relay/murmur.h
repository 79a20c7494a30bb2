/* Complaints that come often and are told seldom. Sans-IO. */
#ifndef RELAY_MURMUR_H
#define RELAY_MURMUR_H

#include <stdint.h>

/* Zero to begin with. */
struct murmur {
    uint64_t told_ms;
    uint64_t count;
    uint64_t candidate, majority; /* the key that most of them may have, and by how many it leads */
};

struct murmur_sum {
    uint64_t count;     /* since it was last told */
    int is_one_address; /* there were many, and most of them had one key */
};

/* One more, about this key. 1: it is to be told now, once a minute at most, with what is in sum. */
int murmur_hear(struct murmur *murmur, uint64_t key, uint64_t now_ms, struct murmur_sum *sum);

#endif
