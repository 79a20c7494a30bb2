/* The records that this node owns: what it changes in them, and how the engine learns of all that again after it was away. */
#include "redis_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 32

/* A change on its way to the engine. */
struct change {
    struct redis *redis;
    struct cr_nameplate nameplate;
    uint64_t version;
    store_answer *answer; /* NULL: nobody waits */
    void *context;
};

/* Records on their way to be put back. */
struct batch {
    struct redis *redis;
    size_t count;
    struct cr_nameplate nameplates[BATCH];
    uint64_t versions[BATCH];
};

static uint64_t kept_hash(uint64_t seed, const void *entry)
{
    const struct kept *kept = entry;

    return table_mix(seed, (uint64_t)kept->nameplate.digits << 32 | kept->nameplate.value);
}

static int kept_equal(const void *entry, const void *key)
{
    const struct kept *a = entry, *b = key;

    return a->nameplate.digits == b->nameplate.digits && a->nameplate.value == b->nameplate.value;
}

void kept_init(struct redis *redis, uint64_t seed)
{
    table_init(&redis->kept, seed, kept_hash, kept_equal);
}

void kept_wipe(struct redis *redis)
{
    for (size_t i = 0; i < redis->kept.capacity; i++)
        free(redis->kept.slots[i]);
    table_wipe(&redis->kept);
}

struct kept *kept_find(const struct redis *redis, const struct cr_nameplate *nameplate)
{
    struct kept key = {.nameplate = *nameplate};

    return table_find(&redis->kept, &key);
}

/* The nameplate is its place in the table. */
static struct kept *kept_new(const struct cr_nameplate *nameplate)
{
    struct kept *kept = calloc(1, sizeof *kept);

    if (kept != NULL)
        kept->nameplate = *nameplate;
    return kept;
}

struct kept *kept_add(struct redis *redis, struct kept *kept)
{
    if (kept != NULL && table_add(&redis->kept, kept) == CR_OK)
        return kept;
    free(kept);
    return NULL;
}

static void kept_trust(struct kept *kept)
{
    if (!kept->is_unsure)
        return;
    *kept->link = kept->next;
    if (kept->next != NULL)
        kept->next->link = kept->link;
    kept->is_unsure = 0;
}

void kept_remove(struct redis *redis, struct kept *kept)
{
    kept_trust(kept);
    table_remove(&redis->kept, kept);
    free(kept);
}

void kept_lose(struct redis *redis, struct kept *kept)
{
    void *local = kept->state == KEPT_OWNED ? kept->local : NULL;

    kept_remove(redis, kept);
    redis->figures.lost++;
    if (local != NULL && !redis->is_closing && !redis->is_leaving)
        redis->store.sink.lost(redis->store.sink.context, local, redis_now(redis));
}

void kept_learn(struct kept *kept, const char *hash)
{
    if (hash[0] != '\0')
        snprintf(kept->hashes[1], HEX_BYTES, "%s", hash);
}

void kept_doubt(struct redis *redis, struct kept *kept)
{
    if (kept->is_unsure)
        return;
    kept->is_unsure = 1;
    kept->next = redis->unsure;
    kept->link = &redis->unsure;
    if (kept->next != NULL)
        kept->next->link = &kept->next;
    redis->unsure = kept;
}

void kept_doubt_all(struct redis *redis)
{
    for (size_t i = 0; i < redis->kept.capacity; i++) {
        if (redis->kept.slots[i] != NULL)
            kept_doubt(redis, redis->kept.slots[i]);
    }
}

/* What the engine has said to a change: it is done, the record is another's, or it may not have heard of it. */
static enum store_result change_settle(struct change *change, const struct engine_reply *reply)
{
    struct redis *redis = change->redis;
    struct kept *kept = redis->is_closing ? NULL : kept_find(redis, &change->nameplate);
    int64_t result = engine_number(engine_at(reply, 0));
    int is_newest = kept != NULL && kept->version == change->version;

