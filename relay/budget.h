/* The bytes that a relay may hold for devices, and the shares of them that one address and one network may have filled. */
#ifndef RELAY_BUDGET_H
#define RELAY_BUDGET_H

#include "table.h"

#include <stddef.h>
#include <stdint.h>

/* The last quarter of the budget is for what is no larger than this, so that a handshake always fits. */
#define BUDGET_SMALL_BYTES 4096

/* What one address holds; it exists as long as it holds anything. */
struct account;

struct budget {
    size_t max;
    size_t share;         /* of one address; 0: no limit */
    size_t network_share; /* of all addresses of one network together; 0: no limit */
    size_t used;          /* from here on: budget.c's */
    struct table accounts, networks;
};

/* max and the shares are set. seed keeps others from choosing what is slow to find. */
void budget_open(struct budget *budget, uint64_t seed);
/* All must have been given back. */
void budget_close(struct budget *budget);

/* Whether budget_take would have room. */
int budget_fits(const struct budget *budget, uint64_t address, size_t bytes);
/* NULL when there is no room, or no memory; else budget_give_back must follow, with the same number of bytes. */
struct account *budget_take(struct budget *budget, uint64_t address, size_t bytes);
void budget_give_back(struct budget *budget, struct account *account, size_t bytes);

#endif
