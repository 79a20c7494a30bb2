/* Questions to the shared store, and what their answers mean here. */
#include "redis_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES 16
#define CANDIDATE_DIGITS CR_NAMEPLATE_MAX_DIGITS
#define CANDIDATES_END 100000000u

/* The places of a record in an answer. */
enum {
    AT_RESULT,
    AT_NAME,
    AT_SEAT,
    AT_OWNER,
    AT_ERA,
    AT_ADOPTED,
    AT_JOINED,
    AT_MOODS,
    AT_AGE = 9,
    AT_LEFT,
    AT_HASHES,
    AT_END = 13
};

/* One that is not answered yet. */
struct question {
    struct redis *redis;
    store_answer *answer;
    void *context;
    void *local;       /* of an allocation */
    struct kept *kept; /* made before, so that no answer finds the memory full */
};

struct redis *redis_of(struct store *store)
{
    return (struct redis *)store;
}

uint64_t redis_now(const struct redis *redis)
{
    return cable_now_ms(redis->rules.loop);
}

/* Only the first word of an error: what follows may name what the command was about. */
void redis_complain(struct redis *redis, const struct engine_reply *reply)
{
    char why[ENGINE_WHY_BYTES];
    const char *text = engine_text(reply, NULL);

    if (engine_kind(reply) != ENGINE_ERROR || redis->rules.news == NULL)
        return;
    snprintf(why, sizeof why, "it answers %.*s", (int)(strcspn(text, " ") % 32), text);
    redis->rules.news(redis->rules.news_context, ENGINE_ODD, why);
}

static void question_end(struct question *question, enum store_result result,
                         const struct store_record *record)
{
    if (!question->redis->is_closing)
        question->answer(question->context, result, record);
    free(question->kept);
    free(question);
}

