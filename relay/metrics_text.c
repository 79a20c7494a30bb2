/* The counters as Prometheus reads them: a line of help and one of type for each name, then its values. */
#include "metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *at;
    size_t left;
    int is_cut;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= text->left) {
        text->is_cut = 1;
        text->left = 0;
        return;
    }
    text->at += length;
    text->left -= (size_t)length;
}

static void family(struct text *text, const char *name, const char *type, const char *help)
{
    put(text, "# HELP certrelay_%s %s\n# TYPE certrelay_%s %s\n", name, help, name, type);
}

static void value(struct text *text, const char *name, const char *labels, uint64_t number)
{
    put(text, "certrelay_%s%s %llu\n", name, labels, (unsigned long long)number);
}

static void gauge(struct text *text, const char *name, const char *help, uint64_t number)
{
    family(text, name, "gauge", help);
    value(text, name, "", number);
}

static void counter(struct text *text, const char *name, const char *help, uint64_t number)
{
    family(text, name, "counter", help);
    value(text, name, "", number);
}

/* Whatever a library calls its version, it ends no label. */
static void plain_copy(char out[static 32], const char *word)
{
    snprintf(out, 32, "%s", word);
    for (char *at = out; *at != '\0'; at++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-", *at) == NULL)
            *at = '_';
    }
}

static void write_process(struct text *text, const struct metrics_now *now)
{
    char version[32], library[32];

    plain_copy(version, now->version);
    plain_copy(library, now->library);
    family(text, "build_info", "gauge", "Which certrelayd this is, and which libwebsockets it runs on.");
    put(text, "certrelay_build_info{version=\"%s\",libwebsockets=\"%s\"} 1\n", version, library);
    gauge(text, "start_time_seconds", "When it started, in seconds since 1970.",
          (uint64_t)now->started_seconds);
    gauge(text, "ready", "1 while /readyz answers 200.", (uint64_t)now->is_ready);
    gauge(text, "draining", "1 once it has been told to stop.", (uint64_t)now->is_draining);
    if (now->expires_seconds > 0)
        gauge(text, "tls_expiry_timestamp_seconds",
              "When the TLS certificate in use expires, in seconds since 1970.",
              (uint64_t)now->expires_seconds);
}

static void write_mailboxes(struct text *text, const struct metrics *metrics, const struct metrics_now *now)
{
    family(text, "mailboxes", "gauge", "Mailboxes now, by state.");
    value(text, "mailboxes", "{state=\"waiting\"}", metrics->waiting_now);
    value(text, "mailboxes", "{state=\"joined\"}", metrics->joined_now);
    gauge(text, "mailboxes_limit", "max_mailboxes of the configuration.", now->mailboxes_max);
    counter(text, "mailboxes_opened_total", "Mailboxes that were opened.", metrics->opened);
    counter(text, "mailboxes_joined_total", "Mailboxes whose second device came.", metrics->joined);
    counter(text, "resumes_total", "Devices that came back to their seat with RESUME.", metrics->resumed);
}

static void write_outcomes(struct text *text, const struct metrics *metrics)
{
    static const char *const moods[] = {
        [CR_MOOD_DONE] = "done",   [CR_MOOD_CANCELLED] = "cancelled", [CR_MOOD_WRONG_CODE] = "wrong_code",
        [CR_MOOD_ERROR] = "error", [CR_MOOD_EXPIRED] = "expired",
    };

    family(text, "outcomes_total", "counter",
           "Mailboxes that ended, by how and by whether a second device had come.");
    for (size_t mood = 0; mood < sizeof moods / sizeof moods[0]; mood++) {
        for (int joined = 0; joined < 2 && moods[mood] != NULL; joined++)
            put(text, "certrelay_outcomes_total{mood=\"%s\",joined=\"%s\"} %llu\n", moods[mood],
                joined ? "yes" : "no", (unsigned long long)metrics->outcomes[mood][joined]);
    }
}

