/* The line on libwebsockets, one context per connection. The system's certificate authorities decide whom to believe. */
#include "line.h"

#include <certrelay/contract.h>
#include <libwebsockets.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAUSE_MAX_MS 60000

struct line {
    struct lws_context *context;
    struct lws *wsi;
    lws_sorted_usec_list_t alarm;
    void (*heard)(void *self, const uint8_t *message, size_t length);
    void *self;
    size_t incoming_bytes, outgoing_bytes;
    int is_open, is_lost, is_woken;
    uint8_t incoming[CR_FRAME_MAX_BYTES], outgoing[LWS_PRE + CR_FRAME_MAX_BYTES];
};

int64_t line_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wake(struct line *line)
{
    line->is_woken = 1;
    lws_cancel_service(line->context);
}

static void on_alarm(lws_sorted_usec_list_t *alarm)
{
    wake(lws_container_of(alarm, struct line, alarm));
}

static int on_receive(struct line *line, struct lws *wsi, const uint8_t *bytes, size_t length)
{
    if (!lws_frame_is_binary(wsi) || length > sizeof line->incoming - line->incoming_bytes)
        return -1;
    memcpy(line->incoming + line->incoming_bytes, bytes, length);
    line->incoming_bytes += length;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0)
        return 0;
    length = line->incoming_bytes;
    line->incoming_bytes = 0;
    if (line->heard != NULL)
        line->heard(line->self, line->incoming, length);
    wake(line);
    return 0;
}

static int on_writeable(struct line *line, struct lws *wsi)
{
    size_t length = line->outgoing_bytes;

    if (length == 0)
        return 0;
    line->outgoing_bytes = 0;
    wake(line);
    return lws_write(wsi, line->outgoing + LWS_PRE, length, LWS_WRITE_BINARY) < (int)length ? -1 : 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *bytes, size_t length)
{
    struct line *line = lws_context_user(lws_get_context(wsi));

    (void)user;
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        line->is_open = 1;
        wake(line);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(line, wsi, bytes, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writeable(line, wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        line->is_lost = 1;
        wake(line);
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = CR_SUBPROTOCOL, .callback = callback, .rx_buffer_size = 8192},
    {.name = NULL},
};

static const lws_retry_bo_t no_retry;

static int client_connect(struct line *line, char *url)
{
    struct lws_client_connect_info to;
    const char *scheme, *path;
    char full[256];

    memset(&to, 0, sizeof to);
    if (lws_parse_uri(url, &scheme, &to.address, &to.port, &path) != 0)
        return -1;
    snprintf(full, sizeof full, "/%s", path);
    if (strcmp(scheme, "wss") == 0)
        to.ssl_connection = LCCSCF_USE_SSL;
    else if (strcmp(to.address, "localhost") != 0 && strcmp(to.address, "127.0.0.1") != 0)
        return -1;
    to.context = line->context;
    to.path = full;
    to.host = to.address;
    to.protocol = to.local_protocol_name = CR_SUBPROTOCOL;
    to.alpn = "http/1.1";
    to.retry_and_idle_policy = &no_retry;
    to.pwsi = &line->wsi;
    return lws_client_connect_via_info(&to) == NULL ? -1 : 0;
}

static int service(struct line *line)
{
    line->is_woken = 0;
    while (!line->is_woken && !line->is_lost)
        if (lws_service(line->context, 0) < 0)
            line->is_lost = 1;
    return line->is_lost ? -1 : 0;
}

struct line *line_open(const char *url)
{
    struct lws_context_creation_info info;
    struct line *line = calloc(1, sizeof *line);
    char *copy = strdup(url);

    lws_set_log_level(LLL_ERR, NULL);
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.timeout_secs = 10;
    info.user = line;
    if (line != NULL && copy != NULL)
        line->context = lws_create_context(&info);
    if (line == NULL || line->context == NULL || client_connect(line, copy) != 0) {
        free(copy);
        line_close(line);
        return NULL;
    }
    free(copy);
    if (service(line) == 0 && line->is_open)
        return line;
    line_close(line);
    return NULL;
}

/* What was taken for sending has a second to leave. */
void line_close(struct line *line)
{
    if (line == NULL)
        return;
    line->heard = NULL;
    if (line->is_open && line->outgoing_bytes > 0) {
        lws_sul_schedule(line->context, 0, &line->alarm, on_alarm, LWS_US_PER_SEC);
        service(line);
    }
    if (line->context != NULL)
        lws_context_destroy(line->context);
    free(line);
}

int line_send(struct line *line, const uint8_t *message, size_t length)
{
    if (line->is_lost || length > CR_FRAME_MAX_BYTES)
        return -1;
    if (line->outgoing_bytes > 0)
        return 1;
    memcpy(line->outgoing + LWS_PRE, message, length);
    line->outgoing_bytes = length;
    lws_callback_on_writable(line->wsi);
    return 0;
}

static int64_t pause_ms(int64_t left_ms)
{
    if (left_ms < 0)
        return 0;
    return left_ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : left_ms;
}

int line_wait(struct line *line, int64_t until_ms,
              void (*heard)(void *self, const uint8_t *message, size_t length), void *self)
{
    int64_t left_ms = pause_ms(until_ms - line_now());
    struct timespec pause = {left_ms / 1000, left_ms % 1000 * 1000000};
    int failed;

    if (line == NULL) {
        nanosleep(&pause, NULL);
        return 0;
    }
    line->heard = heard;
    line->self = self;
    lws_sul_schedule(line->context, 0, &line->alarm, on_alarm, left_ms * LWS_US_PER_MS + 1);
    failed = service(line);
    lws_sul_cancel(&line->alarm);
    return failed;
}
