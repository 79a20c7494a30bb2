/* certrelay import: receives certificates from another device and stores them on this computer. */
#include "describe.h"
#include "errors.h"
#include "interrupt.h"
#include "pairing.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

struct import {
    struct app *app;
    struct pairing pairing;
    char *root;
    char **paths; /* where it was stored */
    int is_asking;
    int may_replace;
    int is_stored;
    enum error_id failure; /* why this computer refused */
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

static void store(struct import *import, struct run *run)
{
    uint8_t digest[CR_DIGEST_BYTES];
    enum store_fault fault;

    import->is_asking = 0;
    run_listen(run, 0);
    fault = store_save(import->root, cr_transfer_bundle(run_transfer_of(run)), import->may_replace, digest,
                       &import->paths);
    if (fault) {
        refuse(import, run, error_of_store(fault), reason_of(fault));
        return;
    }
    import->is_stored = import->pairing.is_done = 1;
    cr_transfer_stored(run_transfer_of(run), digest, net_now());
}

/* The worst that storing would meet. */
static enum store_clash worst_clash(const struct import *import, const struct cr_bundle *bundle)
{
    enum store_clash worst = STORE_CLASH_NONE;

    for (size_t i = 0; i < bundle->cert_count; i++) {
        enum store_clash clash = store_clash(import->root, &bundle->certs[i]);

        worst = clash > worst ? clash : worst;
    }
    return worst;
}

static const char *question_of(enum store_clash clash)
{
    static const char *const questions[] = {
        [STORE_CLASH_NONE] = N_("Store it on this computer?"),
        [STORE_CLASH_SAME] = N_("The same certificate is here already; nothing needs to be written. Go on?"),
        [STORE_CLASH_RENEWED] =
            N_("An older certificate of this name is here. Replace it, and keep a backup?"),
        [STORE_CLASH_OTHER] =
            N_("ANOTHER certificate of this name, not an older one, is here. Replace it, and keep a backup?"),
    };

    return _(questions[clash]);
}

static void ask_store(struct import *import, struct run *run, enum store_clash clash)
{
    import->may_replace = clash == STORE_CLASH_RENEWED || clash == STORE_CLASH_OTHER;
    if (import->app->options.yes && clash != STORE_CLASH_OTHER) {
        store(import, run);
    } else if (!terminal_can_ask()) {
        refuse(import, run, ERROR_STORE_EXISTS, CR_REASON_EXISTS);
    } else {
        import->is_asking = 1;
        say_ask("%s%s", question_of(clash), question_hint(clash < STORE_CLASH_OTHER));
        run_listen(run, 1);
    }
}

static void arrived_facts(const struct cr_bundle *bundle, struct store_facts *facts)
{
    time_t now = time(NULL);

    say_must(STYLE_PLAIN, "%s", _("This has arrived:"));
    for (size_t i = 0; i < bundle->cert_count; i++) {
        say_json_value("offer", "certificate", describe_facts_json(&facts[i], now));
        describe_facts(&facts[i], now);
        store_facts_wipe(&facts[i]);
    }
}

static void arrived(struct import *import, struct run *run)
{
    const struct cr_bundle *bundle = cr_transfer_bundle(run_transfer_of(run));
    struct store_facts *facts = calloc(CR_CERTS_MAX, sizeof(*facts));
    enum store_fault fault = facts ? store_check(bundle, facts) : STORE_MEMORY;

    say_json("step", "s:s", "step", "send");
    if (fault) {
        refuse(import, run, error_of_store(fault), reason_of(fault));
    } else {
        arrived_facts(bundle, facts);
        ask_store(import, run, worst_clash(import, bundle));
    }
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
    answer = !line   ? 0
             : *line ? terminal_yes_no(line)
                     : worst_clash(import, cr_transfer_bundle(run_transfer_of(run))) < STORE_CLASH_OTHER;
    if (answer < 0) {
        say_talk(STYLE_PLAIN, "%s", _("Please answer y or n."));
        return;
    }
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

static json_t *paths_json(char *const *paths)
{
    json_t *array = json_array();

    for (; array && paths && *paths; paths++) {
        char *printable = store_printable(*paths, strlen(*paths));

        json_array_append_new(array, printable ? json_string(printable) : json_null());
        free(printable);
    }
    return array;
}

static void say_stored(const struct import *import, const struct outcome *outcome)
{
    say_json_value("stored", "paths", paths_json(import->paths));
    say_step("saved", _("Stored, and read back unchanged:"));
    for (char **path = import->paths; path && *path; path++) {
        char *printable = store_printable(*path, strlen(*path));

        say_result("%s", printable ? printable : "?");
        free(printable);
    }
    say_talk(STYLE_PLAIN, "%s",
             import->app->settings.store ? _("It is in a folder of its own, where a program has to be told "
                                             "to look. Its password is the one it had on the other device.")
                                         : _("Programs on this computer that look in the folder NPKI find it "
                                             "there. Its password is the one it had on the other device."));
    if (outcome->end != CR_END_DONE)
        run_report(outcome);
}

static int say_interrupted(const struct import *import, const struct outcome *outcome)
{
    if (import->is_stored)
        say_stored(import, outcome);
    return say_error(ERROR_INTERRUPTED, import->is_stored
                                            ? _("Stopped. The certificate had already been stored.")
                                            : _("Stopped. The number is used up, and nothing was stored."));
}

static void transfer(struct import *import, struct net *net, struct outcome *outcome)
{
    struct run_config config = {.app = import->app,
                                .net = net,
                                .side = import->pairing.side,
                                .role = CR_RECEIVER,
                                .secrets = pairing_secrets(&import->pairing),
                                .invite = import->pairing.has_invite ? &import->pairing.invite : NULL,
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
        return say_error(import->failure, NULL);
    return run_report(&outcome);
}

static int find_root(struct import *import)
{
    const char *wish = import->app->settings.store;

    import->root = wish ? strdup(wish) : store_default_root();
    if (!import->root)
        return say_error(ERROR_STORE_NOT_WRITABLE, NULL);
    store_recover(import->root);
    return 0;
}

int import_run(struct app *app)
{
    struct import import = {.app = app};
    struct net *net = NULL;
    int code = app_address(app);

    if (!code)
        code = pairing_init(&import.pairing, app, CR_RECEIVER);
    if (!code)
        code = find_root(&import);
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
