/* Certificates picked from a list. */
#include "choose.h"

#include "describe.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define IDENTITY_MIN_DIGITS 4
#define ROW_INDENT 2

static int has(const struct choice *choice, size_t index)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->numbers[i] == index)
            return 1;
    return 0;
}

static enum error_id add(struct choice *choice, size_t index)
{
    if (has(choice, index))
        return ERROR_NONE;
    if (choice->count == OPTIONS_CERTS_MAX)
        return ERROR_TOO_MANY;
    choice->numbers[choice->count++] = index;
    return ERROR_NONE;
}

static int is_number(const struct store_list *list, const char *word, size_t *index)
{
    char *end = NULL;
    unsigned long number;

    if (!isdigit((unsigned char)*word))
        return 0;
    number = strtoul(word, &end, 10);
    *index = (size_t)number - 1;
    return !*end && number >= 1 && number <= list->count;
}

static int is_identity(const struct store_entry *entry, const char *word)
{
    size_t length = strlen(word);

    if (!entry->facts.owner || length < IDENTITY_MIN_DIGITS || length > 2 * sizeof(entry->facts.identity))
        return 0;
    for (size_t i = 0; i < length; i++) {
        unsigned half = i % 2 ? entry->facts.identity[i / 2] & 15U : entry->facts.identity[i / 2] >> 4;

        if (tolower((unsigned char)word[i]) != "0123456789abcdef"[half])
            return 0;
    }
    return 1;
}

/* Digits alone are a number or a fingerprint: in a subject they would match by chance. */
static int is_named(const struct store_entry *entry, const char *word)
{
    if (!word[strspn(word, "0123456789")])
        return 0;
    return (entry->facts.owner && strstr(entry->facts.owner, word)) ||
           (entry->facts.subject && strstr(entry->facts.subject, word)) ||
           (!entry->facts.owner && entry->path && strstr(entry->path, word));
}

enum error_id choose_word(const struct store_list *list, const char *word, struct choice *choice)
{
    size_t found = 0, matches = 0;

    if (is_number(list, word, &found))
        return add(choice, found);
    for (size_t i = 0; i < list->count && *word; i++) {
        if (!is_identity(&list->entries[i], word) && !is_named(&list->entries[i], word))
            continue;
        found = i;
        matches++;
    }
    if (matches != 1)
        return matches ? ERROR_AMBIGUOUS : ERROR_NO_MATCH;
    return add(choice, found);
}

static int say_word_error(enum error_id id, const char *word)
{
    char *printable = store_printable(word, strlen(word));
    int code = say_error(id, printable);

    free(printable);
    return code;
}

static int choose_this(const struct store_list *list, const char *word, struct choice *choice)
{
    enum error_id id = choose_word(list, word, choice);

    return id == ERROR_NONE ? 0 : say_word_error(id, word);
}

static int choose_named(const struct app *app, const struct store_list *list, struct choice *choice)
{
    int code = 0;

    for (int i = 0; i < app->options.cert_count && !code; i++)
        code = choose_this(list, app->options.certs[i], choice);
    for (char **word = app->options.rest; word && *word && !code; word++)
        code = choose_this(list, *word, choice);
    return code;
}

static int is_usable(const struct store_entry *entry, time_t now)
{
    return !entry->fault &&
           (!describe_is_dated(&entry->facts) || store_facts_state(&entry->facts, now) != STORE_EXPIRED);
}

static int choose_usable(const struct store_list *list, struct choice *choice)
{
    time_t now = time(NULL);

    for (size_t i = 0; i < list->count; i++)
        if (is_usable(&list->entries[i], now) && add(choice, i) != ERROR_NONE)
            return say_error(ERROR_TOO_MANY, NULL);
    return choice->count ? 0 : say_error(ERROR_STORE_NOT_FOUND, NULL);
}

static void print_row(const char *row)
{
    say_must(STYLE_PLAIN, "%*s%s", ROW_INDENT, "", row);
}

/* "1, 3": every word must fit, or nothing is chosen. */
static enum error_id choose_words(const struct store_list *list, char *line, struct choice *choice)
{
    enum error_id id = ERROR_NO_MATCH;
    char *rest = NULL;

    choice->count = 0;
    for (char *word = strtok_r(line, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        id = choose_word(list, word, choice);
        if (id != ERROR_NONE)
            break;
    }
    return id;
}

static int choose_by_asking(const struct store_list *list, const char *question, size_t most,
                            struct choice *choice)
{
    char line[TERMINAL_LINE_BYTES];
    enum error_id id;

    describe_table(list, time(NULL), terminal_columns() - ROW_INDENT, print_row);
    for (;;) {
        int result = question_line(question, line, sizeof(line));

        if (result <= 0)
            return say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
        id = choose_words(list, line, choice);
        if (id == ERROR_NONE && choice->count > most)
            id = ERROR_ONE_ONLY;
        if (id == ERROR_NONE)
            return 0;
        say_error(id, NULL);
    }
}

int choose_scan(const struct app *app, struct store_list *list)
{
    enum store_fault fault = store_scan(app->settings.store, list);

    if (list->is_cut)
        say_must(STYLE_WARN, "%s",
                 _("A folder here holds more than 2,000 names, so that not all was looked at. Name the "
                   "certificate's own folder with --store."));
    if (fault || !list->count)
        return say_error(fault ? error_of_store(fault) : ERROR_STORE_NOT_FOUND, app->settings.store);
    return 0;
}

static int has_words(const struct app *app)
{
    return app->options.cert_count || (app->options.rest && app->options.rest[0]);
}

int choose(const struct app *app, const struct store_list *list, struct choice *choice)
{
    memset(choice, 0, sizeof(*choice));
    if (has_words(app))
        return choose_named(app, list, choice);
    if (app->options.all)
        return choose_usable(list, choice);
    if (list->count == 1) {
        choice->count = 1;
        return 0;
    }
    if (!terminal_can_ask())
        return app->command && app->command->words ? say_error(ERROR_NEED_WHICH, NULL)
                                                   : say_error(ERROR_NEED_INPUT, "--cert, --all");
    return choose_by_asking(list, _("Which one? (number; several with commas)"), OPTIONS_CERTS_MAX, choice);
}

int choose_one(const struct app *app, const struct store_list *list, size_t *index)
{
    struct choice choice = {.count = 0};
    int code = 0;

    if (has_words(app))
        code = choose_named(app, list, &choice);
    else if (list->count > 1 && !terminal_can_ask())
        code = say_error(ERROR_NEED_WHICH, NULL);
    else if (list->count > 1)
        code = choose_by_asking(list, _("Which one? (number)"), 1, &choice);
    if (!code && choice.count > 1)
        code = say_error(ERROR_ONE_ONLY, NULL);
    *index = choice.numbers[0];
    return code;
}
