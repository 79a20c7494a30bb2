/* Asks a running relay for a sign of life, at the addresses of its configuration. */
#include "probe.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define STEP_SECONDS 2 /* for each of connecting, asking and being answered */
#define ANSWER_BYTES 5 /* "HTTP/", or the head of a TLS record */

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* A ClientHello that offers nothing a server takes: it is answered with an alert, and costs no key exchange. */
static const char hello[] = "\x16\x03\x01\x00\x2d"              /* handshake record, 45 bytes */
                            "\x01\x00\x00\x29\x03\x03"          /* ClientHello, 41 bytes, TLS 1.2 */
                            "certrelayd asks itself a trifle\0" /* random, 32 bytes */
                            "\x00"                              /* no session */
                            "\x00\x02\x00\xff"                  /* no cipher, but a signalling value */
                            "\x01\x00";                         /* no compression */

static int is_answer(const unsigned char *answer, int tls)
{
    if (tls)
        return (answer[0] == 0x15 || answer[0] == 0x16) && answer[1] == 0x03;
    return memcmp(answer, "HTTP/", ANSWER_BYTES) == 0;
}

/* Returns NULL, or what is wrong. */
static const char *address_ask(int family, const struct sockaddr *address, socklen_t length, int tls)
{
    const struct timeval limit = {.tv_sec = STEP_SECONDS};
    const char *question = tls ? hello : request;
    size_t bytes = tls ? sizeof hello - 1 : sizeof request - 1;
    unsigned char answer[ANSWER_BYTES];
    const char *wrong = "it takes no connection";
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        goto out;
    if (connect(fd, address, length) != 0)
        goto out;
    wrong = "it does not answer";
    if (send(fd, question, bytes, MSG_NOSIGNAL) != (ssize_t)bytes ||
        recv(fd, answer, sizeof answer, MSG_WAITALL) != (ssize_t)sizeof answer)
        goto out;
    wrong = is_answer(answer, tls) ? NULL : tls ? "it does not speak TLS" : "it does not speak HTTP";
out:
    if (fd >= 0)
        close(fd);
    return wrong;
}

static const char *path_ask(const char *path, int tls)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return "the path is too long";
    strcpy(address.sun_path, path);
    return address_ask(AF_UNIX, (const struct sockaddr *)&address, sizeof address, tls);
}

static const char *listen_ask(const char *listen, int tls)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    char host[CONFIG_TEXT_BYTES], service[8];
    const char *wrong = "no such address";
    uint16_t port;

    if (config_listen_path(listen) != NULL)
        return path_ask(config_listen_path(listen), tls);
    if (config_split_listen(listen, host, &port) != 0 || port == 0)
        return "its port is not known";
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(host, service, &hints, &info) != 0)
        return wrong;
    /* A name may have addresses of both kinds, and the relay listens at one. */
    for (const struct addrinfo *at = info; at != NULL && wrong != NULL; at = at->ai_next)
        wrong = address_ask(at->ai_family, at->ai_addr, at->ai_addrlen, tls);
    freeaddrinfo(info);
    return wrong;
}

int probe_relay(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    for (size_t i = 0; i < config->listen_count; i++) {
        const char *wrong = listen_ask(config->listens[i], config->tls != 0);

        if (wrong == NULL) {
            error[0] = '\0';
            return 0;
        }
        snprintf(error, CONFIG_ERROR_BYTES, "listen = %s: %s", config->listens[i], wrong);
    }
    return -1;
}
