/* One pair that sends short messages to and fro: how long a message takes from one device to the other when nothing else happens. */
#ifndef BENCH_HOP_H
#define BENCH_HOP_H

#include "stream.h"

struct hop_result {
    uint32_t count;
    double median_us; /* from giving it to the kernel until the other device has it */
    double late_us;   /* 99 of 100 were faster */
};

/* The displayer connects to targets[0], the typist to targets[1]; every message is acknowledged. 0, or -1 when one was refused or lost. */
int hop_run(struct target targets[static 2], uint32_t count, struct hop_result *result);

#endif
