/* Sockets for newcomers. At the cap, and when descriptors run out, they are not watched, so that waiting newcomers cost no time. */
#include "listen.h"

#include "forwarded.h"
#include "listen_path.h"
#include "porch.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024
#define SERVE_AT_ONCE 64
#define DEFER_SECONDS 5
#define SOCKET_BUFFER_BYTES 98304
#define PAUSE_MS 1000

struct listeners {
    struct timer pause; /* first: after descriptors ran out */
    struct listen_sink sink;
    struct listen_rules rules;
    struct quota *quota;
    struct wheel *wheel;
    struct porch *porch;
    uint32_t connections;
    int fds[CONFIG_LISTENS_MAX];
    char paths[CONFIG_LISTENS_MAX][CONFIG_TEXT_BYTES]; /* "" for those that are none */
    uint8_t is_handed[CONFIG_LISTENS_MAX];
    size_t count;
    int spare_fd; /* given up for a moment to take a newcomer and send it away */
    int is_watching;
};

static void porch_enter(void *context, int fd, const struct address *address, int is_named, uint64_t now_ms);
static void porch_leave(void *context, const char *reason);

struct listeners *listen_new(const struct listen_rules *rules, struct quota *quota, struct wheel *wheel,
                             const struct listen_sink *sink)
{
    struct listeners *listeners = calloc(1, sizeof *listeners);
    const struct porch_sink porch = {porch_enter, porch_leave, listeners};

    if (listeners == NULL)
        return NULL;
    listeners->porch = porch_new(wheel, &porch);
    if (listeners->porch == NULL) {
        free(listeners);
        return NULL;
    }
    listeners->rules = *rules;
    listeners->quota = quota;
    listeners->wheel = wheel;
    listeners->sink = *sink;
    listeners->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listeners->is_watching = 1;
    sink->watch(sink->context, porch_fd(listeners->porch), 1);
    return listeners;
}

static int option_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* Buffer sizes and the deferral are inherited by accepted sockets, and count for the window only when set before listen. */
static int socket_prepare(int fd, const struct addrinfo *info)
{
    (void)option_set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    (void)option_set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
    (void)option_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS);
    if (option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
        return errno;
    if (info->ai_family == AF_INET6 && option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
        return errno;
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return errno;
    return 0;
}

uint16_t listen_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 || address.ss_family == AF_UNIX)
        return 0;
    if (address.ss_family == AF_INET6) {
        memcpy(&v6, &address, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    memcpy(&v4, &address, sizeof v4);
    return ntohs(v4.sin_port);
}

/* Returns 0 or an errno, with a sentence in error. */
static int address_resolve(const char *text, struct addrinfo **info, char *error)
{
    const struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char host[CONFIG_TEXT_BYTES], service[8];
    uint16_t port;
    int failed;

    if (config_split_listen(text, host, &port) != 0) {
        snprintf(error, CONFIG_ERROR_BYTES, "listen = %s: must be HOST:PORT or [HOST]:PORT", text);
        return EINVAL;
    }
    snprintf(service, sizeof service, "%u", (unsigned)port);
    failed = getaddrinfo(host, service, &hints, info);
    if (failed == 0)
        return 0;
    snprintf(error, CONFIG_ERROR_BYTES, "listen = %s: %s", text, gai_strerror(failed));
    return EADDRNOTAVAIL;
}

int listen_check(const char *text, char error[static CONFIG_ERROR_BYTES])
{
    struct addrinfo *info = NULL;

    if (config_listen_path(text) != NULL)
        return listen_path_check("listen", text, error);
    if (strcmp(text, CONFIG_LISTEN_HANDED) == 0)
        return 0;
    if (address_resolve(text, &info, error) != 0)
        return -1;
    freeaddrinfo(info);
    return 0;
}

static void open_explain(const char *text, int reason, char *error)
{
    static const struct {
        int reason;
        const char *means;
    } known[] = {
        {EADDRINUSE, "another program has this port"},
        {EADDRNOTAVAIL, "this machine does not have this address"},
        {EACCES, "a port below 1024 needs root or the capability CAP_NET_BIND_SERVICE"},
        {EAFNOSUPPORT, "this machine has no addresses of this kind"},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].reason != reason)
            continue;
        snprintf(error, CONFIG_ERROR_BYTES, "listen = %s: %s (%s)", text, known[i].means, strerror(reason));
        return;
    }
    snprintf(error, CONFIG_ERROR_BYTES, "listen = %s: %s", text, strerror(reason));
}

