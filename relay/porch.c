/* Looks at the first bytes of a connection without taking them, and takes no more than the header. */
#include "porch.h"

#include "forwarded.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVE_AT_ONCE 64
#define PATIENCE_MS 5000

struct waiting {
    struct timer timer; /* first */
    struct porch *porch;
    struct waiting *next, **link;
    struct address proxy;
    int fd;
};

struct porch {
    struct wheel *wheel;
    struct porch_sink sink;
    struct waiting *first;
    int fd;
};

struct porch *porch_new(struct wheel *wheel, const struct porch_sink *sink)
{
    struct porch *porch = calloc(1, sizeof *porch);

    if (porch == NULL)
        return NULL;
    porch->wheel = wheel;
    porch->sink = *sink;
    porch->fd = epoll_create1(EPOLL_CLOEXEC);
    if (porch->fd >= 0)
        return porch;
    free(porch);
    return NULL;
}

int porch_fd(const struct porch *porch)
{
    return porch->fd;
}

/* Returns its socket, which it has no longer. */
static int waiting_free(struct waiting *waiting)
{
    int fd = waiting->fd;

    wheel_cancel(waiting->porch->wheel, &waiting->timer);
    *waiting->link = waiting->next;
    if (waiting->next != NULL)
        waiting->next->link = waiting->link;
    (void)epoll_ctl(waiting->porch->fd, EPOLL_CTL_DEL, fd, NULL);
    free(waiting);
    return fd;
}

static void turn_away(struct waiting *waiting, const char *reason)
{
    struct porch *porch = waiting->porch;

    close(waiting_free(waiting));
    porch->sink.leave(porch->sink.context, reason);
}

static void on_patience(struct timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    turn_away((struct waiting *)timer, "proxy-header");
}

static void let_in(struct waiting *waiting, const struct address *address, int is_named, uint64_t now_ms)
{
    struct porch *porch = waiting->porch;
    struct address from = *address;
    int fd = waiting_free(waiting);

    porch->sink.enter(porch->sink.context, fd, &from, is_named, now_ms);
}

static void header_take(struct waiting *waiting, size_t bytes, const struct address *address, int is_named,
                        uint64_t now_ms)
{
    uint8_t header[FORWARDED_MAX_BYTES];

    if (recv(waiting->fd, header, bytes, MSG_DONTWAIT) == (ssize_t)bytes)
        let_in(waiting, address, is_named, now_ms);
    else
        turn_away(waiting, "proxy-header");
}

static void waiting_look(struct waiting *waiting, uint64_t now_ms)
{
    uint8_t bytes[FORWARDED_MAX_BYTES];
    ssize_t length = recv(waiting->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    struct address client = waiting->proxy;
    size_t header = 0;

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length <= 0) {
        turn_away(waiting, NULL);
        return;
    }
    switch (forwarded_parse(bytes, (size_t)length, &client, &header)) {
    case FORWARDED_PART:
        break;
    case FORWARDED_NOT:
        let_in(waiting, &waiting->proxy, 0, now_ms);
        break;
    case FORWARDED_BAD:
        turn_away(waiting, "proxy-header");
        break;
    case FORWARDED_ADDRESS:
        header_take(waiting, header, &client, 1, now_ms);
        break;
    case FORWARDED_OWN:
        header_take(waiting, header, &waiting->proxy, 0, now_ms);
        break;
    }
}

/* The watch tells of each arrival once: a part of a header does not call again and again. */
void porch_wait(struct porch *porch, int fd, const struct address *proxy, uint64_t now_ms)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    struct epoll_event watch = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = waiting};

    if (waiting == NULL || epoll_ctl(porch->fd, EPOLL_CTL_ADD, fd, &watch) != 0) {
        free(waiting);
        close(fd);
        porch->sink.leave(porch->sink.context, "memory");
        return;
    }
    waiting->porch = porch;
    waiting->fd = fd;
    waiting->proxy = *proxy;
    waiting->next = porch->first;
    waiting->link = &porch->first;
    if (waiting->next != NULL)
        waiting->next->link = &waiting->next;
    porch->first = waiting;
    wheel_arm(porch->wheel, &waiting->timer, now_ms + PATIENCE_MS, on_patience);
}

void porch_serve(struct porch *porch, uint64_t now_ms)
{
    struct epoll_event events[SERVE_AT_ONCE];
    int count = epoll_wait(porch->fd, events, SERVE_AT_ONCE, 0);

    for (int i = 0; i < count; i++)
        waiting_look(events[i].data.ptr, now_ms);
}

void porch_free(struct porch *porch)
{
    if (porch == NULL)
        return;
    while (porch->first != NULL)
        turn_away(porch->first, NULL);
    close(porch->fd);
    free(porch);
}
