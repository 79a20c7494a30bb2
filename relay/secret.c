/* One page of its own for a password. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct page {
    char bytes[SECRET_MAX_BYTES];
    char next[SECRET_MAX_BYTES + 2]; /* with the end of its line, and room to see that it is too long */
};

struct secret {
    struct page *page;
    size_t length;
    char *path;
};

struct secret *secret_new(const char *path)
{
    struct secret *secret = calloc(1, sizeof *secret);
    void *page;

    if (secret == NULL)
        return NULL;
    secret->path = strdup(path);
    page = mmap(NULL, sizeof *secret->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        secret->page = page;
    if (secret->path == NULL || secret->page == NULL) {
        secret_free(secret);
        return NULL;
    }
    (void)madvise(page, sizeof *secret->page, MADV_DONTDUMP);
    (void)mlock(page, sizeof *secret->page);
    return secret;
}

static int file_read(const char *path, char *bytes, size_t room, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed = 0;
    ssize_t got = 0;

    if (fd < 0)
        return errno;
    *length = 0;
    while (*length < room && (got = read(fd, bytes + *length, room - *length)) > 0)
        *length += (size_t)got;
    if (got < 0)
        failed = errno;
    close(fd);
    return failed;
}

int secret_read(struct secret *secret)
{
    struct page *page = secret->page;
    const char *end;
    size_t length = 0;
    int failed = file_read(secret->path, page->next, sizeof page->next, &length);

    if (failed == 0) {
        end = memchr(page->next, '\n', length);
        length = end != NULL ? (size_t)(end - page->next) : length;
        if (length > 0 && page->next[length - 1] == '\r')
            length--;
        if (length == 0 || length > SECRET_MAX_BYTES || memchr(page->next, '\0', length) != NULL)
            failed = EINVAL;
    }
    if (failed == 0) {
        memcpy(page->bytes, page->next, length);
        secret->length = length;
    }
    explicit_bzero(page->next, sizeof page->next);
    return failed;
}

const char *secret_bytes(const struct secret *secret, size_t *length)
{
    *length = secret->length;
    return secret->page->bytes;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    if (secret->page != NULL) {
        explicit_bzero(secret->page, sizeof *secret->page);
        munmap(secret->page, sizeof *secret->page);
    }
    free(secret->path);
    free(secret);
}