static uint32_t number_at(const struct engine_reply *reply, size_t i)
{
    int64_t number = engine_number(engine_at(reply, i));

    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

/* 0, or -1 when it is nothing that a script of ours would say. */
static int record_read(const struct engine_reply *reply, struct store_record *record)
{
    memset(record, 0, sizeof *record);
    if (engine_count(reply) < AT_END ||
        name_read(engine_text(engine_at(reply, AT_NAME), NULL), &record->nameplate) != 0)
        return -1;
    record->owner = node_read(engine_text(engine_at(reply, AT_OWNER), NULL));
    record->seat = (uint8_t)number_at(reply, AT_SEAT);
    record->era = number_at(reply, AT_ERA);
    record->is_joined = number_at(reply, AT_JOINED) != 0;
    for (size_t i = 0; i < SEATS; i++)
        record->moods[i] = (uint8_t)number_at(reply, AT_MOODS + i);
    record->age_ms = number_at(reply, AT_AGE);
    record->left_ms = number_at(reply, AT_LEFT);
    return record->owner != 0 && record->seat < SEATS ? 0 : -1;
}

static void kept_fill(const struct redis *redis, struct kept *kept, const struct store_record *record,
                      const struct engine_reply *reply)
{
    uint64_t now_ms = redis_now(redis);

    kept->nameplate = record->nameplate;
    kept->era = record->era;
    kept->born_ms = now_ms > record->age_ms ? now_ms - record->age_ms : 0;
    kept->end_ms = now_ms + record->left_ms;
    kept->is_joined = record->is_joined;
    memcpy(kept->moods, record->moods, sizeof kept->moods);
    for (size_t i = 0; i < SEATS; i++)
        snprintf(kept->hashes[i], HEX_BYTES, "%s", engine_text(engine_at(reply, AT_HASHES + i), NULL));
}

/* What is kept is of an earlier life of the nameplate, or of an earlier time as its owner. */
static int is_another(const struct kept *kept, const struct store_record *record,
                      const struct engine_reply *reply)
{
    const char *hash = engine_text(engine_at(reply, AT_HASHES), NULL);

    if (kept->hashes[0][0] != '\0' && strcmp(kept->hashes[0], hash) != 0)
        return 1;
    return kept->state == KEPT_OWNED && (kept->era != record->era || number_at(reply, AT_ADOPTED) != 0);
}

/* A record that this node owns, in a state that the asking one may hear of; *kept is the node's own note of it. */
static enum store_result own_check(struct question *question, enum store_result result,
                                   const struct store_record *record, const struct engine_reply *reply,
                                   struct kept **kept)
{
    struct redis *redis = question->redis;
    int is_adopted = number_at(reply, AT_ADOPTED) != 0;

    redis->figures.adopted += (uint64_t)is_adopted;
    if (*kept != NULL && is_another(*kept, record, reply)) {
        kept_lose(redis, *kept);
        *kept = kept_find(redis, &record->nameplate);
    }
    if (*kept != NULL && (*kept)->state == KEPT_RELEASED)
        return STORE_NOTHING;
    if (*kept != NULL && (*kept)->state == KEPT_DISOWNED)
        return STORE_AWAY;
    if (*kept == NULL) {
        kept_fill(redis, question->kept, record, reply);
        question->kept->local = question->local;
        *kept = kept_add(redis, question->kept);
        question->kept = NULL;
    }
    if (*kept == NULL)
        return STORE_AWAY;
    kept_learn(*kept, engine_text(engine_at(reply, AT_HASHES + 1), NULL));
    (*kept)->is_joined |= record->is_joined;
    if (result == STORE_NEW)
        (*kept)->end_ms = redis_now(redis) + record->left_ms;
    return STORE_FOUND;
}

/* Who asked makes a mailbox of it, or has one, or says that there is none. */
static void own_answer(struct question *question, enum store_result result, struct store_record *record,
                       const struct engine_reply *reply)
{
    struct redis *redis = question->redis;
    struct kept *kept = kept_find(redis, &record->nameplate);
    enum store_result checked = own_check(question, result, record, reply, &kept);
    struct cr_nameplate nameplate = record->nameplate;

    if (checked != STORE_FOUND) {
        question_end(question, checked, NULL);
        return;
    }
    record->local = kept->local;
    question_end(question, result, record);
    kept = redis->is_closing ? NULL : kept_find(redis, &nameplate);
    if (kept != NULL && kept->local == NULL && kept->state == KEPT_OWNED)
        kept_remove(redis, kept);
}

static void on_record(struct question *question, enum store_result result, const struct engine_reply *reply)
{
    struct redis *redis = question->redis;
    struct store_record record;
    struct kept *kept;

    if (record_read(reply, &record) != 0) {
        question_end(question, STORE_AWAY, NULL);
        return;
    }
    if (record.owner == redis->store.self) {
        own_answer(question, result, &record, reply);
        return;
    }
    kept = kept_find(redis, &record.nameplate);
    if (kept != NULL && kept->state == KEPT_OWNED)
        kept_lose(redis, kept);
    question_end(question, result, &record);
}

static void on_answer(void *context, const struct engine_reply *reply)
{
    struct question *question = context;
    struct redis *redis = question->redis;

    redis_complain(redis, reply);
    if (redis->is_closing || redis->is_leaving || engine_count(reply) == 0) {
        question_end(question, STORE_AWAY, NULL);
        return;
    }
    switch (number_at(reply, AT_RESULT)) {
    case SCRIPT_SAYS_UNKNOWN:
        question_end(question, redis_now(redis) < redis->doubt_ms ? STORE_AWAY : STORE_NOTHING, NULL);
        break;
    case SCRIPT_SAYS_NOTHING:
        question_end(question, STORE_NOTHING, NULL);
        break;
    case SCRIPT_SAYS_FOUND:
        question->local = NULL;
        on_record(question, STORE_FOUND, reply);
        break;
    case SCRIPT_SAYS_NEW:
        on_record(question, STORE_NEW, reply);
        break;
    case SCRIPT_SAYS_FULL:
        question_end(question, STORE_FULL, NULL);
        break;
    default:
        question_end(question, STORE_AWAY, NULL);
        break;
    }
}

static struct question *question_new(struct redis *redis, void *local, store_answer *answer, void *context)
{
    struct question *question = calloc(1, sizeof *question);

    if (question == NULL)
        return NULL;
    *question = (struct question){redis, answer, context, local, calloc(1, sizeof *question->kept)};
    if (question->kept != NULL)
        return question;
    free(question);
    return NULL;
}

static void ask(struct redis *redis, enum script script, struct words *words, void *local,
                store_answer *answer, void *context)
{
    struct question *question = redis->is_leaving ? NULL : question_new(redis, local, answer, context);

    if (question == NULL)
        answer(context, STORE_AWAY, NULL);
    else if (words_run(words, redis, script, on_answer, question) != 0 &&
             early_hold(redis, script, words, on_answer, question) != 0)
        question_end(question, STORE_AWAY, NULL);
}

static void hash_token(const uint8_t *token, char hex[static HEX_BYTES])
{
    uint8_t digest[SHA256_BYTES];

    sha256(token, CR_TOKEN_BYTES, digest);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static uint32_t draw_candidate(struct redis *redis)
{
    uint32_t value;

    do {
        value = redis->rules.draw(redis->rules.draw_context);
    } while (value >= UINT32_MAX - UINT32_MAX % CANDIDATES_END);
    return value % CANDIDATES_END;
}

static void redis_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                           uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    struct redis *redis = redis_of(store);
    struct words words;
    char hash[HEX_BYTES], candidates[CANDIDATES][CANDIDATE_DIGITS + 1];

    (void)now_ms;
    hash_token(token, hash);
    words_begin(&words, redis);
    words_text(&words, hash);
    words_number(&words, life_ms);
    words_number(&words, redis->rules.rest_ms);
    for (size_t i = 0; i < CANDIDATES; i++) {
        snprintf(candidates[i], sizeof candidates[i], "%0*" PRIu32, CANDIDATE_DIGITS, draw_candidate(redis));
        words_text(&words, candidates[i]);
    }
    ask(redis, SCRIPT_ALLOCATE, &words, local, answer, context);
}

static void redis_claim(struct store *store, const struct cr_nameplate *nameplate,
                        const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                        void *context)
{
    struct redis *redis = redis_of(store);
    struct words words;
    char hash[HEX_BYTES], name[NAME_BYTES];

    hash_token(token, hash);
    name_write(nameplate, name);
    words_begin(&words, redis);
    words_text(&words, name);
    words_text(&words, hash);
    words_number(&words, life_ms);
    words_number(&words, redis->rules.rest_ms);
    ask(redis, SCRIPT_CLAIM, &words, NULL, answer, context);
}

static void redis_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                       void *context)
{
    struct redis *redis = redis_of(store);
    struct words words;
    char hash[HEX_BYTES];

    hash_token(token, hash);
    words_begin(&words, redis);
    words_text(&words, hash);
    ask(redis, SCRIPT_FIND, &words, NULL, answer, context);
}

