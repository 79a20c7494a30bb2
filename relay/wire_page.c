/* Sends files from memory, as fast as their readers read.
 *
 * What fits into the socket at once is sent from the library's callback, and the connection may be used again. What does not is sent on
 * as the socket empties, from a watch of our own: while the library serves HTTP it looks again and again at a socket with something to
 * read that it does not read yet, so it is told to look at nothing; that connection ends with its reply. The library copies what the
 * socket did not take: one chunk at most, since nothing is written while it keeps anything. */
#include "wire_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES 16384
#define CHUNKS_AT_ONCE 16
#define SERVE_AT_ONCE 64
#define REPLY_SECONDS 60
#define HEADER_BYTES 256

struct headers {
    char host[HEADER_BYTES], accept_encoding[HEADER_BYTES], if_none_match[HEADER_BYTES], date[64];
};

/* "" when it is absent, or longer than any that would count. */
static void header_read(struct lws *wsi, enum lws_token_indexes token, char value[static HEADER_BYTES])
{
    if (lws_hdr_copy(wsi, value, HEADER_BYTES, token) <= 0)
        value[0] = '\0';
}

static enum page_method method_of(struct lws *wsi)
{
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0)
        return PAGE_HEAD;
    return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 ? PAGE_GET : PAGE_OTHER;
}

/* The library does not know where a chunked body ends, so none is let in. */
static int has_body(struct lws *wsi)
{
    char length[4] = "";

    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return 1;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0)
        return 0;
    return lws_hdr_copy(wsi, length, sizeof length, WSI_TOKEN_HTTP_CONTENT_LENGTH) != 1 || length[0] != '0';
}