static void underscored(char out[static 32], const char *word)
{
    snprintf(out, 32, "%s", word);
    for (char *at = out; (at = strchr(at, '-')) != NULL;)
        *at = '_';
}

static void write_refusals(struct text *text, const struct metrics *metrics)
{
    char reason[32];

    family(text, "refusals_total", "counter", "Requests and connections that were refused, by reason.");
    for (int i = 0; metrics_reasons[i] != NULL; i++) {
        underscored(reason, metrics_reasons[i]);
        put(text, "certrelay_refusals_total{reason=\"%s\"} %llu\n", reason,
            (unsigned long long)metrics->refusals[i]);
    }
}

static void write_limits(struct text *text, const struct metrics_now *now)
{
    static const char *const scopes[] = {"address", "network", "all"};
    static const char *const limits[] = {
        [TALLY_ALLOCATION] = "allocations",
        [TALLY_FAILED_JOIN] = "failed_joins",
        [TALLY_CONNECTION] = "connections",
        [TALLY_BYTE] = "bytes",
    };

    family(text, "limit_hits_total", "counter",
           "How often a limit of the configuration was reached, by whose limit it was.");
    for (int scope = 0; scope < METRICS_SCOPES; scope++) {
        for (int limit = 0; limit < TALLY_EVENTS; limit++)
            put(text, "certrelay_limit_hits_total{scope=\"%s\",limit=\"%s\"} %llu\n", scopes[scope],
                limits[limit], (unsigned long long)now->hits[scope][limit]);
    }
}

static void write_puzzles(struct text *text, const struct metrics *metrics)
{
    counter(text, "puzzles_total", "Times that a device was asked for work before it might join.",
            metrics->puzzles);
    family(text, "proofs_total", "counter", "Answers to that, by whether they were right.");
    value(text, "proofs_total", "{result=\"right\"}", metrics->proofs[1]);
    value(text, "proofs_total", "{result=\"wrong\"}", metrics->proofs[0]);
}

static void write_connections(struct text *text, const struct metrics *metrics, const struct metrics_now *now)
{
    gauge(text, "connections", "Connections of devices and browsers now.", now->connections);
    gauge(text, "connections_limit", "max_connections of the configuration.", now->connections_max);
    counter(text, "connections_total", "Connections that were let in.", metrics->connections);
    counter(text, "tls_handshake_failures_total",
            "Connections that ended before their TLS handshake was done.", metrics->handshake_failures);
    counter(text, "forwarded_disbelieved_total",
            "Requests with X-Forwarded-For or a PROXY header from where no trusted proxy is.",
            metrics->disbelieved);
    counter(text, "forwarded_missing_total",
            "Connections of trusted proxies that did not say whom they speak for.", metrics->unnamed);
}

static void write_ways(struct text *text, const char *name, const char *help, const uint64_t *numbers)
{
    family(text, name, "counter", help);
    value(text, name, "{direction=\"in\"}", numbers[METRICS_IN]);
    value(text, name, "{direction=\"out\"}", numbers[METRICS_OUT]);
}

static void write_traffic(struct text *text, const struct metrics *metrics, const struct metrics_now *now)
{
    write_ways(text, "frames_total", "Frames from devices (in) and to them (out).", metrics->frames);
    write_ways(text, "payload_bytes_total", "Payload from devices (in) and to them (out).", metrics->bytes);
    gauge(text, "queued_bytes", "Payload held for devices now.", now->queued_bytes);
    gauge(text, "queued_limit_bytes", "max_queued_bytes of the configuration.", now->queued_bytes_max);
    family(text, "page_requests_total", "counter", "Requests of browsers, by class of the answer's status.");
    for (int class = 2; class < 6; class ++)
        put(text, "certrelay_page_requests_total{status=\"%dxx\"} %llu\n", class,
            (unsigned long long)metrics->answers[class]);
    family(text, "reloads_total", "counter", "Times that TLS files, page and permits were loaded again.");
    value(text, "reloads_total", "{result=\"done\"}", metrics->reloads[1]);
    value(text, "reloads_total", "{result=\"failed\"}", metrics->reloads[0]);
}

