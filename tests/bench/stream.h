/* A non-blocking TCP connection to the relay, with TLS or without, with what is still to be read and written. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/* Where all connections go, and what they share. */
struct target {
    struct sockaddr_in relay;
    SSL_CTX *tls; /* NULL: none */
    int epoll;
    uint32_t opened; /* so far; connections come from many addresses of 127.0.0.0/8 */
};

struct buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

enum stream_state { STREAM_CONNECTING, STREAM_SHAKING, STREAM_READY, STREAM_ENDED };

/* Zeroed to begin with. */
struct stream {
    struct target *target;
    void *owner; /* what epoll gives back */
    int fd;
    SSL *ssl;
    enum stream_state state;
    uint32_t interest; /* what epoll was asked for */
    struct buffer in;
    struct buffer out;
};

/* port on 127.0.0.1. 0 or -1. */
int target_init(struct target *target, uint16_t port, int has_tls);
/* Another relay for the same loop: what both share stays the first one's, so that only that one is to be cleared. */
void target_beside(struct target *other, const struct target *first, uint16_t port);
void target_clear(struct target *target);

/* Begins to connect. 0 or -1. */
int stream_open(struct stream *stream, struct target *target, void *owner);
/* After epoll named it: connects on, writes what is queued, reads what is there into `in`. A failure shows as STREAM_ENDED. */
void stream_work(struct stream *stream);
void stream_write(struct stream *stream, const uint8_t *bytes, size_t length);
/* The first length bytes of `in` have been used. */
void stream_consume(struct stream *stream, size_t length);
void stream_close(struct stream *stream);

#endif
