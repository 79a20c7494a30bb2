/* The files that a relay reads more than once: certificate, key and page. */
#include "relay_parts.h"

#include "cert_expiry.h"
#include "log.h"
#include "page_files.h"
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

static int pair_load(struct relay *relay)
{
    if (!relay->config->tls && !config_has_page(relay->config))
        return relay_fail(relay, EX_CONFIG, "tls is off: there is nothing to load");
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

void relay_reload(struct relay *relay)
{
    int code = pair_load(relay);

    if (code == 0)
        code = relay_load_page(relay);
    reload_log(relay, code);
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
