/* certrelay alone: asks what to do, says what will happen, and does it. Plain lines only, so that a screen reader can follow. */
#include "app.h"
#include "errors.h"
#include "guidance.h"
#include "help.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct guide_row {
    const char *command; /* its name; GUIDANCE_TOPIC for that */
    const char *text;    /* msgid */
    const char *steps;   /* msgid of what will happen */
    int needs_relay;
};

static const struct guide_row guide_rows[] = {
    {"export", N_("Send a certificate from this computer to a phone or another computer"),
     N_("First you choose the certificate and type its password. Then start receiving on the other device, "
        "which shows a "
        "number: type that here. Nothing is sent before you have agreed."),
     1},
    {"import", N_("Receive a certificate from a phone or another computer"),
     N_("A number appears here: type it on the other device, where the certificate is. What arrives is shown "
        "before it is "
        "stored."),
     1},
    {"list", N_("Show the certificates on this computer"), NULL, 0},
    {"show", N_("Show all that one certificate says"), NULL, 0},
    {"verify", N_("Check a certificate and its password"),
     N_("You choose a certificate and type its password. Nothing is changed, and a wrong password locks "
        "nothing."),
     0},
    {"passwd", N_("Change the password of a certificate"),
     N_("You choose a certificate, type its password, and the new one twice. Copies on other devices keep "
        "the old one."),
     0},
    {"convert", N_("Convert a certificate: one file (.p12, .pfx), or back into a folder"),
     N_("You choose a certificate and what to make of it. The original stays as it is."), 0},
    {"copy", N_("Copy a certificate to a USB drive or another folder"),
     N_("You choose a certificate and where to. No password is needed."), 0},
    {"backup", N_("Back up all certificates"),
     N_("All certificates of this computer are copied into one new folder. No password is needed."), 0},
    {"remove", N_("Remove a certificate from this computer"),
     N_("You choose a certificate, see every file that would go, and are asked before anything is deleted."),
     0},
    {GUIDANCE_TOPIC, N_("When a certificate expires or is lost, or its password is forgotten"), NULL, 0},
};

#define ROW_COUNT (sizeof(guide_rows) / sizeof(guide_rows[0]))

struct menu {
    const struct guide_row *rows[ROW_COUNT];
    const struct command *commands[ROW_COUNT]; /* NULL: guidance */
    size_t count;
};

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (!strcmp(command->name, name))
            return command;
    return NULL;
}

/* Of what this program can do. */
static void menu_fill(struct menu *menu)
{
    menu->count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct command *command = find_command(guide_rows[i].command);

        if (!command && strcmp(guide_rows[i].command, GUIDANCE_TOPIC) != 0)
            continue;
        menu->rows[menu->count] = &guide_rows[i];
        menu->commands[menu->count++] = command;
    }
}

/* 0 when a line came, or an exit code after it was said why none did. */
static int ask(const char *question, char line[static TERMINAL_LINE_BYTES])
{
    int result = question_line(question, line, TERMINAL_LINE_BYTES);

    return result > 0 ? 0 : say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
}

/* Its index in *chosen; menu->count stands for the end. */
static int read_choice(const struct menu *menu, const char *line, size_t *chosen)
{
    char *end = NULL;
    unsigned long number = strtoul(line, &end, 10);

    if (end == line || end[strspn(end, " .")] || number > menu->count)
        return 0;
    *chosen = number ? (size_t)number - 1 : menu->count;
    return 1;
}

static int ask_choice(const struct menu *menu, size_t *chosen)
{
    char line[TERMINAL_LINE_BYTES], question[128];

    say_must(STYLE_STRONG, "%s", _("What shall be done?"));
    for (size_t i = 0; i < menu->count; i++)
        say_must(STYLE_PLAIN, " %2zu  %s", i + 1, _(menu->rows[i]->text));
    say_must(STYLE_PLAIN, " %2d  %s", 0, _("Nothing: end"));
    snprintf(question, sizeof(question), _("Number (0 to %zu):"), menu->count);
    for (;;) {
        int code = ask(question, line);

        if (code || read_choice(menu, line, chosen))
            return code;
        say_must(STYLE_PLAIN, _("Please type one of the numbers, 0 to %zu, and then Enter."), menu->count);
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

static int run_row(struct app *app, const struct guide_row *row, const struct command *command)
{
    int code = 0;

    if (row->steps)
        say_must(STYLE_PLAIN, "%s", _(row->steps));
    if (!command) {
        guidance_print();
        return 0;
    }
    app->command = command;
    if (row->needs_relay && !app->settings.relay)
        code = ask_relay(app);
    return code ? code : command->run(app);
}

int guide_run(struct app *app)
{
    struct menu menu;
    size_t chosen = 0;
    int code;

    if (!terminal_can_ask()) {
        help_print(NULL);
        return error_get(ERROR_USAGE)->exit_code;
    }
    menu_fill(&menu);
    for (;;) {
        code = ask_choice(&menu, &chosen);
        if (code || chosen == menu.count)
            return code;
        code = run_row(app, menu.rows[chosen], menu.commands[chosen]);
        if (menu.rows[chosen]->needs_relay || code == error_get(ERROR_INTERRUPTED)->exit_code ||
            say_is_json())
            return code;
        say_must(STYLE_PLAIN, "%s", "");
    }
}
