/* certrelay passwd: another password for a certificate, in one place or in all that are known. */
#include "app.h"
#include "choose.h"
#include "describe.h"
#include "errors.h"
#include "newpass.h"
#include "prove.h"
#include "question.h"
#include "say.h"
#include "secret.h"
#include "texts.h"

#include <passwd.h>
#include <stdlib.h>
#include <string.h>

struct change {
    const struct app *app;
    const struct store_list *list;
    const struct store_entry *entry;
    struct secret before;
    struct secret fresh;
    struct store_twin *twin; /* of several places; NULL without memory, which then differ */
    int is_everywhere;
};

static void say_path(const char *format, const char *path)
{
    char *printable = store_printable(path, strlen(path));

    say_place(STYLE_PLAIN, format, printable ? printable : "?");
    free(printable);
}

/* Copies with another password, or another key file, are entries of their own. */
static void say_others(const struct change *change)
{
    for (size_t i = 0; i < change->list->count; i++) {
        const struct store_entry *other = &change->list->entries[i];

        if (other != change->entry && !other->fault &&
            !memcmp(other->facts.identity, change->entry->facts.identity, sizeof(other->facts.identity)))
            say_path(_("Another copy, with a password of its own, stays as it is: %s"), other->path);
    }
}

static void say_places(const struct change *change)
{
    if (say_is_quiet() && !change->entry->other_places)
        return;
    say_must(STYLE_PLAIN, "%s", _("It lies here:"));
    say_path("  %s", change->entry->path);
    for (char **other = change->entry->other_places; other && *other; other++)
        say_path("  %s", *other);
    say_others(change);
}

/* 1 yes, 0 no, or a negative exit code: the person went away. */
static int decide(const char *question, int preset)
{
    int answer = question_yes_no(question, preset);

    return answer < 0 ? -say_error(ERROR_INTERRUPTED, NULL) : answer;
}

/* 0 to go on, or an exit code. */
static int decide_places(struct change *change)
{
    const struct options *options = &change->app->options;
    int answer;

    change->is_everywhere = options->everywhere;
    if (!change->entry->other_places || options->everywhere || options->only_here)
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--everywhere, --only-here");
    answer = decide(
        _("Change the password in all these places? If not, only the first is changed, and the others keep "
          "the old password."),
        1);
    if (answer < 0)
        return -answer;
    change->is_everywhere = answer;
    return 0;
}

static int decide_strength(const struct change *change)
{
    const struct options *options = &change->app->options;
    int answer;

    if (!options->strong)
        return 0;
    say_must(STYLE_WARN, "%s",
             _("--strong makes guessing the password very slow, but programs of banks and offices may not "
               "read the key any "
               "more. certrelay and OpenSSL 3 do. Use it for a copy that is kept, not for one in daily use; "
               "--common leads "
               "back."));
    if (options->yes)
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--yes");
    answer = decide(_("Go on with --strong?"), 0);
    if (answer < 0)
        return -answer;
    return answer ? 0 : say_error(ERROR_PASSWORD_KEPT, NULL);
}

/* Asked, and proved, before the new one is thought of. */
static int get_before(struct change *change)
{
    struct cr_bundle *bundle = cr_bundle_new();
    enum store_fault fault = bundle ? store_load(change->entry, bundle) : STORE_MEMORY;
    int code;

    if (fault)
        code = prove_say_fault(change->entry, fault);
    else
        code = prove_get(change->app, bundle, &change->before);
    cr_bundle_free(bundle);
    return code;
}

static enum store_seal seal_of(const struct options *options)
{
    return options->strong ? STORE_SEAL_STRONG : options->common ? STORE_SEAL_COMMON : STORE_SEAL_SAME;
}

static int change_entry(const struct change *change, const struct store_entry *entry)
{
    const struct store_passwd wish = {
        .old_password = change->before.bytes,
        .old_length = change->before.length,
        .new_password = change->fresh.bytes,
        .new_length = change->fresh.length,
        .seal = seal_of(&change->app->options),
        .keeps_backup = change->app->options.keep_backup,
        .twin = change->twin,
    };
    char detail[STORE_DETAIL_BYTES] = "", *place = store_printable(entry->path, strlen(entry->path));
    enum store_fault fault = store_passwd(entry, &wish, detail);
    int code = 0;

    if (fault) {
        say_place(STYLE_WARN, _("Not changed: %s"), place ? place : "?");
        code = say_error(error_of_store(fault), detail);
    } else {
        say_json("changed", "s:s", "path", place ? place : "?");
        if (!say_is_quiet())
            say_place(STYLE_GOOD, _("Changed: %s"), place ? place : "?");
    }
    free(place);
    return code;
}

/* The same certificate at another place, as it lies there. */
static int change_at(const struct change *change, const char *place)
{
    struct store_list list = {.count = 0};
    int code = -1;

    if (!store_scan(place, &list))
        for (size_t i = 0; i < list.count && code < 0; i++)
            if (!list.entries[i].fault &&
                !memcmp(list.entries[i].facts.identity, change->entry->facts.identity,
                        sizeof(change->entry->facts.identity)))
                code = change_entry(change, &list.entries[i]);
    store_list_free(&list);
    if (code >= 0)
        return code;
    say_path(_("Not changed: %s"), place);
    return say_error(ERROR_STORE_CHANGED, NULL);
}

/* Each place is changed for itself: a full drive there is no reason to leave this one as it was. */
static int change_all(const struct change *change)
{
    int first = change_entry(change, change->entry);
    size_t failed = first != 0, places = 1;

    for (char **other = change->entry->other_places; change->is_everywhere && other && *other; other++) {
        int code = change_at(change, *other);

        first = first ? first : code;
        failed += code != 0;
        places++;
    }
    return failed && failed < places ? say_error(ERROR_SOME_UNCHANGED, NULL) : first;
}

static void say_changed(const struct change *change)
{
    if (change->app->options.keep_backup)
        say_must(STYLE_WARN, "%s",
                 _("The old files are kept beside the new (.bak-DATE). Whoever finds them needs only the old "
                   "password."));
    say_talk(STYLE_PLAIN, "%s",
             _("Copies on other devices, in browsers and in bank apps keep the old password. Nobody needs to "
               "be told of the "
               "change."));
}

static int change_password(struct change *change)
{
    int code = 0;

    if (change->entry->fault)
        return prove_say_fault(change->entry, change->entry->fault);
    if (secret_init(&change->before) || secret_init(&change->fresh))
        return say_error(ERROR_END_MEMORY, NULL);
    describe_facts(&change->entry->facts, time(NULL));
    say_places(change);
    code = decide_places(change);
    if (!code)
        code = decide_strength(change);
    if (!code)
        code = get_before(change);
    if (!code)
        code = newpass_get(change->app, &change->before, &change->fresh);
    change->twin = change->is_everywhere ? store_twin_new() : NULL;
    if (!code)
        code = change_all(change);
    if (!code) {
        say_changed(change);
        say_json("done", NULL);
    }
    return code;
}

int passwd_run(struct app *app)
{
    struct store_list list = {.count = 0};
    struct change change = {.app = app, .list = &list};
    size_t index = 0;
    int code = choose_scan(app, &list);

    if (!code)
        code = choose_one(app, &list, &index);
    if (!code) {
        change.entry = &list.entries[index];
        code = change_password(&change);
    }
    secret_wipe(&change.before);
    secret_wipe(&change.fresh);
    store_twin_free(change.twin);
    store_list_free(&list);
    return code;
}
