/* What monitoring is told: how the relay is, and all figures. */
#include "relay_parts.h"

#include "log.h"

#include <string.h>
#include <sysexits.h>
#include <time.h>

static const char *unready_word(const struct relay *relay)
{
    if (relay->is_draining)
        return "draining";
    if (relay->is_pair_bad)
        return "tls-files";
    if (relay_engine_is_away(relay))
        return "engine";
    return relay->expires > 0 && relay->expires <= (int64_t)time(NULL) ? "tls-expired" : NULL;
}

static const char *on_unready(void *context)
{
    return unready_word(context);
}

static void hits_read(const struct quota *quota, struct metrics_now *now)
{
    for (int scope = 0; scope < METRICS_SCOPES; scope++) {
        for (int event = 0; event < TALLY_EVENTS; event++)
            now->hits[scope][event] = quota_hits(quota, (enum quota_level)scope, (enum tally_event)event);
    }
}

static size_t on_metrics(void *context, char *out, size_t room)
{
    const struct relay *relay = context;
    struct store_figures engine;
    struct metrics_now now = {
        .version = CR_VERSION,
        .library = wire_library(),
        .started_seconds = relay->started,
        .expires_seconds = relay->expires,
        .connections = listen_connections(relay->listeners),
        .connections_max = relay->config->max_connections,
        .mailboxes_max = relay->config->max_mailboxes,
        .queued_bytes = office_queued_bytes(relay->office),
        .queued_bytes_max = relay->config->max_queued_bytes,
        .is_draining = relay->is_draining,
        .is_ready = unready_word(relay) == NULL,
    };

    if (relay->store->is_shared)
        now.engine = &engine;
    now.is_engine_here = relay->store->state(relay->store, &engine) == STORE_HERE;
    office_carried(relay->office, &now.carried);
    hits_read(relay->quota, &now);
    return metrics_write(&relay->metrics, &now, out, room);
}

int relay_watch_check(struct relay *relay)
{
    return watch_door_check(relay->config, relay->error) == 0 ? 0 : EX_CONFIG;
}

int relay_watch_open(struct relay *relay)
{
    const struct watch_sink sink = {on_metrics, on_unready, relay};
    uint16_t port;

    relay->started = (int64_t)time(NULL);
    if (!config_has_watch(relay->config))
        return 0;
    relay->watch_door = watch_door_new(relay->wheel, &sink);
    if (relay->watch_door == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    if (watch_door_open(relay->watch_door, relay->config, &port, relay->error) != 0)
        return EX_OSERR;
    loop_watch(relay->loop, watch_door_fd(relay->watch_door), 1);
    log_begin("watched");
    log_text("on", relay->config->watch);
    log_number("port", port);
    log_end();
    return 0;
}

void relay_watch_close(struct relay *relay)
{
    if (relay->watch_door == NULL)
        return;
    loop_watch(relay->loop, watch_door_fd(relay->watch_door), 0);
    watch_door_free(relay->watch_door);
    relay->watch_door = NULL;
}
