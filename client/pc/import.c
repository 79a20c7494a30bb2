/* certrelay import: receives certificates from another device and stores them on this computer. */
#include "clash.h"
#include "describe.h"
#include "errors.h"
#include "interrupt.h"
#include "pairing.h"
#include "paths.h"
#include "place.h"
#include "question.h"
#include "renewal.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct import {
    struct app *app;
    struct pairing pairing;
    char *root;
    char **paths; /* where it was stored */
    struct clash clash;
    int is_asking;
    int is_stored;
    enum error_id failure; /* why this computer refused */
    char detail[PLACE_DETAIL_BYTES];
};

static enum cr_reason reason_of(enum store_fault fault)
{
    switch (fault) {
    case STORE_NO_SPACE:
        return CR_REASON_NO_SPACE;
    case STORE_READ_ONLY:
    case STORE_NOT_WRITABLE:
        return CR_REASON_NOT_WRITABLE;
    case STORE_EXISTS:
        return CR_REASON_EXISTS;
    case STORE_READ_BACK:
    case STORE_BUSY:
    case STORE_MEMORY:
        return CR_REASON_OTHER;
    default:
        return CR_REASON_DAMAGED;
    }
}

static void refuse(struct import *import, struct run *run, enum error_id failure, enum cr_reason reason)
{
    import->is_asking = 0;
    import->failure = failure;
    run_listen(run, 0);
    cr_transfer_refuse(run_transfer_of(run), reason, net_now());
}

static void refuse_fault(struct import *import, struct run *run, enum store_fault fault)
{
    place_detail(import->root, fault, errno, import->detail);
    refuse(import, run, error_of_store(fault), reason_of(fault));
}

static void store(struct import *import, struct run *run)
{
    int may_replace = import->clash.worst >= STORE_CLASH_RENEWED;
    uint8_t digest[CR_DIGEST_BYTES];
    enum store_fault fault;

    import->is_asking = 0;
    run_listen(run, 0);
    fault = store_save(import->root, cr_transfer_bundle(run_transfer_of(run)), may_replace, digest,
                       &import->paths);
    if (fault) {
        refuse_fault(import, run, fault);
        return;
    }
    import->is_stored = import->pairing.is_done = 1;
    cr_transfer_stored(run_transfer_of(run), digest, net_now());
}

static void ask_store(struct import *import, struct run *run)
{
    if (import->app->options.yes && import->clash.worst != STORE_CLASH_OTHER) {
        store(import, run);
    } else if (!terminal_can_ask()) {
        refuse(import, run, ERROR_STORE_EXISTS, CR_REASON_EXISTS);
    } else {
        import->is_asking = 1;
        question_decide(clash_question(&import->clash), clash_preset(&import->clash));
        run_listen(run, 1);
    }
}

static void arrived_facts(const struct cr_bundle *bundle, const struct store_facts *facts)
{
    time_t now = time(NULL);

    say_must(STYLE_PLAIN, "%s", _("This has arrived:"));
    for (size_t i = 0; i < bundle->cert_count; i++) {
        say_json_value("offer", "certificate", describe_facts_json(&facts[i], now));
        describe_facts(&facts[i], now);
    }
}

static void arrived(struct import *import, struct run *run)
{
    const struct cr_bundle *bundle = cr_transfer_bundle(run_transfer_of(run));
    struct store_facts *facts = calloc(CR_CERTS_MAX, sizeof(*facts));
    enum store_fault fault = facts ? store_check(bundle, facts) : STORE_MEMORY;

    say_json("step", "s:s", "step", "send");
    if (fault) {
        refuse_fault(import, run, fault);
    } else {
        arrived_facts(bundle, facts);
        clash_find(import->root, bundle, facts, &import->clash);
        ask_store(import, run);
    }
    for (size_t i = 0; facts && i < CR_CERTS_MAX; i++)
        store_facts_wipe(&facts[i]);
    free(facts);
}

static void on_begin(void *self, struct run *run)
{
    struct import *import = self;

    pairing_ask(&import->pairing, run);
}

