/* What a relay counts of itself, and the text in which monitoring reads it. Sans-IO: whoever counts says so, times are arguments.
 *
 * Sums only: nothing here takes an address, a nameplate, a token, a path or a browser's name, so no figure can hold one. */
#ifndef RELAY_METRICS_H
#define RELAY_METRICS_H

#include "store.h"
#include "tally.h"

#include <certrelay/contract.h>

#include <stddef.h>
#include <stdint.h>

#define METRICS_REASONS 32
#define METRICS_BUCKETS 12
#define METRICS_TEXT_BYTES 32768 /* the text is never longer */

enum metrics_way { METRICS_IN, METRICS_OUT, METRICS_WAYS };
enum metrics_scope { METRICS_ADDRESS, METRICS_NETWORK, METRICS_ALL, METRICS_SCOPES };

struct histogram {
    uint64_t buckets[METRICS_BUCKETS + 1]; /* the last: beyond all bounds */
    uint64_t sum_ms;
};

/* Zero to begin with; the fields are metrics*.c's. */
struct metrics {
    uint64_t opened, joined, resumed;
    uint64_t waiting_now, joined_now; /* mailboxes */
    uint64_t outcomes[CR_MOOD_EXPIRED + 1][2];
    uint64_t refusals[METRICS_REASONS];
    uint64_t connections, handshake_failures;
    uint64_t frames[METRICS_WAYS], bytes[METRICS_WAYS];
    uint64_t answers[6]; /* to browsers, by the first digit of the status */
    uint64_t disbelieved, unnamed;
    uint64_t reloads[2];
    uint64_t puzzles, proofs[2];
    struct histogram waited, lived;
};

/* Each verb counts one; metrics may be NULL: then nothing is. */
void metrics_mailbox_opened(struct metrics *metrics);
void metrics_mailbox_joined(struct metrics *metrics, uint64_t waited_ms);
void metrics_mailbox_resumed(struct metrics *metrics);
void metrics_mailbox_ended(struct metrics *metrics, enum cr_mood mood, int was_joined, uint64_t lived_ms);
/* Another node's mailbox goes on here, or one of here on another node; neither opens nor ends. */
void metrics_mailbox_adopted(struct metrics *metrics, int is_joined);
void metrics_mailbox_lost(struct metrics *metrics, int is_joined);
/* One frame that was understood or told, with so much payload. */
void metrics_frame(struct metrics *metrics, enum metrics_way way, size_t payload_bytes);
/* reason is a word of the log; one that is not known here is counted as "other". */
void metrics_refused(struct metrics *metrics, const char *reason);
void metrics_connected(struct metrics *metrics);
void metrics_handshake_failed(struct metrics *metrics);
void metrics_answered(struct metrics *metrics, unsigned status);
void metrics_disbelieved(struct metrics *metrics);
void metrics_unnamed(struct metrics *metrics);
void metrics_reloaded(struct metrics *metrics, int is_done);
void metrics_puzzle_asked(struct metrics *metrics);
void metrics_proof_heard(struct metrics *metrics, int is_right);

/* What goes between this node and others. */
struct metrics_carried {
    uint64_t devices
        [METRICS_WAYS]; /* IN: of other nodes, with a mailbox here; OUT: of this one, with a mailbox there */
    uint64_t strange;   /* messages that nobody could read */
};

/* What is so at the moment, from those who know. */
struct metrics_now {
    const char *version, *library;
    int64_t
        started_seconds; /* since 1970, as expires_seconds: 0 when there is no certificate, or it does not say */
    int64_t expires_seconds;
    uint32_t connections, connections_max, mailboxes_max;
    uint64_t queued_bytes, queued_bytes_max;
    uint64_t hits[METRICS_SCOPES][TALLY_EVENTS];
    int is_draining, is_ready;
    const struct store_figures *engine; /* NULL: no other relay shares the mailboxes */
    struct metrics_carried carried;     /* of no account without an engine */
    int is_engine_here;
};

/* Writes the text (Prometheus, version 0.0.4) into out; returns its length, or 0 when it does not fit. */
size_t metrics_write(const struct metrics *metrics, const struct metrics_now *now, char *out, size_t room);

/* For metrics_text.c: the words of refusals, and the histograms' bounds. */
extern const char *const metrics_reasons[METRICS_REASONS];
extern const uint32_t metrics_bounds_s[METRICS_BUCKETS];

#endif
