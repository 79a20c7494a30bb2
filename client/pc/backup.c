/* certrelay backup: every certificate of this computer, in a new folder elsewhere. */
#include "app.h"
#include "choose.h"
#include "drives.h"
#include "errors.h"
#include "landing.h"
#include "say.h"
#include "texts.h"

#include <copy.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void say_left_out(size_t count)
{
    if (!count)
        return;
    say_must(STYLE_WARN,
             ngettext("%zu is damaged or incomplete, and was left out; certrelay list shows why.",
                      "%zu are damaged or incomplete, and were left out; certrelay list shows why.",
                      (unsigned long)count),
             count);
}

static void report(const struct store_backup *made)
{
    char *printable = store_printable(made->path, strlen(made->path));

    say_json("backup", "s:s, s:I, s:I", "path", printable ? printable : "?", "copied",
             (json_int_t)made->copied, "left_out", (json_int_t)made->left_out);
    say_talk(STYLE_PLAIN,
             ngettext("%zu certificate copied, and read back unchanged:",
                      "%zu certificates copied, and read back unchanged:", (unsigned long)made->copied),
             made->copied);
    say_result("%s", printable ? printable : "?");
    say_left_out(made->left_out);
    say_talk(
        STYLE_PLAIN, "%s",
        _("Each copy keeps the password it has now, and a new password will not reach it. To bring one back: "
          "certrelay copy --store FOLDER --to ~"));
    say_json("done", NULL);
    free(printable);
}

static int find_folder(const struct app *app, char **folder)
{
    struct stat status;
    int code;

    if (app->options.rest[0] && app->options.rest[1])
        return say_error(ERROR_USAGE, app->options.rest[1]);
    code = drives_choose(app->options.rest[0], "FOLDER", folder);
    if (code)
        return code;
    return stat(*folder, &status) || !S_ISDIR(status.st_mode) ? say_error(ERROR_NO_FOLDER, *folder) : 0;
}

int backup_run(struct app *app)
{
    struct store_list list = {.count = 0};
    struct store_backup made = {.path = NULL};
    char *folder = NULL;
    enum store_fault fault;
    int code = choose_scan(app, &list);

    if (!code)
        code = find_folder(app, &folder);
    if (!code) {
        fault = store_backup(&list, folder, &made);
        code = fault ? landing_fault(folder, fault) : 0;
    }
    if (!code)
        report(&made);
    store_backup_wipe(&made);
    free(folder);
    store_list_free(&list);
    return code;
}
