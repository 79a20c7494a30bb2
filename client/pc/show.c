/* The screen while pairing. */
#include "show.h"

#include "digits.h"
#include "qr.h"
#include "say.h"
#include "texts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <store.h>

#define LINK_BYTES (ADDRESS_TEXT_BYTES + CR_INVITE_TEXT_BYTES + 2)

#define AROUND_ROWS 8 /* of talk above and below a QR code */
#define NUMBER_ROWS 9
#define TIGHT_ROWS 4 /* the least of it: two lines, the number, the time left */

enum fit { FIT_NOT, FIT_TIGHT, FIT_WELL };

static int has_page(const struct app *app)
{
    return address_has_page(&app->address, app->settings.page);
}

/* A QR code serves phones, and those need a page. */
static int may_draw(const struct app *app)
{
    int is_wanted = (has_page(app) || app->options.qr_only) && terminal_is_seen() && !say_is_quiet();

    return !app->options.no_qr && (app->options.qr || is_wanted);
}

int show_check(const struct app *app)
{
    int is_seen = app->options.qr || terminal_is_seen() || say_is_json();

    return app->options.qr_only && !is_seen ? say_error(ERROR_QR_TOO_WIDE, NULL) : 0;
}

static enum fit fit_of(const struct app *app, int columns, int rows, int talk_rows)
{
    if (app->options.qr)
        return FIT_WELL;
    if (columns > terminal_columns() || rows + TIGHT_ROWS > terminal_rows())
        return FIT_NOT;
    return rows + talk_rows > terminal_rows() ? FIT_TIGHT : FIT_WELL;
}

/* Draws a QR code, if it can be shown whole: well when so many rows of talk find room besides, else without blank lines. */
static enum fit draw(const struct app *app, const char *text, int talk_rows)
{
    int columns = 0, rows = 0;
    char *drawing = may_draw(app) ? qr_draw(text, &columns, &rows) : NULL;
    enum fit fit = drawing ? fit_of(app, columns, rows, talk_rows) : FIT_NOT;
    const char *gap = fit == FIT_WELL ? "\n" : "";

    if (fit != FIT_NOT) {
        say_must(STYLE_PLAIN, "%s", _("On a phone, scan this:"));
        fprintf(stderr, "%s%s%s", gap, drawing, gap);
    }
    qr_free(drawing);
    return fit;
}

/* What to do on the other device, there where it is a computer: by the dialogue where that comes to the same, else by command. */
static const char *command_text(enum cr_role role, int is_typist)
{
    if (role == CR_SENDER)
        return is_typist ? _("start certrelay and choose 2 (receive), or run: certrelay import")
                         : _("run: certrelay import --enter-code");
    return is_typist ? _("run: certrelay export --show-code")
                     : _("start certrelay and choose 1 (send), or run: certrelay export");
}

static void where_talk(const struct app *app, enum cr_role role, int is_typist)
{
    if (has_page(app)) {
        say_talk(STYLE_PLAIN, "%s",
                 role == CR_SENDER ? _("On the device that receives, open this page and choose \"Receive\":")
                                   : _("On the device that sends, open this page and choose \"Send\":"));
        say_talk(STYLE_STRONG, "  %s", app->page);
    }
    say_talk(STYLE_PLAIN, has_page(app) ? _("Or on another computer: %s") : _("On the other computer: %s"),
             command_text(role, is_typist));
}

void show_page(const struct app *app, enum cr_role role)
{
    if (has_page(app))
        say_json("page", "s:s", "url", app->page);
    where_talk(app, role, 1);
    if (has_page(app))
        draw(app, app->page, AROUND_ROWS);
    say_talk(STYLE_PLAIN, "%s", _("It shows a number; type it here."));
}

static void large_number(const char *text)
{
    char row[DIGITS_ROW_BYTES];

    if (!terminal_is_seen() || digits_columns(text) + 4 > terminal_columns())
        return;
    say_must(STYLE_PLAIN, "%s", "");
    for (int i = 0; i < DIGITS_ROWS; i++) {
        digits_row(text, i, row);
        say_must(STYLE_STRONG, "    %s", row);
    }
    sodium_memzero(row, sizeof(row));
}

static void strip_spaces(const char *text, char *digits)
{
    for (; *text; text++)
        if (*text != ' ')
            *digits++ = *text;
    *digits = '\0';
}

