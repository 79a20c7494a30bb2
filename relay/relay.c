/* One relay, from its start to its drain. */
#include "relay_parts.h"

#include "confine.h"
#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int relay_fail(struct relay *relay, int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(relay->error, sizeof relay->error, format, arguments);
    va_end(arguments);
    return code;
}

static void on_readable(void *context, int fd, uint64_t now_ms)
{
    struct relay *relay = context;

    if (fd == wire_pages_fd(relay->wire))
        wire_pages_serve(relay->wire);
    else if (relay->watch_door != NULL && fd == watch_door_fd(relay->watch_door))
        watch_door_serve(relay->watch_door, now_ms);
    else
        listen_serve(relay->listeners, fd, now_ms);
    if (wheel_count(relay->wheel) > 0)
        loop_tick(relay->loop, WHEEL_TICK_MS);
}

static void on_rest(void *context)
{
    struct relay *relay = context;

    if (relay->office != NULL)
        office_flush(relay->office, loop_now(relay->loop));
    wire_flush(relay->wire);
    /* What came from other nodes may have set a timer. */
    if (relay->wheel != NULL && wheel_count(relay->wheel) > 0)
        loop_tick(relay->loop, WHEEL_TICK_MS);
}

void relay_stop(struct relay *relay)
{
    relay->is_over = 1;
    loop_stop(relay->loop);
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct relay *relay = context;

    wheel_turn(relay->wheel, now_ms);
    if (relay->is_draining && office_is_idle(relay->office))
        relay_stop(relay);
    else if (wheel_count(relay->wheel) == 0 && !relay->is_draining)
        loop_tick(relay->loop, 0);
}

static void on_pulse(void *context)
{
    relay_watch_pair(context);
}

static void on_beat(void *context)
{
    relay_beat(context);
}

static void on_signal(void *context, int signal, uint64_t now_ms)
{
    struct relay *relay = context;

    if (relay->office == NULL) /* it is only looked at */
        relay_stop(relay);
    else if (signal == SIGHUP)
        relay_reload_told(relay);
    else if (relay->is_draining)
        relay_stop(relay);
    else
        relay_drain(relay, now_ms);
}

/* One process has its port alone: with two, half of the connections would come where the other's mailboxes are not. So ports are not shared
 * (SO_REUSEPORT); a next relay has the sockets when they are handed over, and this one lets go of them before. */
static int listen_all(struct relay *relay)
{
    const struct config *config = relay->config;
    size_t opened = 0;

    for (size_t i = 0; i < config->listen_count; i++) {
        uint16_t port = 0;
        int reason, is_handed = strcmp(config->listens[i], CONFIG_LISTEN_HANDED) == 0;

        if (is_handed && relay_listen_handed(relay) != 0)
            return EX_CONFIG;
        opened += (size_t)is_handed;
        if (is_handed)
            continue;
        reason = listen_open(relay->listeners, config->listens[i], &port, relay->error);
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
    const struct loop_sink sink = {on_readable, on_tick, on_pulse, on_beat, on_signal, on_rest, relay};
    int code = relay_make_process(relay);

    if (code != 0)
        return code;
    confine_privileges();
    confine_ring(relay->config->seccomp);
    for (size_t i = 0; i < relay->config->listen_count; i++) {
        if (listen_check(relay->config->listens[i], relay->error) != 0)
            return EX_CONFIG;
    }
    if (relay_watch_check(relay) != 0)
        return EX_CONFIG;
    code = relay_engine_check(relay);
    if (code != 0)
        return code;
    relay->loop = loop_new(&sink);
    if (relay->loop == NULL)
        return relay_fail(relay, EX_OSERR, "no event loop");
    return relay_make_wire(relay);
}

static void log_sentence(enum log_level level, const char *event, const char *what)
{
    log_begin_at(level, event);
    log_text("what", what);
    log_end();
}

static void start_log(const struct relay *relay)
{
    char warning[CONFIG_ERROR_BYTES];

    if (config_warns(relay->config, warning))
        log_sentence(LOG_LEVEL_WARNING, "warning", warning);
    if (relay_warns_of_permits(relay, warning))
        log_sentence(LOG_LEVEL_WARNING, "warning", warning);
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
        code = relay_make_logic(relay);
    if (code != 0)
        return code;
    wire_serve(relay->wire, relay->office);
    if (config_has_page(relay->config))
        loop_watch(relay->loop, wire_pages_fd(relay->wire), 1);
    code = listen_all(relay);
    if (code != 0)
        return code;
    code = relay_watch_open(relay);
    if (code != 0)
        return code;
    relay_mark_pair(relay);
    code = relay_confine(relay);
    if (code != 0)
        return code;
    start_log(relay);
    if (relay->config->tls)
        loop_pulse(relay->loop, (uint64_t)relay->config->tls_watch_seconds * 1000);
    relay_tell_ready(relay);
    return 0;
}

/* In the order in which the parts use each other; connections end while the office is still there to see them off. */
static void relay_end(struct relay *relay)
{
    relay_watch_close(relay);
    if (relay->listeners != NULL)
        listen_stop(relay->listeners);
    if (relay->wire != NULL) {
        if (relay->loop != NULL && wire_pages_fd(relay->wire) >= 0)
            loop_watch(relay->loop, wire_pages_fd(relay->wire), 0);
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
    permits_free(relay->permits);
    secret_free(relay->secret);
    quota_free(relay->quota);
    wheel_free(relay->wheel);
    notify_free(relay->notify);
    if (relay->loop != NULL)
        (void)loop_free(relay->loop);
}

int relay_run(const struct config *config, const struct handed *handed)
{
    struct relay relay = {.config = config, .handed = handed, .notify = notify_new()};
    int code;

    log_least(log_level_read(config->log_level));
    code = relay_start(&relay);
    if (code == 0) {
        while (!relay.is_over)
            loop_run(relay.loop);
        log_refusals_flush();
        log_begin("drained");
        log_number("mailboxes", office_mailboxes(relay.office));
        log_end();
    } else {
        log_sentence(LOG_LEVEL_ERROR, "failed", relay.error);
    }
    relay_end(&relay);
    return code;
}

int relay_check(const struct config *config, char error[static CONFIG_ERROR_BYTES],
                char warning[static CONFIG_ERROR_BYTES])
{
    struct relay relay = {.config = config};
    int code = relay_prepare(&relay);

    warning[0] = '\0';
    if (code == 0)
        code = relay_become_user(&relay, warning);
    if (code == 0)
        code = confine_calls(config->seccomp, config_has_engine(config), relay.error);
    if (code == 0 && warning[0] == '\0' && !relay_warns_of_permits(&relay, warning))
        warning[0] = '\0';
    if (code == 0)
        code = relay_engine_try(&relay, warning);
    relay_end(&relay);
    memcpy(error, relay.error, CONFIG_ERROR_BYTES);
    return code;
}
