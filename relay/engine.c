/* hiredis writes commands and reads answers; the only file that knows it. Bytes and time come from a cable. */
#include "engine.h"

#include "secret.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_TICKS (2000 / CABLE_TICK_MS)
#define STEADY_TICKS (5000 / CABLE_TICK_MS) /* here for so long, the engine counts as well again */
#define REPLY_BYTES_MAX (32u << 20)
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 3000
#define DENIED_MS 15000
#define SHA_BYTES 40

struct waiting {
    engine_answer *answer;
    void *context;
    uint64_t asked_us;
};

struct engine {
    const struct engine_place *place;
    const char *const *scripts;
    size_t script_count;
    char (*shas)[SHA_BYTES + 1];
    size_t shas_known;
    random_draw *draw;
    void *draw_context;
    struct engine_sink sink;
    struct cable *cable;
    redisReader *reader;
    struct waiting *ring;
    size_t first, count;
    unsigned quiet_ticks, here_ticks, failures;
    uint64_t connection; /* counts them */
    uint64_t times, round_trip_us;
    int is_here, is_over;
};

enum engine_kind engine_kind(const struct engine_reply *reply)
{
    static const enum engine_kind kinds[] = {
        [REDIS_REPLY_STRING] = ENGINE_TEXT,    [REDIS_REPLY_STATUS] = ENGINE_TEXT,
        [REDIS_REPLY_INTEGER] = ENGINE_NUMBER, [REDIS_REPLY_ARRAY] = ENGINE_LIST,
        [REDIS_REPLY_ERROR] = ENGINE_ERROR,    [REDIS_REPLY_NIL] = ENGINE_NIL,
    };
    const redisReply *of = (const redisReply *)reply;

    if (of == NULL || of->type <= 0 || (size_t)of->type >= sizeof kinds / sizeof kinds[0])
        return ENGINE_NIL;
    return kinds[of->type];
}

int64_t engine_number(const struct engine_reply *reply)
{
    return engine_kind(reply) == ENGINE_NUMBER ? ((const redisReply *)reply)->integer : 0;
}

const char *engine_text(const struct engine_reply *reply, size_t *length)
{
    const redisReply *of = (const redisReply *)reply;
    enum engine_kind kind = engine_kind(reply);
    int is_text = kind == ENGINE_TEXT || kind == ENGINE_ERROR;

    if (length != NULL)
        *length = is_text ? of->len : 0;
    return is_text ? of->str : "";
}

size_t engine_count(const struct engine_reply *reply)
{
    return engine_kind(reply) == ENGINE_LIST ? ((const redisReply *)reply)->elements : 0;
}

const struct engine_reply *engine_at(const struct engine_reply *reply, size_t i)
{
    return i < engine_count(reply) ? (struct engine_reply *)((const redisReply *)reply)->element[i] : NULL;
}

/* A script's error may carry that of the command that failed in it. */
static int says(const char *error, const char *word)
{
    const char *at = strstr(error, word);

    return at != NULL && (at == error || at[-1] == ' ' || at[-1] == '-');
}

struct word {
    const char *word;
    enum engine_trouble trouble;
};

/* After these the connection is of no use. NOSCRIPT: the next one loads them again. */
static const struct word words_of_trouble[] = {
    {"LOADING", ENGINE_GONE},
    {"MASTERDOWN", ENGINE_GONE},
    {"READONLY", ENGINE_GONE},
    {"NOSCRIPT", ENGINE_GONE},
    {"UNBLOCKED", ENGINE_GONE},
    {"NOAUTH", ENGINE_DENIED},
    {"NOPERM", ENGINE_DENIED},
    {"WRONGPASS", ENGINE_DENIED},
    {"ERR invalid password", ENGINE_DENIED},
    {"ERR AUTH", ENGINE_DENIED},
    {"ERR Client sent AUTH", ENGINE_DENIED},
    {"DENIED", ENGINE_DENIED},
    {"ERR invalid DB index", ENGINE_DENIED},
    {"ERR DB index", ENGINE_DENIED},
};

static const struct word *trouble_of(const char *error)
{
    for (size_t i = 0; i < sizeof words_of_trouble / sizeof words_of_trouble[0]; i++) {
        if (says(error, words_of_trouble[i].word))
            return &words_of_trouble[i];
    }
    return NULL;
}

static struct waiting waiting_take(struct engine *engine)
{
    struct waiting taken = engine->ring[engine->first];

    engine->first = (engine->first + 1) % ENGINE_WAITING_MAX;
    engine->count--;
    return taken;
}

static int waiting_add(struct engine *engine, engine_answer *answer, void *context)
{
    if (engine->count == ENGINE_WAITING_MAX)
        return -1;
    engine->ring[(engine->first + engine->count) % ENGINE_WAITING_MAX] =
        (struct waiting){answer, context, cable_clock_us()};
    if (engine->count++ == 0)
        engine->quiet_ticks = 0;
    return 0;
}