static int port_open(const char *text, int *fd, char *error)
{
    struct addrinfo *info = NULL;
    int reason = address_resolve(text, &info, error);

    if (reason != 0)
        return reason;
    *fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    reason = *fd < 0 ? errno : socket_prepare(*fd, info);
    freeaddrinfo(info);
    if (reason == 0)
        return 0;
    open_explain(text, reason, error);
    if (*fd >= 0)
        close(*fd);
    return reason;
}

static void listener_add(struct listeners *listeners, int fd, const char *path)
{
    strcpy(listeners->paths[listeners->count], path != NULL ? path : "");
    listeners->fds[listeners->count++] = fd;
    listeners->sink.watch(listeners->sink.context, fd, listeners->is_watching);
}

int listen_open(struct listeners *listeners, const char *text, uint16_t *port,
                char error[static CONFIG_ERROR_BYTES])
{
    const char *path = config_listen_path(text);
    int fd = -1, reason;

    reason = path != NULL ? listen_path_open("listen", text, &fd, error) : port_open(text, &fd, error);
    if (reason != 0)
        return reason;
    *port = listen_port(fd);
    listener_add(listeners, fd, path);
    return 0;
}

/* Mostly only what is inherited by accepted sockets counts now; who made it chose the rest. */
void listen_take(struct listeners *listeners, int fd)
{
    (void)option_set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER_BYTES);
    (void)option_set(fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER_BYTES);
    if (listen_port(fd) != 0)
        (void)option_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_SECONDS);
    listeners->is_handed[listeners->count] = 1;
    listener_add(listeners, fd, NULL);
}

void listen_leave(struct listeners *listeners)
{
    size_t kept = 0;

    for (size_t i = 0; i < listeners->count; i++) {
        if (listeners->is_handed[i]) {
            if (listeners->is_watching)
                listeners->sink.watch(listeners->sink.context, listeners->fds[i], 0);
            close(listeners->fds[i]);
            continue;
        }
        listeners->fds[kept] = listeners->fds[i];
        memmove(listeners->paths[kept], listeners->paths[i], CONFIG_TEXT_BYTES);
        listeners->is_handed[kept++] = 0;
    }
    listeners->count = kept;
}

static void watch_all(struct listeners *listeners, int is_on)
{
    if (listeners->is_watching == is_on)
        return;
    listeners->is_watching = is_on;
    for (size_t i = 0; i < listeners->count; i++)
        listeners->sink.watch(listeners->sink.context, listeners->fds[i], is_on);
}

static void pause_over(struct timer *timer, uint64_t now_ms)
{
    struct listeners *listeners = (struct listeners *)timer;

    (void)now_ms;
    if (listeners->connections < listeners->rules.max_connections)
        watch_all(listeners, 1);
}

/* Takes one newcomer with the spare descriptor, so that it hears at once that there is no room, and rests. */
static void descriptors_ran_out(struct listeners *listeners, int fd, uint64_t now_ms)
{
    int guest;

    if (listeners->spare_fd >= 0)
        close(listeners->spare_fd);
    guest = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (guest >= 0)
        close(guest);
    listeners->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listeners->sink.refused(listeners->sink.context, "descriptors");
    watch_all(listeners, 0);
    wheel_arm(listeners->wheel, &listeners->pause, now_ms + PAUSE_MS, pause_over);
}

static void guest_refuse(struct listeners *listeners, int guest, const char *reason)
{
    close(guest);
    listeners->connections--;
    listeners->sink.refused(listeners->sink.context, reason);
}

static int has_outsiders(const struct listeners *listeners)
{
    return listeners->rules.allowed->count > 0 || listeners->rules.asks_permit;
}

static void caller_set(const struct listeners *listeners, struct caller *caller,
                       const struct address *address)
{
    caller->address = *address;
    caller->key = quota_key(address);
    caller->is_outsider = has_outsiders(listeners) && !networks_hold(listeners->rules.allowed, address);
}

const char *listen_name(struct listeners *listeners, struct caller *caller, const struct address *client,
                        uint64_t now_ms)
{
    const char *refused;

    if (client != NULL)
        caller_set(listeners, caller, client);
    else
        caller->is_outsider = (uint8_t)has_outsiders(listeners);
    refused = quota_connect(listeners->quota, caller->key, now_ms);
    caller->is_proxy = 0;
    caller->is_counted = refused == NULL;
    return refused;
}

