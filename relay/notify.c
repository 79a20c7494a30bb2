/* Datagrams of lines NAME=VALUE to the socket that the environment names. */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STATUS_BYTES 160
#define MESSAGE_BYTES (STATUS_BYTES + 96)

struct notify {
    int fd;
    struct sockaddr_un address;
    socklen_t address_bytes;
    uint64_t watchdog_us;
};

/* A path, or '@' and a name that is in no folder. Returns its length in the kernel's words, or 0. */
static socklen_t address_read(const char *name, struct sockaddr_un *address)
{
    size_t length = name != NULL ? strlen(name) : 0;

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (length < 2 || length >= sizeof address->sun_path || (name[0] != '/' && name[0] != '@'))
        return 0;
    memcpy(address->sun_path, name, length);
    if (name[0] == '/')
        return (socklen_t)sizeof *address;
    address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* A decimal number, or 0. */
static uint64_t number_read(const char *text)
{
    char *end;
    unsigned long long number;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    errno = 0;
    number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : 0;
}

/* A watchdog that is meant for another process is none. */
static uint64_t watchdog_read(void)
{
    const char *process = getenv("WATCHDOG_PID");

    if (process != NULL && number_read(process) != (uint64_t)getpid())
        return 0;
    return number_read(getenv("WATCHDOG_USEC"));
}

struct notify *notify_new(void)
{
    struct notify *notify = calloc(1, sizeof *notify);

    if (notify != NULL) {
        notify->address_bytes = address_read(getenv("NOTIFY_SOCKET"), &notify->address);
        notify->watchdog_us = watchdog_read();
        notify->fd =
            notify->address_bytes > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (notify != NULL && notify->fd < 0) {
        free(notify);
        notify = NULL;
    }
    return notify;
}

uint64_t notify_beat_ms(const struct notify *notify)
{
    uint64_t half_ms = notify != NULL ? notify->watchdog_us / 2000 : 0;

    return half_ms == 0 && notify != NULL && notify->watchdog_us > 0 ? 1 : half_ms;
}

/* A manager that is not there just now, or does not read, is not waited for. */
static void say(const struct notify *notify, const char *message)
{
    if (notify == NULL)
        return;
    if (sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
               notify->address_bytes) < 0) {
        /* It will hear the next one. */
    }
}

void notify_ready(const struct notify *notify, const char *status)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof message, "READY=1\nSTATUS=%.*s", STATUS_BYTES, status);
    say(notify, message);
}

void notify_reloading(const struct notify *notify)
{
    char message[MESSAGE_BYTES];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
    say(notify, message);
}

void notify_status(const struct notify *notify, const char *status)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof message, "STATUS=%.*s", STATUS_BYTES, status);
    say(notify, message);
}

void notify_stopping(const struct notify *notify, uint64_t within_ms, const char *status)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof message, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%llu\nSTATUS=%.*s",
             (unsigned long long)within_ms * 1000, STATUS_BYTES, status);
    say(notify, message);
}

void notify_beat(const struct notify *notify)
{
    say(notify, "WATCHDOG=1");
}

void notify_free(struct notify *notify)
{
    if (notify == NULL)
        return;
    close(notify->fd);
    free(notify);
}
