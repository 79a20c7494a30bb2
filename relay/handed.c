/* Descriptors from number 3 on, looked at before they are believed. */
#include "handed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_FD 3

/* A number of decimal digits, or -1. */
static long number_read(const char *text)
{
    char *end;
    long number;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    number = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : -1;
}

/* Names are separated by colons. */
static void names_read(struct handed *handed, const char *names)
{
    for (size_t i = 0; i < handed->count && names != NULL; i++) {
        size_t length = strcspn(names, ":");

        snprintf(handed->names[i], HANDED_NAME_BYTES, "%.*s", (int)length, names);
        names = names[length] == ':' ? names + length + 1 : NULL;
    }
}

static int socket_asks(int fd, int option)
{
    int value = -1;
    socklen_t length = sizeof value;

    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

static int is_listening(int fd)
{
    int domain = socket_asks(fd, SO_DOMAIN);

    return socket_asks(fd, SO_TYPE) == SOCK_STREAM && socket_asks(fd, SO_ACCEPTCONN) == 1 &&
           (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX);
}

/* Never kept for a program that this one would start, and never waited on. */
static int socket_take(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (!is_listening(fd) || flags < 0)
        return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -1;
}

static int sockets_take(struct handed *handed, long count, char *error)
{
    if (count > CONFIG_LISTENS_MAX) {
        snprintf(error, CONFIG_ERROR_BYTES, "LISTEN_FDS: %ld sockets were handed over, and %d is the most",
                 count, CONFIG_LISTENS_MAX);
        return -1;
    }
    for (; (long)handed->count < count; handed->count++) {
        int fd = FIRST_FD + (int)handed->count;

        if (socket_take(fd) != 0) {
            snprintf(error, CONFIG_ERROR_BYTES,
                     "LISTEN_FDS: descriptor %d is no socket that listens for streams (in its unit: "
                     "ListenStream=, and Accept=no)",
                     fd);
            return -1;
        }
        handed->fds[handed->count] = fd;
    }
    return 0;
}

int handed_take(struct handed *handed, char error[static CONFIG_ERROR_BYTES])
{
    int is_ours = number_read(getenv("LISTEN_PID")) == (long)getpid(), failed = 0;

    memset(handed, 0, sizeof *handed);
    if (is_ours) {
        failed = sockets_take(handed, number_read(getenv("LISTEN_FDS")), error);
        names_read(handed, getenv("LISTEN_FDNAMES"));
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return failed;
}
