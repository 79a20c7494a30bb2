/* Unix sockets for newcomers. */
#include "listen_path.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static int path_address(const char *key, const char *text, struct sockaddr_un *address, char *error)
{
    const char *path = config_listen_path(text);

    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) < sizeof address->sun_path) {
        strcpy(address->sun_path, path);
        return 0;
    }
    snprintf(error, CONFIG_ERROR_BYTES, "%s = %s: the path is longer than %zu bytes", key, text,
             sizeof address->sun_path - 1);
    return ENAMETOOLONG;
}

int listen_path_check(const char *key, const char *text, char error[static CONFIG_ERROR_BYTES])
{
    struct sockaddr_un address;

    return path_address(key, text, &address, error) == 0 ? 0 : -1;
}

/* Nobody answers at a socket whose program has ended. */
static int is_left_over(const struct sockaddr_un *address)
{
    struct stat status;
    int probe, is_dead;

    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return 0;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return 0;
    is_dead = connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    close(probe);
    return is_dead;
}

/* The mode is in force before anybody can connect. */
static int path_bind(int fd, const struct sockaddr_un *address)
{
    mode_t mask = umask(0117);
    int failed = bind(fd, (const struct sockaddr *)address, sizeof *address);

    umask(mask);
    return failed != 0 || listen(fd, BACKLOG) != 0 ? errno : 0;
}

int listen_path_open(const char *key, const char *text, int *fd, char error[static CONFIG_ERROR_BYTES])
{
    struct sockaddr_un address;
    int reason = path_address(key, text, &address, error);

    if (reason != 0)
        return reason;
    if (is_left_over(&address))
        (void)unlink(address.sun_path);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    reason = *fd < 0 ? errno : path_bind(*fd, &address);
    if (reason == 0)
        return 0;
    snprintf(error, CONFIG_ERROR_BYTES, "%s = %s: %s (%s)", key, text,
             reason == EADDRINUSE ? "something is there already" : "it cannot be made", strerror(reason));
    if (*fd >= 0)
        close(*fd);
    return reason;
}
