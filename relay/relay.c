/* The parts of a relay, wired to each other. */
#include "relay.h"

#include "quota.h"
#include "listen.h"
#include "log.h"
#include "loop.h"
#include "office.h"
#include "tls_files.h"
#include "wire.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
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
    char error[CONFIG_ERROR_BYTES]; /* why it cannot start */
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

static int fail(struct relay *relay, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Returns code. */
static int fail(struct relay *relay, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(relay->error, sizeof relay->error, format, arguments);
    va_end(arguments);
    return code;
}

static int fail_pair(struct relay *relay)
{
    return fail(relay, EX_CONFIG, "tls_cert = %s and tls_key = %s cannot be used together: %s",
                relay->config->tls_cert, relay->config->tls_key, wire_complaint());
}

static int pair_load(struct relay *relay)
{
    if (!relay->config->tls)
        return fail(relay, EX_CONFIG, "tls is off: there is nothing to load");
    if (tls_files_look(relay->config, relay->error) != 0)
        return EX_CONFIG;
    return wire_reload(relay->wire) == 0 ? 0 : fail_pair(relay);
}

static void relay_reload(struct relay *relay)
{
    int code = pair_load(relay);

    log_begin("reload");
    log_flag("done", code == 0);
    if (code != 0)
        log_text("what", relay->error);
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
static int process_prepare(struct relay *relay)
{
    unsigned connections = relay->config->max_connections;
    rlim_t wanted = connections + OWN_DESCRIPTORS;
    struct rlimit none = {0, 0}, files;
    rlim_t most;

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return fail(relay, EX_OSERR, "the limit of open files: %s", strerror(errno));
    most = files.rlim_max;
    files.rlim_cur = wanted;
    if (wanted > files.rlim_max)
        files.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0)
        return 0;
    return fail(relay, EX_CONFIG,
                "max_connections = %u needs %llu open files, and the limit is %llu (ulimit -Hn, LimitNOFILE)",
                connections, (unsigned long long)wanted, (unsigned long long)most);
}

static struct office *office_make(struct relay *relay)
{
    const struct config *config = relay->config;
    const struct office_rules rules = {
        .mailbox = {.wait_ms = config->wait_seconds * 1000,
                    .wait_max_ms = config->wait_max_seconds * 1000,
                    .joined_ms = config->joined_seconds * 1000,
                    .budget = {.max = config->max_queued_bytes, .share = config->address_queued_bytes}},
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
        return fail(relay, EX_OSERR, "out of memory");
    relay->office = office_make(relay);
    relay->listeners = listen_new(config->max_connections, relay->quota, relay->wheel, &door);
    if (relay->office == NULL || relay->listeners == NULL)
        return fail(relay, EX_OSERR, "out of memory");
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

    if (config->tls && tls_files_look(config, relay->error) != 0)
        return EX_CONFIG;
    relay->wire = wire_new(&rules, &sink);
    if (relay->wire == NULL)
        return fail(relay, EX_OSERR, "out of memory");
    if (wire_state(relay->wire) == WIRE_NO_TLS)
        return fail_pair(relay);
    if (wire_state(relay->wire) == WIRE_NO_LIBRARY)
        return fail(relay, EX_CONFIG,
                    "libwebsockets does not start; is its plugin for libuv there (Debian's package "
                    "libwebsockets-evlib-uv)? It says: %s",
                    wire_complaint());
    return 0;
}

/* One process has its port alone: with two, half of the connections would come where the other's mailboxes are not. */
static int listen_all(struct relay *relay)
{
    const struct config *config = relay->config;
    size_t opened = 0;

    for (size_t i = 0; i < config->listen_count; i++) {
        uint16_t port = 0;
        int reason = listen_open(relay->listeners, config->listens[i], &port, relay->error);

        if (reason == EAFNOSUPPORT)
            continue;
        if (reason != 0)
            return EX_OSERR;
        opened++;
        log_begin("listening");
        log_text("on", config->listens[i]);
        log_number("port", port);
        log_flag("tls", (int)config->tls);
        log_end();
    }
    return opened > 0 ? 0 : EX_OSERR;
}

/* All of a start that can be tried beside a relay that runs. */
static int relay_prepare(struct relay *relay)
{
    const struct loop_sink sink = {on_readable, on_tick, on_signal, on_rest, relay};
    int code = process_prepare(relay);

    if (code != 0)
        return code;
    for (size_t i = 0; i < relay->config->listen_count; i++) {
        if (listen_check(relay->config->listens[i], relay->error) != 0)
            return EX_CONFIG;
    }
    relay->loop = loop_new(&sink);
    if (relay->loop == NULL)
        return fail(relay, EX_OSERR, "no event loop");
    return wire_make(relay);
}

static void log_sentence(const char *event, const char *what)
{
    log_begin(event);
    log_text("what", what);
    log_end();
}

static void start_log(const struct relay *relay)
{
    char warning[CONFIG_ERROR_BYTES];

    if (config_warns(relay->config, warning))
        log_sentence("warning", warning);
    log_begin("library");
    log_text("name", "libwebsockets");
    log_text("version", wire_library());
    if (wire_library_is_old())
        log_text("note", "known faults are avoided; 4.3 or newer is better");
    log_end();
    log_begin("started");
    log_text("version", CR_VERSION);
    log_end();
}

static int relay_start(struct relay *relay)
{
    int code = relay_prepare(relay);

    if (code == 0)
        code = logic_make(relay);
    if (code != 0)
        return code;
    wire_serve(relay->wire, relay->office);
    code = listen_all(relay);
    if (code == 0)
        start_log(relay);
    return code;
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
    } else {
        log_sentence("failed", relay.error);
    }
    relay_end(&relay);
    return code;
}

int relay_check(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    struct relay relay = {.config = config};
    int code = relay_prepare(&relay);

    relay_end(&relay);
    memcpy(error, relay.error, CONFIG_ERROR_BYTES);
    return code;
}
