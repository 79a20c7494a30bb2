/* certrelay export: sends certificates of this computer to another device. */
#include "choose.h"
#include "describe.h"
#include "errors.h"
#include "interrupt.h"
#include "pairing.h"
#include "prove.h"
#include "question.h"
#include "renewal.h"
#include "say.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

struct export
{
    struct app *app;
    struct pairing pairing;
    struct store_list list;
    struct choice choice;
    struct cr_bundle *bundle;
    int is_asking; /* the consent has been asked for */
    int is_sent;
};

static void warn(void)
{
    say_must(
        STYLE_WARN, "%s",
        _("Banks, prosecutors and the Financial Supervisory Service never ask you to send a certificate."));
    say_must(STYLE_WARN, "%s", _("If somebody on the phone told you to do this, stop now."));
}

static void consent(struct export *export, struct run *run, int is_yes)
{
    export->is_asking = 0;
    run_listen(run, 0);
    cr_transfer_consent(run_transfer_of(run), is_yes ? export->bundle : NULL, net_now());
}

static void ask_consent(struct export *export, struct run *run)
{
    warn();
    if (export->app->options.yes) {
        consent(export, run, 1);
        return;
    }
    export->is_asking = 1;
    question_decide(_("Is this your own device, and shall the certificate be sent to it?"), 0);
    run_listen(run, 1);
}

static void sending(void)
{
    say_step("send", _("On its way; waiting until the other device has stored it."));
}

static void saved(struct export *export)
{
    export->is_sent = export->pairing.is_done = 1;
    say_step("saved", _("Sent. The other device has stored it and read it back."));
    say_talk(STYLE_PLAIN, "%s",
             _("It is not in any bank's app yet: those keep certificates to themselves. In the bank's app, "
               "choose to import a certificate."));
}

static void on_begin(void *self, struct run *run)
{
    struct export *export = self;

    pairing_ask(&export->pairing, run);
}

static void on_event(void *self, struct run *run, const struct cr_event *event)
{
    struct export *export = self;

    if (pairing_event(&export->pairing, run, event))
        return;
    if (event->type == CR_EVENT_HELLO)
        ask_consent(export, run);
    else if (event->type == CR_EVENT_SENDING)
        sending();
    else if (event->type == CR_EVENT_SAVED)
        saved(export);
}

static void on_line(void *self, struct run *run, const char *line, size_t length)
{
    struct export *export = self;
    int answer;

    if (!export->is_asking) {
        pairing_line(&export->pairing, run, line, length);
        return;
    }
    answer = question_answer(line, 0);
    if (answer < 0)
        return;
    say_answered();
    consent(export, run, answer);
}

static void on_code(void *self, struct run *run, int descriptor)
{
    struct export *export = self;

    pairing_code(&export->pairing, run, descriptor);
}

static void on_tick(void *self, struct run *run, int64_t now_ms)
{
    struct export *export = self;

    pairing_tick(&export->pairing, run, now_ms);
}

static int load(struct export *export)
{
    time_t now = time(NULL);

    for (size_t i = 0; i < export->choice.count; i++) {
        const struct store_entry *entry = &export->list.entries[export->choice.numbers[i]];
        enum store_fault fault = entry->fault ? entry->fault : store_load(entry, export->bundle);

        if (fault)
            return prove_say_fault(entry, fault);
        describe_facts(&entry->facts, now);
        renewal_say(&export->list, entry);
        if (describe_is_dated(&entry->facts) && store_facts_state(&entry->facts, now) == STORE_EXPIRED)
            say_must(STYLE_WARN, "%s", _("This certificate has expired; nothing accepts it any more."));
    }
    return 0;
}

static int prepare(struct export *export)
{
    enum store_fault fault = store_scan(export->app->settings.store, &export->list);
    int code;

    if (fault || !export->list.count)
        return say_error(fault ? error_of_store(fault) : ERROR_STORE_NOT_FOUND, export->app->settings.store);
    code = choose(export->app, &export->list, &export->choice);
    if (code)
        return code;
    export->bundle = cr_bundle_new();
    if (!export->bundle)
        return say_error(ERROR_END_MEMORY, NULL);
    code = load(export);
    return code ? code : prove_bundle(export->app, export->bundle);
}

static int say_interrupted(const struct export *export, const struct outcome *outcome)
{
    const char *why = _("Nothing was sent.");

    if (export->is_sent)
        why = _("The certificate had already been sent and stored.");
    else if (outcome->has_data_left)
        why = _("The number is used up.");
    else if (export->pairing.is_spent)
        why = _("The number is used up, and nothing was stored on the other device. To try again, start on "
                "both devices anew.");
    return outcome_interrupted(outcome, why);
}

static void transfer(struct export *export, struct net *net, struct outcome *outcome)
{
    struct run_config config = {.app = export->app,
                                .net = net,
                                .side = export->pairing.side,
                                .role = CR_SENDER,
                                .secrets = pairing_secrets(&export->pairing),
                                .invite = export->pairing.has_invite ? &export->pairing.invite : NULL,
                                .permit = &export->pairing.permit,
                                .dialogue = {export, on_begin, on_event, on_line, on_code, on_tick}};

    pairing_begin(&export->pairing);
    run_transfer(&config, outcome);
}

static int talk_to(struct export *export, struct net *net)
{
    struct outcome outcome;
    int attempt = 1;

    do
        transfer(export, net, &outcome);
    while (!outcome.interrupted && !interrupt_signal() &&
           pairing_again(&export->pairing, &outcome, attempt++));
    if (export->pairing.fault)
        return export->pairing.fault;
    if (outcome.interrupted || interrupt_signal())
        return say_interrupted(export, &outcome);
    if (export->is_sent) {
        say_json("done", NULL);
        return 0;
    }
    return outcome_report(&outcome);
}

int export_run(struct app *app)
{
    struct export export = {.app = app};
    struct net *net = NULL;
    int code = app_address(app);

    if (!code)
        code = pairing_init(&export.pairing, app, CR_SENDER);
    if (!code)
        code = prepare(&export);
    if (!code)
        code = app_net(app, &net);
    if (!code)
        code = talk_to(&export, net);
    net_free(net);
    pairing_wipe(&export.pairing);
    cr_bundle_free(export.bundle);
    store_list_free(&export.list);
    return code;
}
