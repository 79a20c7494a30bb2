/* The store of a relay: its own memory, or the engine that it shares with others. */
#include "relay_parts.h"

#include "engine_check.h"
#include "log.h"
#include "store_either.h"
#include "store_redis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int relay_engine_check(struct relay *relay)
{
    const struct config *config = relay->config;
    int failed;

    if (config->engine_password_file[0] == '\0')
        return 0;
    relay->secret = secret_new(config->engine_password_file);
    if (relay->secret == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    failed = secret_read(relay->secret);
    if (failed == 0)
        return 0;
    return relay_fail(relay, EX_CONFIG, "engine_password_file = %s: %s", config->engine_password_file,
                      failed == EINVAL ? "its first line must be the password" : strerror(failed));
}

static void news_log(const struct relay *relay, enum log_level level, const char *why, uint64_t count)
{
    log_begin_at(level, "engine");
    log_text("state", relay->engine.is_away ? "away" : "here");
    if (why != NULL)
        log_text("what", why);
    if (count > 1)
        log_number("count", count);
    log_end();
}

static void odd_log(struct relay *relay, const char *why)
{
    struct murmur_sum sum = {0};

    if (murmur_hear(&relay->engine.odd, 0, loop_now(relay->loop), &sum))
        news_log(relay, LOG_LEVEL_WARNING, why, sum.count);
}

/* Once when it goes, and once when it comes; what goes and comes again within a minute is not told again, but for a door that is shut. */
static void on_news(void *context, enum engine_trouble trouble, const char *why)
{
    struct relay *relay = context;
    struct engine_news *news = &relay->engine;
    struct murmur_sum sum = {0};
    int is_away = why != NULL, is_told,
        is_newly_denied = is_away && trouble == ENGINE_DENIED && !news->is_denied;

    if (trouble == ENGINE_ODD) {
        odd_log(relay, why);
        return;
    }
    if (news->is_known && is_away == news->is_away && !is_newly_denied)
        return;
    news->is_known = 1;
    news->is_away = is_away;
    news->is_denied = is_away && (news->is_denied || is_newly_denied);
    is_told = is_away ? murmur_hear(&news->gone, 0, loop_now(relay->loop), &sum) || is_newly_denied
                      : news->told != ENGINE_TOLD_HERE;
    if (!is_told)
        return;
    news->told = is_away ? ENGINE_TOLD_AWAY : ENGINE_TOLD_HERE;
    news_log(relay, is_away ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, why, sum.count);
}

static int place_fill(const struct relay *relay, struct engine_place *place)
{
    const struct config *config = relay->config;
    struct config_engine engine;

    if (config_engine_read(config, &engine) != NULL)
        return -1;
    memcpy(place->cable.path, engine.path, sizeof engine.path);
    memcpy(place->cable.host, engine.host, sizeof engine.host);
    memcpy(place->cable.port, engine.port, sizeof engine.port);
    place->number = engine.number;
    place->secret = relay->secret;
    memcpy(place->user, config->engine_user, sizeof config->engine_user);
    return 0;
}

static void on_checked(void *context)
{
    struct relay *relay = context;

    loop_stop(relay->loop);
}

int relay_engine_try(struct relay *relay, char warning[static CONFIG_ERROR_BYTES])
{
    struct engine_place place = {.number = 0};
    struct engine_findings findings;
    struct engine_check *check;
    size_t length = strlen(warning);

    if (!config_has_engine(relay->config) || place_fill(relay, &place) != 0)
        return 0;
    check = engine_check_new(loop_handle(relay->loop), &place, relay->config->engine_prefix, relay_draw,
                             on_checked, relay);
    if (check == NULL)
        return relay_fail(relay, EX_OSERR, "out of memory");
    loop_run(relay->loop);
    engine_check_end(check, &findings);
    if (findings.doubt[0] != '\0')
        snprintf(warning + length, CONFIG_ERROR_BYTES - length, "%s%s", length > 0 ? "; " : "",
                 findings.doubt);
    if (findings.wrong[0] == '\0')
        return 0;
    return relay_fail(relay, findings.is_away ? EX_UNAVAILABLE : EX_CONFIG, "engine = %s: %s",
                      relay->config->engine, findings.wrong);
}

static struct store *shared_make(struct relay *relay, random_draw *draw)
{
    const struct config *config = relay->config;
    struct store_redis_rules rules = {
        .loop = loop_handle(relay->loop),
        .rest_ms = (uint64_t)config->rest_seconds * 1000,
        .draw = draw,
        .news = on_news,
        .news_context = relay,
    };

    if (place_fill(relay, &rules.place) != 0)
        return NULL;
    memcpy(rules.prefix, config->engine_prefix, strlen(config->engine_prefix) + 1);
    return store_redis_new(&rules);
}

/* Once when it begins and once when it ends; what begins again within a minute is not told again. */
static void on_alone(void *context, int is_alone)
{
    struct relay *relay = context;
    struct engine_news *news = &relay->engine;
    struct murmur_sum sum = {0};

    if (is_alone ? !murmur_hear(&news->alone, 0, loop_now(relay->loop), &sum) : !news->is_told_alone)
        return;
    news->is_told_alone = is_alone;
    log_begin_at(is_alone ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "new_mailboxes");
    log_text("state", is_alone ? "local" : "shared");
    if (sum.count > 1)
        log_number("count", sum.count);
    log_end();
}

struct store *relay_store_make(struct relay *relay, random_draw *draw)
{
    const struct config *config = relay->config;
    uint64_t rest_ms = (uint64_t)config->rest_seconds * 1000;

    if (!config_has_engine(config))
        return store_memory_new(rest_ms, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    if (!config->engine_local)
        return shared_make(relay, draw);
    return store_either_new(shared_make(relay, draw),
                            store_memory_new(rest_ms, STORE_ALONE_DIGITS, draw, NULL), on_alone, relay);
}

int relay_engine_is_away(const struct relay *relay)
{
    return relay->store != NULL && relay->store->state(relay->store, NULL) != STORE_HERE;
}
