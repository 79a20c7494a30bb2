/* The wire: the client's side of RFC 6455, as much of it as a relay uses. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#define FIN 0x80
#define MASKED 0x80
#define OP_BINARY 0x2
#define OP_CLOSE 0x8
#define OP_PING 0x9
#define OP_PONG 0xa
#define HEAD_MAX_BYTES 14
#define EVENTS_MAX 256

/* The key is fixed: nobody sits between. */
static const char upgrade[] = "GET /ws HTTP/1.1\r\n"
                              "Host: localhost\r\n"
                              "Upgrade: websocket\r\n"
                              "Connection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                              "Sec-WebSocket-Protocol: " CR_SUBPROTOCOL "\r\n\r\n";

int wire_open(struct wire *w, struct target *target, void (*handle)(struct wire *), void *context)
{
    memset(w, 0, sizeof *w);
    w->handle = handle;
    w->context = context;
    if (stream_open(&w->stream, target, w) != 0)
        return -1;
    stream_write(&w->stream, (const uint8_t *)upgrade, sizeof upgrade - 1);
    return 0;
}

static void read_answer(struct wire *w)
{
    static const char accepted[] = "HTTP/1.1 101 ";
    struct buffer *in = &w->stream.in;
    const uint8_t *end = memmem(in->bytes, in->length, "\r\n\r\n", 4);

    if (end == NULL)
        return;
    if (in->length < sizeof accepted || memcmp(in->bytes, accepted, sizeof accepted - 1) != 0) {
        stream_close(&w->stream);
        return;
    }
    w->is_open = 1;
    stream_consume(&w->stream, (size_t)(end - in->bytes) + 4);
}

void wire_work(struct wire *w)
{
    /* It ended, or another wire's handler closed it, in the same round of events. */
    if (w->stream.fd < 0)
        return;
    stream_work(&w->stream);
    if (!w->is_open && w->stream.in.length > 0)
        read_answer(w);
    w->handle(w);
}

int wire_is_ended(const struct wire *w)
{
    return w->stream.state == STREAM_ENDED;
}

/* One message with a mask of zeroes: it changes nothing, and the relay unmasks all the same. */
static void send_message(struct wire *w, uint8_t opcode, const uint8_t *bytes, size_t length)
{
    uint8_t head[HEAD_MAX_BYTES] = {0};
    size_t head_bytes = 2;

    head[0] = (uint8_t)(FIN | opcode);
    if (length < 126) {
        head[1] = (uint8_t)(MASKED | length);
    } else if (length < 65536) {
        head[1] = MASKED | 126;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        head_bytes = 4;
    } else {
        head[1] = MASKED | 127;
        for (int i = 0; i < 8; i++)
            head[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
        head_bytes = 10;
    }
    uint8_t message[HEAD_MAX_BYTES + CR_FRAME_MAX_BYTES];

    memcpy(message, head, head_bytes + 4);
    memcpy(message + head_bytes + 4, bytes, length);
    stream_write(&w->stream, message, head_bytes + 4 + length);
}

int wire_send(struct wire *w, const struct cr_frame *frame)
{
    uint8_t message[CR_FRAME_MAX_BYTES];
    size_t length = 0;

    if (cr_frame_encode(frame, message, sizeof message, &length) != CR_OK)
        return -1;
    send_message(w, OP_BINARY, message, length);
    return 0;
}

void wire_leave(struct wire *w)
{
    static const uint8_t normal[] = {0x03, 0xe8};

    send_message(w, OP_CLOSE, normal, sizeof normal);
}

void wire_close(struct wire *w)
{
    stream_close(&w->stream);
}

struct message {
    uint8_t opcode;
    const uint8_t *bytes;
    size_t length;
};

/* The first whole message of the input: 1, 0 when it is not whole, -1 for what no relay sends. */
static int peek_message(const struct wire *w, struct message *message, size_t *whole)
{
    const struct buffer *in = &w->stream.in;
    size_t head = 2;

    if (in->length < 2)
        return 0;
    if ((in->bytes[0] & FIN) == 0 || (in->bytes[1] & MASKED) != 0)
        return -1;
    message->length = in->bytes[1];
    size_t extra = message->length == 126 ? 2 : message->length == 127 ? 8 : 0;

    if (in->length < head + extra)
        return 0;
    if (extra > 0)
        message->length = 0;
    for (size_t i = 0; i < extra; i++)
        message->length = message->length << 8 | in->bytes[head++];
    if (message->length > CR_FRAME_MAX_BYTES)
        return -1;
    if (in->length < head + message->length)
        return 0;
    message->opcode = in->bytes[0] & 0x0f;
    message->bytes = in->bytes + head;
    *whole = head + message->length;
    return 1;
}

static void handle_control(struct wire *w, const struct message *message)
{
    if (message->opcode == OP_PING)
        send_message(w, OP_PONG, message->bytes, message->length);
    if (message->opcode == OP_CLOSE) {
        w->is_closed = 1;
        send_message(w, OP_CLOSE, message->bytes, message->length);
    }
}

int wire_next(struct wire *w, struct cr_frame *frame)
{
    struct message message;
    int found;

    if (!w->is_open)
        return 0;
    stream_consume(&w->stream, w->used);
    w->used = 0;
    while ((found = peek_message(w, &message, &w->used)) == 1) {
        if (message.opcode == OP_BINARY)
            return cr_frame_decode(CR_FROM_RELAY, message.bytes, message.length, frame) == CR_OK ? 1 : -1;
        handle_control(w, &message);
        stream_consume(&w->stream, w->used);
        w->used = 0;
    }
    return found;
}

static void loop_round(struct loop *loop, struct epoll_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL)
            loop->is_done = 1;
        else
            wire_work(events[i].data.ptr);
    }
    loop->between(loop->context);
}

int wire_loop(struct loop *loop)
{
    struct epoll_event events[EVENTS_MAX] = {{.events = EPOLLIN, .data.ptr = NULL}};
    int epoll = loop->target->epoll;

    if (loop->until_fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, loop->until_fd, &events[0]) != 0)
        return -1;
    loop->between(loop->context);
    while (!loop->is_done) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);

        if (count < 0 && errno != EINTR)
            return -1;
        loop_round(loop, events, count);
    }
    return 0;
}
