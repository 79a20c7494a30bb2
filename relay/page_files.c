/* Walks the page's folder once. Links are not followed, so that nothing outside of it can be served. */
#include "page_files.h"

#include "page_settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4
#define SETTINGS_NAME "settings.json"

struct walk {
    struct site *site;
    const char *key, *folder;
    char *error;
};

/* Returns -1. */
static int fail(const struct walk *walk, const char *name, const char *what)
{
    snprintf(walk->error, CONFIG_ERROR_BYTES, "%s = %s: %s%s%s", walk->key, walk->folder, name,
             name[0] != '\0' ? ": " : "", what);
    return -1;
}

/* Reads as many bytes as the file had when it was opened. NULL with errno. */
static uint8_t *content_read(int fd, size_t length)
{
    uint8_t *bytes = malloc(length + 1);
    size_t got = 0;

    while (bytes != NULL && got < length) {
        ssize_t now = read(fd, bytes + got, length - got);

        if (now > 0) {
            got += (size_t)now;
            continue;
        }
        if (now < 0 && errno == EINTR)
            continue;
        errno = now == 0 ? EIO : errno;
        free(bytes);
        return NULL;
    }
    return bytes;
}

static int file_take(struct walk *walk, int fd, const struct stat *status, const char *name)
{
    uint8_t *bytes;
    const char *wrong;

    if (status->st_size > SITE_BYTES_MAX)
        return fail(walk, name, "is larger than 4 MiB");
    bytes = content_read(fd, (size_t)status->st_size);
    if (bytes == NULL)
        return fail(walk, name, strerror(errno));
    wrong = site_add(walk->site, name, bytes, (size_t)status->st_size);
    return wrong == NULL ? 0 : fail(walk, name, wrong);
}

static int folder_read(struct walk *walk, int fd, const char *prefix, int depth);

/* Takes fd over. */
static int entry_take(struct walk *walk, int fd, const char *name, int depth)
{
    struct stat status;
    int failed;

    if (fstat(fd, &status) != 0)
        failed = fail(walk, name, strerror(errno));
    else if (S_ISDIR(status.st_mode))
        return folder_read(walk, fd, name, depth + 1);
    else if (!S_ISREG(status.st_mode))
        failed = fail(walk, name, "is not a file");
    else
        failed = file_take(walk, fd, &status, name);
    close(fd);
    return failed;
}

static int entry_read(struct walk *walk, int folder, const char *prefix, const char *entry, int depth)
{
    char name[SITE_NAME_BYTES + 8];
    int fd;

    if (snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? "/" : "", entry) >=
        (int)sizeof name)
        return fail(walk, entry, "the name is too long");
    fd = openat(folder, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail(walk, name, errno == ELOOP ? "is a link, and links are not followed" : strerror(errno));
    return entry_take(walk, fd, name, depth);
}

/* Takes fd over. Hidden files are left alone. */
static int folder_read(struct walk *walk, int fd, const char *prefix, int depth)
{
    DIR *folder = depth <= DEPTH_MAX ? fdopendir(fd) : NULL;
    struct dirent *entry;
    int failed = 0;

    if (folder == NULL) {
        close(fd);
        return fail(walk, prefix, depth > DEPTH_MAX ? "folders are too deep" : "cannot be listed");
    }
    while (failed == 0 && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.')
            failed = entry_read(walk, dirfd(folder), prefix, entry->d_name, depth);
    }
    closedir(folder);
    return failed;
}

static int page_read(struct walk *walk)
{
    int fd = open(walk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail(walk, "", strerror(errno));
    if (folder_read(walk, fd, "", 1) != 0)
        return -1;
    site_settle(walk->site);
    if (site_find(walk->site, "index.html", 10) == NULL)
        return fail(walk, "", "holds no index.html; give the folder of the built page, or write page = off");
    return 0;
}

/* A path of its own is served as logo.png or logo.svg; else it is the name of one of the page's files. */
static int logo_read(struct walk *walk, const char *logo, const char **name)
{
    const char *dot = strrchr(logo, '.');
    struct stat status;
    int fd, failed;

    *name = logo;
    if (logo[0] == '\0')
        return 0;
    if (logo[0] != '/')
        return site_find(walk->site, logo, strlen(logo)) != NULL
                   ? 0
                   : fail(walk, "", "the page has no such file");
    if (dot == NULL || (strcmp(dot, ".png") != 0 && strcmp(dot, ".svg") != 0))
        return fail(walk, "", "must end with .png or .svg");
    *name = strcmp(dot, ".png") == 0 ? "logo.png" : "logo.svg";
    fd = open(logo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail(walk, "", strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        failed = fail(walk, "", "is not a file");
    else
        failed = file_take(walk, fd, &status, *name);
    close(fd);
    return failed;
}

static int settings_add(struct walk *walk, const struct config *config, const char *logo)
{
    char *text = malloc(PAGE_SETTINGS_BYTES);
    size_t length = text != NULL ? page_settings_write(config, logo, text) : 0;
    const char *wrong;

    if (text == NULL)
        return fail(walk, "", strerror(ENOMEM));
    wrong = site_add(walk->site, SETTINGS_NAME, (uint8_t *)text, length);
    return wrong == NULL ? 0 : fail(walk, SETTINGS_NAME, wrong);
}

/* What a WebSocket's address names as its origin: everything before the path. */
static void relay_origin(const char *url, char *origin, size_t capacity)
{
    size_t scheme = strlen("wss://");

    if (url[0] != '\0')
        snprintf(origin, capacity, "%.*s", (int)(scheme + strcspn(url + scheme, "/")), url);
}

struct site *page_files_read(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    struct walk page = {site_new(), "page", config->page, error};
    struct walk logo = {page.site, "page_logo", config->page_logo, error};
    const char *logo_name;

    if (page.site == NULL) {
        fail(&page, "", strerror(ENOMEM));
        return NULL;
    }
    page.site->has_tls = config->tls != 0;
    relay_origin(config->page_relay, page.site->relay, sizeof page.site->relay);
    if (page_read(&page) == 0 && logo_read(&logo, config->page_logo, &logo_name) == 0 &&
        settings_add(&page, config, logo_name) == 0)
        return page.site;
    site_release(page.site);
    return NULL;
}
