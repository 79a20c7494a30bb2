/* The folders that anything is stored below. */
#include "files.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static char *without_end_slashes(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return strndup(path, length);
}

enum store_fault roots_open(const char *path, int may_make, struct roots *roots, int *made)
{
    *roots = (struct roots){.root = -1, .parent = -1};
    *made = 0;
    roots->root_path = without_end_slashes(path);
    roots->parent_path = roots->root_path == NULL ? NULL : parent_of(roots->root_path);
    if (roots->parent_path == NULL) {
        return STORE_MEMORY;
    }
    roots->root = folder_open_path(roots->root_path);
    if (roots->root < 0 && errno == ENOENT && may_make) {
        if (folder_make(AT_FDCWD, roots->root_path) != 0) {
            return fault_of_writing();
        }
        *made = 1;
        roots->root = folder_open_path(roots->root_path);
    }
    if (roots->root < 0) {
        return errno == ENOENT ? STORE_NOT_FOUND : STORE_NOT_WRITABLE;
    }
    roots->parent = folder_open_path(roots->parent_path);
    if (*made && roots->parent >= 0 && folder_sync(roots->parent) != 0) {
        return fault_of_writing();
    }
    return STORE_OK;
}

void roots_close(struct roots *roots)
{
    int saved = errno;
    if (roots->root >= 0) {
        close(roots->root);
    }
    if (roots->parent >= 0) {
        close(roots->parent);
    }
    free(roots->root_path);
    free(roots->parent_path);
    *roots = (struct roots){.root = -1, .parent = -1};
    errno = saved;
}

int roots_folder(const struct roots *roots, enum base base)
{
    return base == BASE_ROOT ? roots->root : roots->parent;
}

/* One step down; takes over folder. */
static int part_open(int folder, const char *name, int may_make)
{
    int below = folder_open(folder, name);
    if (below < 0 && errno == ENOENT && may_make && (folder_make(folder, name) == 0 || errno == EEXIST)) {
        below = folder_sync(folder) == 0 ? folder_open(folder, name) : -1;
    }
    int saved = errno;
    close(folder);
    errno = saved;
    return below;
}

int dir_open(int folder, const char *dir, int may_make)
{
    int at = folder_open(folder, ".");
    while (at >= 0 && *dir != '\0') {
        size_t length = strcspn(dir, "/");
        char *name = strndup(dir, length);
        if (name == NULL) {
            close(at);
            errno = ENOMEM;
            return -1;
        }
        at = part_open(at, name, may_make);
        int saved = errno;
        free(name);
        errno = saved;
        dir += length + (dir[length] == '/');
    }
    return at;
}
