/* Showing the number, asking for it, and the steps that both ways of a transfer have in common. */
#include "pairing.h"

#include "entry.h"
#include "question.h"
#include "say.h"
#include "show.h"
#include "texts.h"

#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

#define ATTEMPTS_DEFAULT 3
#define AWAY_MS 1000 /* shorter than that it may be just hanging up */

static int is_given(const struct options *options)
{
    return options->code_file || options->code_fd >= 0;
}

/* A pipe's number is awaited while the connection is made; a file's is there. */
static int is_pipe(int descriptor)
{
    struct stat status;

    return descriptor >= 0 && fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode);
}

static int read_given(struct pairing *pairing)
{
    const struct options *options = &pairing->app->options;
    struct secret secret;
    enum error_id id = ERROR_NONE;
    int code;

    if (secret_init(&secret))
        return say_error(ERROR_END_MEMORY, NULL);
    code = secret_read_given(&secret, "code", options->code_file, options->code_fd);
    if (!code)
        id = entry_read(secret.bytes, secret.length, &pairing->app->address, &pairing->invite);
    secret_wipe(&secret);
    pairing->has_invite = pairing->is_spent = !code && id == ERROR_NONE;
    return id == ERROR_NONE ? code : say_error(id, NULL);
}

static int show_prepare(struct pairing *pairing)
{
    int code = show_check(pairing->app);

    return code ? code : permit_read(pairing->app, &pairing->permit);
}