static void on_commands_here(void *context)
{
    struct redis *redis = context;

    /* It may be another one, or as it was some time ago. */
    if (engine_times(redis->commands) > 1) {
        redis->doubt_ms = redis_now(redis) + DOUBT_MS;
        kept_doubt_all(redis);
    }
    redis->is_beating = 0;
    lease_beat(redis);
    early_end(redis);
}

static void on_reader_here(void *context)
{
    post_read(context);
}

static void on_away(void *context, enum engine_trouble trouble, const char *why)
{
    struct redis *redis = context;

    early_end(redis);
    if (redis->rules.news != NULL)
        redis->rules.news(redis->rules.news_context, trouble, why);
}

static void on_tick(void *context)
{
    lease_tick(context);
}

static void on_reader_tick(void *context)
{
    post_read(context);
}

static enum store_state redis_state(const struct store *store, struct store_figures *figures)
{
    const struct redis *redis = (const struct redis *)store;
    uint64_t times = engine_times(redis->commands) + engine_times(redis->reader);

    if (figures != NULL) {
        *figures = redis->figures;
        figures->round_trip_us = engine_round_trip_us(redis->commands);
        figures->waiting = engine_waiting(redis->commands);
        figures->waiting_bytes = engine_waiting_bytes(redis->commands);
        figures->reconnects = times > 2 ? times - 2 : 0;
        if (redis->delivered > 0)
            figures->inbox_bytes = figures->inbox_length * (redis->delivered_bytes / redis->delivered);
    }
    return engine_is_here(redis->commands) && engine_is_here(redis->reader) && lease_is_good(redis)
               ? STORE_HERE
               : STORE_AWAY_NOW;
}

static void redis_close(struct store *store)
{
    struct redis *redis = redis_of(store);

    redis->is_closing = 1;
    if (redis->commands != NULL)
        early_end(redis);
    engine_free(redis->commands);
    engine_free(redis->reader);
    kept_wipe(redis);
    post_wipe(redis);
    free(redis);
}

static struct store face_make(struct redis *redis)
{
    store_node self = 0;

    while (self == STORE_EVERYBODY)
        self = (uint64_t)redis->rules.draw(redis->rules.draw_context) << 32 |
               redis->rules.draw(redis->rules.draw_context);
    return (struct store){
        .self = self,
        .is_shared = 1,
        .allocate = redis_allocate,
        .claim = redis_claim,
        .find = redis_find,
        .adopt = kept_adopt,
        .disown = kept_disown,
        .note = kept_note,
        .closed = kept_closed,
        .release = kept_release,
        .publish = post_publish,
        .watch = post_watch,
        .leave = lease_leave,
        .state = redis_state,
        .close = redis_close,
    };
}

struct store *store_redis_new(const struct store_redis_rules *rules)
{
    struct redis *redis = calloc(1, sizeof *redis);
    const struct engine_sink sinks[2] = {{on_commands_here, on_away, on_tick, redis},
                                         {on_reader_here, on_away, on_reader_tick, redis}};

    if (redis == NULL)
        return NULL;
    redis->rules = *rules;
    redis->store = face_make(redis);
    node_write(redis->store.self, redis->self);
    strcpy(redis->read, "0-0");
    kept_init(redis, table_mix(redis->store.self, rules->draw(rules->draw_context)));
    post_init(redis, table_mix(redis->store.self, rules->draw(rules->draw_context)));
    redis->commands = engine_new(rules->loop, &redis->rules.place, scripts, SCRIPTS, rules->draw,
                                 rules->draw_context, &sinks[0]);
    redis->reader =
        engine_new(rules->loop, &redis->rules.place, NULL, 0, rules->draw, rules->draw_context, &sinks[1]);
    if (redis->commands != NULL && redis->reader != NULL)
        return &redis->store;
    redis_close(&redis->store);
    return NULL;
}