static uint64_t backoff_ms(struct engine *engine, enum engine_trouble trouble)
{
    uint64_t longest = (uint64_t)BACKOFF_MIN_MS << (engine->failures < 6 ? engine->failures : 6);

    if (longest > BACKOFF_MAX_MS)
        longest = BACKOFF_MAX_MS;
    if (trouble == ENGINE_DENIED)
        longest = DENIED_MS;
    return longest / 2 + engine->draw(engine->draw_context) % (longest / 2);
}

/* Who waits is told first; whoever asks anew meanwhile hears that the engine is away. */
static void all_end(struct engine *engine)
{
    engine->is_here = 0;
    engine->connection++;
    while (engine->count > 0) {
        struct waiting waiting = waiting_take(engine);

        waiting.answer(waiting.context, NULL);
    }
}

static void ended(struct engine *engine, enum engine_trouble trouble, const char *why)
{
    char kept[ENGINE_WHY_BYTES];

    snprintf(kept, sizeof kept, "%s", why);
    cable_cut(engine->cable);
    if (engine->here_ticks >= STEADY_TICKS)
        engine->failures = 0;
    engine->here_ticks = 0;
    all_end(engine);
    cable_open(engine->cable, backoff_ms(engine, trouble));
    engine->failures++;
    engine->sink.away(engine->sink.context, trouble, kept);
}

void engine_drop(struct engine *engine, const char *why)
{
    ended(engine, ENGINE_GONE, why);
}

static void reply_give(struct engine *engine, redisReply *reply)
{
    const struct word *word = reply->type == REDIS_REPLY_ERROR ? trouble_of(reply->str) : NULL;
    struct waiting waiting;

    if (engine->count == 0) {
        ended(engine, ENGINE_GONE, "it answers what was not asked");
        return;
    }
    if (word != NULL) {
        if (word->trouble == ENGINE_DENIED && engine->place->secret != NULL)
            (void)secret_read(engine->place->secret); /* it may have been changed */
        ended(engine, word->trouble, reply->str);
        return;
    }
    waiting = waiting_take(engine);
    engine->quiet_ticks = 0;
    engine->round_trip_us = cable_clock_us() - waiting.asked_us;
    waiting.answer(waiting.context, (const struct engine_reply *)reply);
}

/* An answer may end the connection, or the engine. */
static void on_heard(void *context, const char *bytes, size_t length)
{
    struct engine *engine = context;
    uint64_t connection = engine->connection;
    void *reply = NULL;

    engine->quiet_ticks = 0;
    if (redisReaderFeed(engine->reader, bytes, length) != REDIS_OK || engine->reader->len > REPLY_BYTES_MAX) {
        ended(engine, ENGINE_GONE, "its answer is too long");
        return;
    }
    while (engine->connection == connection) {
        if (redisReaderGetReply(engine->reader, &reply) != REDIS_OK) {
            ended(engine, ENGINE_GONE, "it does not speak Redis' protocol");
            return;
        }
        if (reply == NULL)
            return;
        reply_give(engine, reply);
        freeReplyObject(reply);
    }
}

static int words_send(struct engine *engine, const struct engine_word *words, size_t count)
{
    const char *texts[ENGINE_WORDS_MAX];
    size_t lengths[ENGINE_WORDS_MAX];
    char *command = NULL;
    long long length; /* an int before hiredis 1.0 */
    int sent;

    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].bytes;
        lengths[i] = words[i].length;
    }
    length = redisFormatCommandArgv(&command, (int)count, texts, lengths);
    if (length < 0)
        return -1;
    sent = cable_send(engine->cable, command, (size_t)length);
    explicit_bzero(command, (size_t)length);
    redisFreeCommand(command);
    return sent;
}

static int ask(struct engine *engine, const struct engine_word *words, size_t count, engine_answer *answer,
               void *context)
{
    if (count > ENGINE_WORDS_MAX || engine->count == ENGINE_WAITING_MAX ||
        cable_waiting(engine->cable) > ENGINE_BYTES_MAX || words_send(engine, words, count) != 0)
        return -1;
    return waiting_add(engine, answer, context);
}

int engine_ask(struct engine *engine, const struct engine_word *words, size_t count, engine_answer *answer,
               void *context)
{
    return engine->is_here ? ask(engine, words, count, answer, context) : -1;
}

int engine_run(struct engine *engine, size_t script, const struct engine_word *words, size_t count,
               engine_answer *answer, void *context)
{
    struct engine_word all[ENGINE_WORDS_MAX] = {{"EVALSHA", 7}, {engine->shas[script], SHA_BYTES}, {"0", 1}};

    if (count > ENGINE_WORDS_MAX - 3)
        return -1;
    memcpy(all + 3, words, count * sizeof *words);
    return engine_ask(engine, all, count + 3, answer, context);
}

