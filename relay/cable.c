/* libuv's streams, resolver and clock, for one connection at a time. */
#include "cable.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define CONNECT_TICKS (2000 / CABLE_TICK_MS)
#define RESOLVE_TICKS (10000 / CABLE_TICK_MS)
#define READ_BYTES 65536
#define KEEPALIVE_SECONDS 30
#define ADDRESSES_MAX 16

enum state { IDLE, PAUSED, RESOLVING, CONNECTING, OPEN };

/* One connection; it outlives its end by some turns of the loop. */
struct line {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_connect_t connect;
    uv_write_t write;
    char *leaving; /* what is being written; NULL: nothing is */
    size_t leaving_bytes;
    struct cable *cable; /* NULL once it is over */
};

struct question {
    uv_getaddrinfo_t uv;
    struct cable *cable; /* NULL when nobody wants the answer any more */
};

struct cable {
    uv_loop_t *loop;
    uv_timer_t timer; /* ticks */
    uv_timer_t pause;
    uv_idle_t flush; /* runs when something is to be written and can be */
    int open_handles;
    struct cable_place place;
    struct cable_sink sink;
    enum state state;
    unsigned ticks, attempts;
    struct line *line;
    struct question *question;
    char *out;
    size_t out_bytes, out_room;
    char input[READ_BYTES];
};

uint64_t cable_clock_us(void)
{
    return uv_hrtime() / 1000;
}

uint64_t cable_now_ms(void *loop)
{
    return uv_now(loop);
}

static void on_flush(uv_idle_t *flush);

static void wipe(char *bytes, size_t length)
{
    if (bytes != NULL)
        explicit_bzero(bytes, length);
}

static void on_line_closed(uv_handle_t *handle)
{
    struct line *line = handle->data;

    wipe(line->leaving, line->leaving_bytes);
    free(line->leaving);
    free(line);
}

static void line_drop(struct cable *cable)
{
    struct line *line = cable->line;

    cable->line = NULL;
    if (line == NULL)
        return;
    line->cable = NULL;
    uv_close(&line->uv.handle, on_line_closed);
}

static void out_drop(struct cable *cable)
{
    wipe(cable->out, cable->out_bytes);
    free(cable->out);
    cable->out = NULL;
    cable->out_bytes = cable->out_room = 0;
    uv_idle_stop(&cable->flush);
}

void cable_cut(struct cable *cable)
{
    if (cable->question != NULL) {
        cable->question->cable = NULL;
        (void)uv_cancel((uv_req_t *)&cable->question->uv);
        cable->question = NULL;
    }
    line_drop(cable);
    out_drop(cable);
    uv_timer_stop(&cable->pause);
    cable->state = IDLE;
}

static void broken(struct cable *cable, const char *why)
{
    cable_cut(cable);
    cable->sink.broken(cable->sink.context, why);
}

static void on_written(uv_write_t *write, int status)
{
    struct line *line = write->data;

    wipe(line->leaving, line->leaving_bytes);
    free(line->leaving);
    line->leaving = NULL;
    if (line->cable == NULL)
        return;
    if (status != 0)
        broken(line->cable, uv_strerror(status));
    else if (line->cable->out_bytes > 0)
        uv_idle_start(&line->cable->flush, on_flush);
}

static void on_flush(uv_idle_t *flush)
{
    struct cable *cable = flush->data;
    struct line *line = cable->line;
    uv_buf_t buffer;
    int failed;

    uv_idle_stop(flush);
    if (line == NULL || line->leaving != NULL || cable->out_bytes == 0)
        return;
    line->leaving = cable->out;
    line->leaving_bytes = cable->out_bytes;
    cable->out = NULL;
    cable->out_bytes = cable->out_room = 0;
    buffer = uv_buf_init(line->leaving, (unsigned)line->leaving_bytes);
    line->write.data = line;
    failed = uv_write(&line->write, &line->uv.stream, &buffer, 1, on_written);
    if (failed != 0)
        broken(cable, uv_strerror(failed));
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct line *line = handle->data;

    (void)wanted;
    *buffer = line->cable != NULL ? uv_buf_init(line->cable->input, READ_BYTES) : uv_buf_init(NULL, 0);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct line *line = stream->data;

    if (line->cable == NULL || length == 0)
        return;
    if (length < 0)
        broken(line->cable, length == UV_EOF ? "it closed the connection" : uv_strerror((int)length));
    else
        line->cable->sink.heard(line->cable->sink.context, buffer->base, (size_t)length);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct line *line = connect->data;
    struct cable *cable = line->cable;

    if (cable == NULL)
        return;
    if (status == 0)
        status = uv_read_start(&line->uv.stream, on_room, on_read);
    if (status != 0) {
        broken(cable, uv_strerror(status));
        return;
    }
    cable->state = OPEN;
    cable->sink.open(cable->sink.context);
}

static struct line *line_new(struct cable *cable)
{
    struct line *line = calloc(1, sizeof *line);

    if (line == NULL)
        return NULL;
    if (cable->place.path[0] != '\0')
        uv_pipe_init(cable->loop, &line->uv.pipe, 0);
    else
        uv_tcp_init(cable->loop, &line->uv.tcp);
    uv_unref(&line->uv.handle);
    line->uv.handle.data = line;
    line->connect.data = line;
    line->cable = cable;
    cable->line = line;
    cable->state = CONNECTING;
    cable->ticks = 0;
    return line;
}

