/* The store's root, looked at before it is needed. */
#include "place.h"

#include "errors.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void place_detail(const char *root, enum store_fault fault, int error, char text[static PLACE_DETAIL_BYTES])
{
    int has_reason = fault == STORE_UNREADABLE || fault == STORE_NO_SPACE || fault == STORE_READ_ONLY ||
                     fault == STORE_NOT_WRITABLE;
    char *printable = store_printable(root, strlen(root));

    text[0] = '\0';
    if (has_reason)
        snprintf(text, PLACE_DETAIL_BYTES, "%s: %s", printable ? printable : "?", strerror(error));
    free(printable);
}

static int check_folder(const char *path)
{
    struct stat status;

    if (stat(path, &status))
        return errno;
    if (!S_ISDIR(status.st_mode))
        return ENOTDIR;
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) ? errno : 0;
}

int place_error(const char *root)
{
    char *parent = strdup(root);
    size_t length = strlen(root);
    int error = check_folder(root);

    if (error == ENOENT && parent) {
        while (length > 1 && parent[length - 1] == '/')
            length--;
        while (length && parent[length - 1] != '/')
            length--;
        parent[length] = '\0';
        error = check_folder(length ? parent : ".");
    }
    free(parent);
    return error;
}

int place_prepare(const struct app *app, char **root)
{
    const char *wish = app->settings.store;
    char detail[PLACE_DETAIL_BYTES];
    enum store_fault fault;
    int error;

    *root = wish ? strdup(wish) : store_default_root();
    if (!*root)
        return say_error(ERROR_STORE_NOT_WRITABLE, NULL);
    error = place_error(*root);
    if (!error) {
        store_recover(*root);
        return 0;
    }
    fault = error == EROFS ? STORE_READ_ONLY : error == ENOSPC ? STORE_NO_SPACE : STORE_NOT_WRITABLE;
    place_detail(*root, fault, error, detail);
    return say_error(error_of_store(fault), detail);
}
