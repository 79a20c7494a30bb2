/* What libwebsockets reports, noted in struct net: no policy, nothing blocks, one write per callback. */
#include "net_state.h"

#include "tls.h"

#include <certrelay/contract.h>

#include <errno.h>
#include <string.h>

void net_wake(struct net *net)
{
    net->is_woken = 1;
    lws_cancel_service(net->context); /* a timer's callback runs before poll() */
}

void net_closed(struct net *net, enum net_failure failure)
{
    net->state = NET_CLOSED;
    net->failure = failure;
    net->attempt++;
    net->wsi = NULL;
    net->wants_next = net->wants_ping = 0;
    net->outgoing_bytes = net->incoming_bytes = 0;
    lws_sul_cancel(&net->limit);
    lws_sul_cancel(&net->beat);
    net_wake(net);
}

/* The library does not tell why a connection did not come about; the kernel does. */
static enum net_failure probe(const struct addrinfo *info)
{
    switch (address_probe(info)) {
    case 0:
        return NET_LOST;
    case ECONNREFUSED:
        return NET_REFUSED;
    case ETIMEDOUT:
        return NET_TIMEOUT;
    default:
        return NET_UNREACHABLE;
    }
}

static enum net_failure answer_failure(struct lws *wsi, const char *text)
{
    static const char *const hang_ups[] = {"hung up", "read failed", "Closed before", "Timed out"};
    unsigned status = lws_http_client_http_response(wsi);

    if (status == 429 || (status >= 502 && status <= 504))
        return NET_BUSY;
    for (size_t i = 0; i < sizeof(hang_ups) / sizeof(hang_ups[0]); i++)
        if (strstr(text, hang_ups[i]))
            return NET_LOST;
    return NET_NOT_A_RELAY;
}

static enum net_failure failure_of(struct net *net, struct lws *wsi, const char *text)
{
    if (net->verification != X509_V_OK)
        return tls_failure(net->verification);
    if (net->has_asked)
        return answer_failure(wsi, text);
    if (strstr(text, "SSL") || strstr(text, "tls"))
        return NET_TLS_OTHER;
    return net->next ? probe(net->next) : NET_LOST;
}

static void try_next(struct net *net, enum net_failure failure)
{
    if (net->next)
        net->next = net->next->ai_next;
    if (net_is_final(failure) || !net->next) {
        net_closed(net, failure);
        return;
    }
    net->attempt++;
    net->wsi = NULL;
    net->wants_next = 1;
    net_wake(net);
}

void net_attempt_failed(struct net *net, struct lws *wsi, const char *text)
{
    try_next(net, failure_of(net, wsi, text));
}

void net_on_limit(lws_sorted_usec_list_t *sul)
{
    struct net *net = lws_container_of(sul, struct net, limit);
    struct lws *wsi = net->wsi;

    try_next(net, NET_TIMEOUT);
    if (wsi)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void on_beat(lws_sorted_usec_list_t *sul)
{
    struct net *net = lws_container_of(sul, struct net, beat);
    struct lws *wsi = net->wsi;

    if (net->state != NET_OPEN || !wsi)
        return;
    if (net_now() - net->heard_ms >= NET_SILENT_MS) {
        net_closed(net, NET_LOST);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        return;
    }
    net->wants_ping = 1;
    lws_callback_on_writable(wsi);
    lws_sul_schedule(net->context, 0, &net->beat, on_beat, NET_PING_MS * LWS_US_PER_MS);
}

void net_on_wake(lws_sorted_usec_list_t *sul)
{
    net_wake(lws_container_of(sul, struct net, wake));
}

static int on_established(struct net *net, struct lws *wsi)
{
    net->wsi = wsi;
    net->state = NET_OPEN;
    net->failure = NET_OK;
    net->heard_ms = net_now();
    lws_sul_cancel(&net->limit);
    lws_sul_schedule(net->context, 0, &net->beat, on_beat, NET_PING_MS * LWS_US_PER_MS);
    net_wake(net);
    return 0;
}

static int on_receive(struct net *net, struct lws *wsi, const uint8_t *bytes, size_t length)
{
    net->heard_ms = net_now();
    if (!lws_frame_is_binary(wsi) || length > CR_FRAME_MAX_BYTES - net->incoming_bytes) {
        net_closed(net, NET_NOT_A_RELAY);
        return -1;
    }
    memcpy(net->incoming + net->incoming_bytes, bytes, length);
    net->incoming_bytes += length;
    if (lws_remaining_packet_payload(wsi) || !lws_is_final_fragment(wsi))
        return 0;
    length = net->incoming_bytes;
    net->incoming_bytes = 0;
    if (net->message)
        net->message(net->self, net->incoming, length);
    net_wake(net);
    return 0;
}

static int on_writeable(struct net *net, struct lws *wsi)
{
    uint8_t ping[LWS_PRE + 1];
    int written;

    if (net->outgoing_bytes) {
        written = lws_write(wsi, net->outgoing + LWS_PRE, net->outgoing_bytes, LWS_WRITE_BINARY);
        net->outgoing_bytes = 0;
        net_wake(net);
    } else if (net->wants_ping) {
        net->wants_ping = 0;
        written = lws_write(wsi, ping + LWS_PRE, 0, LWS_WRITE_PING);
    } else {
        return 0;
    }
    if (net->wants_ping || net->outgoing_bytes)
        lws_callback_on_writable(wsi);
    return written < 0 ? -1 : 0;
}

/* The library would take a missing subprotocol for agreement. */
static int has_our_protocol(struct lws *wsi)
{
    char name[32];

    return lws_hdr_copy(wsi, name, sizeof(name), WSI_TOKEN_PROTOCOL) > 0 && !strcmp(name, CR_SUBPROTOCOL);
}

static int on_connection(struct net *net, struct lws *wsi, enum lws_callback_reasons reason, void *in,
                         size_t length)
{
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        net->has_asked = 1;
        return 0;
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
        return has_our_protocol(wsi) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
        return -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        net_attempt_failed(net, wsi, in && length ? (const char *)in : "");
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        return on_established(net, wsi);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(net, wsi, in, length);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        net->heard_ms = net_now();
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writeable(net, wsi);
    case LWS_CALLBACK_CLIENT_CLOSED:
        net_closed(net, NET_LOST);
        return 0;
    default:
        return 0;
    }
}

/* length is whether the certificate was found good so far. */
static int on_certificate(struct net *net, X509_STORE_CTX *checked, size_t is_good)
{
    if (!is_good && net->verification == X509_V_OK)
        net->verification = X509_STORE_CTX_get_error(checked);
    return 0;
}

int net_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct net *net;

    if (!wsi || !lws_get_context(wsi))
        return 0;
    net = lws_context_user(lws_get_context(wsi));
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        net_wake(net);
        return 0;
    }
    if ((uintptr_t)lws_get_opaque_user_data(wsi) != net->attempt)
        return 0;
    if (reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION)
        return on_certificate(net, user, length);
    return on_connection(net, wsi, reason, in, length);
}