static void guest_admit(struct listeners *listeners, int guest, const struct address *address,
                        uint64_t now_ms)
{
    struct caller caller = {.is_proxy = 0};
    const char *refused = listen_name(listeners, &caller, address, now_ms);

    if (refused != NULL)
        guest_refuse(listeners, guest, refused);
    else
        listeners->sink.guest(listeners->sink.context, guest, &caller);
}

/* Whoever the proxy speaks for is counted when that is known. */
static void porch_enter(void *context, int fd, const struct address *address, int is_named, uint64_t now_ms)
{
    struct listeners *listeners = context;
    struct caller proxy = {.is_proxy = 1};

    if (is_named) {
        guest_admit(listeners, fd, address, now_ms);
        return;
    }
    caller_set(listeners, &proxy, address);
    listeners->sink.guest(listeners->sink.context, fd, &proxy);
}

static void guest_left(struct listeners *listeners)
{
    listeners->connections--;
    if (listeners->pause.link == NULL)
        watch_all(listeners, 1);
}

static void porch_leave(void *context, const char *reason)
{
    struct listeners *listeners = context;

    if (reason != NULL)
        listeners->sink.refused(listeners->sink.context, reason);
    guest_left(listeners);
}

/* Mostly the first bytes are there: the socket was deferred until they were. */
static int brings_header(int guest)
{
    uint8_t bytes[16];
    struct address ignored;
    size_t length;
    ssize_t got = recv(guest, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    return got >= 12 && forwarded_parse(bytes, (size_t)got, &ignored, &length) != FORWARDED_NOT;
}

static void guest_meet(struct listeners *listeners, int guest, const struct sockaddr *from, uint64_t now_ms)
{
    struct address address = address_of(from);
    int is_local = from->sa_family != AF_INET && from->sa_family != AF_INET6;

    listeners->connections++;
    if (!is_local)
        (void)option_set(guest, IPPROTO_TCP, TCP_NODELAY, 1);
    if (is_local || networks_hold(listeners->rules.trusted, &address)) {
        porch_wait(listeners->porch, guest, &address, now_ms);
    } else if (brings_header(guest)) {
        listeners->sink.disbelieved(listeners->sink.context, quota_key(&address));
        guest_refuse(listeners, guest, "proxy-header");
    } else {
        guest_admit(listeners, guest, &address, now_ms);
    }
}

void listen_serve(struct listeners *listeners, int fd, uint64_t now_ms)
{
    if (fd == porch_fd(listeners->porch)) {
        porch_serve(listeners->porch, now_ms);
        return;
    }
    for (int i = 0; i < SERVE_AT_ONCE && listeners->is_watching; i++) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        int guest;

        if (listeners->connections >= listeners->rules.max_connections) {
            listeners->sink.refused(listeners->sink.context, "connections");
            watch_all(listeners, 0);
            return;
        }
        memset(&from, 0, sizeof from);
        guest = accept4(fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (guest >= 0)
            guest_meet(listeners, guest, (const struct sockaddr *)&from, now_ms);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            descriptors_ran_out(listeners, fd, now_ms);
        else if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

void listen_closed(struct listeners *listeners, const struct caller *caller)
{
    if (caller->is_counted)
        quota_disconnect(listeners->quota, caller->key);
    guest_left(listeners);
}

uint32_t listen_connections(const struct listeners *listeners)
{
    return listeners->connections;
}

void listen_stop(struct listeners *listeners)
{
    watch_all(listeners, 0);
    wheel_cancel(listeners->wheel, &listeners->pause);
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->fds[i]);
        if (listeners->paths[i][0] != '\0')
            (void)unlink(listeners->paths[i]);
    }
    listeners->count = 0;
    if (listeners->porch != NULL)
        listeners->sink.watch(listeners->sink.context, porch_fd(listeners->porch), 0);
    porch_free(listeners->porch);
    listeners->porch = NULL;
}

void listen_free(struct listeners *listeners)
{
    if (listeners == NULL)
        return;
    listen_stop(listeners);
    if (listeners->spare_fd >= 0)
        close(listeners->spare_fd);
    free(listeners);
}
