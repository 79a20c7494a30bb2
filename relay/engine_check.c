/* A few questions to an engine, one after the other on one connection. */
#include "engine_check.h"

#include "scripts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ATTEMPTS_MAX 3 /* a name may have several addresses */
#define MAJOR_MIN 6
#define MINOR_MIN 2
#define CLOCK_OFF_SECONDS 5

enum { AT_TIME, AT_MEMORY, AT_ERROR };

struct engine_check {
    const char *prefix;
    char name[20];
    struct engine *engine;
    struct engine_findings findings;
    void (*over)(void *context);
    void *context;
    unsigned attempts, ticks;
    int is_over, is_answered;
    char why[ENGINE_WHY_BYTES]; /* it was away last */
};

static void over(struct engine_check *check)
{
    if (check->is_over)
        return;
    check->is_over = 1;
    check->over(check->context);
}

static void over_if_wrong(struct engine_check *check)
{
    if (check->findings.wrong[0] != '\0')
        over(check);
}

static void note(char out[static ENGINE_CHECK_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What was noted first stays in front. */
static void note(char out[static ENGINE_CHECK_BYTES], const char *format, ...)
{
    size_t length = strlen(out);
    va_list arguments;

    if (length > 0 && length + 2 < ENGINE_CHECK_BYTES)
        length += (size_t)snprintf(out + length, ENGINE_CHECK_BYTES - length, "; ");
    va_start(arguments, format);
    vsnprintf(out + length, ENGINE_CHECK_BYTES - length, format, arguments);
    va_end(arguments);
}

/* What HELLO tells under a name, "" when it does not. */
static const char *told(const struct engine_reply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < engine_count(reply); i += 2) {
        if (strcmp(engine_text(engine_at(reply, i), NULL), name) == 0)
            return engine_text(engine_at(reply, i + 1), NULL);
    }
    return "";
}

static void version_look(const char *version, struct engine_findings *findings)
{
    unsigned major = 0, minor = 0;

    if (sscanf(version, "%3u.%3u", &major, &minor) != 2)
        note(findings->wrong, "it does not tell its version, and is older than %d.%d then", MAJOR_MIN,
             MINOR_MIN);
    else if (major < MAJOR_MIN || (major == MAJOR_MIN && minor < MINOR_MIN))
        note(findings->wrong, "it is version %u.%u, and %d.%d or newer is needed", major, minor, MAJOR_MIN,
             MINOR_MIN);
}

/* Answered to whoever is let in; the commands of a newer engine only, so its absence tells, too. */
static void on_hello(void *context, const struct engine_reply *reply)
{
    struct engine_check *check = context;
    struct engine_findings *findings = &check->findings;

    if (reply == NULL)
        return;
    version_look(told(reply, "version"), findings);
    if (strcmp(told(reply, "mode"), "cluster") == 0)
        note(findings->wrong, "it is a Redis Cluster; relays need one server, or a primary with replicas");
    if (strcmp(told(reply, "role"), "replica") == 0 || strcmp(told(reply, "role"), "slave") == 0)
        note(findings->wrong, "it is a replica, which takes nothing; name the primary");
    over_if_wrong(check);
}

static void clock_look(const char *seconds, struct engine_findings *findings)
{
    long long ahead = strtoll(seconds, NULL, 10) - (long long)time(NULL);

    if (seconds[0] == '\0' || llabs(ahead) <= CLOCK_OFF_SECONDS)
        return;
    note(findings->doubt,
         "the engine's clock is %lld seconds %s of this machine's; transfers go by the engine's alone, but "
         "logs will not fit together",
         llabs(ahead), ahead > 0 ? "ahead" : "behind");
}

/* All keys have a lifetime, so each policy but noeviction may throw away a mailbox that two devices are using. */
static void memory_look(const char *memory, struct engine_findings *findings)
{
    static const char limit_name[] = "\nmaxmemory:", policy_name[] = "\nmaxmemory_policy:";
    const char *limit = strstr(memory, limit_name), *policy = strstr(memory, policy_name);
    int length;

    if (limit == NULL || policy == NULL) {
        note(findings->doubt,
             "the engine does not tell this user of its memory (+info); see to maxmemory-policy noeviction");
        return;
    }
    policy += sizeof policy_name - 1;
    length = (int)strcspn(policy, "\r\n");
    if (length == 10 && strncmp(policy, "noeviction", 10) == 0)
        return;
    note(strtoll(limit + sizeof limit_name - 1, NULL, 10) > 0 ? findings->wrong : findings->doubt,
         "the engine's maxmemory-policy is %.*s, which throws mailboxes away when it is full; it must be "
         "noeviction",
         length, policy);
}

static void on_looked(void *context, const struct engine_reply *reply)
{
    struct engine_check *check = context;
    struct engine_findings *findings = &check->findings;
    const char *error = engine_text(engine_at(reply, AT_ERROR), NULL);

    if (reply == NULL || check->is_over)
        return;
    if (engine_kind(reply) == ENGINE_ERROR)
        error = engine_text(reply, NULL);
    if (error[0] != '\0') {
        note(findings->wrong,
             "it does not let this relay do what it needs with keys that begin with %s: %.200s",
             check->prefix, error);
    } else {
        clock_look(engine_text(engine_at(reply, AT_TIME), NULL), findings);
        memory_look(engine_text(engine_at(reply, AT_MEMORY), NULL), findings);
    }
    over_if_wrong(check);
}

static void on_read(void *context, const struct engine_reply *reply)
{
    struct engine_check *check = context;

    if (reply == NULL || check->is_over)
        return;
    if (engine_kind(reply) == ENGINE_ERROR)
        note(check->findings.wrong, "it does not let this relay read its inbox: %.200s",
             engine_text(reply, NULL));
    check->is_answered = 1;
    over(check);
}

static void on_here(void *context)
{
    struct engine_check *check = context;
    char inbox[ENGINE_CHECK_BYTES];
    const struct engine_word hello = {"HELLO", 5};
    const struct engine_word look[] = {{check->prefix, strlen(check->prefix)},
                                       {check->name, strlen(check->name)}};
    const struct engine_word read[] = {{"XREAD", 5}, {"STREAMS", 7}, {inbox, 0}, {"0", 1}};
    struct engine_word words[4];

    memcpy(words, read, sizeof words);
    words[2].length = (size_t)snprintf(inbox, sizeof inbox, "%scheck:%s:none", check->prefix, check->name);
    if (engine_ask(check->engine, &hello, 1, on_hello, check) != 0 ||
        engine_run(check->engine, 0, look, 2, on_looked, check) != 0 ||
        engine_ask(check->engine, words, 4, on_read, check) != 0)
        over(check);
}

/* Who is not let in will not be, asked again. */
static void on_away(void *context, enum engine_trouble trouble, const char *why)
{
    struct engine_check *check = context;

    if (check->is_over)
        return;
    snprintf(check->why, sizeof check->why, "%s", why);
    if (trouble == ENGINE_DENIED)
        note(check->findings.wrong, "it does not let this relay in, or do what it needs: %s", why);
    if (trouble == ENGINE_DENIED || ++check->attempts >= ATTEMPTS_MAX)
        over(check);
}

static void on_tick(void *context)
{
    struct engine_check *check = context;

    if (++check->ticks >= ENGINE_CHECK_MS / CABLE_TICK_MS)
        over(check);
}

struct engine_check *engine_check_new(void *loop, const struct engine_place *place, const char *prefix,
                                      random_draw *draw, void (*ended)(void *context), void *context)
{
    struct engine_check *check = calloc(1, sizeof *check);
    const struct engine_sink sink = {on_here, on_away, on_tick, check};

    if (check == NULL)
        return NULL;
    check->prefix = prefix;
    check->over = ended;
    check->context = context;
    snprintf(check->why, sizeof check->why, "it does not answer");
    snprintf(check->name, sizeof check->name, "%08" PRIx32 "%08" PRIx32, draw(NULL), draw(NULL));
    check->engine = engine_new(loop, place, script_check, 1, draw, NULL, &sink);
    if (check->engine != NULL)
        return check;
    free(check);
    return NULL;
}

void engine_check_end(struct engine_check *check, struct engine_findings *findings)
{
    check->is_over = 1; /* what ends now tells nothing */
    engine_free(check->engine);
    if (!check->is_answered && check->findings.wrong[0] == '\0') {
        check->findings.is_away = 1;
        note(check->findings.wrong,
             "it cannot be reached now (%s); a relay would start without it, and wait for it", check->why);
    }
    *findings = check->findings;
    free(check);
}