static void write_histogram(struct text *text, const char *name, const char *help,
                            const struct histogram *histogram)
{
    uint64_t sum = 0;

    family(text, name, "histogram", help);
    for (int i = 0; i < METRICS_BUCKETS; i++) {
        sum += histogram->buckets[i];
        put(text, "certrelay_%s_bucket{le=\"%u\"} %llu\n", name, metrics_bounds_s[i],
            (unsigned long long)sum);
    }
    sum += histogram->buckets[METRICS_BUCKETS];
    put(text, "certrelay_%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)sum);
    put(text, "certrelay_%s_sum %llu.%03u\n", name, (unsigned long long)(histogram->sum_ms / 1000),
        (unsigned)(histogram->sum_ms % 1000));
    put(text, "certrelay_%s_count %llu\n", name, (unsigned long long)sum);
}

static void write_carried(struct text *text, const struct metrics_carried *carried)
{
    family(text, "carried_devices", "gauge",
           "Devices of other relays with a mailbox here (in), and of this one with a mailbox there (out).");
    value(text, "carried_devices", "{direction=\"in\"}", carried->devices[METRICS_IN]);
    value(text, "carried_devices", "{direction=\"out\"}", carried->devices[METRICS_OUT]);
    counter(text, "envelopes_strange_total", "Messages of other relays that this one could not read.",
            carried->strange);
}

static void write_engine(struct text *text, const struct store_figures *engine, int is_here)
{
    gauge(text, "engine_up", "1 while the shared engine can be used.", is_here != 0);
    family(text, "engine_round_trip_seconds", "gauge", "How long the newest answer of the engine took.");
    put(text, "certrelay_engine_round_trip_seconds %llu.%06u\n",
        (unsigned long long)(engine->round_trip_us / 1000000), (unsigned)(engine->round_trip_us % 1000000));
    gauge(text, "engine_waiting", "Commands that the engine has not answered.", engine->waiting);
    gauge(text, "engine_waiting_bytes", "Bytes on their way to the engine.", engine->waiting_bytes);
    gauge(text, "inbox_length", "Messages of other relays that wait in the engine.", engine->inbox_length);
    gauge(text, "inbox_bytes", "About how many bytes these are.", engine->inbox_bytes);
    counter(text, "engine_reconnects_total", "Connections to the engine that were made again.",
            engine->reconnects);
    counter(text, "inbox_holes_total", "Times that messages of another relay were missing.", engine->holes);
    counter(text, "inbox_cuts_total", "Times that all that was carried with another relay ended.",
            engine->cuts);
    counter(text, "mailboxes_adopted_total", "Mailboxes that were taken over from a relay that is gone.",
            engine->adopted);
    counter(text, "mailboxes_local_total", "Mailboxes of this relay alone, made while the engine was away.",
            engine->alone);
    counter(text, "mailboxes_lost_total", "Mailboxes that another relay has taken over.", engine->lost);
}

size_t metrics_write(const struct metrics *metrics, const struct metrics_now *now, char *out, size_t room)
{
    struct text text = {out, room, 0};

    write_process(&text, now);
    write_mailboxes(&text, metrics, now);
    write_outcomes(&text, metrics);
    write_refusals(&text, metrics);
    write_limits(&text, now);
    write_puzzles(&text, metrics);
    write_connections(&text, metrics, now);
    write_traffic(&text, metrics, now);
    write_histogram(&text, "mailbox_waiting_seconds", "From a mailbox's opening to its second device.",
                    &metrics->waited);
    write_histogram(&text, "mailbox_lifetime_seconds", "From a mailbox's opening to its end.",
                    &metrics->lived);
    if (now->engine != NULL) {
        write_engine(&text, now->engine, now->is_engine_here);
        write_carried(&text, &now->carried);
    }
    return text.is_cut ? 0 : room - text.left;
}
