/* Starts and stops servers and nodes for the tests of the shared store. */
#include "redis_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define LIFE_MS 60000
#define MORTAL                                                                                        \
    "local n = 0 for _, key in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', key) < 0 or " \
    "redis.call('PTTL', key) > 86400000 then n = n + 1 end end return n"

/* The last has the server in it, and is that by its name. */
static const char *const programs[] = {"/usr/bin/redis-server", "/usr/bin/valkey-server",
                                       "/usr/bin/redis-check-rdb"};

static const char *program(void)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (access(programs[i], X_OK) == 0)
            return programs[i];
    }
    return NULL;
}

int rig_can(void)
{
    if (program() == NULL)
        print_message("SKIP: there is no redis-server\n");
    return program() != NULL;
}

static void server_run(const struct rig *rig)
{
    const char *words[24] = {"redis-server", "--port", "0",     "--unixsocket", rig->path, "--save", "",
                             "--appendonly", "no",     "--dir", rig->folder};
    int quiet = open("/dev/null", O_RDWR);
    size_t count = 11;

    for (size_t i = 0; i < 6 && rig->options[i][0] != '\0'; i++)
        words[count++] = rig->options[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(quiet, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);
    execv(program(), (char *const *)(uintptr_t)words);
    _exit(127);
}

void rig_server_start(struct rig *rig)
{
    unlink(rig->path);
    rig->server = fork();
    assert_true(rig->server >= 0);
    if (rig->server == 0)
        server_run(rig);
    for (int turn = 0; turn < PATIENCE_MS / 10; turn++) {
        rig->talk = redisConnectUnix(rig->path);
        if (rig->talk != NULL && rig->talk->err == 0)
            return;
        redisFree(rig->talk);
        rig->talk = NULL;
        usleep(10000);
    }
    fail_msg("the server does not start");
}

void rig_server_signal(struct rig *rig, int number)
{
    kill(rig->server, number);
}

void rig_server_kill(struct rig *rig)
{
    if (rig->talk != NULL)
        redisFree(rig->talk);
    rig->talk = NULL;
    kill(rig->server, SIGKILL);
    waitpid(rig->server, NULL, 0);
}

static void on_alive(uv_timer_t *timer)
{
    (void)timer;
}

void rig_open(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    strcpy(rig->folder, "/tmp/certrelay-redis-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof rig->path, "%s/redis.sock", rig->folder);
    strcpy(rig->place.cable.path, rig->path);
    rig->seed = 1;
    rig->rest_ms = 5000;
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&rig->loop);
    uv_timer_init(&rig->loop, &rig->alive);
    uv_timer_start(&rig->alive, on_alive, 5, 5);
}

void rig_close(struct rig *rig)
{
    char command[128];

    for (size_t i = 0; i < RIG_NODES_MAX; i++)
        rig_node_end(&rig->nodes[i]);
    if (rig->talk != NULL) {
        assert_int_equal(rig_say(rig, "EVAL %s 0", MORTAL), 0);
        rig_server_kill(rig);
    }
    uv_close((uv_handle_t *)&rig->alive, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    snprintf(command, sizeof command, "rm -r %s", rig->folder);
    assert_int_equal(system(command), 0);
}

long long rig_say(struct rig *rig, const char *format, ...)
{
    va_list words;
    redisReply *reply;
    long long number;

    va_start(words, format);
    reply = redisvCommand(rig->talk, format, words);
    va_end(words);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    number = reply->type == REDIS_REPLY_INTEGER ? reply->integer
             : reply->type == REDIS_REPLY_ARRAY ? (long long)reply->elements
                                                : (long long)reply->len;
    freeReplyObject(reply);
    return number;
}

/* xorshift*: the same in every run. */
static uint32_t draw(void *context)
{
    struct rig *rig = context;

    rig->seed ^= rig->seed >> 12;
    rig->seed ^= rig->seed << 25;
    rig->seed ^= rig->seed >> 27;
    return (uint32_t)(rig->seed * 0x2545f4914f6cdd1du >> 32);
}

static void node_heard(struct rig_node *node, uint32_t what)
{
    assert_true(node->heard_count < RIG_HEARD_MAX);
    node->heard[node->heard_count++] = what;
}

static void on_deliver(void *context, store_node from, const uint8_t *bytes, size_t length, uint64_t now_ms)
{
    uint32_t what = 0;

    (void)from;
    (void)now_ms;
    memcpy(&what, bytes, length < sizeof what ? length : sizeof what);
    node_heard(context, what);
}

static void on_cut(void *context, store_node other, uint64_t now_ms)
{
    struct rig_node *node = context;

    (void)now_ms;
    node->cuts++;
    node->cuts_of_all += other == STORE_EVERYBODY;
    node->cut_last = other;
    node_heard(node, RIG_CUT);
}

static void on_lost(void *context, void *local, uint64_t now_ms)
{
    struct rig_node *node = context;

    (void)now_ms;
    node->lost_count++;
    node->lost_last = local;
}

static void on_news(void *context, enum engine_trouble trouble, const char *why)
{
    struct rig_node *node = context;

    node->news_here += why == NULL;
    node->news_away += why != NULL;
    node->news_denied += why != NULL && trouble == ENGINE_DENIED;
    if (why != NULL)
        snprintf(node->why, sizeof node->why, "%s", why);
}

struct rig_node *rig_node_begin(struct rig *rig)
{
    struct rig_node *node = rig->nodes;
    struct store_redis_rules rules = {
        .loop = &rig->loop,
        .place = rig->place,
        .prefix = "test:",
        .rest_ms = rig->rest_ms,
        .draw = draw,
        .draw_context = rig,
        .news = on_news,
    };

    while (node->store != NULL)
        node++;
    memset(node, 0, sizeof *node);
    node->rig = rig;
    rules.news_context = node;
    node->store = store_redis_new(&rules);
    assert_non_null(node->store);
    node->store->sink = (struct store_sink){on_deliver, on_cut, on_lost, node};
    return node;
}

struct rig_node *rig_node(struct rig *rig)
{
    struct rig_node *node = rig_node_begin(rig);

    rig_until_here(node);
    return node;
}

void rig_node_end(struct rig_node *node)
{
    if (node->store != NULL)
        node->store->close(node->store);
    node->store = NULL;
}

void rig_node_cut_off(struct rig_node *node)
{
    (void)rig_say(node->rig, "DEL test:node:%016llx", (unsigned long long)node->store->self);
}

void rig_turn(struct rig *rig, unsigned ms)
{
    uint64_t end = uv_hrtime() / 1000000 + ms;

    while (uv_hrtime() / 1000000 < end)
        uv_run(&rig->loop, UV_RUN_ONCE);
}

void rig_until(struct rig *rig, int (*is_so)(void *context), void *context)
{
    uint64_t end = uv_hrtime() / 1000000 + PATIENCE_MS;

    while (!is_so(context)) {
        if (uv_hrtime() / 1000000 > end)
            fail_msg("it does not come");
        uv_run(&rig->loop, UV_RUN_ONCE);
    }
}

static int is_here(void *context)
{
    const struct rig_node *node = context;

    return node->store->state(node->store, NULL) == STORE_HERE;
}

static int is_away(void *context)
{
    return !is_here(context);
}

void rig_until_here(struct rig_node *node)
{
    rig_until(node->rig, is_here, node);
}

void rig_until_away(struct rig_node *node)
{
    rig_until(node->rig, is_away, node);
}

void rig_answered(void *context, enum store_result result, const struct store_record *record)
{
    struct rig_answer *answer = context;

    assert_false(answer->is_there);
    answer->is_there = 1;
    answer->result = result;
    assert_true(record == NULL || result == STORE_FOUND || result == STORE_NEW);
    if (record == NULL)
        return;
    answer->record = *record;
    if (record->owner == answer->store->self && record->local == NULL && answer->local != NULL)
        answer->store->adopt(answer->store, &record->nameplate, answer->local);
}

static int is_answered(void *context)
{
    return ((struct rig_answer *)context)->is_there;
}

void rig_token(uint32_t number, uint8_t token[static CR_TOKEN_BYTES])
{
    memset(token, 0x5a, CR_TOKEN_BYTES);
    memcpy(token, &number, sizeof number);
}

struct rig_answer rig_allocate(struct rig_node *node, uint32_t number, void *local)
{
    struct rig_answer answer = {.store = node->store, .local = local};
    uint8_t token[CR_TOKEN_BYTES];

    rig_token(number, token);
    node->store->allocate(node->store, token, local, LIFE_MS, 0, rig_answered, &answer);
    rig_until(node->rig, is_answered, &answer);
    return answer;
}

struct rig_answer rig_claim(struct rig_node *node, const struct cr_nameplate *nameplate, uint32_t number,
                            void *local)
{
    struct rig_answer answer = {.store = node->store, .local = local};
    uint8_t token[CR_TOKEN_BYTES];

    rig_token(number, token);
    node->store->claim(node->store, nameplate, token, LIFE_MS, rig_answered, &answer);
    rig_until(node->rig, is_answered, &answer);
    return answer;
}

struct rig_answer rig_find(struct rig_node *node, uint32_t number, void *local)
{
    struct rig_answer answer = {.store = node->store, .local = local};
    uint8_t token[CR_TOKEN_BYTES];

    rig_token(number, token);
    node->store->find(node->store, token, rig_answered, &answer);
    rig_until(node->rig, is_answered, &answer);
    return answer;
}
