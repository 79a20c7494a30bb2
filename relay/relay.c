/* The parts of a relay, wired to each other. */
#include "relay.h"

#include "quota.h"
#include "listen.h"
#include "log.h"
#include "loop.h"
#include "office.h"
#include "wire.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sysexits.h>

#define OWN_DESCRIPTORS 64 /* besides connections: listeners, the loop's, standard streams, a spare */
#define TRIM_AFTER 256 /* connections at once, from which on freed memory is given back when all are gone */

struct relay {
    const struct config *config;
    struct loop *loop;
    struct wheel *wheel;
    struct quota *quota;
    struct store *store;
    struct office *office;
    struct wire *wire;
    struct listeners *listeners;
    struct timer deadline;
    uint32_t peak;
    int is_draining;
    int is_over;
};

static uint32_t draw(void *context)
{
    uint32_t value;

    (void)context;
    while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        continue;
    return value;
}

static uint64_t relay_now(void *context)
{
    const struct relay *relay = context;

    return loop_now(relay->loop);
}

static void on_refused_text(void *context, const char *reason)
{
    const struct relay *relay = context;

    log_refusal(reason, loop_now(relay->loop));
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
    };

    on_refused_text(context, names[reason]);
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

static void on_watch(void *context, int fd, int is_on)
{
    const struct relay *relay = context;

    loop_watch(relay->loop, fd, is_on);
}

static void on_guest(void *context, int fd, uint64_t address)
{
    struct relay *relay = context;
    uint32_t connections = listen_connections(relay->listeners);

    if (connections > relay->peak)
        relay->peak = connections;
    loop_tick(relay->loop, WHEEL_TICK_MS);
    wire_adopt(relay->wire, fd, address);
}

static void on_closed(void *context, uint64_t address)
{
    struct relay *relay = context;

    listen_closed(relay->listeners, address);
    if (listen_connections(relay->listeners) > 0)
        return;
    if (relay->peak >= TRIM_AFTER)
        malloc_trim(0);
    relay->peak = 0;
}

static void on_readable(void *context, int fd, uint64_t now_ms)
{
    struct relay *relay = context;

    listen_serve(relay->listeners, fd, now_ms);
}

static void on_rest(void *context)
{
    struct relay *relay = context;

    wire_flush(relay->wire);
}

static void relay_stop(struct relay *relay)
{
    relay->is_over = 1;
    loop_stop(relay->loop);
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct relay *relay = context;

    wheel_turn(relay->wheel, now_ms);
    if (relay->is_draining && office_mailboxes(relay->office) == 0)
        relay_stop(relay);
    else if (wheel_count(relay->wheel) == 0 && !relay->is_draining)
        loop_tick(relay->loop, 0);
}

static void on_deadline(struct timer *timer, uint64_t now_ms)
{
    struct relay *relay = (struct relay *)((char *)timer - offsetof(struct relay, deadline));

    (void)now_ms;
    relay_stop(relay);
}

static void relay_drain(struct relay *relay, uint64_t now_ms)
{
    uint64_t until_ms = now_ms + (uint64_t)relay->config->drain_seconds * 1000;

    log_begin("draining");
    log_number("mailboxes", office_mailboxes(relay->office));
    log_number("seconds", relay->config->drain_seconds);
    log_end();
    relay->is_draining = 1;
    office_drain(relay->office, until_ms, now_ms);
    wire_tell_going_away(relay->wire);
    wheel_arm(relay->wheel, &relay->deadline, until_ms, on_deadline);
    loop_tick(relay->loop, WHEEL_TICK_MS);
}

static void relay_reload(struct relay *relay)
{
    int error = wire_reload(relay->wire);

    log_begin("reload");
    log_flag("done", error == 0);
    log_end();
}

static void on_signal(void *context, int signal, uint64_t now_ms)
{
    struct relay *relay = context;

    if (signal == SIGHUP)
        relay_reload(relay);
    else if (relay->is_draining)
        relay_stop(relay);
    else
        relay_drain(relay, now_ms);
}

/* Core files and other processes of the same user must not see payloads. The library sizes its tables by the limit of descriptors, so it
 * is set to what is needed. */
static int process_prepare(const struct config *config)
{
    rlim_t wanted = config->max_connections + OWN_DESCRIPTORS;
    struct rlimit none = {0, 0}, files;

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return -1;
    files.rlim_cur = wanted;
    if (wanted > files.rlim_max)
        files.rlim_max = wanted;
    return setrlimit(RLIMIT_NOFILE, &files);
}

static int fail(int code, const char *what)
{
    log_begin("failed");
    log_text("what", what);
    log_end();
    return code;
}

