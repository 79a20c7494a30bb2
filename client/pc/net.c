/* The WebSocket client on libwebsockets: its context, its connection, and the waiting. */
#include "net_state.h"

#include "tls.h"

#include <certrelay/contract.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 64
#define NEXT_ADDRESS_MS 3000
#define RECEIVE_BYTES 8192

int64_t net_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *net_library(void)
{
    return lws_get_library_version();
}

int net_is_final(enum net_failure failure)
{
    return failure >= NET_TLS_NAME || failure == NET_NAME_NOT_FOUND;
}

static const struct lws_protocols protocols[] = {
    {.name = CR_SUBPROTOCOL, .callback = net_callback, .rx_buffer_size = RECEIVE_BYTES},
    {.name = NULL},
};

/* No timer of the library's own: net_wait and on_beat do that. */
static const lws_retry_bo_t no_retry;

static struct lws_context *context_new(struct net *net)
{
    struct lws_context_creation_info info;

    memset(&info, 0, sizeof(info));
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.user = net;
    info.fd_limit_per_thread = DESCRIPTORS_MAX;
    info.timeout_secs = NET_CONNECT_MS / 1000;
    info.connect_timeout_secs = NET_CONNECT_MS / 1000;
    info.retry_and_idle_policy = &no_retry;
    info.alpn = "http/1.1";
    if (net->tls) {
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.provided_client_ssl_ctx = net->tls;
    }
    return lws_create_context(&info);
}

static int watcher_new(struct net *net)
{
    lws_sock_file_fd_type descriptor;

    net->watched = epoll_create1(EPOLL_CLOEXEC);
    if (net->watched < 0)
        return -1;
    descriptor.filefd = net->watched;
    /* The library closes it with its context. */
    return lws_adopt_descriptor_vhost(lws_get_vhost_by_name(net->context, "default"), LWS_ADOPT_RAW_FILE_DESC,
                                      descriptor, CR_SUBPROTOCOL, NULL)
               ? 0
               : -1;
}

enum net_failure net_new(struct net **result, const struct address *address, const char *ca_file)
{
    struct net *net = calloc(1, sizeof(*net));
    enum net_failure failure = NET_MEMORY;

    if (!net)
        return NET_MEMORY;
    net->address = *address;
    net->attempt = 1;
    net->outgoing = malloc(LWS_PRE + CR_FRAME_MAX_BYTES);
    net->incoming = malloc(CR_FRAME_MAX_BYTES);
    if (!net->outgoing || !net->incoming)
        goto out;
    if (!address->is_plain && (failure = tls_new(&net->tls, ca_file, address->host)) != NET_OK)
        goto out;
    failure = NET_MEMORY;
    net->context = context_new(net);
    if (!net->context || watcher_new(net))
        goto out;
    failure = NET_OK;
out:
    if (failure) {
        net_free(net);
        net = NULL;
    }
    *result = net;
    return failure;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    net->attempt = 0;
    if (net->context)
        lws_context_destroy(net->context);
    SSL_CTX_free(net->tls);
    if (net->found)
        freeaddrinfo(net->found);
    free(net->outgoing);
    free(net->incoming);
    free(net);
}

void net_on_message(struct net *net, net_message message, void *self)
{
    net->message = message;
    net->self = self;
}

static void attempt_start(struct net *net)
{
    struct lws_client_connect_info info;
    char numeric[ADDRESS_HOST_BYTES], authority[ADDRESS_HOST_BYTES + 16];
    uintptr_t attempt = ++net->attempt;
    int64_t limit_ms = net->next->ai_next ? NEXT_ADDRESS_MS : NET_CONNECT_MS;

    net->wants_next = net->has_asked = 0;
    net->verification = X509_V_OK;
    address_numeric(net->next, numeric, sizeof(numeric));
    address_authority(&net->address, authority, sizeof(authority));
    memset(&info, 0, sizeof(info));
    info.context = net->context;
    info.address = numeric;
    info.port = net->address.port;
    info.path = net->address.path;
    info.host = authority;
    info.ssl_connection = net->address.is_plain ? 0 : LCCSCF_USE_SSL;
    /* The library would check for "[", the host up to its first colon; tls_new has seen to the address itself. */
    if (info.ssl_connection && strchr(net->address.host, ':'))
        info.ssl_connection |= LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
    info.protocol = CR_SUBPROTOCOL;
    info.local_protocol_name = CR_SUBPROTOCOL;
    info.alpn = "http/1.1";
    info.retry_and_idle_policy = &no_retry;
    info.opaque_user_data = (void *)attempt;
    info.pwsi = &net->wsi;
    lws_sul_schedule(net->context, 0, &net->limit, net_on_limit, limit_ms * LWS_US_PER_MS);
    if (!lws_client_connect_via_info(&info) && attempt == net->attempt)
        net_attempt_failed(net, NULL, "");
}

void net_open(struct net *net)
{
    enum address_fault fault;

    net_close(net);
    if (net->found)
        freeaddrinfo(net->found);
    net->next = net->found = address_resolve(&net->address, &fault);
    if (!net->found) {
        net_closed(net, fault ? NET_PLAIN : NET_NAME_NOT_FOUND);
        return;
    }
    net->state = NET_CONNECTING;
    net->failure = NET_OK;
    net->wants_next = 1;
}

void net_close(struct net *net)
{
    struct lws *wsi = net->wsi;

    if (net->state == NET_CLOSED)
        return;
    net_closed(net, NET_OK);
    if (wsi)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

enum net_state net_state(const struct net *net)
{
    return net->state;
}

enum net_failure net_why(const struct net *net)
{
    return net->failure;
}

int net_send(struct net *net, const uint8_t *message, size_t length)
{
    if (net->state != NET_OPEN || net->outgoing_bytes || length > CR_FRAME_MAX_BYTES)
        return -1;
    memcpy(net->outgoing + LWS_PRE, message, length);
    net->outgoing_bytes = length;
    lws_callback_on_writable(net->wsi);
    return 0;
}

int net_is_sending(const struct net *net)
{
    return net->outgoing_bytes != 0;
}

void net_watch(struct net *net, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN};

    epoll_ctl(net->watched, EPOLL_CTL_ADD, descriptor, &event);
}

void net_unwatch(struct net *net, int descriptor)
{
    epoll_ctl(net->watched, EPOLL_CTL_DEL, descriptor, NULL);
}

void net_wait(struct net *net, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - net_now();

    if (net->wants_next)
        attempt_start(net);
    net->is_woken = 0;
    if (deadline_ms != NET_NEVER)
        lws_sul_schedule(net->context, 0, &net->wake, net_on_wake, left_ms > 0 ? left_ms * LWS_US_PER_MS : 1);
    while (!net->is_woken && lws_service(net->context, 0) >= 0)
        if (net->wants_next)
            attempt_start(net);
    lws_sul_cancel(&net->wake);
}
