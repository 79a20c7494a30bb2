/* Questions that come before the first connection to the engine is made wait for it; who asks in the first instant of a relay is not sent away. */
#include "redis_parts.h"

#include <stdlib.h>
#include <string.h>

#define EARLY_MAX 256
#define EARLY_WORDS 32

struct early {
    struct early *next;
    enum script script;
    engine_answer *answer;
    void *context;
    size_t count, lengths[EARLY_WORDS];
    char bytes[];
};

int early_hold(struct redis *redis, enum script script, const struct words *words, engine_answer *answer,
               void *context)
{
    struct early *early, **end = &redis->early;
    size_t room = 0, at = 0;

    if (redis->is_begun || redis->early_count == EARLY_MAX || words->count > EARLY_WORDS)
        return -1;
    for (size_t i = 0; i < words->count; i++)
        room += words->list[i].length;
    early = calloc(1, sizeof *early + room);
    if (early == NULL)
        return -1;
    *early = (struct early){.script = script, .answer = answer, .context = context, .count = words->count};
    for (size_t i = 0; i < words->count; i++) {
        early->lengths[i] = words->list[i].length;
        memcpy(early->bytes + at, words->list[i].bytes, early->lengths[i]);
        at += early->lengths[i];
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = early;
    redis->early_count++;
    return 0;
}

static void early_ask(struct redis *redis, const struct early *early)
{
    struct words words = {.count = 0};
    size_t at = 0;

    for (size_t i = 0; i < early->count; i++) {
        words_add(&words, early->bytes + at, early->lengths[i]);
        at += early->lengths[i];
    }
    if (words_run(&words, redis, early->script, early->answer, early->context) != 0)
        early->answer(early->context, NULL);
}

void early_end(struct redis *redis)
{
    redis->is_begun = 1;
    while (redis->early != NULL) {
        struct early *early = redis->early;

        redis->early = early->next;
        redis->early_count--;
        early_ask(redis, early);
        free(early);
    }
}
