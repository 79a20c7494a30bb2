/* Who is at the other end of a connection, as far as it is known yet. */
#ifndef RELAY_CALLER_H
#define RELAY_CALLER_H

#include "network.h"

struct caller {
    struct address address;
    uint64_t key;        /* of the address, for quotas */
    uint8_t is_proxy;    /* a trusted one that has not said yet for whom it speaks */
    uint8_t is_counted;  /* among its address's connections */
    uint8_t is_outsider; /* may open mailboxes with a permit only */
};

#endif
