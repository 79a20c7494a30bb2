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

#define REMOVE_DEPTH 8
#define LOCK_TRIES 60
#define LOCK_PAUSE_MS 50

void (*store_step)(const char *name) = NULL;
int (*store_refuses)(const char *name) = NULL;
int store_lacks_exchange = 0;
int store_lacks_modes = 0;
time_t store_time = 0;

/* Returns 0, or -1 with errno when a test wants this step to fail. */
static int step(const char *name)
{
    if (store_step != NULL) {
        store_step(name);
    }
    if (store_refuses != NULL && store_refuses(name)) {
        errno = ENOSPC;
        return -1;
    }
    return 0;
}

int folder_make(int at, const char *name)
{
    return step("mkdir") != 0 ? -1 : mkdirat(at, name, store_lacks_modes ? 0755 : 0700);
}

int folder_remove(int at, const char *name)
{
    return step("rmdir") != 0 ? -1 : unlinkat(at, name, AT_REMOVEDIR);
}

int folder_sync(int folder)
{
    if (step("fsync folder") != 0) {
        return -1;
    }
    /* Some file systems cannot sync a folder; they say so by EINVAL. */
    return fsync(folder) == 0 || errno == EINVAL ? 0 : -1;
}

int folder_lock(int folder, int may_wait)
{
    int result = flock(folder, LOCK_EX | LOCK_NB);
    for (int i = 0; may_wait && result != 0 && errno == EWOULDBLOCK && i < LOCK_TRIES; i++) {
        (void)step("wait");
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
    int file = step("create") != 0
                   ? -1
                   : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return -1;
    }
    int result = step("write") != 0 ? -1 : write_all(file, bytes, length);
    if (result == 0) {
        result = step("fsync") != 0 ? -1 : fsync(file);
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
    return step("unlink") != 0 ? -1 : unlinkat(folder, name, 0);
}

/* A file kept read-only. fchmodat follows links, and a second name of the file would change with it: not of those. */
static void let_write(int folder, const char *name)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode) ||
        info.st_nlink > 1) {
        return;
    }
    if ((info.st_mode & S_IWUSR) == 0 && fchmodat(folder, name, 0600, 0) != 0) {
        return; /* then it cannot be opened, and is removed as it is */
    }
}

void file_overwrite(int folder, const char *name)
{
    static const uint8_t NOTHING[4096];
    struct stat info;
    let_write(folder, name);
    int file = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    int is_own = fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink <= 1;
    is_own = step("overwrite") == 0 && is_own;
    for (off_t left = is_own ? info.st_size : 0; left > 0; left -= (off_t)sizeof NOTHING) {
        size_t length = left < (off_t)sizeof NOTHING ? (size_t)left : sizeof NOTHING;
        if (write_all(file, NOTHING, length) != 0) {
            break;
        }
    }
    if (step("fsync") == 0) {
        (void)fsync(file);
    }
    close(file);
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
    if (step("rename") != 0) {
        return -1;
    }
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

int entry_replace(int from, const char *name, int to, const char *new_name)
{
    return step("rename") != 0 ? -1 : renameat(from, name, to, new_name);
}

int entry_exchange(int from, const char *name, int to, const char *other)
{
    if (store_lacks_exchange) {
        errno = ENOTSUP;
        return -1;
    }
    int result = step("exchange") != 0 ? -1 : exchange_at(from, name, to, other);
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