static void request_read(struct lws *wsi, struct headers *headers, struct page_request *request)
{
    time_t now = time(NULL);
    struct tm utc;

    header_read(wsi, WSI_TOKEN_HOST, headers->host);
    header_read(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, headers->accept_encoding);
    header_read(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, headers->if_none_match);
    gmtime_r(&now, &utc);
    strftime(headers->date, sizeof headers->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    request->method = method_of(wsi);
    request->has_body = has_body(wsi);
    request->host = headers->host;
    request->accept_encoding = headers->accept_encoding;
    request->if_none_match = headers->if_none_match;
    request->date = headers->date;
}

static size_t chunk_of(const struct reply *reply)
{
    return reply->left < CHUNK_BYTES ? reply->left : CHUNK_BYTES;
}

/* Sends head_bytes that are in the buffer already, and the next chunk behind them. */
static int chunk_send(struct wire *wire, struct reply *reply, size_t head_bytes)
{
    uint8_t *out = wire->out + LWS_PRE;
    size_t length = chunk_of(reply);

    if (length > 0) {
        memcpy(out + head_bytes, reply->body, length);
        reply->body += length;
        reply->left -= length;
    }
    return lws_write(reply->wsi, out, head_bytes + length, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

/* Until the socket is full, all is sent, or others shall have their turn. */
static int reply_send(struct wire *wire, struct reply *reply)
{
    for (int i = 0; i < CHUNKS_AT_ONCE && reply->left > 0 && !lws_partial_buffered(reply->wsi); i++) {
        if (chunk_send(wire, reply, 0) != 0)
            return -1;
    }
    return 0;
}

static int is_sent(const struct reply *reply)
{
    return reply->left == 0 && !lws_partial_buffered(reply->wsi);
}

static void reply_forget(struct wire *wire, struct reply *reply)
{
    if (reply->is_unfinished) {
        wire->page.unfinished--;
        (void)epoll_ctl(wire->page.poll, EPOLL_CTL_DEL, reply->fd, NULL);
    }
    site_release(reply->site);
    memset(reply, 0, sizeof *reply);
}

/* From here on the library neither reads the connection nor writes to it by itself, until its time is up. */
static int reply_suspend(struct wire *wire, struct reply *reply)
{
    struct epoll_event watch = {.events = EPOLLOUT | EPOLLRDHUP, .data.ptr = reply};

    reply->fd = lws_get_socket_fd(reply->wsi);
    if (epoll_ctl(wire->page.poll, EPOLL_CTL_ADD, reply->fd, &watch) != 0)
        return -1;
    reply->is_unfinished = 1;
    wire->page.unfinished++;
    lws_rx_flow_control(reply->wsi, 0);
    lws_set_timeout(reply->wsi, PENDING_TIMEOUT_HTTP_CONTENT, REPLY_SECONDS);
    return 0;
}

static int reply_start(struct wire *wire, struct reply *reply, const struct page_answer *answer)
{
    memcpy(wire->out + LWS_PRE, answer->head, answer->head_bytes);
    if (chunk_send(wire, reply, answer->head_bytes) != 0 || reply_send(wire, reply) != 0)
        return -1;
    if (!is_sent(reply))
        return reply_suspend(wire, reply);
    return answer->is_last || lws_http_transaction_completed(reply->wsi) != 0 ? -1 : 0;
}

/* Without a page there is nothing to ask for. */
static int reply_nothing(struct lws *wsi)
{
    lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL);
    return -1;
}

int reply_begin(struct wire *wire, struct reply *reply, struct lws *wsi, const char *path, size_t path_bytes)
{
    struct page_desk *desk = &wire->page;
    struct page_request request = {.path = path, .path_bytes = path_bytes};
    struct page_answer answer;
    struct headers headers;
    int failed;

    if (desk->site == NULL) {
        wire->sink.refused(wire->sink.context, "http");
        wire->sink.answered(wire->sink.context, HTTP_STATUS_NOT_FOUND);
        return reply_nothing(wsi);
    }
    request_read(wsi, &headers, &request);
    if (desk->unfinished < desk->unfinished_max)
        page_answer(desk->site, &request, &answer);
    else
        page_answer_busy(&request, &answer);
    wire->sink.answered(wire->sink.context, answer.status);
    if (answer.status >= 400)
        wire->sink.refused(wire->sink.context, answer.status == 503 ? "downloads" : "http");
    reply->site = site_hold(desk->site);
    reply->wsi = wsi;
    reply->body = answer.body;
    reply->left = answer.body_bytes;
    failed = reply_start(wire, reply, &answer);
    if (!reply->is_unfinished)
        reply_forget(wire, reply);
    return failed;
}

void reply_end(struct wire *wire, struct reply *reply)
{
    if (reply->site != NULL)
        reply_forget(wire, reply);
}

/* The library looks at its timeouts only when it has been woken. */
static void reply_drop(struct wire *wire, struct reply *reply)
{
    struct lws *wsi = reply->wsi;

    reply_forget(wire, reply);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(wire->context);
}

/* First what the library has kept of the last chunk. */
static int reply_resume(struct wire *wire, struct reply *reply)
{
    if (lws_partial_buffered(reply->wsi) && lws_write(reply->wsi, NULL, 0, LWS_WRITE_RAW) < 0)
        return -1;
    return reply_send(wire, reply);
}

void wire_pages_serve(struct wire *wire)
{
    struct epoll_event events[SERVE_AT_ONCE];
    int count = epoll_wait(wire->page.poll, events, SERVE_AT_ONCE, 0);

    for (int i = 0; i < count; i++) {
        struct reply *reply = events[i].data.ptr;
        int is_gone = (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

        if (is_gone || reply_resume(wire, reply) != 0 || is_sent(reply))
            reply_drop(wire, reply);
    }
}

int wire_pages_fd(const struct wire *wire)
{
    return wire->page.poll;
}

int wire_show(struct wire *wire, struct site *site)
{
    if (wire->page.poll < 0)
        wire->page.poll = epoll_create1(EPOLL_CLOEXEC);
    if (wire->page.poll < 0)
        return -1;
    site_release(wire->page.site);
    wire->page.site = site_hold(site);
    return 0;
}
