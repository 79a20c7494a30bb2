/* The queue: a list in order of arrival. */
#include "queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t queue_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int queue_append(struct queue *queue, const uint8_t *bytes, size_t length, int64_t delay_ns)
{
    struct chunk *chunk = malloc(sizeof *chunk + length);
    int64_t due_ns = queue_now_ns() + delay_ns;

    if (chunk == NULL)
        return -1;
    if (due_ns > queue->last_due_ns)
        queue->last_due_ns = due_ns;
    chunk->next = NULL;
    chunk->due_ns = queue->last_due_ns;
    chunk->length = length;
    memcpy(chunk->bytes, bytes, length);
    if (queue->first == NULL)
        queue->first = chunk;
    else
        queue->last->next = chunk;
    queue->last = chunk;
    return 0;
}

struct chunk *queue_due(struct queue *queue, int64_t now_ns)
{
    struct chunk *chunk = queue->first;

    if (chunk == NULL || chunk->due_ns > now_ns)
        return NULL;
    queue->first = chunk->next;
    return chunk;
}

int64_t queue_next_due(const struct queue *queue)
{
    return queue->first != NULL ? queue->first->due_ns : INT64_MAX;
}

void queue_clear(struct queue *queue)
{
    for (struct chunk *chunk; (chunk = queue_due(queue, INT64_MAX)) != NULL;)
        free(chunk);
}
