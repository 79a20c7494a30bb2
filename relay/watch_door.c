/* A small server for one kind of short answers.
 *
 * When all places are taken, the connection that is there for the longest gives up its own: whoever is slow stands in nobody's way. A
 * question that is there when its connection comes in is answered at once. */
#include "watch_door.h"

#include "listen_path.h"
#include "metrics.h"
#include "network.h"
#include "watch_request.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GUESTS_MAX 8
#define SERVE_AT_ONCE 16
#define BACKLOG 64
#define PATIENCE_MS 5000
#define PAUSE_MS 1000
#define HEAD_BYTES 512
#define DISCARD_MAX_BYTES 65536 /* what may follow a question, thrown away so that the answer is not */

struct guest {
    struct timer timer; /* first */
    struct watch_door *door;
    uint64_t serial; /* of its coming */
    int fd;          /* -1: the place is free */
    int is_head;
    size_t asked, said, answer_bytes, discarded;
    char *answer; /* NULL: it has not asked yet */
    char question[WATCH_REQUEST_MAX_BYTES];
};

struct watch_door {
    struct timer pause; /* first: after descriptors ran out */
    struct wheel *wheel;
    struct watch_sink sink;
    int poll, listener;
    char path[CONFIG_TEXT_BYTES]; /* "" unless the listener is one */
    uint64_t serial;
    struct guest guests[GUESTS_MAX];
};

struct watch_door *watch_door_new(struct wheel *wheel, const struct watch_sink *sink)
{
    struct watch_door *door = calloc(1, sizeof *door);

    if (door == NULL)
        return NULL;
    door->wheel = wheel;
    door->sink = *sink;
    door->listener = -1;
    for (int i = 0; i < GUESTS_MAX; i++) {
        door->guests[i].door = door;
        door->guests[i].fd = -1;
    }
    door->poll = epoll_create1(EPOLL_CLOEXEC);
    if (door->poll >= 0)
        return door;
    free(door);
    return NULL;
}

int watch_door_check(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    return config_listen_path(config->watch) != NULL ? listen_path_check("watch", config->watch, error) : 0;
}

static int watch_poll(const struct watch_door *door, int fd, void *what, uint32_t events, int how)
{
    struct epoll_event watch = {.events = events, .data.ptr = what};

    return epoll_ctl(door->poll, how, fd, &watch);
}

static socklen_t address_put(const struct address *address, uint16_t port, struct sockaddr_storage *place)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (memcmp(address->bytes, mapped, sizeof mapped) == 0) {
        memcpy(&v4.sin_addr, address->bytes + 12, 4);
        memcpy(place, &v4, sizeof v4);
        return sizeof v4;
    }
    memcpy(&v6.sin6_addr, address->bytes, 16);
    memcpy(place, &v6, sizeof v6);
    return sizeof v6;
}

