/* Files written beside their place, then moved there. */
#include "output.h"

#include "errors.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int say_output_fault(const char *path, int error)
{
    char *printable = store_printable(path, strlen(path)), *detail = NULL;
    int code;

    if (asprintf(&detail, "%s: %s", printable ? printable : "?", strerror(error)) < 0)
        detail = NULL;
    code = say_error(ERROR_OUTPUT_FAILED, detail);
    free(detail);
    free(printable);
    return code;
}

/* A device of this name, or a pipe, would be gone for everybody who uses it. */
static int is_replaceable(const char *path)
{
    struct stat status;

    return stat(path, &status) || S_ISREG(status.st_mode);
}

int output_may_replace(const struct app *app, const char *path)
{
    char *printable, *question = NULL;
    struct stat status;
    int answer;

    if (!is_replaceable(path))
        return say_error(ERROR_NOT_A_FILE, path);
    if (app->options.yes || lstat(path, &status))
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_OUTPUT_EXISTS, path);
    printable = store_printable(path, strlen(path));
    if (asprintf(&question, _("%s is there already. Replace it?"), printable ? printable : "?") < 0)
        question = NULL;
    answer = question ? question_yes_no(question, 0) : 0;
    free(question);
    free(printable);
    if (answer < 0)
        return say_error(ERROR_INTERRUPTED, NULL);
    return answer ? 0 : say_error(ERROR_OUTPUT_KEPT, NULL);
}

static int write_all(int file, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(file, bytes, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(file);
}

static int replace(const char *path, const void *bytes, size_t length)
{
    char *beside = NULL;
    int file, error = 0;

    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return ENOMEM;
    file = mkstemp(beside);
    if (file < 0) {
        error = errno;
    } else if (write_all(file, bytes, length) || rename(beside, path)) {
        error = errno;
        unlink(beside);
    }
    if (file >= 0)
        close(file);
    free(beside);
    return error;
}

int output_write(const struct app *app, const char *path, const void *bytes, size_t length)
{
    int code = output_may_replace(app, path), error;
    char *printable;

    if (code)
        return code;
    error = replace(path, bytes, length);
    if (error)
        return say_output_fault(path, error);
    printable = store_printable(path, strlen(path));
    say_place(STYLE_PLAIN, _("Written to %s"), printable ? printable : "?");
    say_json("written", "s:s", "path", printable ? printable : "?");
    free(printable);
    return 0;
}
