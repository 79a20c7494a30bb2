/* What monitoring asks for. Sans-IO: the bytes of a request in, which of the few things it is out. */
#ifndef RELAY_WATCH_REQUEST_H
#define RELAY_WATCH_REQUEST_H

#include <stddef.h>

#define WATCH_REQUEST_MAX_BYTES 4096

enum watch_asks {
    WATCH_ASKS_MORE, /* the end of the headers has not come */
    WATCH_ASKS_HEALTH,
    WATCH_ASKS_READY,
    WATCH_ASKS_METRICS,
    WATCH_ASKS_NOTHING_KNOWN,
    WATCH_ASKS_METHOD,   /* another than GET and HEAD */
    WATCH_ASKS_NONSENSE, /* no request of HTTP/1 */
    WATCH_ASKS_TOO_MUCH
};

/* is_head: the answer is to have no body. */
enum watch_asks watch_request_read(const char *bytes, size_t length, int *is_head);

/* The head of an answer whose body has so many bytes; returns its length, or 0 when it does not fit. */
size_t watch_answer_head(unsigned status, const char *type, size_t body_bytes, char *out, size_t room);

#endif
