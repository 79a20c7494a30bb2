/* Sockets for newcomers. At the cap, and when descriptors run out, they are not watched, so that waiting newcomers cost no time. */
#include "listen.h"

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
    struct quota *quota;
    struct wheel *wheel;
    uint32_t connections, max_connections;
    int fds[CONFIG_LISTENS_MAX];
    size_t count;
    int spare_fd; /* given up for a moment to take a newcomer and send it away */
    int is_watching;
};

struct listeners *listen_new(uint32_t max_connections, struct quota *quota, struct wheel *wheel,
                             const struct listen_sink *sink)
{
    struct listeners *listeners = calloc(1, sizeof *listeners);

    if (listeners == NULL)
        return NULL;
    listeners->max_connections = max_connections;
    listeners->quota = quota;
    listeners->wheel = wheel;
    listeners->sink = *sink;
    listeners->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listeners->is_watching = 1;
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

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
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

int listen_open(struct listeners *listeners, const char *text, uint16_t *port,
                char error[static CONFIG_ERROR_BYTES])
{
    struct addrinfo *info = NULL;
    int reason = address_resolve(text, &info, error), fd = -1;

    if (reason != 0)
        return reason;
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    reason = fd < 0 ? errno : socket_prepare(fd, info);
    freeaddrinfo(info);
    if (reason != 0) {
        open_explain(text, reason, error);
        if (fd >= 0)
            close(fd);
        return reason;
    }
    *port = port_of(fd);
    listeners->fds[listeners->count++] = fd;
    listeners->sink.watch(listeners->sink.context, fd, listeners->is_watching);
    return 0;
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
    if (listeners->connections < listeners->max_connections)
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

static void guest_admit(struct listeners *listeners, int guest, const struct sockaddr *from, uint64_t now_ms)
{
    uint64_t address = quota_address(from);

    if (!quota_connect(listeners->quota, address, now_ms)) {
        close(guest);
        listeners->sink.refused(listeners->sink.context, "address-connections");
        return;
    }
    (void)option_set(guest, IPPROTO_TCP, TCP_NODELAY, 1);
    listeners->connections++;
    listeners->sink.guest(listeners->sink.context, guest, address);
}

void listen_serve(struct listeners *listeners, int fd, uint64_t now_ms)
{
    for (int i = 0; i < SERVE_AT_ONCE && listeners->is_watching; i++) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        int guest;

        if (listeners->connections >= listeners->max_connections) {
            listeners->sink.refused(listeners->sink.context, "connections");
            watch_all(listeners, 0);
            return;
        }
        memset(&from, 0, sizeof from);
        guest = accept4(fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (guest >= 0)
            guest_admit(listeners, guest, (const struct sockaddr *)&from, now_ms);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            descriptors_ran_out(listeners, fd, now_ms);
        else if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

void listen_closed(struct listeners *listeners, uint64_t address)
{
    quota_disconnect(listeners->quota, address);
    listeners->connections--;
    if (listeners->pause.link == NULL)
        watch_all(listeners, 1);
}

uint32_t listen_connections(const struct listeners *listeners)
{
    return listeners->connections;
}

void listen_stop(struct listeners *listeners)
{
    watch_all(listeners, 0);
    wheel_cancel(listeners->wheel, &listeners->pause);
    for (size_t i = 0; i < listeners->count; i++)
        close(listeners->fds[i]);
    listeners->count = 0;
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