static void on_event(void *self, struct run *run, const struct cr_event *event)
{
    struct import *import = self;

    if (pairing_event(&import->pairing, run, event))
        return;
    if (event->type == CR_EVENT_HELLO)
        say_talk(STYLE_PLAIN, "%s", _("Waiting until its user agrees to send."));
    else if (event->type == CR_EVENT_ARRIVED)
        arrived(import, run);
}

static void on_line(void *self, struct run *run, const char *line, size_t length)
{
    struct import *import = self;
    int answer;

    if (!import->is_asking) {
        pairing_line(&import->pairing, run, line, length);
        return;
    }
    answer = question_answer(line, clash_preset(&import->clash));
    if (answer < 0)
        return;
    say_answered();
    if (answer)
        store(import, run);
    else
        refuse(import, run, ERROR_END_DECLINED, CR_REASON_DECLINED);
}

static void on_code(void *self, struct run *run, int descriptor)
{
    struct import *import = self;

    pairing_code(&import->pairing, run, descriptor);
}

static void on_tick(void *self, struct run *run, int64_t now_ms)
{
    struct import *import = self;

    pairing_tick(&import->pairing, run, now_ms);
}

static void say_stored(const struct import *import, struct outcome *outcome)
{
    say_json_value("stored", "paths", paths_json(import->paths));
    say_step("saved", _("Stored, and read back unchanged:"));
    paths_print(import->paths);
    clash_backups(&import->clash, import->paths);
    say_talk(STYLE_PLAIN, "%s",
             import->app->settings.store ? _("It is in a folder of its own, where a program has to be told "
                                             "to look. Its password is the one it had on the other device.")
                                         : _("Programs on this computer that look in the folder NPKI find it "
                                             "there. Its password is the one it had on the other device."));
    if (import->clash.worst == STORE_CLASH_RENEWED)
        renewal_say_spread();
    if (outcome->end != CR_END_DONE)
        outcome_report(outcome);
}

static int say_interrupted(const struct import *import, struct outcome *outcome)
{
    const char *why = _("Nothing was stored.");

    if (import->is_stored)
        why = _("The certificate had already been stored.");
    else if (import->pairing.is_spent)
        why = _("The number is used up, and nothing was stored. To try again, start on both devices anew.");
    if (import->is_stored)
        say_stored(import, outcome);
    return outcome_interrupted(outcome, why);
}

static void transfer(struct import *import, struct net *net, struct outcome *outcome)
{
    struct run_config config = {.app = import->app,
                                .net = net,
                                .side = import->pairing.side,
                                .role = CR_RECEIVER,
                                .secrets = pairing_secrets(&import->pairing),
                                .invite = import->pairing.has_invite ? &import->pairing.invite : NULL,
                                .permit = &import->pairing.permit,
                                .dialogue = {import, on_begin, on_event, on_line, on_code, on_tick}};

    pairing_begin(&import->pairing);
    run_transfer(&config, outcome);
}

static int talk_to(struct import *import, struct net *net)
{
    struct outcome outcome;
    int attempt = 1;

    do
        transfer(import, net, &outcome);
    while (!outcome.interrupted && !interrupt_signal() &&
           pairing_again(&import->pairing, &outcome, attempt++));
    if (import->pairing.fault)
        return import->pairing.fault;
    if (outcome.interrupted || interrupt_signal())
        return say_interrupted(import, &outcome);
    if (import->is_stored) {
        say_stored(import, &outcome);
        say_json("done", NULL);
        return 0;
    }
    if (import->failure != ERROR_NONE)
        return say_error(import->failure, import->detail);
    return outcome_report(&outcome);
}

int import_run(struct app *app)
{
    struct import import = {.app = app};
    struct net *net = NULL;
    int code = app_address(app);

    if (!code)
        code = pairing_init(&import.pairing, app, CR_RECEIVER);
    if (!code)
        code = place_prepare(app, &import.root);
    if (!code)
        code = app_net(app, &net);
    if (!code)
        code = talk_to(&import, net);
    net_free(net);
    pairing_wipe(&import.pairing);
    store_paths_free(import.paths);
    free(import.root);
    return code;
}