/* Returns 0 or an errno. */
static int port_open(const struct address *address, uint16_t port, int *fd)
{
    struct sockaddr_storage place = {.ss_family = AF_UNSPEC};
    socklen_t length = address_put(address, port, &place);
    int on = 1;

    *fd = socket(place.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(*fd, (const struct sockaddr *)&place, length) != 0 || listen(*fd, BACKLOG) != 0)
        return errno;
    return 0;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage place;
    socklen_t length = sizeof place;
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    if (getsockname(fd, (struct sockaddr *)&place, &length) != 0)
        return 0;
    memcpy(&v6, &place, sizeof v6);
    memcpy(&v4, &place, sizeof v4);
    return ntohs(place.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

int watch_door_open(struct watch_door *door, const struct config *config, uint16_t *port,
                    char error[static CONFIG_ERROR_BYTES])
{
    const char *path = config_listen_path(config->watch);
    struct address address;
    int reason;

    *port = 0;
    if (path != NULL) {
        if (listen_path_open("watch", config->watch, &door->listener, error) != 0)
            return -1;
        strcpy(door->path, path);
    } else {
        reason = config_watch_address(config, &address, port) == 0
                     ? port_open(&address, *port, &door->listener)
                     : EINVAL;
        if (reason != 0) {
            snprintf(error, CONFIG_ERROR_BYTES, "watch = %s: %s%s", config->watch,
                     reason == EADDRINUSE ? "another program has this port: " : "", strerror(reason));
            return -1;
        }
        *port = port_of(door->listener);
    }
    return watch_poll(door, door->listener, NULL, EPOLLIN, EPOLL_CTL_ADD);
}

int watch_door_fd(const struct watch_door *door)
{
    return door->poll;
}

static void guest_end(struct guest *guest)
{
    if (guest->fd < 0)
        return;
    wheel_cancel(guest->door->wheel, &guest->timer);
    close(guest->fd);
    free(guest->answer);
    guest->answer = NULL;
    guest->fd = -1;
}

static void on_patience(struct timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    guest_end((struct guest *)timer);
}

struct content {
    unsigned status;
    const char *type;
    size_t length;
    char bytes[METRICS_TEXT_BYTES];
};

static void say(struct content *content, unsigned status, const char *word)
{
    content->status = status;
    content->type = "text/plain; charset=utf-8";
    content->length = strlen(word) + 1;
    memcpy(content->bytes, word, content->length - 1);
    content->bytes[content->length - 1] = '\n';
}

static void say_metrics(const struct watch_sink *sink, struct content *content)
{
    content->status = 200;
    content->type = "text/plain; version=0.0.4; charset=utf-8";
    content->length = sink->metrics(sink->context, content->bytes, sizeof content->bytes);
    if (content->length == 0)
        say(content, 503, "too long");
}

static void content_make(const struct watch_sink *sink, enum watch_asks asks, struct content *content)
{
    const char *word;

    switch (asks) {
    case WATCH_ASKS_HEALTH:
        say(content, 200, "ok");
        break;
    case WATCH_ASKS_READY:
        word = sink->unready(sink->context);
        say(content, word == NULL ? 200 : 503, word == NULL ? "ok" : word);
        break;
    case WATCH_ASKS_METRICS:
        say_metrics(sink, content);
        break;
    case WATCH_ASKS_METHOD:
        say(content, 405, "GET or HEAD");
        break;
    case WATCH_ASKS_TOO_MUCH:
        say(content, 431, "too long");
        break;
    case WATCH_ASKS_NONSENSE:
        say(content, 400, "no request");
        break;
    default:
        say(content, 404, "/healthz, /readyz or /metrics");
        break;
    }
}

static int answer_make(struct guest *guest, enum watch_asks asks)
{
    static struct content content;
    char head[HEAD_BYTES];
    size_t length;

    content_make(&guest->door->sink, asks, &content);
    length = watch_answer_head(content.status, content.type, content.length, head, sizeof head);
    if (guest->is_head)
        content.length = 0;
    guest->answer = malloc(length + content.length);
    if (guest->answer == NULL)
        return -1;
    memcpy(guest->answer, head, length);
    memcpy(guest->answer + length, content.bytes, content.length);
    guest->answer_bytes = length + content.length;
    return 0;
}

/* Returns 0 when the connection may stay, as all below. */
static int answer_send(struct guest *guest)
{
    while (guest->said < guest->answer_bytes) {
        ssize_t sent = send(guest->fd, guest->answer + guest->said, guest->answer_bytes - guest->said,
                            MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return watch_poll(guest->door, guest->fd, guest, EPOLLOUT, EPOLL_CTL_MOD);
        if (sent < 0)
            return -1;
        guest->said += (size_t)sent;
    }
    if (shutdown(guest->fd, SHUT_WR) != 0)
        return -1;
    return watch_poll(guest->door, guest->fd, guest, EPOLLIN, EPOLL_CTL_MOD);
}

/* A socket that is closed with something unread takes its answer back. */
static int rest_discard(struct guest *guest)
{
    ssize_t got = recv(guest->fd, guest->question, sizeof guest->question, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return -1;
    guest->discarded += (size_t)got;
    return guest->discarded > DISCARD_MAX_BYTES ? -1 : 0;
}

static int question_read(struct guest *guest)
{
    ssize_t got =
        recv(guest->fd, guest->question + guest->asked, sizeof guest->question - guest->asked, MSG_DONTWAIT);
    enum watch_asks asks;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return -1;
    guest->asked += (size_t)got;
    asks = watch_request_read(guest->question, guest->asked, &guest->is_head);
    if (asks == WATCH_ASKS_MORE)
        return 0;
    return answer_make(guest, asks) != 0 ? -1 : answer_send(guest);
}

static void guest_serve(struct guest *guest)
{
    int failed;

    if (guest->fd < 0)
        return;
    if (guest->answer == NULL)
        failed = question_read(guest);
    else if (guest->said < guest->answer_bytes)
        failed = answer_send(guest);
    else
        failed = rest_discard(guest);
    if (failed != 0)
        guest_end(guest);
}

static struct guest *place_find(struct watch_door *door)
{
    struct guest *oldest = &door->guests[0];

    for (int i = 0; i < GUESTS_MAX; i++) {
        if (door->guests[i].fd < 0)
            return &door->guests[i];
        if (door->guests[i].serial < oldest->serial)
            oldest = &door->guests[i];
    }
    guest_end(oldest);
    return oldest;
}

static void guest_enter(struct watch_door *door, int fd, uint64_t now_ms)
{
    struct guest *guest = place_find(door);

    guest->fd = fd;
    guest->serial = ++door->serial;
    guest->asked = guest->said = guest->answer_bytes = guest->discarded = 0;
    wheel_arm(door->wheel, &guest->timer, now_ms + PATIENCE_MS, on_patience);
    if (watch_poll(door, fd, guest, EPOLLIN, EPOLL_CTL_ADD) != 0)
        guest_end(guest);
    else
        guest_serve(guest);
}

static void pause_over(struct timer *timer, uint64_t now_ms)
{
    struct watch_door *door = (struct watch_door *)timer;

    (void)now_ms;
    (void)watch_poll(door, door->listener, NULL, EPOLLIN, EPOLL_CTL_MOD);
}

/* Without a descriptor for who waits, the listener would call again and again. */
static void door_pause(struct watch_door *door, uint64_t now_ms)
{
    (void)watch_poll(door, door->listener, NULL, 0, EPOLL_CTL_MOD);
    wheel_arm(door->wheel, &door->pause, now_ms + PAUSE_MS, pause_over);
}

static void door_accept(struct watch_door *door, uint64_t now_ms)
{
    for (int i = 0; i < SERVE_AT_ONCE; i++) {
        int fd = accept4(door->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            guest_enter(door, fd, now_ms);
        } else if (errno != ECONNABORTED && errno != EINTR) {
            if (errno != EAGAIN)
                door_pause(door, now_ms);
            return;
        }
    }
}

void watch_door_serve(struct watch_door *door, uint64_t now_ms)
{
    struct epoll_event events[SERVE_AT_ONCE];
    int count = epoll_wait(door->poll, events, SERVE_AT_ONCE, 0);

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL)
            door_accept(door, now_ms);
        else
            guest_serve(events[i].data.ptr);
    }
}

void watch_door_free(struct watch_door *door)
{
    if (door == NULL)
        return;
    for (int i = 0; i < GUESTS_MAX; i++)
        guest_end(&door->guests[i]);
    wheel_cancel(door->wheel, &door->pause);
    if (door->listener >= 0)
        close(door->listener);
    if (door->path[0] != '\0')
        (void)unlink(door->path);
    close(door->poll);
    free(door);
}
