/* The files that a relay reads more than once: certificate, key, page and permits. */
#include "relay_parts.h"

#include "cert_expiry.h"
#include "log.h"
#include "page_files.h"
#include "permits_file.h"
#include "tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define PEM_MAX_BYTES 65536
#define EXPIRY_NEAR_SECONDS (14 * 86400)

static void mark_take(const char *path, struct file_mark *mark)
{
    struct stat status;

    memset(mark, 0, sizeof *mark);
    if (stat(path, &status) != 0)
        return;
    mark->device = status.st_dev;
    mark->node = status.st_ino;
    mark->bytes = status.st_size;
    mark->changed = status.st_mtim;
}

static int mark_is_same(const struct file_mark *one, const struct file_mark *other)
{
    return one->device == other->device && one->node == other->node && one->bytes == other->bytes &&
           one->changed.tv_sec == other->changed.tv_sec && one->changed.tv_nsec == other->changed.tv_nsec;
}

static int marks_are_same(const struct file_mark one[2], const struct file_mark other[2])
{
    return mark_is_same(&one[0], &other[0]) && mark_is_same(&one[1], &other[1]);
}

static void marks_take(const struct relay *relay, struct file_mark marks[2])
{
    mark_take(relay->config->tls_cert, &marks[0]);
    mark_take(relay->config->tls_key, &marks[1]);
}

static int64_t expiry_read(const char *path)
{
    char text[PEM_MAX_BYTES];
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, sizeof text, file) : 0;

    if (file != NULL)
        fclose(file);
    return cert_expiry(text, length);
}

static void expiry_log(const struct relay *relay)
{
    int64_t left = relay->expires - (int64_t)time(NULL);

    if (relay->expires <= 0)
        return;
    log_begin_at(left <= 0                    ? LOG_LEVEL_ERROR
                 : left < EXPIRY_NEAR_SECONDS ? LOG_LEVEL_WARNING
                                              : LOG_LEVEL_INFO,
                 "certificate");
    log_number("expires", (uint64_t)relay->expires);
    log_number("days", left > 0 ? (uint64_t)left / 86400 : 0);
    if (left < EXPIRY_NEAR_SECONDS)
        log_text("what", left > 0 ? "it expires soon" : "it has expired: no device takes it");
    log_end();
}

void relay_mark_pair(struct relay *relay)
{
    if (!relay->config->tls)
        return;
    marks_take(relay, relay->marks);
    memcpy(relay->marks_seen, relay->marks, sizeof relay->marks);
    relay->expires = expiry_read(relay->config->tls_cert);
    expiry_log(relay);
}

int relay_fail_pair(struct relay *relay)
{
    return relay_fail(relay, EX_CONFIG, "tls_cert = %s and tls_key = %s cannot be used together: %s",
                      relay->config->tls_cert, relay->config->tls_key, wire_complaint());
}

/* The files before stay when these cannot be used. */
int relay_load_page(struct relay *relay)
{
    struct site *site;
    int failed;

    if (!config_has_page(relay->config))
        return 0;
    site = page_files_read(relay->config, relay->error);
    if (site == NULL)
        return EX_CONFIG;
    failed = wire_show(relay->wire, site);
    site_release(site);
    return failed == 0 ? 0 : relay_fail(relay, EX_OSERR, "page: %s", strerror(errno));
}

int relay_load_permits(struct relay *relay)
{
    const char *path = relay->config->permits_file;
    struct permits *permits;

    if (path[0] == '\0')
        return 0;
    permits = permits_file_read(path, &relay->is_permits_open, relay->error);
    if (permits == NULL)
        return EX_CONFIG;
    if (relay->office != NULL)
        office_permit(relay->office, permits);
    permits_free(relay->permits);
    relay->permits = permits;
    return 0;
}

int relay_warns_of_permits(const struct relay *relay, char warning[static CONFIG_ERROR_BYTES])
{
    snprintf(warning, CONFIG_ERROR_BYTES,
             "permits_file = %s: everybody on this machine can read it; take that away (chmod o-r)",
             relay->config->permits_file);
    return relay->is_permits_open;
}

static int pair_load(struct relay *relay)
{
    if (!relay->config->tls)
        return 0;
    relay->is_pair_bad = 1;
    if (tls_files_look(relay->config, relay->error) != 0)
        return EX_CONFIG;
    if (wire_reload(relay->wire) != 0)
        return relay_fail_pair(relay);
    relay->is_pair_bad = 0;
    relay_mark_pair(relay);
    return 0;
}

static void reload_log(struct relay *relay, int code)
{
    metrics_reloaded(&relay->metrics, code == 0);
    log_begin_at(code == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "reload");
    log_flag("done", code == 0);
    if (code != 0)
        log_text("what", relay->error);
    log_end();
}

static void permits_complain(const struct relay *relay)
{
    char warning[CONFIG_ERROR_BYTES];

    if (!relay_warns_of_permits(relay, warning))
        return;
    log_begin_at(LOG_LEVEL_WARNING, "warning");
    log_text("what", warning);
    log_end();
}

/* Each for itself: a permit that was withdrawn must not stay good because a certificate is broken. */
void relay_reload(struct relay *relay)
{
    static int (*const loads[])(struct relay *) = {pair_load, relay_load_page, relay_load_permits};
    const struct config *config = relay->config;
    size_t failed = 0;

    if (!config->tls && !config_has_page(config) && config->permits_file[0] == '\0') {
        reload_log(relay, relay_fail(relay, EX_CONFIG, "tls is off: there is nothing to load"));
        return;
    }
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        int code = loads[i](relay);

        if (code != 0)
            reload_log(relay, code);
        failed += code != 0;
    }
    if (failed == 0)
        reload_log(relay, 0);
    permits_complain(relay);
}

/* Two files do not change in one instant, so they are loaded when they have been the same twice. */
void relay_watch_pair(struct relay *relay)
{
    struct file_mark now[2];
    int code;

    marks_take(relay, now);
    if (marks_are_same(now, relay->marks))
        return;
    if (!marks_are_same(now, relay->marks_seen)) {
        memcpy(relay->marks_seen, now, sizeof now);
        return;
    }
    code = pair_load(relay);
    memcpy(relay->marks, now, sizeof now);
    reload_log(relay, code);
}
