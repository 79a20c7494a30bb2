/* Reading files and folders, always relative to an open folder and never through a symbolic link below it. */
#include "files.h"
#include "steps.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

unsigned long store_reads = 0;

int folder_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int folder_open_path(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A stream of its own on the folder, rewound: the descriptor given stays the caller's. */
static DIR *folder_stream(int folder)
{
    int again = folder_open(folder, ".");
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    if (stream == NULL && again >= 0) {
        close(again);
    }
    return stream;
}

char **folder_names(int folder)
{
    size_t count = 0;
    char **names = calloc(FILES_ENTRIES_MAX + 1, sizeof *names);
    DIR *stream = folder_stream(folder);
    const struct dirent *entry = NULL;
    while (names != NULL && stream != NULL && count < FILES_ENTRIES_MAX &&
           (entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        names[count] = strdup(entry->d_name);
        if (names[count] == NULL) {
            break;
        }
        count++;
    }
    if (stream != NULL) {
        closedir(stream);
    }
    if (count > 1) {
        qsort(names, count, sizeof *names, by_bytes);
    }
    return names;
}

void names_free(char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++) {
        free(*name);
    }
    free(names);
}

enum entry_type entry_type(int folder, const char *name)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? ENTRY_MISSING : ENTRY_OTHER;
    }
    if (S_ISDIR(info.st_mode)) {
        return ENTRY_FOLDER;
    }
    return S_ISREG(info.st_mode) ? ENTRY_FILE : ENTRY_OTHER;
}

char *folder_find(int folder, const char *name)
{
    if (entry_type(folder, name) != ENTRY_MISSING) {
        return strdup(name);
    }
    char *found = NULL;
    char **names = folder_names(folder);
    for (char **at = names; at != NULL && *at != NULL && found == NULL; at++) {
        if (text_is_same(*at, name)) {
            found = strdup(*at);
        }
    }
    names_free(names);
    return found;
}

static enum store_fault fault_of_reading(void)
{
    return errno == ENOENT || errno == ENOTDIR ? STORE_NOT_FOUND : STORE_UNREADABLE;
}

/* Reads until the end, so that a file that grows meanwhile is seen to be too big. */
static enum store_fault read_all(int file, uint8_t *bytes, size_t room, size_t *length)
{
    *length = 0;
    while (*length < room) {
        ssize_t got = read(file, bytes + *length, room - *length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return STORE_UNREADABLE;
        }
        if (got == 0) {
            return STORE_OK;
        }
        *length += (size_t)got;
    }
    return STORE_TOO_BIG;
}

enum store_fault file_read(int folder, const char *name, uint8_t **bytes, size_t *length)
{
    struct stat info;
    enum store_fault fault = STORE_OK;
    *bytes = NULL;
    *length = 0;
    store_reads++;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return fault_of_reading();
    }
    uint8_t *read_bytes = OPENSSL_malloc(CR_FILE_MAX_BYTES + 1);
    if (read_bytes == NULL) {
        fault = STORE_MEMORY;
    } else if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        fault = STORE_UNREADABLE;
    } else if (info.st_size > CR_FILE_MAX_BYTES) {
        fault = STORE_TOO_BIG;
    } else {
        fault = read_all(file, read_bytes, CR_FILE_MAX_BYTES + 1, length);
    }
    int saved = errno;
    close(file);
    if (fault != STORE_OK) {
        OPENSSL_clear_free(read_bytes, CR_FILE_MAX_BYTES + 1);
        errno = saved;
        return fault;
    }
    *bytes = read_bytes;
    return STORE_OK;
}

void file_free(uint8_t *bytes)
{
    OPENSSL_clear_free(bytes, CR_FILE_MAX_BYTES + 1);
}
