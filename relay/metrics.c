/* Counters, and nothing else. */
#include "metrics.h"

#include <string.h>

/* The words of the log, and last what stands for all others. */
const char *const metrics_reasons[METRICS_REASONS] = {
    "unavailable",
    "gone",
    "full",
    "too-many",
    "draining",
    "too-much",
    "malformed",
    "busy",
    "forbidden",
    "text",
    "too-long",
    "fragments",
    "upgrade",
    "http",
    "downloads",
    "connections",
    "descriptors",
    "memory",
    "proxy-header",
    "address-connections",
    "network-connections",
    "all-connections",
    "other",
};

/* A person carries a code within seconds or minutes; a mailbox may live for hours. */
const uint32_t metrics_bounds_s[METRICS_BUCKETS] = {1, 2, 5, 10, 20, 30, 60, 120, 180, 600, 1800, 7200};

void metrics_mailbox_opened(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    metrics->opened++;
    metrics->waiting_now++;
}

static void histogram_add(struct histogram *histogram, uint64_t ms)
{
    int bucket = 0;

    while (bucket < METRICS_BUCKETS && ms > (uint64_t)metrics_bounds_s[bucket] * 1000)
        bucket++;
    histogram->buckets[bucket]++;
    histogram->sum_ms += ms;
}

void metrics_mailbox_joined(struct metrics *metrics, uint64_t waited_ms)
{
    if (metrics == NULL)
        return;
    metrics->joined++;
    metrics->waiting_now--;
    metrics->joined_now++;
    histogram_add(&metrics->waited, waited_ms);
}

void metrics_mailbox_resumed(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->resumed++;
}

void metrics_mailbox_ended(struct metrics *metrics, enum cr_mood mood, int was_joined, uint64_t lived_ms)
{
    if (metrics == NULL)
        return;
    metrics->outcomes[mood][was_joined]++;
    if (was_joined)
        metrics->joined_now--;
    else
        metrics->waiting_now--;
    histogram_add(&metrics->lived, lived_ms);
}

static uint64_t *present(struct metrics *metrics, int is_joined)
{
    return is_joined ? &metrics->joined_now : &metrics->waiting_now;
}

void metrics_mailbox_adopted(struct metrics *metrics, int is_joined)
{
    if (metrics != NULL)
        ++*present(metrics, is_joined);
}

void metrics_mailbox_lost(struct metrics *metrics, int is_joined)
{
    if (metrics != NULL)
        --*present(metrics, is_joined);
}

void metrics_frame(struct metrics *metrics, enum metrics_way way, size_t payload_bytes)
{
    if (metrics == NULL)
        return;
    metrics->frames[way]++;
    metrics->bytes[way] += payload_bytes;
}

void metrics_refused(struct metrics *metrics, const char *reason)
{
    int i = 0;

    if (metrics == NULL)
        return;
    while (metrics_reasons[i + 1] != NULL && strcmp(metrics_reasons[i], reason) != 0)
        i++;
    metrics->refusals[i]++;
}

void metrics_connected(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->connections++;
}

void metrics_handshake_failed(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->handshake_failures++;
}

void metrics_answered(struct metrics *metrics, unsigned status)
{
    if (metrics != NULL && status < 600)
        metrics->answers[status / 100]++;
}

void metrics_disbelieved(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->disbelieved++;
}

void metrics_unnamed(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->unnamed++;
}

void metrics_reloaded(struct metrics *metrics, int is_done)
{
    if (metrics != NULL)
        metrics->reloads[is_done != 0]++;
}

void metrics_puzzle_asked(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->puzzles++;
}

void metrics_proof_heard(struct metrics *metrics, int is_right)
{
    if (metrics != NULL)
        metrics->proofs[is_right != 0]++;
}
