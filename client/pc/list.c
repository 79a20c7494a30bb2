/* certrelay list: the certificates on this computer. */
#include "app.h"
#include "calendar.h"
#include "choose.h"
#include "detail.h"
#include "errors.h"
#include "renewal.h"
#include "say.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct selection {
    size_t *indexes;
    size_t count;
};

static void print_row(const char *row)
{
    say_result("%s", row);
}

static void print_place(const char *format, size_t number, const char *path)
{
    char *printable = store_printable(path, strlen(path));

    say_place(STYLE_PLAIN, "%3.0zu  %s%s", number, format, printable ? printable : "?");
    free(printable);
}

static void print_places(const struct store_list *list, const struct selection *selection)
{
    size_t newer = 0;
    int renewed = 0;

    for (size_t i = 0; i < selection->count; i++) {
        const struct store_entry *entry = &list->entries[selection->indexes[i]];

        if (!say_is_quiet())
            print_place("", selection->indexes[i] + 1, entry->path);
        for (char **other = entry->other_places; other && *other && !say_is_quiet(); other++)
            print_place(_("also in "), 0, *other);
        renewal_say(list, entry);
        renewed += renewal_find(list, entry, &newer);
    }
    if (renewed)
        renewal_say_spread();
}

static void print_json(const struct store_list *list, const struct selection *selection, time_t now)
{
    for (size_t i = 0; i < selection->count; i++) {
        size_t index = selection->indexes[i];
        struct detail detail;

        detail_read(&list->entries[index], &detail);
        say_json_value(
            "certificate", "certificate",
            renewal_json(list, index, detail_json(&list->entries[index], &detail, index + 1, now)));
        detail_wipe(&detail);
    }
}

static void print_list(const struct store_list *list, const struct selection *selection)
{
    time_t now = time(NULL);

    if (say_is_json()) {
        print_json(list, selection, now);
        return;
    }
    describe_rows(list, selection->indexes, selection->count, now,
                  isatty(STDOUT_FILENO) ? terminal_columns() : 0, print_row);
    print_places(list, selection);
    detail_say_revocation();
}

/* Certificates that have expired already are left out: they would be told of for ever. */
static int is_expiring(const struct store_entry *entry, int days, time_t now)
{
    return !entry->fault && describe_is_dated(&entry->facts) &&
           store_facts_state(&entry->facts, now) != STORE_EXPIRED &&
           store_facts_days_left(&entry->facts, now) <= days;
}

static int select_entries(const struct app *app, const struct store_list *list, struct selection *selection)
{
    time_t now = time(NULL);
    int days = app->options.expiring;

    selection->count = 0;
    selection->indexes = calloc(list->count, sizeof(*selection->indexes));
    if (!selection->indexes)
        return say_error(ERROR_END_MEMORY, NULL);
    for (size_t i = 0; i < list->count; i++)
        if (days < 0 || is_expiring(&list->entries[i], days, now))
            selection->indexes[selection->count++] = i;
    return 0;
}

static int report(const struct app *app, const struct store_list *list, const struct selection *selection)
{
    int is_asked = app->options.expiring >= 0;

    if (is_asked && !selection->count)
        return 0;
    if (calendar_is_wanted(app))
        return calendar_write(app, list, selection->indexes, selection->count);
    print_list(list, selection);
    return is_asked ? say_error(ERROR_EXPIRING, NULL) : 0;
}

int list_run(struct app *app)
{
    struct store_list list = {.count = 0};
    struct selection selection = {NULL, 0};
    int code = choose_scan(app, &list);

    if (!code)
        code = select_entries(app, &list, &selection);
    if (!code)
        code = report(app, &list, &selection);
    free(selection.indexes);
    store_list_free(&list);
    return code;
}