static void on_greeted(void *context, const struct engine_reply *reply)
{
    struct engine *engine = context;

    if (engine_kind(reply) == ENGINE_ERROR)
        ended(engine, ENGINE_GONE, engine_text(reply, NULL));
}

static void on_loaded(void *context, const struct engine_reply *reply)
{
    struct engine *engine = context;
    size_t length;
    const char *sha = engine_text(reply, &length);

    if (reply == NULL)
        return;
    if (engine_kind(reply) == ENGINE_ERROR || length != SHA_BYTES) {
        ended(engine, ENGINE_GONE, length > 0 ? sha : "it loads no scripts");
        return;
    }
    memcpy(engine->shas[engine->shas_known++], sha, SHA_BYTES);
}

/* The last answer of the greeting. */
static void on_ready(void *context, const struct engine_reply *reply)
{
    struct engine *engine = context;

    if (reply == NULL)
        return;
    if (engine_kind(reply) == ENGINE_ERROR) {
        ended(engine, ENGINE_GONE, engine_text(reply, NULL));
        return;
    }
    engine->is_here = 1;
    engine->times++;
    engine->sink.here(engine->sink.context);
}

static int greet_login(struct engine *engine)
{
    const struct engine_place *place = engine->place;
    struct engine_word words[3] = {{"AUTH", 4}};
    size_t count = 1;

    if (place->secret == NULL)
        return 0;
    if (place->user[0] != '\0')
        words[count++] = (struct engine_word){place->user, strlen(place->user)};
    words[count].bytes = secret_bytes(place->secret, &words[count].length);
    return ask(engine, words, count + 1, on_greeted, engine);
}

static int greet(struct engine *engine)
{
    char number[16];
    struct engine_word select[2] = {{"SELECT", 6}, {number, 0}};
    int failed = greet_login(engine);

    engine->shas_known = 0;
    for (size_t i = 0; i < engine->script_count && failed == 0; i++) {
        const struct engine_word load[3] = {
            {"SCRIPT", 6}, {"LOAD", 4}, {engine->scripts[i], strlen(engine->scripts[i])}};

        failed = ask(engine, load, 3, on_loaded, engine);
    }
    select[1].length = (size_t)snprintf(number, sizeof number, "%u", (unsigned)engine->place->number);
    return failed != 0 ? failed : ask(engine, select, 2, on_ready, engine);
}

static void on_open(void *context)
{
    struct engine *engine = context;

    redisReaderFree(engine->reader);
    engine->reader = redisReaderCreate();
    engine->quiet_ticks = engine->here_ticks = 0;
    if (engine->reader == NULL || greet(engine) != 0)
        ended(engine, ENGINE_GONE, "out of memory");
}

static void on_broken(void *context, const char *why)
{
    ended(context, ENGINE_GONE, why);
}

static void on_tick(void *context)
{
    struct engine *engine = context;

    engine->here_ticks++;
    if (engine->count > 0 && ++engine->quiet_ticks > SILENT_TICKS)
        ended(engine, ENGINE_GONE, "it does not answer");
    engine->sink.tick(engine->sink.context);
}

struct engine *engine_new(void *loop, const struct engine_place *place, const char *const *scripts,
                          size_t count, random_draw *draw, void *draw_context, const struct engine_sink *sink)
{
    struct engine *engine = calloc(1, sizeof *engine);
    const struct cable_sink ends = {on_open, on_heard, on_broken, on_tick, engine};

    if (engine == NULL)
        return NULL;
    engine->place = place;
    engine->scripts = scripts;
    engine->script_count = count;
    engine->draw = draw;
    engine->draw_context = draw_context;
    engine->sink = *sink;
    engine->shas = calloc(count + 1, sizeof *engine->shas);
    engine->ring = calloc(ENGINE_WAITING_MAX, sizeof *engine->ring);
    engine->cable = cable_new(loop, &place->cable, &ends);
    if (engine->shas == NULL || engine->ring == NULL || engine->cable == NULL) {
        engine_free(engine);
        return NULL;
    }
    cable_open(engine->cable, 0);
    return engine;
}

int engine_is_here(const struct engine *engine)
{
    return engine->is_here;
}

size_t engine_waiting(const struct engine *engine)
{
    return engine->count;
}

size_t engine_waiting_bytes(const struct engine *engine)
{
    return cable_waiting(engine->cable);
}

uint64_t engine_round_trip_us(const struct engine *engine)
{
    return engine->round_trip_us;
}

uint64_t engine_times(const struct engine *engine)
{
    return engine->times;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    cable_free(engine->cable);
    all_end(engine);
    redisReaderFree(engine->reader);
    free(engine->ring);
    free(engine->shas);
    free(engine);
}