    redis_complain(redis, reply);
    if (kept != NULL && result == SCRIPT_SAYS_DONE && kept->state == KEPT_OWNED)
        kept_learn(kept, engine_text(engine_at(reply, 1), NULL));
    if ((result == SCRIPT_SAYS_DONE || result == SCRIPT_SAYS_LOST) && is_newest && kept->state != KEPT_OWNED)
        kept_remove(redis, kept);
    else if (kept != NULL && result != SCRIPT_SAYS_DONE && result != SCRIPT_SAYS_LOST)
        kept_doubt(redis, kept);
    if (result != SCRIPT_SAYS_DONE)
        redis->restores_left = 0;
    if (result == SCRIPT_SAYS_DONE)
        return STORE_FOUND;
    return result == SCRIPT_SAYS_LOST ? STORE_NOTHING : STORE_AWAY;
}

static void on_changed(void *context, const struct engine_reply *reply)
{
    struct change *change = context;
    struct redis *redis = change->redis;
    enum store_result result = change_settle(change, reply);
    struct kept *kept;

    if (change->answer != NULL && !redis->is_closing)
        change->answer(change->context, result, NULL);
    kept = redis->is_closing || result != STORE_NOTHING ? NULL : kept_find(redis, &change->nameplate);
    if (kept != NULL && kept->state == KEPT_OWNED && !kept->is_unsure)
        kept_lose(redis, kept);
    free(change);
}

/* 0, or -1 when it did not leave: then the record is unsure, and nobody will be answered. */
static int change_send(struct redis *redis, struct kept *kept, enum script script, struct words *words,
                       store_answer *answer, void *context)
{
    struct change *change = calloc(1, sizeof *change);

    kept->version++;
    if (change != NULL)
        *change = (struct change){redis, kept->nameplate, kept->version, answer, context};
    if (change != NULL && words_run(words, redis, script, on_changed, change) == 0)
        return 0;
    free(change);
    kept_doubt(redis, kept);
    return -1;
}

static void change_begin(const struct redis *redis, const struct kept *kept, struct words *words,
                         char name[static NAME_BYTES])
{
    name_write(&kept->nameplate, name);
    words_begin(words, redis);
    words_text(words, name);
    words_text(words, kept->hashes[0]);
}

void kept_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local)
{
    struct kept *kept = kept_find(redis_of(store), nameplate);

    if (kept != NULL && kept->state == KEPT_OWNED)
        kept->local = local;
}

void kept_note(struct store *store, const struct cr_nameplate *nameplate, int is_joined, uint32_t left_ms)
{
    struct redis *redis = redis_of(store);
    struct kept *kept = kept_find(redis, nameplate);
    struct words words;
    char name[NAME_BYTES];

    if (kept == NULL || kept->state != KEPT_OWNED)
        return;
    kept->is_joined |= is_joined != 0;
    kept->end_ms = redis_now(redis) + left_ms;
    change_begin(redis, kept, &words, name);
    words_number(&words, kept->is_joined);
    words_number(&words, left_ms);
    words_number(&words, redis->rules.rest_ms);
    (void)change_send(redis, kept, SCRIPT_NOTE, &words, NULL, NULL);
}

void kept_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                 store_answer *answer, void *context)
{
    struct redis *redis = redis_of(store);
    struct kept *kept = kept_find(redis, nameplate);
    struct words words;
    char name[NAME_BYTES];

    if (kept == NULL || kept->state != KEPT_OWNED) {
        answer(context, STORE_NOTHING, NULL);
        return;
    }
    kept->moods[seat] = mood;
    change_begin(redis, kept, &words, name);
    words_number(&words, (uint64_t)seat);
    words_number(&words, mood);
    if (change_send(redis, kept, SCRIPT_CLOSED, &words, answer, context) != 0)
        answer(context, STORE_AWAY, NULL);
}

static void release_send(struct redis *redis, struct kept *kept)
{
    struct words words;
    char name[NAME_BYTES];

    change_begin(redis, kept, &words, name);
    words_text(&words, kept->hashes[1]);
    words_number(&words, redis->rules.rest_ms);
    (void)change_send(redis, kept, SCRIPT_RELEASE, &words, NULL, NULL);
}

void kept_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    struct redis *redis = redis_of(store);
    struct kept *kept = kept_find(redis, nameplate);

    (void)now_ms;
    if (kept == NULL || kept->state != KEPT_OWNED)
        return;
    kept->state = KEPT_RELEASED;
    kept->local = NULL;
    release_send(redis, kept);
}

