/* A TCP proxy to a relay on this machine that delays every byte, as a distant relay would.
 *
 *     delay PORT ONE_WAY_MICROSECONDS
 *
 * prints its own port, and works until standard input ends. The kernel answers a client's TCP handshake at once; in its
 * place the client's first bytes are held for one more round trip. */
#include "queue.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 32
#define LIFE_SECONDS 900
#define READ_BYTES 65536

enum side { CLIENT, RELAY, SIDES };

/* One connection through the proxy. Two polled descriptors each. */
struct link {
    int fds[SIDES];
    int has_ended[SIDES];       /* nothing more will be read from this side */
    struct queue queues[SIDES]; /* what that side said, on its way to the other */
};

struct proxy {
    int listener;
    uint16_t relay_port;
    int64_t one_way_ns;
    struct link *links[LINKS_MAX];
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int listen_anywhere(uint16_t *port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, length) != 0 || listen(fd, LINKS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_relay(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void link_free(struct link *link)
{
    if (link == NULL)
        return;
    for (int side = 0; side < SIDES; side++) {
        if (link->fds[side] >= 0)
            close(link->fds[side]);
        queue_clear(&link->queues[side]);
    }
    free(link);
}

static struct link *link_new(struct proxy *proxy, int client)
{
    struct link *link = calloc(1, sizeof *link);
    int on = 1;

    if (link == NULL) {
        close(client);
        return NULL;
    }
    link->fds[CLIENT] = client;
    link->fds[RELAY] = connect_relay(proxy->relay_port);
    if (link->fds[RELAY] < 0) {
        link_free(link);
        return NULL;
    }
    for (int side = 0; side < SIDES; side++)
        setsockopt(link->fds[side], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    link->queues[CLIENT].last_due_ns = queue_now_ns() + 3 * proxy->one_way_ns;
    return link;
}

static void accept_client(struct proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);

    for (int i = 0; client >= 0 && i < LINKS_MAX; i++) {
        if (proxy->links[i] == NULL) {
            proxy->links[i] = link_new(proxy, client);
            return;
        }
    }
    if (client >= 0)
        close(client);
}

/* Reads what one side said; an empty read stands for its end, and travels like the rest. */
static void link_read(struct link *link, int side, int64_t one_way_ns)
{
    uint8_t bytes[READ_BYTES];
    ssize_t count = recv(link->fds[side], bytes, sizeof bytes, 0);
    size_t length = count > 0 ? (size_t)count : 0;

    if (length == 0 || queue_append(&link->queues[side], bytes, length, one_way_ns) != 0) {
        link->has_ended[side] = 1;
        queue_append(&link->queues[side], bytes, 0, one_way_ns);
    }
}

/* Writes what is due. -1 when the other side's end has arrived, or the connection broke. */
static int link_write(struct link *link, int side, int64_t now_ns)
{
    struct chunk *chunk;

    while ((chunk = queue_due(&link->queues[side], now_ns)) != NULL) {
        ssize_t count = send(link->fds[!side], chunk->bytes, chunk->length, MSG_NOSIGNAL);
        int is_end = chunk->length == 0 || count != (ssize_t)chunk->length;

        free(chunk);
        if (is_end)
            return -1;
    }
    return 0;
}

static void write_due(struct proxy *proxy)
{
    int64_t now_ns = queue_now_ns();

    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *link = proxy->links[i];

        if (link == NULL || (link_write(link, CLIENT, now_ns) == 0 && link_write(link, RELAY, now_ns) == 0))
            continue;
        link_free(link);
        proxy->links[i] = NULL;
    }
}

static int64_t next_due(const struct proxy *proxy)
{
    int64_t due_ns = INT64_MAX;

    for (int i = 0; i < LINKS_MAX; i++)
        for (int side = 0; proxy->links[i] != NULL && side < SIDES; side++)
            if (queue_next_due(&proxy->links[i]->queues[side]) < due_ns)
                due_ns = queue_next_due(&proxy->links[i]->queues[side]);
    return due_ns;
}

static int poll_all(const struct proxy *proxy, struct pollfd *polled)
{
    int64_t due_ns = next_due(proxy), wait_ns = due_ns - queue_now_ns();
    struct timespec wait = {0};

    polled[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (int i = 0; i < LINKS_MAX * SIDES; i++) {
        const struct link *link = proxy->links[i / SIDES];
        int is_read = link != NULL && !link->has_ended[i % SIDES];

        polled[2 + i] = (struct pollfd){.fd = is_read ? link->fds[i % SIDES] : -1, .events = POLLIN};
    }
    if (wait_ns > 0) {
        wait.tv_sec = (time_t)(wait_ns / 1000000000);
        wait.tv_nsec = (long)(wait_ns % 1000000000);
    }
    return ppoll(polled, 2 + LINKS_MAX * SIDES, due_ns == INT64_MAX ? NULL : &wait, NULL);
}

static void serve(struct proxy *proxy)
{
    struct pollfd polled[2 + LINKS_MAX * SIDES];

    while (poll_all(proxy, polled) >= 0 && polled[0].revents == 0) {
        for (int i = 0; i < LINKS_MAX * SIDES; i++)
            if (polled[2 + i].revents != 0)
                link_read(proxy->links[i / SIDES], i % SIDES, proxy->one_way_ns);
        if (polled[1].revents != 0)
            accept_client(proxy);
        write_due(proxy);
    }
}

int main(int argc, char **argv)
{
    struct proxy proxy = {0};
    uint16_t port = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: delay PORT ONE_WAY_MICROSECONDS\n");
        return 64;
    }
    proxy.relay_port = (uint16_t)strtoul(argv[1], NULL, 10);
    proxy.one_way_ns = (int64_t)strtoul(argv[2], NULL, 10) * 1000;
    proxy.listener = listen_anywhere(&port);
    if (proxy.listener < 0) {
        perror("delay");
        return 1;
    }
    alarm(LIFE_SECONDS);
    printf("%u\n", port);
    fflush(stdout);
    serve(&proxy);
    for (int i = 0; i < LINKS_MAX; i++)
        link_free(proxy.links[i]);
    close(proxy.listener);
    return 0;
}
