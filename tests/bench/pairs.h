/* Many pairs of devices meeting at the relay, some at once: the load that a relay's work per rendezvous is measured with. */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include "stream.h"

struct pairs_result {
    uint32_t met;
    uint32_t failed;
    double median_ms; /* from the first connection to both sides' CLOSED */
    double late_ms;   /* 99 of 100 were faster */
};

/* Displayers connect to targets[0], typists to targets[1]. Each pair: two connections, ALLOCATE, JOIN, four short frames in turn, one of 8 KiB, all acknowledged, both CLOSE. 0, or -1 when it could not be
 * run at all. */
int pairs_run(struct target targets[static 2], uint32_t count, uint32_t at_once, struct pairs_result *result);

#endif
