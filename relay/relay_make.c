/* The parts of a relay, made from the configuration and wired to each other. */
#include "relay_parts.h"

#include "log.h"
#include "tls_files.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sysexits.h>

#define OWN_DESCRIPTORS 64 /* besides connections: listeners, the loop's, standard streams, a spare */

uint32_t relay_draw(void *context)
{
    uint32_t value;

    (void)context;
    while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        continue;
    return value;
}

static void on_refused(void *context, enum cr_refusal reason)
{
    static const char *const names[] = {
        [CR_REFUSED_UNAVAILABLE] = "unavailable",
        [CR_REFUSED_GONE] = "gone",
        [CR_REFUSED_FULL] = "full",
        [CR_REFUSED_TOO_MANY] = "too-many",
        [CR_REFUSED_DRAINING] = "draining",
        [CR_REFUSED_TOO_MUCH] = "too-much",
        [CR_REFUSED_MALFORMED] = "malformed",
        [CR_REFUSED_BUSY] = "busy",
        [CR_REFUSED_FORBIDDEN] = "forbidden",
    };

    relay_refused(context, names[reason]);
}

static void on_outcome(void *context, const struct office_outcome *outcome)
{
    static const char *const moods[] = {
        [CR_MOOD_DONE] = "done",   [CR_MOOD_CANCELLED] = "cancelled", [CR_MOOD_WRONG_CODE] = "wrong-code",
        [CR_MOOD_ERROR] = "error", [CR_MOOD_EXPIRED] = "expired",
    };

    (void)context;
    log_begin("mailbox");
    log_text("mood", moods[outcome->mood]);
    log_flag("joined", outcome->was_joined);
    log_number("seconds", outcome->lived_ms / 1000);
    log_tag("tag", outcome->tag);
    log_end();
}

/* Core files and other processes of the same user must not see payloads. The library sizes its tables by the limit of descriptors, so it
 * is set to what is needed. */
int relay_make_process(struct relay *relay)
{
    unsigned connections = relay->config->max_connections;
    rlim_t wanted = connections + OWN_DESCRIPTORS;
    struct rlimit none = {0, 0}, files;
    rlim_t most;

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return relay_fail(relay, EX_OSERR, "the limit of open files: %s", strerror(errno));
    most = files.rlim_max;
    files.rlim_cur = wanted;
    if (wanted > files.rlim_max)
        files.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0)
        return 0;
    return relay_fail(
        relay, EX_CONFIG,
        "max_connections = %u needs %llu open files, and the limit is %llu (ulimit -Hn, LimitNOFILE)",
        connections, (unsigned long long)wanted, (unsigned long long)most);
}

/* What a network may, of what an address may; 0: any number. */
static uint32_t multiplied(const struct config *config, uint32_t limit)
{
    uint64_t product = (uint64_t)limit * config->network_factor;

    return product < UINT32_MAX ? (uint32_t)product : UINT32_MAX;
}

static struct office *office_make(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct office_rules rules = {
        .mailbox = {.wait_ms = config->wait_seconds * 1000,
                    .wait_max_ms = config->wait_max_seconds * 1000,
                    .joined_ms = config->joined_seconds * 1000,
                    .budget = {.max = config->max_queued_bytes,
                               .share = config->address_queued_bytes,
                               .network_share = multiplied(config, config->address_queued_bytes)}},
        .max_mailboxes = config->max_mailboxes,
        .silent_ms = config->silent_seconds * 1000,
        .ping_ms = config->ping_seconds * 1000,
    };
    const struct office_sink sink = {wire_wake, wire_drop, on_outcome, on_refused, relay, &relay->metrics};

    return office_new(&rules, &sink, relay->store, relay->quota, relay->wheel, relay_draw, NULL);
}

static void networks_read(const struct config_networks *texts, struct networks *networks)
{
    for (networks->count = 0; networks->count < texts->count; networks->count++)
        (void)network_read(texts->items[networks->count], &networks->items[networks->count]);
}

int relay_make_logic(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct quota_rules quota = {
        .address = {config->address_connections, {config->address_allocations, config->address_failed_joins}},
        .network = {multiplied(config, config->address_connections),
                    {multiplied(config, config->address_allocations),
                     multiplied(config, config->address_failed_joins)}},
        .all = {0,
                {config->all_allocations, config->all_failed_joins, config->all_connections,
                 config->all_bytes}},
    };
    const struct listen_rules rules = {config->max_connections, &relay->trusted, &relay->allowed,
                                       config->permits_file[0] != '\0'};
    const struct listen_sink door = relay_door(relay);
    uint64_t seed = (uint64_t)relay_draw(NULL) << 32 | relay_draw(NULL);

    networks_read(&config->trusted_proxies, &relay->trusted);
    networks_read(&config->allow_from, &relay->allowed);
    relay->wheel = wheel_new(loop_now(relay->loop));
    relay->quota = quota_new(&quota, config->max_connections, seed);
    relay->store = relay_store_make(relay, relay_draw);
    if (relay->wheel == NULL || relay->quota == NULL || relay->store == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    relay->office = office_make(relay);
    relay->listeners = listen_new(&rules, relay->quota, relay->wheel, &door);
    if (relay->office == NULL || relay->listeners == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    office_permit(relay->office, relay->permits);
    return 0;
}

int relay_make_wire(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct wire_rules rules = {
        .path = config->path,
        .tls_cert = config->tls ? config->tls_cert : NULL,
        .tls_key = config->tls ? config->tls_key : NULL,
        .loop = loop_handle(relay->loop),
        .max_downloads = config->max_connections / 2,
    };
    const struct wire_sink sink = relay_wire_sink(relay);
    int code;

    if (config->tls && tls_files_look(config, relay->error) != 0)
        return EX_CONFIG;
    relay->wire = wire_new(&rules, &sink);
    if (relay->wire == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    if (wire_state(relay->wire) == WIRE_NO_TLS)
        return relay_fail_pair(relay);
    if (wire_state(relay->wire) == WIRE_NO_LIBRARY)
        return relay_fail(relay, EX_CONFIG,
                          "libwebsockets does not start; is its plugin for libuv there (Debian's package "
                          "libwebsockets-evlib-uv)? It says: %s",
                          wire_complaint());
    code = relay_load_page(relay);
    return code != 0 ? code : relay_load_permits(relay);
}
