/* Newcomers and those who leave: counted, named by proxies, and complained of. */
#include "relay_parts.h"

#include "forwarded.h"
#include "log.h"

#include <malloc.h>

#define TRIM_AFTER 256 /* connections at once, from which on freed memory is given back when all are gone */

static uint64_t relay_now(void *context)
{
    const struct relay *relay = context;

    return loop_now(relay->loop);
}

void relay_refused(void *context, const char *reason)
{
    struct relay *relay = context;

    metrics_refused(&relay->metrics, reason);
    log_refusal(reason, loop_now(relay->loop));
}

static void on_watch(void *context, int fd, int is_on)
{
    const struct relay *relay = context;

    loop_watch(relay->loop, fd, is_on);
}

static void on_guest(void *context, int fd, const struct caller *caller)
{
    struct relay *relay = context;
    uint32_t connections = listen_connections(relay->listeners);

    if (connections > relay->peak)
        relay->peak = connections;
    metrics_connected(&relay->metrics);
    loop_tick(relay->loop, WHEEL_TICK_MS);
    wire_adopt(relay->wire, fd, caller);
}

static void on_closed(void *context, const struct caller *caller)
{
    struct relay *relay = context;

    listen_closed(relay->listeners, caller);
    if (listen_connections(relay->listeners) > 0)
        return;
    if (relay->peak >= TRIM_AFTER)
        malloc_trim(0);
    relay->peak = 0;
}

static void complain(struct murmur *murmur, const char *what, uint64_t key, uint64_t now_ms)
{
    struct murmur_sum sum;

    if (!murmur_hear(murmur, key, now_ms, &sum))
        return;
    log_begin_at(LOG_LEVEL_WARNING, "warning");
    log_text("what", what);
    log_number("count", sum.count);
    log_flag("mostly_one_address", sum.is_one_address);
    log_end();
}

static void on_disbelieved(void *context, uint64_t key)
{
    struct relay *relay = context;

    metrics_disbelieved(&relay->metrics);
    complain(
        &relay->disbelieved,
        "connections brought X-Forwarded-For or a PROXY header from where trusted_proxies names no proxy; "
        "they were counted as the address that they came from. If most came from one address and that is "
        "your proxy, name it in trusted_proxies: until then all its devices share what one address may",
        key, loop_now(relay->loop));
}

static const char *on_named(void *context, struct caller *caller, const char *forwarded)
{
    struct relay *relay = context;
    struct address client;
    int is_named = forwarded_read(forwarded, &relay->trusted, &client) == 0;

    if (!is_named) {
        metrics_unnamed(&relay->metrics);
        complain(&relay->unnamed,
                 "connections came from a trusted proxy that did not say whom it speaks for, by "
                 "X-Forwarded-For or a PROXY header; all of them share what one address may, and allow_from "
                 "holds none of them",
                 caller->key, loop_now(relay->loop));
    }
    return listen_name(relay->listeners, caller, is_named ? &client : NULL, loop_now(relay->loop));
}

static void on_answered(void *context, unsigned status)
{
    struct relay *relay = context;

    metrics_answered(&relay->metrics, status);
}

static void on_unsecured(void *context)
{
    struct relay *relay = context;

    metrics_handshake_failed(&relay->metrics);
}

struct listen_sink relay_door(struct relay *relay)
{
    return (struct listen_sink){on_watch, on_guest, relay_refused, on_disbelieved, relay};
}

struct wire_sink relay_wire_sink(struct relay *relay)
{
    return (struct wire_sink){relay_now,      on_closed,   relay_refused, on_named,
                              on_disbelieved, on_answered, on_unsecured,  relay};
}