int pairing_init(struct pairing *pairing, struct app *app, enum cr_role role)
{
    const struct options *options = &app->options;
    int shows = role == CR_SENDER ? options->show_code : !options->enter_code && !is_given(options);

    memset(pairing, 0, sizeof(*pairing));
    pairing->app = app;
    pairing->role = role;
    pairing->side = shows ? CR_DISPLAYER : CR_TYPIST;
    if (!options->yes && !terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--yes");
    if (shows)
        return show_prepare(pairing);
    pairing->is_awaited = !options->code_file && is_pipe(options->code_fd);
    if (pairing->is_awaited)
        return 0;
    if (is_given(options))
        return read_given(pairing);
    return terminal_can_ask() ? 0 : say_error(ERROR_NEED_INPUT, "--code-file, --code-fd, --show-code");
}

void pairing_wipe(struct pairing *pairing)
{
    sodium_memzero(&pairing->invite, sizeof(pairing->invite));
    permit_wipe(&pairing->permit);
}

enum cr_secrets pairing_secrets(const struct pairing *pairing)
{
    return pairing->app->options.qr_only ? CR_SECRET_LONG_ONLY : CR_SECRET_BOTH;
}

void pairing_begin(struct pairing *pairing)
{
    pairing->is_showing = pairing->is_asking = pairing->is_confirmed = pairing->was_offline = 0;
    pairing->away_since_ms = pairing->is_away_told = pairing->is_done = 0;
    if (pairing->side == CR_TYPIST && !pairing->has_invite && !pairing->is_awaited)
        show_page(pairing->app, pairing->role);
}

void pairing_ask(struct pairing *pairing, struct run *run)
{
    if (pairing->side != CR_TYPIST)
        return;
    if (pairing->has_invite) {
        say_json("step", "s:s", "step", "number");
        return;
    }
    if (pairing->is_awaited) {
        run_await_code(run, pairing->app->options.code_fd);
        return;
    }
    pairing->is_asking = 1;
    say_ask("%s", _("Number shown on the other device:"));
    run_listen(run, 1);
}

static void number_entered(struct pairing *pairing, struct run *run, const char *line, size_t length)
{
    enum error_id id = entry_read(line, length, &pairing->app->address, &pairing->invite);

    say_answered();
    if (id != ERROR_NONE) {
        say_error(id, NULL);
        pairing_ask(pairing, run);
        return;
    }
    pairing->is_asking = 0;
    pairing->is_spent = 1;
    run_listen(run, 0);
    say_step("number", _("The number is well-formed."));
    cr_transfer_enter(run_transfer_of(run), &pairing->invite, net_now());
    sodium_memzero(&pairing->invite, sizeof(pairing->invite));
}

int pairing_line(struct pairing *pairing, struct run *run, const char *line, size_t length)
{
    if (pairing->is_asking && line) {
        number_entered(pairing, run, line, length);
        return 1;
    }
    if (pairing->is_asking) {
        say_answered();
        pairing->is_asking = 0;
        cr_transfer_cancel(run_transfer_of(run), net_now());
        return 1;
    }
    if (pairing->is_showing && line) {
        terminal_status_typed();
        if (terminal_is_key(line, 'e'))
            cr_transfer_extend(run_transfer_of(run), net_now());
    }
    return pairing->is_showing;
}

void pairing_code(struct pairing *pairing, struct run *run, int descriptor)
{
    (void)descriptor;
    pairing->fault = read_given(pairing);
    if (pairing->fault) {
        cr_transfer_cancel(run_transfer_of(run), net_now());
        return;
    }
    say_json("step", "s:s", "step", "number");
    cr_transfer_enter(run_transfer_of(run), &pairing->invite, net_now());
}

static int is_away_news(const struct pairing *pairing)
{
    return pairing->away_since_ms && !pairing->is_away_told && !pairing->is_done;
}

static void tick_if_needed(const struct pairing *pairing, struct run *run)
{
    run_tick(run, pairing->is_showing || is_away_news(pairing));
}

void pairing_tick(struct pairing *pairing, struct run *run, int64_t now_ms)
{
    int left = (int)((pairing->until_ms - now_ms + 999) / 1000);

    if (pairing->is_showing && left >= 0)
        show_left(left, &pairing->announced_left);
    if (!is_away_news(pairing) || now_ms - pairing->away_since_ms < AWAY_MS)
        return;
    pairing->is_away_told = 1;
    say_talk(STYLE_WARN, "%s", _("The other device is away; waiting for it to come back."));
    tick_if_needed(pairing, run);
}

static void code_came(struct pairing *pairing, struct run *run, unsigned seconds)
{
    show_invite(pairing->app, cr_transfer_invite(run_transfer_of(run)), pairing->role, seconds);
    pairing->is_showing = pairing->is_spent = 1;
    pairing->until_ms = net_now() + (int64_t)seconds * 1000;
    pairing->announced_left = (int)seconds;
    tick_if_needed(pairing, run);
    if (terminal_can_ask())
        run_listen(run, 1);
}

static void showing_ended(struct pairing *pairing, struct run *run)
{
    if (!pairing->is_showing)
        return;
    pairing->is_showing = 0;
    terminal_status(NULL);
    tick_if_needed(pairing, run);
    run_listen(run, 0);
}

/* The person is told of it only when it lasts (pairing_tick). */
static void peer_moved(struct pairing *pairing, struct run *run, enum cr_peer peer)
{
    if (pairing->is_done)
        return;
    if (peer == CR_PEER_HERE && pairing->is_away_told)
        say_talk(STYLE_PLAIN, "%s", _("The other device is back."));
    pairing->away_since_ms = peer == CR_PEER_AWAY ? net_now() : 0;
    pairing->is_away_told = 0;
    tick_if_needed(pairing, run);
    say_json("peer", "s:s", "state",
             peer == CR_PEER_HERE   ? "here"
             : peer == CR_PEER_AWAY ? "away"
                                    : "nobody");
}

static void came_online(struct pairing *pairing)
{
    char text[ADDRESS_HOST_BYTES + 128];

    snprintf(text, sizeof(text),
             pairing->was_offline ? _("Connected to the relay again (%s).")
                                  : _("Connected to the relay (%s)."),
             pairing->app->address.host);
    say_step("connect", text);
    pairing->was_offline = 0;
}

static void went_offline(struct pairing *pairing)
{
    if (!pairing->was_offline && !pairing->is_done)
        say_talk(STYLE_WARN,
                 _("The relay does not answer. It is tried again for up to %d seconds; if it comes back, the "
                   "transfer goes on where it was."),
                 (int)(pairing->app->settings.patience_ms / 1000));
    pairing->was_offline = 1;
    say_json("offline", NULL);
}

int pairing_event(struct pairing *pairing, struct run *run, const struct cr_event *event)
{
    switch (event->type) {
    case CR_EVENT_CODE:
        code_came(pairing, run, event->seconds);
        return 1;
    case CR_EVENT_TIME:
        pairing->until_ms = net_now() + (int64_t)event->seconds * 1000;
        say_json("time", "s:i", "seconds", (int)event->seconds);
        return 1;
    case CR_EVENT_ONLINE:
        came_online(pairing);
        return 1;
    case CR_EVENT_OFFLINE:
        went_offline(pairing);
        return 1;
    case CR_EVENT_PEER:
        peer_moved(pairing, run, event->peer);
        return 1;
    case CR_EVENT_CONFIRMED:
        showing_ended(pairing, run);
        pairing->is_confirmed = 1;
        say_step("confirm", _("Both devices know the same number; the line is encrypted end to end."));
        return 1;
    case CR_EVENT_HELLO:
        show_device(event->hello, pairing->role);
        return 0;
    case CR_EVENT_GOING_AWAY:
        say_talk(STYLE_WARN, _("The relay restarts in %u seconds."), (unsigned)event->seconds);
        return 1;
    case CR_EVENT_ENDED:
        showing_ended(pairing, run);
        say_withdraw();
        return 0;
    default:
        return 0;
    }
}

static int is_worth_another(const struct outcome *outcome)
{
    static const enum cr_end ends[] = {CR_END_WRONG_CODE, CR_END_UNAVAILABLE, CR_END_EXPIRED,
                                       CR_END_PEER_LOST,  CR_END_STRANGER,    CR_END_SAME_ROLE};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (outcome->end == ends[i])
            return !outcome->has_data_left; /* else the person looks first */
    return 0;
}

int pairing_again(struct pairing *pairing, struct outcome *outcome, int attempt)
{
    const struct options *options = &pairing->app->options;
    int attempts = options->attempts ? options->attempts : terminal_can_ask() ? ATTEMPTS_DEFAULT : 1;

    if (!is_worth_another(outcome) || attempt >= attempts || is_given(options))
        return 0;
    outcome_report(outcome);
    if (!terminal_can_ask())
        return 1;
    return question_yes_no(
               pairing->side == CR_DISPLAYER ? _("Show a new number?") : _("Type another number?"), 1) == 1;
}