static void number_json(const struct cr_invite *invite, const char *text, const char *link, unsigned seconds)
{
    char digits[CR_CODE_TEXT_BYTES];

    strip_spaces(text, digits);
    if (invite->has_digits)
        say_json("code", "s:s, s:s, s:i", "code", digits, "link", link, "seconds", (int)seconds);
    else
        say_json("code", "s:n, s:s, s:i", "code", "link", link, "seconds", (int)seconds);
    sodium_memzero(digits, sizeof(digits));
}

/* The number comes last, where it stays in sight. */
static void number_talk(const struct app *app, const char *text, const char *link, enum cr_role role)
{
    int talk_rows = AROUND_ROWS + (*text ? NUMBER_ROWS : 0);
    enum fit fit;

    where_talk(app, role, 0);
    if (role == CR_SENDER)
        say_must(STYLE_WARN, "%s",
                 _("Show it only to your own device. Whoever enters it can ask for your certificate."));
    fit = draw(app, link, talk_rows);
    if (fit == FIT_NOT && !*text)
        say_must(STYLE_PLAIN, "%s", link);
    if (!*text)
        return;
    say_must(STYLE_PLAIN, "%s",
             role == CR_RECEIVER ? _("Type this number on the device that sends:")
                                 : _("Type this number on the device that receives:"));
    if (fit != FIT_TIGHT)
        large_number(text);
    say_must(STYLE_STRONG, fit == FIT_TIGHT ? "    %s" : "\n    %s\n", text);
}

/* The link as the other device opens it: the page, and behind '#' what no server sees. */
static int link_write(const struct app *app, const struct cr_invite *invite, enum cr_role role, char *link)
{
    struct cr_invite copy = *invite;
    char fragment[CR_INVITE_TEXT_BYTES];
    int result;

    copy.wants_send = role == CR_RECEIVER;
    copy.relay[0] = '\0';
    if (!address_is_own_page(&app->address, app->page))
        snprintf(copy.relay, sizeof(copy.relay), "%s", app->address.url);
    result = cr_invite_format(&copy, fragment, sizeof(fragment));
    if (!result)
        snprintf(link, LINK_BYTES, "%s#%s", app->page, fragment);
    sodium_memzero(fragment, sizeof(fragment));
    sodium_memzero(&copy, sizeof(copy));
    return result;
}

void show_invite(const struct app *app, const struct cr_invite *invite, enum cr_role role, unsigned seconds)
{
    char text[CR_CODE_TEXT_BYTES] = "", link[LINK_BYTES] = "";

    if (!invite || link_write(app, invite, role, link))
        return;
    if (invite->has_digits)
        cr_code_format(&invite->code, text);
    say_json("step", "s:s", "step", "number");
    number_json(invite, text, link, seconds);
    number_talk(app, text, link, role);
    sodium_memzero(text, sizeof(text));
    sodium_memzero(link, sizeof(link));
}

static void left_on_terminal(int seconds)
{
    char text[256];

    snprintf(text, sizeof(text),
             terminal_can_ask() ? _("%d:%02d left. Waiting for the other device (e and Enter: more time)")
                                : _("%d:%02d left. Waiting for the other device"),
             seconds / 60, seconds % 60);
    terminal_status(text);
}

void show_left(int seconds, int *announced)
{
    static const int marks[] = {60, 30};

    if (terminal_is_seen() && !say_is_quiet()) {
        left_on_terminal(seconds);
        return;
    }
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (seconds <= marks[i] && *announced > marks[i])
            say_talk(STYLE_PLAIN, ngettext("%d second left.", "%d seconds left.", (unsigned long)seconds),
                     seconds);
    *announced = seconds;
}

void show_device(const struct cr_hello *hello, enum cr_role role)
{
    char *name = store_printable(hello->name, strlen(hello->name));
    char *platform = store_printable(hello->platform, strlen(hello->platform));
    char *program = store_printable(hello->program, strlen(hello->program));

    if (name && platform && program) {
        say_json("device", "s:s, s:s, s:s", "name", name, "platform", platform, "program", program);
        say_must(STYLE_PLAIN, "%s", role == CR_SENDER ? _("This device receives:") : _("This device sends:"));
        say_must(STYLE_STRONG, "  %s (%s, %s)", name, platform, program);
    }
    free(name);
    free(platform);
    free(program);
}
