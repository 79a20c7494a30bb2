/* The stream: sockets, TLS and buffers. */
#include "stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 16384
#define SOURCES 60000 /* addresses to come from, so that no address runs out of ports */
#define PER_SOURCE 8  /* connections in a row from one of them, as from offices that share one */

int target_init(struct target *target, uint16_t port, int has_tls)
{
    memset(target, 0, sizeof *target);
    target->relay.sin_family = AF_INET;
    target->relay.sin_port = htons(port);
    target->relay.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (has_tls)
        target->tls = SSL_CTX_new(TLS_client_method());
    return target->epoll >= 0 && (!has_tls || target->tls != NULL) ? 0 : -1;
}

void target_beside(struct target *other, const struct target *first, uint16_t port)
{
    *other = *first;
    other->relay.sin_port = htons(port);
}

void target_clear(struct target *target)
{
    SSL_CTX_free(target->tls);
    if (target->epoll >= 0)
        close(target->epoll);
}

static int buffer_append(struct buffer *buffer, const uint8_t *bytes, size_t length)
{
    if (buffer->length + length > buffer->capacity) {
        size_t capacity = buffer->length + length + 256;
        uint8_t *grown = realloc(buffer->bytes, capacity);

        if (grown == NULL)
            return -1;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return 0;
}

static void buffer_consume(struct buffer *buffer, size_t length)
{
    buffer->length -= length;
    memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

static void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}

/* Closed at once: epoll would name it again and again. What was read stays. */
static void stream_end(struct stream *s)
{
    s->state = STREAM_ENDED;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* Asks epoll for writability only while there is something to write. */
static void stream_ask(struct stream *s, int wants_write)
{
    uint32_t interest = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    struct epoll_event event = {.events = interest, .data.ptr = s->owner};

    if (s->state == STREAM_ENDED || interest == s->interest)
        return;
    if (epoll_ctl(s->target->epoll, s->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s->fd, &event) != 0)
        stream_end(s);
    s->interest = interest;
}

static int take_source(struct stream *s)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    uint32_t number = s->target->opened++ / PER_SOURCE % SOURCES;
    int on = 1;

    source.sin_addr.s_addr = htonl(0x7f010001u + number);
    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return bind(s->fd, (const struct sockaddr *)&source, sizeof source);
}

static int start_tls(struct stream *s)
{
    char host[] = "localhost"; /* OpenSSL's macro takes no const */

    if (s->target->tls == NULL)
        return 0;
    s->ssl = SSL_new(s->target->tls);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, s->fd) != 1)
        return -1;
    SSL_set_tlsext_host_name(s->ssl, host);
    SSL_set_connect_state(s->ssl);
    return 0;
}

int stream_open(struct stream *s, struct target *target, void *owner)
{
    memset(s, 0, sizeof *s);
    s->target = target;
    s->owner = owner;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return -1;
    if (take_source(s) != 0 || start_tls(s) != 0 ||
        (connect(s->fd, (const struct sockaddr *)&target->relay, sizeof target->relay) != 0 &&
         errno != EINPROGRESS)) {
        stream_close(s);
        return -1;
    }
    stream_ask(s, 1);
    return 0;
}

static void finish_connect(struct stream *s)
{
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        stream_end(s);
        return;
    }
    s->state = s->ssl != NULL ? STREAM_SHAKING : STREAM_READY;
}

/* What an unfinished call of OpenSSL waits for; anything else is the end. */
static void handle_want(struct stream *s, int result)
{
    int error = SSL_get_error(s->ssl, result);

    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        stream_end(s);
}

static void shake(struct stream *s)
{
    int result = SSL_do_handshake(s->ssl);

    if (result == 1)
        s->state = STREAM_READY;
    else
        handle_want(s, result);
}

static ssize_t write_some(struct stream *s)
{
    if (s->ssl != NULL) {
        int result = SSL_write(s->ssl, s->out.bytes, (int)s->out.length);

        if (result <= 0)
            handle_want(s, result);
        return result;
    }
    ssize_t count = send(s->fd, s->out.bytes, s->out.length, MSG_NOSIGNAL);

    if (count < 0 && errno != EAGAIN)
        stream_end(s);
    return count;
}

static void flush(struct stream *s)
{
    while (s->state == STREAM_READY && s->out.length > 0) {
        ssize_t count = write_some(s);

        if (count <= 0)
            return;
        buffer_consume(&s->out, (size_t)count);
    }
}

static ssize_t read_some(struct stream *s, uint8_t *bytes, size_t capacity)
{
    if (s->ssl != NULL) {
        int result = SSL_read(s->ssl, bytes, (int)capacity);

        if (result <= 0)
            handle_want(s, result);
        return result;
    }
    ssize_t count = recv(s->fd, bytes, capacity, 0);

    if (count == 0 || (count < 0 && errno != EAGAIN))
        stream_end(s);
    return count;
}

static void fill(struct stream *s)
{
    uint8_t bytes[READ_BYTES];
    ssize_t count;

    do {
        count = read_some(s, bytes, sizeof bytes);
        if (count > 0 && buffer_append(&s->in, bytes, (size_t)count) != 0)
            stream_end(s);
    } while (count > 0 && s->ssl != NULL && s->state == STREAM_READY);
}

void stream_work(struct stream *s)
{
    if (s->state == STREAM_CONNECTING)
        finish_connect(s);
    if (s->state == STREAM_SHAKING)
        shake(s);
    if (s->state == STREAM_READY) {
        flush(s);
        fill(s);
    }
    stream_ask(s, s->out.length > 0 && s->state == STREAM_READY);
}

void stream_write(struct stream *s, const uint8_t *bytes, size_t length)
{
    if (s->state == STREAM_ENDED)
        return;
    if (buffer_append(&s->out, bytes, length) != 0) {
        stream_end(s);
        return;
    }
    flush(s);
    if (s->state == STREAM_READY)
        stream_ask(s, s->out.length > 0);
}

void stream_consume(struct stream *s, size_t length)
{
    buffer_consume(&s->in, length);
}

void stream_close(struct stream *s)
{
    stream_end(s);
    SSL_free(s->ssl);
    s->ssl = NULL;
    buffer_free(&s->in);
    buffer_free(&s->out);
}
