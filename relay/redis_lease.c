/* This node's lease, renewed by beats; each says what has changed meanwhile. Without one, others count this node as dead. */
#include "redis_parts.h"

#include <string.h>

enum { AT_THERE, AT_LENGTH, AT_NEWEST, AT_LIVING, AT_DEAD, AT_WRITABLE, AT_END };

int lease_is_good(const struct redis *redis)
{
    return redis->has_lease && !redis->is_full && redis_now(redis) - redis->beaten_ms < LEASE_MS;
}

/* Others have taken this node for dead, or the engine has forgotten everything. */
static void lease_renewed_late(struct redis *redis)
{
    kept_doubt_all(redis);
    if (redis->beaten_ms != 0)
        redis->doubt_ms = redis_now(redis) + DOUBT_MS;
    if (redis->beaten_ms != 0 && !redis->is_cut_off)
        post_cut_all(redis);
}

static void news_tell(struct redis *redis)
{
    if (redis->rules.news == NULL || !engine_is_here(redis->commands) || !engine_is_here(redis->reader))
        return;
    redis->rules.news(redis->rules.news_context, ENGINE_GONE,
                      redis->is_full ? "it takes nothing new: it is full, or its own disk is" : NULL);
}

static void on_beaten(void *context, const struct engine_reply *reply)
{
    struct redis *redis = context;
    int64_t was_there = engine_number(engine_at(reply, AT_THERE));

    redis->is_beating = 0;
    if (redis->is_closing || redis->is_leaving)
        return;
    redis_complain(redis, reply);
    if (engine_count(reply) < AT_END)
        return;
    redis->figures.inbox_length = (uint64_t)engine_number(engine_at(reply, AT_LENGTH));
    post_check(redis, engine_text(engine_at(reply, AT_NEWEST), NULL));
    /* A beat that was long on its way has made the lease anew, and this one finds it. */
    if (!was_there || redis->is_cut_off)
        lease_renewed_late(redis);
    redis->beaten_ms = redis->asked_ms;
    redis->has_lease = 1;
    redis->is_cut_off = 0;
    redis->is_full = engine_number(engine_at(reply, AT_WRITABLE)) == 0;
    post_dead(redis, engine_at(reply, AT_DEAD));
    post_living(redis, engine_at(reply, AT_LIVING));
    kept_restore(redis);
    news_tell(redis);
}

void lease_beat(struct redis *redis)
{
    struct words words;
    char unread[ENTRY_BYTES];

    if (redis->is_beating || redis->is_leaving)
        return;
    strcpy(redis->read_then, redis->read);
    post_next(redis, unread);
    words_begin(&words, redis);
    words_text(&words, unread);
    words_number(&words, LEASE_MS);
    words_number(&words, INBOX_MS);
    post_name_watched(redis, &words);
    redis->asked_ms = redis_now(redis);
    redis->is_beating = words_run(&words, redis, SCRIPT_BEAT, on_beaten, redis) == 0;
}

/* Without a word from the engine for so long, others have taken over. */
static void lease_watch(struct redis *redis)
{
    if (!redis->has_lease || redis->is_cut_off || redis_now(redis) - redis->beaten_ms <= LEASE_MS)
        return;
    redis->is_cut_off = 1;
    post_cut_all(redis);
}

void lease_tick(struct redis *redis)
{
    if (redis->ticks >= EARLY_TICKS)
        early_end(redis);
    if (redis->is_leaving)
        return;
    lease_watch(redis);
    if (++redis->ticks % BEAT_TICKS == 0)
        lease_beat(redis);
}

static void on_left(void *context, const struct engine_reply *reply)
{
    (void)context;
    (void)reply;
}

void lease_leave(struct store *store)
{
    struct redis *redis = redis_of(store);
    struct words words;

    if (redis->is_leaving)
        return;
    redis->is_leaving = 1;
    redis->has_lease = 0;
    words_begin(&words, redis);
    (void)words_run(&words, redis, SCRIPT_LEAVE, on_left, redis);
}
