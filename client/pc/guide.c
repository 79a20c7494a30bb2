/* certrelay alone: asks what to do, and does it. */
#include "app.h"
#include "errors.h"
#include "help.h"
#include "question.h"
#include "say.h"
#include "texts.h"

struct guide_row {
    const char *key;
    const char *text; /* msgid */
    int (*run)(struct app *app);
};

static const struct guide_row guide_rows[] = {
    {"1", N_("Send a certificate from this computer to a phone or another computer"), export_run},
    {"2", N_("Receive a certificate from a phone or another computer"), import_run},
    {"3", N_("Show the certificates on this computer"), list_run},
};

#define ROW_COUNT (sizeof(guide_rows) / sizeof(guide_rows[0]))

static const struct guide_row *find_row(const char *line)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (line[0] == guide_rows[i].key[0] && !line[1])
            return &guide_rows[i];
    return NULL;
}

int guide_run(struct app *app)
{
    const struct guide_row *row = NULL;

    if (!terminal_can_ask()) {
        help_print(NULL);
        return error_get(ERROR_USAGE)->exit_code;
    }
    say_must(STYLE_STRONG, "%s", _("What shall be done?"));
    for (size_t i = 0; i < ROW_COUNT; i++)
        say_must(STYLE_PLAIN, "  %s  %s", guide_rows[i].key, _(guide_rows[i].text));
    while (!row) {
        char line[TERMINAL_LINE_BYTES];
        int result = question_line(_("Number (1 to 3):"), line, sizeof(line));

        if (result <= 0)
            return say_error(ERROR_INTERRUPTED, NULL);
        row = find_row(line);
    }
    return row->run(app);
}
