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

static int may_draw(const struct app *app)
{
    return !app->options.no_qr && (app->options.qr || (terminal_is_seen() && !say_is_quiet()));
}

int show_check(const struct app *app)
{
    int is_seen = app->options.qr || terminal_is_seen() || say_is_json();

    return app->options.qr_only && !is_seen ? say_error(ERROR_QR_TOO_WIDE, NULL) : 0;
}

/* Draws a QR code below the words that introduce it, if it can be shown; 1 when it was drawn. */
static int draw(const struct app *app, const char *text, const char *words)
{
    int columns = 0, rows = 0, fits;
    char *drawing = may_draw(app) ? qr_draw(text, &columns, &rows) : NULL;

    fits = drawing && (app->options.qr || columns <= terminal_columns());
    if (fits) {
        say_must(STYLE_PLAIN, "%s", words);
        fprintf(stderr, "\n%s\n", drawing);
    }
    qr_free(drawing);
    return fits;
}

static int has_page(const struct app *app)
{
    return app->settings.page != NULL;
}

static void show_command(enum cr_role role)
{
    say_talk(STYLE_PLAIN, "%s",
             role == CR_SENDER
                 ? _("On the other computer: certrelay import. It shows a number; type it here.")
                 : _("On the other computer: certrelay export --show-code. It shows a number; "
                     "type it here."));
}

void show_page(const struct app *app, enum cr_role role)
{
    if (!has_page(app)) {
        show_command(role);
        return;
    }
    say_json("page", "s:s", "url", app->page);
    say_talk(STYLE_PLAIN, "%s",
             role == CR_SENDER ? _("On the device that receives, open this page and choose \"Receive\":")
                               : _("On the device that sends, open this page and choose \"Send\":"));
    say_talk(STYLE_STRONG, "  %s", app->page);
    say_talk(
        STYLE_PLAIN, "%s",
        role == CR_SENDER
            ? _("Or on another computer: certrelay import. It shows a number; type it here.")
            : _("Or on another computer: certrelay export --show-code. It shows a number; type it here."));
    draw(app, app->page, _("On a phone, scan this:"));
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

/* Without a page for phones the link still serves: it can be pasted where the number is asked for. */
static void number_link(const struct app *app, const char *link, int is_only_way)
{
    if (has_page(app)) {
        say_talk(STYLE_PLAIN, "%s", _("On a phone, open this page:"));
        say_talk(STYLE_STRONG, "  %s", app->page);
    }
    if (!draw(app, link, has_page(app) ? _("On a phone, scan this:") : _("The same as a QR code:")) &&
        is_only_way)
        say_must(STYLE_PLAIN, "%s", link);
}

static void number_talk(const struct app *app, const char *text, const char *link, enum cr_role role)
{
    if (*text) {
        say_must(STYLE_PLAIN, "%s",
                 role == CR_RECEIVER ? _("Type this number on the device that sends:")
                                     : _("Type this number on the device that receives:"));
        large_number(text);
        say_must(STYLE_STRONG, "\n    %s\n", text);
    }
    number_link(app, link, *text == '\0');
    if (role == CR_SENDER)
        say_must(STYLE_WARN, "%s",
                 _("Show it only to your own device. Whoever enters it can ask for your certificate."));
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
             terminal_can_ask() ? _("Waiting for the other device: %d:%02d left (e and Enter: more time)")
                                : _("Waiting for the other device: %d:%02d left"),
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
