/* Mounted drives, by the kernel's table. */
#include "drives.h"

#include "errors.h"
#include "paths.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <ctype.h>
#include <mntent.h>
#include <store.h>
#include <stdlib.h>
#include <string.h>

#define MOUNTS "/proc/self/mounts"

static int is_drive(const struct mntent *mount)
{
    static const char *const places[] = {"/media/", "/run/media/", "/mnt/", "/Volumes/"};
    size_t i = 0, count = sizeof(places) / sizeof(places[0]);

    while (i < count && strncmp(mount->mnt_dir, places[i], strlen(places[i])) != 0)
        i++;
    return i < count && !hasmntopt(mount, MNTOPT_RO);
}

size_t drives_find(const char *table, char *paths[static DRIVES_MAX])
{
    FILE *mounts = setmntent(table, "re");
    size_t count = 0;

    for (struct mntent *mount; mounts && count < DRIVES_MAX && (mount = getmntent(mounts));) {
        if (!is_drive(mount))
            continue;
        paths[count] = strdup(mount->mnt_dir);
        if (!paths[count])
            break;
        count++;
    }
    if (mounts)
        endmntent(mounts);
    return count;
}

static void print_drives(char *const *paths, size_t count)
{
    if (!count)
        say_must(STYLE_PLAIN, "%s", _("No USB drive is plugged in, or it is not mounted."));
    for (size_t i = 0; i < count; i++) {
        char *printable = store_printable(paths[i], strlen(paths[i]));

        say_must(STYLE_PLAIN, "  %zu  %s", i + 1, printable ? printable : "?");
        free(printable);
    }
}

static char *named(const char *line, char *const *paths, size_t count)
{
    char *end = NULL;
    unsigned long number = isdigit((unsigned char)*line) ? strtoul(line, &end, 10) : 0;

    if (end && !*end)
        return number >= 1 && number <= count ? strdup(paths[number - 1]) : NULL;
    return *line ? paths_typed(line) : NULL;
}

static int ask(char *const *paths, size_t count, char **folder)
{
    char line[TERMINAL_LINE_BYTES];
    int result;

    print_drives(paths, count);
    do {
        result =
            question_line(count ? _("Where to? (number of a drive, or a folder)") : _("Where to? (a folder)"),
                          line, sizeof(line));
        if (result <= 0)
            return say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
        *folder = named(line, paths, count);
    } while (!*folder);
    return 0;
}

int drives_choose(const char *given, const char *option, char **folder)
{
    char *paths[DRIVES_MAX];
    size_t count;
    int code;

    *folder = given ? strdup(given) : NULL;
    if (given)
        return *folder ? 0 : say_error(ERROR_END_MEMORY, NULL);
    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, option);
    count = drives_find(MOUNTS, paths);
    code = ask(paths, count, folder);
    while (count)
        free(paths[--count]);
    return code;
}
