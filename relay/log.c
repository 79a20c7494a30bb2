/* JSON lines, each written with one call. */
#include "log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 2048
#define TAIL_BYTES 3 /* brace, newline, end */
#define REASONS_MAX 16
#define REFUSAL_EVERY_MS 10000

static const char *const levels[LOG_LEVELS] = {"info", "warning", "error"};
static enum log_level least;

static struct {
    char bytes[LINE_BYTES];
    size_t length;
    enum log_level level;
} line;

static struct {
    const char *reason;
    uint64_t count;
    uint64_t written_ms;
} refusals[REASONS_MAX];

/* All of text or nothing of it, so that a full line is still JSON. */
static int line_add(const char *text)
{
    size_t length = strlen(text);

    if (length > LINE_BYTES - TAIL_BYTES - line.length)
        return 0;
    memcpy(line.bytes + line.length, text, length);
    line.length += length;
    return 1;
}

static void field_add(const char *name, const char *value)
{
    char field[128];

    if (snprintf(field, sizeof field, ",\"%s\":%s", name, value) < (int)sizeof field)
        (void)line_add(field);
}

void log_least(enum log_level level)
{
    least = level;
}

enum log_level log_level_read(const char *word)
{
    int level = 0;

    while (level < LOG_LEVELS && strcmp(levels[level], word) != 0)
        level++;
    return (enum log_level)level;
}

void log_begin(const char *event)
{
    log_begin_at(LOG_LEVEL_INFO, event);
}

void log_begin_at(enum log_level level, const char *event)
{
    char stamp[128], when[32];
    struct timespec now;
    struct tm utc;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp, sizeof stamp, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%.32s\"", when,
             now.tv_nsec / 1000000, levels[level], event);
    line.length = 0;
    line.level = level;
    (void)line_add(stamp);
}

void log_text(const char *name, const char *value)
{
    char escaped[1536];
    size_t length = 0;

    escaped[length++] = '"';
    for (const char *at = value; *at != '\0' && length < sizeof escaped - 8; at++) {
        unsigned char c = (unsigned char)*at;

        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f)
            length += (size_t)snprintf(escaped + length, 7, "\\u%04x", c);
        else
            escaped[length++] = (char)c;
    }
    escaped[length++] = '"';
    escaped[length] = '\0';
    if (line.length + strlen(name) + length + 4 > LINE_BYTES - TAIL_BYTES)
        return;
    (void)line_add(",\"");
    (void)line_add(name);
    (void)line_add("\":");
    (void)line_add(escaped);
}

void log_number(const char *name, uint64_t value)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    field_add(name, digits);
}

void log_flag(const char *name, int value)
{
    field_add(name, value ? "true" : "false");
}

void log_tag(const char *name, uint32_t tag)
{
    char hex[16];

    snprintf(hex, sizeof hex, "\"%08x\"", (unsigned)tag);
    field_add(name, hex);
}

void log_end(void)
{
    line.bytes[line.length++] = '}';
    line.bytes[line.length++] = '\n';
    if (line.level >= least && write(STDERR_FILENO, line.bytes, line.length) < 0) {
        /* Nobody is left to be told. */
    }
    line.length = 0;
}

static void refusal_write(size_t i)
{
    log_begin("refused");
    log_text("reason", refusals[i].reason);
    log_number("count", refusals[i].count);
    log_end();
    refusals[i].count = 0;
}

void log_refusal(const char *reason, uint64_t now_ms)
{
    size_t i = 0;

    while (i < REASONS_MAX - 1 && refusals[i].reason != NULL && strcmp(refusals[i].reason, reason) != 0)
        i++;
    if (refusals[i].reason == NULL)
        refusals[i].reason = reason;
    refusals[i].count++;
    if (refusals[i].written_ms != 0 && now_ms - refusals[i].written_ms < REFUSAL_EVERY_MS)
        return;
    refusals[i].written_ms = now_ms > 0 ? now_ms : 1;
    refusal_write(i);
}

void log_refusals_flush(void)
{
    for (size_t i = 0; i < REASONS_MAX; i++) {
        if (refusals[i].count > 0)
            refusal_write(i);
    }
}