/* A failure comes by on_connected, as libuv has it for paths. */
static void connect_path(struct cable *cable)
{
    struct line *line = line_new(cable);

    if (line == NULL)
        broken(cable, uv_strerror(UV_ENOMEM));
    else
        uv_pipe_connect(&line->connect, &line->uv.pipe, cable->place.path, on_connected);
}

static void connect_address(struct cable *cable, const struct sockaddr *address)
{
    struct line *line = line_new(cable);
    int failed = UV_ENOMEM;

    if (line != NULL)
        failed = uv_tcp_connect(&line->connect, &line->uv.tcp, address, on_connected);
    if (failed != 0) {
        broken(cable, uv_strerror(failed));
        return;
    }
    uv_tcp_nodelay(&line->uv.tcp, 1);
    uv_tcp_keepalive(&line->uv.tcp, 1, KEEPALIVE_SECONDS);
}

/* A name with several addresses: each attempt takes the next one. */
static const struct sockaddr *address_choose(const struct cable *cable, const struct addrinfo *first)
{
    const struct addrinfo *at = first;

    for (unsigned i = 0; i + 1 < cable->attempts; i++)
        at = at->ai_next != NULL ? at->ai_next : first;
    return at->ai_addr;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct question *question = (struct question *)request;
    struct cable *cable = question->cable;

    free(question);
    if (cable != NULL) {
        cable->question = NULL;
        if (status != 0 || addresses == NULL)
            broken(cable, uv_strerror(status != 0 ? status : UV_EAI_NONAME));
        else
            connect_address(cable, address_choose(cable, addresses));
    }
    uv_freeaddrinfo(addresses);
}

static void resolve(struct cable *cable)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct question *question = calloc(1, sizeof *question);
    int failed = UV_ENOMEM;

    cable->state = RESOLVING;
    cable->ticks = 0;
    if (question != NULL)
        failed = uv_getaddrinfo(cable->loop, &question->uv, on_resolved, cable->place.host, cable->place.port,
                                &hints);
    if (failed != 0) {
        free(question);
        broken(cable, uv_strerror(failed));
        return;
    }
    question->cable = cable;
    cable->question = question;
}

static void on_pause(uv_timer_t *timer)
{
    struct cable *cable = timer->data;

    cable->attempts = (cable->attempts + 1) % ADDRESSES_MAX;
    if (cable->place.path[0] != '\0')
        connect_path(cable);
    else
        resolve(cable);
}

static void on_timer(uv_timer_t *timer)
{
    struct cable *cable = timer->data;
    unsigned limit = cable->state == RESOLVING ? RESOLVE_TICKS : CONNECT_TICKS;

    if ((cable->state == RESOLVING || cable->state == CONNECTING) && ++cable->ticks >= limit)
        broken(cable, uv_strerror(UV_ETIMEDOUT));
    cable->sink.tick(cable->sink.context);
}

struct cable *cable_new(void *loop, const struct cable_place *place, const struct cable_sink *sink)
{
    struct cable *cable = calloc(1, sizeof *cable);

    if (cable == NULL)
        return NULL;
    cable->loop = loop;
    cable->place = *place;
    cable->sink = *sink;
    uv_timer_init(cable->loop, &cable->timer);
    uv_timer_init(cable->loop, &cable->pause);
    uv_idle_init(cable->loop, &cable->flush);
    uv_unref((uv_handle_t *)&cable->timer);
    uv_unref((uv_handle_t *)&cable->pause);
    uv_unref((uv_handle_t *)&cable->flush);
    cable->timer.data = cable->pause.data = cable->flush.data = cable;
    cable->open_handles = 3;
    uv_timer_start(&cable->timer, on_timer, CABLE_TICK_MS, CABLE_TICK_MS);
    return cable;
}

void cable_open(struct cable *cable, uint64_t after_ms)
{
    if (cable->state != IDLE)
        return;
    cable->state = PAUSED;
    uv_timer_start(&cable->pause, on_pause, after_ms, 0);
}

static int out_grow(struct cable *cable, size_t length)
{
    size_t room = cable->out_room > 0 ? cable->out_room : 4096;
    char *bytes;

    while (room - cable->out_bytes < length)
        room *= 2;
    if (room == cable->out_room)
        return 0;
    bytes = malloc(room);
    if (bytes == NULL)
        return -1;
    if (cable->out_bytes > 0)
        memcpy(bytes, cable->out, cable->out_bytes);
    wipe(cable->out, cable->out_bytes);
    free(cable->out);
    cable->out = bytes;
    cable->out_room = room;
    return 0;
}

int cable_send(struct cable *cable, const char *bytes, size_t length)
{
    if (cable->state != OPEN || out_grow(cable, length) != 0)
        return -1;
    memcpy(cable->out + cable->out_bytes, bytes, length);
    cable->out_bytes += length;
    uv_idle_start(&cable->flush, on_flush);
    return 0;
}

size_t cable_waiting(const struct cable *cable)
{
    const struct line *line = cable->line;

    return cable->out_bytes + (line != NULL && line->leaving != NULL ? line->leaving_bytes : 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct cable *cable = handle->data;

    if (--cable->open_handles == 0)
        free(cable);
}

void cable_free(struct cable *cable)
{
    if (cable == NULL)
        return;
    cable_cut(cable);
    uv_close((uv_handle_t *)&cable->timer, on_closed);
    uv_close((uv_handle_t *)&cable->pause, on_closed);
    uv_close((uv_handle_t *)&cable->flush, on_closed);
}
