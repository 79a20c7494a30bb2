/* certrelay remove: a certificate deleted from one place, after it was shown what goes. */
#include "app.h"
#include "choose.h"
#include "describe.h"
#include "errors.h"
#include "landing.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <remove.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct removal {
    struct app *app;
    struct store_list list;
    struct store_list here; /* what lies at the place now */
    const struct store_entry *entry;
    size_t place;
};

static void print_path(const char *format, const char *path)
{
    char *printable = store_printable(path, strlen(path));

    say_must(STYLE_PLAIN, format, printable ? printable : "?");
    free(printable);
}

static int ask_place(struct removal *removal, size_t count)
{
    char line[TERMINAL_LINE_BYTES];
    int result;

    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--place");
    say_must(STYLE_PLAIN, "%s", _("It is in several places:"));
    for (size_t i = 0; i < count; i++) {
        char *printable =
            store_printable(store_place(removal->entry, i), strlen(store_place(removal->entry, i)));

        say_must(STYLE_PLAIN, "  %zu  %s", i + 1, printable ? printable : "?");
        free(printable);
    }
    do {
        result = question_line(_("From which one shall it go? (number)"), line, sizeof(line));
        if (result <= 0)
            return say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
        removal->place = (size_t)strtoul(line, NULL, 10);
    } while (!removal->place || removal->place > count);
    removal->place--;
    return 0;
}

static int find_place(struct removal *removal)
{
    size_t count = store_place_count(removal->entry);
    int wish = removal->app->options.place;
    char text[32];

    if (wish < 0)
        return count > 1 ? ask_place(removal, count) : 0;
    snprintf(text, sizeof(text), "--place %d", wish);
    if (wish < 1 || (size_t)wish > count)
        return say_error(ERROR_NO_PLACE, text);
    removal->place = (size_t)wish - 1;
    return 0;
}

static int is_same(const struct store_entry *one, const struct store_entry *other)
{
    return one->file_count == other->file_count && one->fault == other->fault &&
           !memcmp(one->digests, other->digests, one->file_count * sizeof(one->digests[0]));
}

/* --store shows one folder only; a copy in the usual places counts all the same. */
static int is_elsewhere(const struct removal *removal)
{
    struct store_list list = {.count = 0};
    const char *path = store_place(removal->entry, removal->place);
    int found = 0;

    if (store_place_count(removal->entry) > 1)
        return 1;
    if (!removal->app->settings.store || removal->entry->fault || store_scan(NULL, &list))
        return 0;
    for (size_t i = 0; i < list.count; i++)
        for (size_t place = 0;
             is_same(&list.entries[i], removal->entry) && place < store_place_count(&list.entries[i]);
             place++)
            found |= strcmp(store_place(&list.entries[i], place), path) != 0;
    store_list_free(&list);
    return found;
}

/* The files as they are there, by name. */
static void show(struct removal *removal)
{
    const char *path = store_place(removal->entry, removal->place);
    const struct store_entry *entry = removal->entry;

    if (removal->place && !store_scan(path, &removal->here) && removal->here.count)
        entry = &removal->here.entries[0];
    say_must(STYLE_STRONG, "%s", _("This would be deleted:"));
    describe_facts(&removal->entry->facts, time(NULL));
    print_path("    %s", path);
    for (size_t i = 0; i < entry->file_count; i++) {
        const char *name = strrchr(entry->paths[i], '/');

        print_path("      %s", name ? name + 1 : entry->paths[i]);
    }
    for (size_t i = 0; i < store_place_count(removal->entry); i++)
        if (i != removal->place)
            print_path(_("  It stays in %s"), store_place(removal->entry, i));
}

/* The whole word, so that it is not typed by the way. */
static int is_word(const char *line)
{
    return strcmp(line, "y") && strcmp(line, "Y") && strcmp(line, "ㅛ") && terminal_yes_no(line) == 1;
}

static int ask_word(const char *question)
{
    char line[TERMINAL_LINE_BYTES];
    int result;

    terminal_forget_typed();
    result = question_line(question, line, sizeof(line));
    if (result < 0)
        return say_error(ERROR_INTERRUPTED, NULL);
    return result && is_word(line) ? 0 : say_error(ERROR_NOT_REMOVED, NULL);
}

static int agree(const struct removal *removal)
{
    if (removal->app->options.yes)
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--yes");
    return ask_word(_("Type yes to delete it for good:"));
}

/* Told twice: by --last-copy, and by an answer of its own. */
static int agree_to_last(const struct removal *removal)
{
    if (!removal->app->options.last_copy)
        return say_error(ERROR_STORE_LAST_COPY, NULL);
    if (removal->app->options.yes)
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--yes");
    say_must(STYLE_WARN, "%s",
             _("No other copy is known. When this one is gone, the certificate has to be issued again."));
    return ask_word(_("Type yes if it is not needed any more:"));
}

/* Other places may hold it under another password: that is found out only now, and is no copy of these files. */
static int erase(const struct removal *removal)
{
    unsigned flags = store_place_count(removal->entry) == 1 ? STORE_REMOVE_LAST : 0;
    const char *path = store_place(removal->entry, removal->place);
    enum store_fault fault = store_remove(removal->entry, removal->place, flags);
    int code;

    if (fault == STORE_LAST_COPY) {
        code = agree_to_last(removal);
        if (code)
            return code;
        fault = store_remove(removal->entry, removal->place, STORE_REMOVE_LAST);
    }
    return fault ? landing_fault(path, fault) : 0;
}

static void report(const struct removal *removal)
{
    const char *path = store_place(removal->entry, removal->place);
    char *printable = store_printable(path, strlen(path));

    say_json("removed", "s:s", "path", printable ? printable : "?");
    say_step("removed", _("Deleted:"));
    say_result("%s", printable ? printable : "?");
    say_talk(STYLE_PLAIN, "%s",
             _("Whoever has a copy and its password can still use it. A stolen certificate has to be revoked "
               "by its "
               "issuer. Flash drives may keep traces that no program reaches."));
    say_json("done", NULL);
    free(printable);
}

int remove_run(struct app *app)
{
    struct removal removal = {.app = app};
    size_t index = 0;
    int code = choose_scan(app, &removal.list);

    if (!code)
        code = choose_one(app, &removal.list, &index);
    if (!code) {
        removal.entry = &removal.list.entries[index];
        code = find_place(&removal);
    }
    if (!code) {
        show(&removal);
        code = is_elsewhere(&removal) ? 0 : agree_to_last(&removal);
    }
    if (!code)
        code = agree(&removal);
    if (!code)
        code = erase(&removal);
    if (!code)
        report(&removal);
    store_list_free(&removal.here);
    store_list_free(&removal.list);
    return code;
}
