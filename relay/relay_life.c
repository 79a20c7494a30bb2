/* The relay and the system that it runs on: sockets that are handed over, what is given up, what a service manager is told, and the drain. */
#include "relay_parts.h"

#include "confine.h"
#include "log.h"
#include "page_files.h"
#include "permits_file.h"
#include "site.h"
#include "tls_files.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define STATUS_MS 10000 /* between two looks at the counts, where no watchdog asks for more */
#define EXTRA_MS 10000  /* for what a beat may come late while it drains */
#define STATUS_BYTES 96

int relay_listen_handed(struct relay *relay)
{
    const struct handed *handed = relay->handed;

    if (handed == NULL || handed->count == 0)
        return relay_fail(relay, EX_CONFIG,
                          "listen = systemd: no socket was handed over; start it by its socket unit, or "
                          "write an address");
    if (relay->config->listen_count - 1 + handed->count > CONFIG_LISTENS_MAX)
        return relay_fail(relay, EX_CONFIG,
                          "listen = systemd: %zu sockets were handed over, and with the other lines these "
                          "are more than %d",
                          handed->count, CONFIG_LISTENS_MAX);
    for (size_t i = 0; i < handed->count; i++) {
        listen_take(relay->listeners, handed->fds[i]);
        log_begin("listening");
        log_text("on", CONFIG_LISTEN_HANDED);
        if (handed->names[i][0] != '\0')
            log_text("name", handed->names[i]);
        log_number("port", listen_port(handed->fds[i]));
        log_flag("tls", (int)relay->config->tls);
        log_end();
    }
    return 0;
}

/* What is read again later must be readable then. Returns 0, or -1 with a sentence in error. */
static int files_look(struct relay *relay)
{
    struct permits *permits = NULL;
    struct site *site;
    int is_open;

    if (relay->config->tls && tls_files_look(relay->config, relay->error) != 0)
        return -1;
    if (relay->config->permits_file[0] != '\0') {
        permits = permits_file_read(relay->config->permits_file, &is_open, relay->error);
        permits_free(permits);
        if (permits == NULL)
            return -1;
    }
    if (!config_has_page(relay->config))
        return 0;
    site = page_files_read(relay->config, relay->error);
    site_release(site);
    return site != NULL ? 0 : -1;
}

int relay_become_user(struct relay *relay, char warning[static CONFIG_ERROR_BYTES])
{
    int code = confine_user(relay->config->user, relay->error);

    warning[0] = '\0';
    if (code != 0 || relay->config->user[0] == '\0' || files_look(relay) == 0)
        return code;
    snprintf(warning, CONFIG_ERROR_BYTES,
             "%.700s, for user = %.64s: a renewed file could not be loaded without a restart; let the user's "
             "group read it",
             relay->error, relay->config->user);
    relay->error[0] = '\0';
    return 0;
}

static void confined_log(const struct relay *relay)
{
    int is_root = geteuid() == 0;

    log_begin("confined");
    log_flag("root", is_root);
    log_text("seccomp", relay->config->seccomp);
    if (is_root)
        log_text("what", "it runs as root, and needs none of it: name a user in its configuration (user)");
    log_end();
}

int relay_confine(struct relay *relay)
{
    char warning[CONFIG_ERROR_BYTES];
    int code = relay_become_user(relay, warning);

    if (code == 0 && warning[0] != '\0') {
        log_begin("warning");
        log_text("what", warning);
        log_end();
    }
    if (code == 0)
        code = confine_calls(relay->config->seccomp, config_has_engine(relay->config), relay->error);
    if (code == 0)
        confined_log(relay);
    return code;
}

static void status_write(const struct relay *relay, char status[static STATUS_BYTES])
{
    snprintf(status, STATUS_BYTES, "%s%zu mailboxes, %u connections", relay->is_draining ? "Draining: " : "",
             office_mailboxes(relay->office), listen_connections(relay->listeners));
}

static uint64_t beat_ms(const struct relay *relay)
{
    uint64_t watched_ms = notify_beat_ms(relay->notify);

    if (relay->notify == NULL)
        return 0;
    return watched_ms > 0 ? watched_ms : STATUS_MS;
}

static void stopping_tell(const struct relay *relay)
{
    char status[STATUS_BYTES];

    status_write(relay, status);
    notify_stopping(relay->notify, 2 * beat_ms(relay) + EXTRA_MS, status);
}

void relay_tell_ready(struct relay *relay)
{
    char status[STATUS_BYTES];

    status_write(relay, status);
    notify_ready(relay->notify, status);
    loop_beat(relay->loop, beat_ms(relay));
}

/* It comes from the loop: a loop that hangs is noticed. */
void relay_beat(struct relay *relay)
{
    char status[STATUS_BYTES];

    if (notify_beat_ms(relay->notify) > 0)
        notify_beat(relay->notify);
    status_write(relay, status);
    if (relay->is_draining)
        stopping_tell(relay);
    else
        notify_status(relay->notify, status);
}

void relay_reload_told(struct relay *relay)
{
    char status[STATUS_BYTES];

    notify_reloading(relay->notify);
    relay_reload(relay);
    status_write(relay, status);
    notify_ready(relay->notify, status);
}

static void on_deadline(struct timer *timer, uint64_t now_ms)
{
    struct relay *relay = (struct relay *)((char *)timer - offsetof(struct relay, deadline));

    (void)now_ms;
    relay_stop(relay);
}

/* Its own sockets it keeps: whose line was cut may come back until the end, and newcomers hear why there is nothing for them. Those that were
 * handed over are another relay's next; and where mailboxes go on on other nodes, all come back there. */
void relay_drain(struct relay *relay, uint64_t now_ms)
{
    uint64_t until_ms = now_ms + (uint64_t)relay->config->drain_seconds * 1000;

    log_begin("draining");
    log_number("mailboxes", office_mailboxes(relay->office));
    log_number("seconds", relay->config->drain_seconds);
    log_end();
    relay->is_draining = 1;
    if (relay->store->is_shared)
        listen_stop(relay->listeners);
    else
        listen_leave(relay->listeners);
    stopping_tell(relay);
    office_drain(relay->office, until_ms, now_ms);
    wire_tell_going_away(relay->wire);
    wheel_arm(relay->wheel, &relay->deadline, until_ms, on_deadline);
    loop_tick(relay->loop, WHEEL_TICK_MS);
}