static void disown_send(struct redis *redis, struct kept *kept)
{
    struct words words;
    char name[NAME_BYTES];

    change_begin(redis, kept, &words, name);
    (void)change_send(redis, kept, SCRIPT_DISOWN, &words, NULL, NULL);
}

void kept_disown(struct store *store, const struct cr_nameplate *nameplate)
{
    struct redis *redis = redis_of(store);
    struct kept *kept = kept_find(redis, nameplate);

    if (kept == NULL)
        kept = kept_add(redis, kept_new(nameplate));
    if (kept == NULL || kept->state == KEPT_RELEASED)
        return;
    kept->state = KEPT_DISOWNED;
    kept->local = NULL;
    disown_send(redis, kept);
}

static void batch_add(struct batch *batch, struct words *words, char names[static NAME_BYTES],
                      struct kept *kept)
{
    uint64_t now_ms = redis_now(batch->redis);

    name_write(&kept->nameplate, names);
    words_text(words, names);
    words_number(words, kept->era);
    words_text(words, kept->hashes[0]);
    words_text(words, kept->hashes[1]);
    words_number(words, now_ms - kept->born_ms);
    words_number(words, kept->end_ms > now_ms ? kept->end_ms - now_ms : 0);
    words_number(words, kept->is_joined);
    for (int seat = 0; seat < SEATS; seat++) {
        if (kept->moods[seat] != 0)
            words_number(words, kept->moods[seat]);
        else
            words_text(words, "");
    }
    batch->nameplates[batch->count] = kept->nameplate;
    batch->versions[batch->count++] = kept->version;
}

static void batch_settle(struct batch *batch, const struct engine_reply *reply, size_t i)
{
    struct redis *redis = batch->redis;
    struct kept *kept = kept_find(redis, &batch->nameplates[i]);
    int64_t result = engine_number(engine_at(reply, i));

    if (kept == NULL || kept->state != KEPT_OWNED)
        return;
    if (result == SCRIPT_SAYS_LOST)
        kept_lose(redis, kept);
    else if (result != SCRIPT_SAYS_DONE || kept->version != batch->versions[i])
        kept_doubt(redis, kept);
}

static void restore_some(struct redis *redis);

static void on_restored(void *context, const struct engine_reply *reply)
{
    struct batch *batch = context;
    struct redis *redis = batch->redis;

    redis_complain(redis, reply);
    redis->is_restoring = 0;
    for (size_t i = 0; i < batch->count && !redis->is_closing; i++)
        batch_settle(batch, reply, i);
    free(batch);
    if (engine_kind(reply) != ENGINE_LIST)
        redis->restores_left = 0;
    if (!redis->is_closing)
        restore_some(redis);
}

/* Those that are over, or given up, are told one by one. */
static struct kept *unsure_next(struct redis *redis)
{
    struct kept *kept = redis->unsure;

    if (kept == NULL)
        return NULL;
    kept_trust(kept);
    if (kept->state == KEPT_RELEASED)
        release_send(redis, kept);
    else if (kept->state == KEPT_DISOWNED)
        disown_send(redis, kept);
    return kept;
}

static void restore_some(struct redis *redis)
{
    struct batch *batch;
    struct words words;
    char names[BATCH][NAME_BYTES];

    if (redis->unsure == NULL || redis->restores_left == 0 || !engine_is_here(redis->commands))
        return;
    batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return;
    batch->redis = redis;
    words_begin(&words, redis);
    words_number(&words, redis->rules.rest_ms);
    for (size_t turn = 0; turn < BATCH && redis->unsure != NULL && redis->restores_left > 0; turn++) {
        struct kept *kept = unsure_next(redis);

        redis->restores_left--;
        if (kept->state == KEPT_OWNED)
            batch_add(batch, &words, names[batch->count], kept);
    }
    redis->is_restoring = 1;
    if (words_run(&words, redis, SCRIPT_RESTORE, on_restored, batch) != 0)
        on_restored(batch, NULL);
}

/* No more than all of them once, so that one which the engine always refuses is asked about once a beat. */
void kept_restore(struct redis *redis)
{
    if (redis->is_restoring || redis->is_leaving)
        return;
    redis->restores_left = redis->kept.count;
    restore_some(redis);
}
