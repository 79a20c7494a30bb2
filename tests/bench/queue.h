/* Bytes on their way, each with the time at which they arrive. */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct chunk {
    struct chunk *next;
    int64_t due_ns;
    size_t length;
    uint8_t bytes[];
};

/* Zeroed to begin with. Nothing is due before last_due_ns: order is kept. */
struct queue {
    struct chunk *first;
    struct chunk *last;
    int64_t last_due_ns;
};

/* Monotonic nanoseconds. */
int64_t queue_now_ns(void);
/* Copies the bytes; they are due delay_ns from now. 0, or -1 when out of memory. */
int queue_append(struct queue *queue, const uint8_t *bytes, size_t length, int64_t delay_ns);
/* Takes the first chunk, which the caller frees, if it is due; else NULL. */
struct chunk *queue_due(struct queue *queue, int64_t now_ns);
/* INT64_MAX when it is empty. */
int64_t queue_next_due(const struct queue *queue);
void queue_clear(struct queue *queue);

#endif