static struct office *office_make(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct office_rules rules = {
        .mailbox = {.wait_ms = config->wait_seconds * 1000,
                    .wait_max_ms = config->wait_max_seconds * 1000,
                    .joined_ms = config->joined_seconds * 1000,
                    .budget = {.max = config->max_queued_bytes}},
        .max_mailboxes = config->max_mailboxes,
        .silent_ms = config->silent_seconds * 1000,
        .ping_ms = config->ping_seconds * 1000,
    };
    const struct office_sink sink = {wire_wake, wire_drop, on_outcome, on_refused, relay};

    return office_new(&rules, &sink, relay->store, relay->quota, relay->wheel, draw, NULL);
}

static int logic_make(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct quota_rules quota = {
        .connections = config->address_connections,
        .per_minute = {config->address_allocations, config->address_failed_joins},
    };
    const struct listen_sink door = {on_watch, on_guest, on_refused_text, relay};
    uint64_t seed = (uint64_t)draw(NULL) << 32 | draw(NULL);

    relay->wheel = wheel_new(loop_now(relay->loop));
    relay->quota = quota_new(&quota, config->max_connections, seed);
    relay->store = store_memory_new((uint64_t)config->rest_seconds * 1000, draw, NULL);
    if (relay->wheel == NULL || relay->quota == NULL || relay->store == NULL)
        return fail(EX_OSERR, "out of memory");
    relay->office = office_make(relay);
    relay->listeners = listen_new(config->max_connections, relay->quota, relay->wheel, &door);
    if (relay->office == NULL || relay->listeners == NULL)
        return fail(EX_OSERR, "out of memory");
    return 0;
}

static int wire_make(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct wire_rules rules = {
        .path = config->path,
        .tls_cert = config->tls ? config->tls_cert : NULL,
        .tls_key = config->tls ? config->tls_key : NULL,
        .loop = loop_handle(relay->loop),
    };
    const struct wire_sink sink = {relay_now, on_closed, on_refused_text, relay};

    relay->wire = wire_new(&rules, &sink);
    if (relay->wire == NULL)
        return fail(EX_OSERR, "out of memory");
    if (!wire_is_ready(relay->wire))
        return fail(EX_CONFIG,
                    "TLS certificate and key cannot be used, or libwebsockets has no libuv plugin");
    wire_serve(relay->wire, relay->office);
    return 0;
}

static int listen_all(struct relay *relay)
{
    const struct config *config = relay->config;
    size_t opened = 0;

    for (size_t i = 0; i < config->listen_count; i++) {
        uint16_t port = 0;
        int error = listen_open(relay->listeners, config->listens[i], &port);

        if (error != 0 && error != EAFNOSUPPORT)
            return fail(EX_OSERR, strerror(error));
        if (error != 0)
            continue;
        opened++;
        log_begin("listening");
        log_text("on", config->listens[i]);
        log_number("port", port);
        log_flag("tls", (int)config->tls);
        log_end();
    }
    return opened > 0 ? 0 : fail(EX_OSERR, "no address to listen on");
}

static int relay_start(struct relay *relay)
{
    const struct loop_sink sink = {on_readable, on_tick, on_signal, on_rest, relay};
    int code;

    if (process_prepare(relay->config) != 0)
        return fail(EX_CONFIG, "max_connections is more than the limit of open files allows");
    relay->loop = loop_new(&sink);
    if (relay->loop == NULL)
        return fail(EX_OSERR, "no event loop");
    code = logic_make(relay);
    if (code == 0)
        code = wire_make(relay);
    if (code == 0)
        code = listen_all(relay);
    if (code != 0)
        return code;
    log_begin("started");
    log_text("library", wire_library());
    log_flag("library_has_known_faults", wire_library_is_old());
    log_end();
    return 0;
}

/* In the order in which the parts use each other; connections end while the office is still there to see them off. */
static void relay_end(struct relay *relay)
{
    if (relay->listeners != NULL)
        listen_stop(relay->listeners);
    if (relay->wire != NULL) {
        wire_close(relay->wire);
        while (!wire_is_closed(relay->wire) && relay->loop != NULL) {
            loop_settle(relay->loop);
            wire_close(relay->wire);
        }
        wire_free(relay->wire);
    }
    office_free(relay->office);
    listen_free(relay->listeners);
    if (relay->store != NULL)
        relay->store->close(relay->store);
    quota_free(relay->quota);
    wheel_free(relay->wheel);
    if (relay->loop != NULL)
        (void)loop_free(relay->loop);
}

int relay_run(const struct config *config)
{
    struct relay relay = {.config = config};
    int code = relay_start(&relay);

    if (code == 0) {
        while (!relay.is_over)
            loop_run(relay.loop);
        log_refusals_flush();
        log_begin("drained");
        log_number("mailboxes", office_mailboxes(relay.office));
        log_end();
    }
    relay_end(&relay);
    return code;
}
