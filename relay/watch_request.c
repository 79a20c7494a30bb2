/* Only the first line of a request counts; its headers change nothing. */
#include "watch_request.h"

#include <stdio.h>
#include <string.h>

struct word {
    const char *at;
    size_t length;
};

static int word_is(const struct word *word, const char *wanted)
{
    return word->length == strlen(wanted) && memcmp(word->at, wanted, word->length) == 0;
}

static int word_begins(const struct word *word, const char *wanted)
{
    return word->length >= strlen(wanted) && memcmp(word->at, wanted, strlen(wanted)) == 0;
}

static size_t find(const char *bytes, size_t length, const char *wanted)
{
    size_t width = strlen(wanted);

    for (size_t at = 0; at + width <= length; at++) {
        if (memcmp(bytes + at, wanted, width) == 0)
            return at;
    }
    return length;
}

/* Takes what stands before the next space off the line. */
static struct word word_take(const char **line, size_t *left)
{
    const char *space = memchr(*line, ' ', *left);
    struct word word = {*line, space != NULL ? (size_t)(space - *line) : *left};
    size_t taken = word.length + (space != NULL);

    *line += taken;
    *left -= taken;
    return word;
}

static enum watch_asks path_read(struct word path)
{
    static const struct {
        const char *path;
        enum watch_asks asks;
    } known[] = {
        {"/healthz", WATCH_ASKS_HEALTH}, {"/readyz", WATCH_ASKS_READY}, {"/metrics", WATCH_ASKS_METRICS}};

    path.length = find(path.at, path.length, "?");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (word_is(&path, known[i].path))
            return known[i].asks;
    }
    return WATCH_ASKS_NOTHING_KNOWN;
}

enum watch_asks watch_request_read(const char *bytes, size_t length, int *is_head)
{
    size_t left = find(bytes, length, "\r\n");
    const char *line = bytes;
    struct word method, path, version;

    *is_head = 0;
    if (find(bytes, length, "\r\n\r\n") == length)
        return length >= WATCH_REQUEST_MAX_BYTES ? WATCH_ASKS_TOO_MUCH : WATCH_ASKS_MORE;
    method = word_take(&line, &left);
    path = word_take(&line, &left);
    version = (struct word){line, left};
    if (method.length == 0 || !word_begins(&path, "/") ||
        (!word_is(&version, "HTTP/1.1") && !word_is(&version, "HTTP/1.0")))
        return WATCH_ASKS_NONSENSE;
    *is_head = word_is(&method, "HEAD");
    if (!*is_head && !word_is(&method, "GET"))
        return WATCH_ASKS_METHOD;
    return path_read(path);
}

static const char *phrase_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } known[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].status == status)
            return known[i].phrase;
    }
    return "Error";
}

size_t watch_answer_head(unsigned status, const char *type, size_t body_bytes, char *out, size_t room)
{
    int length =
        snprintf(out, room,
                 "HTTP/1.1 %u %s\r\n"
                 "Content-Type: %s\r\n"
                 "Content-Length: %zu\r\n"
                 "Cache-Control: no-store\r\n"
                 "X-Content-Type-Options: nosniff\r\n"
                 "%sConnection: close\r\n\r\n",
                 status, phrase_of(status), type, body_bytes, status == 405 ? "Allow: GET, HEAD\r\n" : "");

    return length > 0 && (size_t)length < room ? (size_t)length : 0;
}
