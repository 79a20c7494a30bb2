/* Changes of the file system, one function each, every one announced to whoever tests it. */
#include "exchange.h"
#include "files.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMOVE_DEPTH 4
#define LOCK_TRIES 60
#define LOCK_PAUSE_MS 50

void (*store_step)(const char *name) = NULL;
int store_lacks_exchange = 0;
time_t store_time = 0;

static void step(const char *name)
{
    if (store_step != NULL) {
        store_step(name);
    }
}

int folder_make(int at, const char *name)
{
    step("mkdir");
    return mkdirat(at, name, 0700);
}

int folder_remove(int at, const char *name)
{
    step("rmdir");
    return unlinkat(at, name, AT_REMOVEDIR);
}

int folder_sync(int folder)
{
    step("fsync folder");
    /* Some file systems cannot sync a folder; they say so by EINVAL. */
    return fsync(folder) == 0 || errno == EINVAL ? 0 : -1;
}

int folder_lock(int folder, int may_wait)
{
    int result = flock(folder, LOCK_EX | LOCK_NB);
    for (int i = 0; may_wait && result != 0 && errno == EWOULDBLOCK && i < LOCK_TRIES; i++) {
        step("wait");
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
        result = flock(folder, LOCK_EX | LOCK_NB);
    }
    return result;
}

static int write_all(int file, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t done = write(file, bytes, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

int file_write(int folder, const char *name, const uint8_t *bytes, size_t length)
{
    step("create");
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return -1;
    }
    step("write");
    int result = write_all(file, bytes, length);
    step("fsync");
    if (result == 0) {
        result = fsync(file);
    }
    int saved = errno;
    if (close(file) != 0 && result == 0) {
        return -1;
    }
    errno = saved;
    return result;
}

int file_remove(int folder, const char *name)
{
    step("unlink");
    return unlinkat(folder, name, 0);
}

/* EACCES: a folder that may not be written can be renamed where it is, but not moved into another. EPERM: so say some
 * sandboxes of calls they do not know. */
static int is_no_such_rename(int error)
{
    static const int errors[] = {EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP, EACCES, EPERM};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i] == error) {
            return 1;
        }
    }
    return 0;
}

int entry_rename(int from, const char *name, int to, const char *new_name)
{
    step("rename");
    if (!store_lacks_exchange) {
        int result = rename_new_at(from, name, to, new_name);
        if (result == 0 || !is_no_such_rename(errno)) {
            return result;
        }
    }
    if (entry_type(to, new_name) != ENTRY_MISSING) {
        errno = EEXIST;
        return -1;
    }
    return renameat(from, name, to, new_name);
}

int entry_exchange(int from, const char *name, int to, const char *other)
{
    if (store_lacks_exchange) {
        errno = ENOTSUP;
        return -1;
    }
    step("exchange");
    int result = exchange_at(from, name, to, other);
    if (result != 0 && is_no_such_rename(errno)) {
        errno = ENOTSUP;
    }
    return result;
}

static void remove_to_depth(int at, const char *name, int depth)
{
    if (entry_type(at, name) != ENTRY_FOLDER) {
        (void)file_remove(at, name);
        return;
    }
    int folder = depth > 0 ? folder_open(at, name) : -1;
    if (folder >= 0) {
        char **names = folder_names(folder);
        for (char **inner = names; inner != NULL && *inner != NULL; inner++) {
            remove_to_depth(folder, *inner, depth - 1);
        }
        names_free(names);
        close(folder);
    }
    (void)folder_remove(at, name);
}

void entry_remove_all(int at, const char *name)
{
    int saved = errno;
    remove_to_depth(at, name, REMOVE_DEPTH);
    errno = saved;
}

enum store_fault fault_of_writing(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STORE_NO_SPACE;
    case EROFS:
        return STORE_READ_ONLY;
    case ENOMEM:
        return STORE_MEMORY;
    default:
        return STORE_NOT_WRITABLE;
    }
}
