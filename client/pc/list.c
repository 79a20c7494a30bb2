/* certrelay list: the certificates on this computer. */
#include "app.h"
#include "describe.h"
#include "errors.h"
#include "say.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_row(const char *row)
{
    say_result("%s", row);
}

static void print_places(const struct store_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        char *path = store_printable(list->entries[i].path, strlen(list->entries[i].path));

        say_talk(STYLE_PLAIN, "%3zu  %s", i + 1, path ? path : "?");
        free(path);
        for (char **other = list->entries[i].other_places; other && *other; other++) {
            char *place = store_printable(*other, strlen(*other));

            say_talk(STYLE_PLAIN, _("     also in %s"), place ? place : "?");
            free(place);
        }
    }
}

static void print_json(const struct store_list *list, time_t now)
{
    for (size_t i = 0; i < list->count; i++)
        say_json_value("certificate", "certificate", describe_json(&list->entries[i], i + 1, now));
}

int list_run(struct app *app)
{
    struct store_list list = {NULL, 0};
    enum store_fault fault = store_scan(app->settings.store, &list);
    time_t now = time(NULL);

    if (fault || !list.count) {
        store_list_free(&list);
        return say_error(fault ? error_of_store(fault) : ERROR_STORE_NOT_FOUND, app->settings.store);
    }
    if (say_is_json()) {
        print_json(&list, now);
    } else {
        describe_table(&list, now, isatty(STDOUT_FILENO) ? terminal_columns() : 0, print_row);
        print_places(&list);
    }
    store_list_free(&list);
    return 0;
}
