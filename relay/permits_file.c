/* Reads the whole file into memory that is wiped before it is given back. */
#include "permits_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 16384

static void fail(const char *path, const char *what, char *error)
{
    snprintf(error, CONFIG_ERROR_BYTES, "permits_file = %s: %s", path, what);
}

/* A pipe would hold the relay up. Returns NULL, or what is wrong. */
static const char *file_open(const char *path, int *file, int *is_open)
{
    struct stat status;

    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*file < 0 || fstat(*file, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "is not a file";
    if (status.st_size > FILE_MAX_BYTES)
        return "is longer than 16 KiB";
    *is_open = (status.st_mode & S_IROTH) != 0;
    return NULL;
}

/* Returns how many, or -1 with errno. */
static ssize_t bytes_read(int file, char *bytes, size_t room)
{
    size_t got = 0;

    while (got < room) {
        ssize_t now = read(file, bytes + got, room - got);

        if (now < 0 && errno == EINTR)
            continue;
        if (now < 0)
            return -1;
        if (now == 0)
            break;
        got += (size_t)now;
    }
    return (ssize_t)got;
}

struct permits *permits_file_read(const char *path, int *is_open, char error[static CONFIG_ERROR_BYTES])
{
    char bytes[FILE_MAX_BYTES], what[PERMITS_ERROR_BYTES];
    struct permits *permits = NULL;
    int file = -1;
    const char *wrong = file_open(path, &file, is_open);
    ssize_t length = wrong == NULL ? bytes_read(file, bytes, sizeof bytes) : 0;

    if (length < 0)
        wrong = strerror(errno);
    if (wrong == NULL) {
        permits = permits_read(bytes, (size_t)length, what);
        wrong = what;
    }
    if (permits == NULL)
        fail(path, wrong, error);
    explicit_bzero(bytes, sizeof bytes);
    if (file >= 0)
        close(file);
    return permits;
}
