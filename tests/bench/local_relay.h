/* The least relay that two devices of one process can meet in: nothing is lost, nobody else comes, nobody is refused. */
#ifndef BENCH_LOCAL_RELAY_H
#define BENCH_LOCAL_RELAY_H

#include <stddef.h>
#include <stdint.h>

struct local_message {
    struct local_message *next;
    size_t length;
    uint8_t bytes[];
};

/* Zeroed to begin with. */
struct local_relay {
    struct local_message *queues[2]; /* what each seat will hear */
};

/* One message of a seat (0 allocates, 1 joins). 0, or -1 for what devices of one process never say or out of memory. */
int local_relay_hear(struct local_relay *relay, int seat, const uint8_t *message, size_t length);

/* What the seat hears next, for the caller to free; NULL when there is nothing. */
struct local_message *local_relay_next(struct local_relay *relay, int seat);

void local_relay_clear(struct local_relay *relay);

#endif
