/* certrelay alone: asks what to do, and does it. */
#include "app.h"
#include "errors.h"
#include "help.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct guide_row {
    const char *key;
    const char *text; /* msgid */
    int needs_relay;
    int (*run)(struct app *app);
};

static const struct guide_row guide_rows[] = {
    {"1", N_("Send a certificate from this computer to a phone or another computer"), 1, export_run},
    {"2", N_("Receive a certificate from a phone or another computer"), 1, import_run},
    {"3", N_("Show the certificates on this computer"), 0, list_run},
};

#define ROW_COUNT (sizeof(guide_rows) / sizeof(guide_rows[0]))

static const struct guide_row *find_row(const char *line)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (line[0] == guide_rows[i].key[0] && !line[1])
            return &guide_rows[i];
    return NULL;
}

/* 0 when a line came, or an exit code after it was said why none did. */
static int ask(const char *question, char line[static TERMINAL_LINE_BYTES])
{
    int result = question_line(question, line, TERMINAL_LINE_BYTES);

    return result > 0 ? 0 : say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
}

static int ask_row(const struct guide_row **row)
{
    char line[TERMINAL_LINE_BYTES];

    say_must(STYLE_STRONG, "%s", _("What shall be done?"));
    for (size_t i = 0; i < ROW_COUNT; i++)
        say_must(STYLE_PLAIN, "  %s  %s", guide_rows[i].key, _(guide_rows[i].text));
    for (;;) {
        int code = ask(_("Number (1 to 3):"), line);

        if (code)
            return code;
        *row = find_row(line);
        if (*row)
            return 0;
        say_must(STYLE_PLAIN, "%s", _("Please type 1, 2 or 3, and then Enter."));
    }
}

/* A mistyped address must not be kept: it has been read by app_address before. */
static void offer_to_keep(const struct app *app)
{
    char path[PATH_MAX], question[PATH_MAX + 128], *printable;

    config_own_file(&app->options, path, sizeof(path));
    printable = store_printable(path, strlen(path));
    snprintf(question, sizeof(question), _("Keep this address for the next time, in %s?"),
             printable ? printable : "?");
    if (*path && question_yes_no(question, 1) == 1 && config_keep(path, "relay", app->address.url))
        say_must(STYLE_WARN, "%s: %s", printable ? printable : "?", strerror(errno));
    free(printable);
}

static int ask_relay(struct app *app)
{
    char line[TERMINAL_LINE_BYTES];
    int code;

    say_must(STYLE_PLAIN, "%s", _("The two devices meet at a relay, and this computer knows none."));
    do {
        code = ask(_("Address of the relay, such as wss://relay.example/ws:"), line);
        if (code)
            return code;
        free(app->settings.relay);
        app->settings.relay = strdup(line);
        code = app->settings.relay ? app_address(app) : say_error(ERROR_END_MEMORY, NULL);
    } while (code);
    offer_to_keep(app);
    return 0;
}

int guide_run(struct app *app)
{
    const struct guide_row *row = NULL;
    int code;

    if (!terminal_can_ask()) {
        help_print(NULL);
        return error_get(ERROR_USAGE)->exit_code;
    }
    code = ask_row(&row);
    if (!code && row->needs_relay && !app->settings.relay)
        code = ask_relay(app);
    return code ? code : row->run(app);
}
