/* A few permits, each in a field of one size, compared without a way out before the end. */
#include "permits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Filled up with zeros. */
struct permit {
    size_t length;
    uint8_t bytes[CR_PERMIT_MAX_BYTES];
};

struct permits {
    size_t count;
    struct permit items[PERMITS_MAX];
};

static void wipe(void *bytes, size_t length)
{
    volatile uint8_t *at = bytes;

    while (length-- > 0)
        *at++ = 0;
}

void permits_free(struct permits *permits)
{
    if (permits == NULL)
        return;
    wipe(permits, sizeof *permits);
    free(permits);
}

static const char *line_fault(const char *line, size_t length)
{
    if (length < PERMIT_MIN_BYTES)
        return "is no permit: it has less than 8 characters";
    if (length > CR_PERMIT_MAX_BYTES)
        return "is no permit: it has more than 64 characters";
    for (size_t i = 0; i < length; i++) {
        if (line[i] <= ' ' || line[i] > '~')
            return "is no permit: it holds a space, or what is not printable ASCII";
    }
    return NULL;
}

/* Without what stands at its end and is not seen. */
static size_t line_trim(const char *line, size_t length)
{
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL && line[length - 1] != '\0')
        length--;
    return length;
}

static const char *line_take(struct permits *permits, const char *line, size_t length)
{
    const char *fault;

    length = line_trim(line, length);
    if (length == 0 || line[0] == '#')
        return NULL;
    fault = line_fault(line, length);
    if (fault == NULL && permits->count == PERMITS_MAX)
        fault = "is one permit too many: 64 may be good at once";
    if (fault != NULL)
        return fault;
    memcpy(permits->items[permits->count].bytes, line, length);
    permits->items[permits->count++].length = length;
    return NULL;
}

static int lines_take(struct permits *permits, const char *text, size_t length, char *error)
{
    unsigned number = 1;

    for (size_t at = 0; at < length; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t bytes = end != NULL ? (size_t)(end - text) - at : length - at;
        const char *fault = line_take(permits, text + at, bytes);

        if (fault != NULL) {
            snprintf(error, PERMITS_ERROR_BYTES, "line %u %s", number, fault);
            return -1;
        }
        at += bytes + 1;
    }
    if (permits->count > 0)
        return 0;
    snprintf(error, PERMITS_ERROR_BYTES, "it holds no permit");
    return -1;
}

struct permits *permits_read(const char *text, size_t length, char error[static PERMITS_ERROR_BYTES])
{
    struct permits *permits = calloc(1, sizeof *permits);

    if (permits == NULL) {
        snprintf(error, PERMITS_ERROR_BYTES, "out of memory");
        return NULL;
    }
    if (lines_take(permits, text, length, error) == 0)
        return permits;
    permits_free(permits);
    return NULL;
}

/* 1 or 0, by arithmetic alone. */
static unsigned is_same(const struct permit *one, const struct permit *other)
{
    size_t differs = one->length ^ other->length;

    for (size_t i = 0; i < CR_PERMIT_MAX_BYTES; i++)
        differs |= (size_t)(one->bytes[i] ^ other->bytes[i]);
    return (unsigned)((differs - 1) >> (8 * sizeof differs - 1));
}

int permits_hold(const struct permits *permits, const uint8_t *permit, size_t length)
{
    struct permit shown = {.length = length};
    unsigned found = 0;

    if (permits == NULL || length == 0 || length > CR_PERMIT_MAX_BYTES)
        return 0;
    memcpy(shown.bytes, permit, length);
    for (size_t i = 0; i < permits->count; i++)
        found |= is_same(&permits->items[i], &shown);
    wipe(&shown, sizeof shown);
    return (int)found;
}
