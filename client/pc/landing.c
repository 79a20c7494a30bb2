/* Storing certificates that this computer already had. */
#include "landing.h"

#include "errors.h"
#include "paths.h"
#include "place.h"
#include "question.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_there(const struct store_list *list, const struct store_facts *facts)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->entries[i].fault &&
            !memcmp(list->entries[i].facts.identity, facts->identity, sizeof(facts->identity)))
            return 1;
    return 0;
}

/* What is in the way is each time the same certificate, with a key that is encrypted in another way. */
static int is_only_key(const char *root, const struct cr_bundle *bundle, const struct store_facts *facts,
                       const struct clash *clash)
{
    struct store_list list = {.count = 0};
    int is_same = clash->worst == STORE_CLASH_OTHER && !store_scan(root, &list);

    for (size_t i = 0; i < bundle->cert_count; i++)
        is_same = is_same && (!clash->is_replaced[i] || is_there(&list, &facts[i]));
    store_list_free(&list);
    if (is_same)
        say_must(STYLE_PLAIN, "%s",
                 _("It is the same certificate; only its key is encrypted in another way, perhaps under "
                   "another password."));
    return is_same;
}

static int ask(const struct app *app, const struct clash *clash, int is_harmless)
{
    int answer;

    if (clash->worst < STORE_CLASH_RENEWED ||
        (app->options.yes && (is_harmless || clash->worst != STORE_CLASH_OTHER)))
        return 0;
    if (!terminal_can_ask())
        return say_error(ERROR_STORE_EXISTS, NULL);
    answer = question_yes_no(clash_question(clash), clash_preset(clash));
    if (answer > 0)
        return 0;
    return say_error(answer ? ERROR_INTERRUPTED : ERROR_END_DECLINED, NULL);
}

int landing_agree(const struct app *app, const char *root, const struct cr_bundle *bundle,
                  struct clash *clash)
{
    struct store_facts *facts = calloc(CR_CERTS_MAX, sizeof(*facts));
    enum store_fault fault = facts ? store_check(bundle, facts) : STORE_MEMORY;
    int code;

    if (fault) {
        code = say_error(error_of_store(fault), NULL);
    } else {
        clash_find(root, bundle, facts, clash);
        code = ask(app, clash, is_only_key(root, bundle, facts, clash));
    }
    for (size_t i = 0; facts && i < CR_CERTS_MAX; i++)
        store_facts_wipe(&facts[i]);
    free(facts);
    return code;
}

int landing_fault(const char *root, enum store_fault fault)
{
    char detail[PLACE_DETAIL_BYTES];

    place_detail(root, fault, errno, detail);
    return say_error(error_of_store(fault), detail);
}

void landing_report(const struct clash *clash, char *const *paths, const char *text)
{
    say_json_value("stored", "paths", paths_json(paths));
    say_step("saved", text);
    paths_print(paths);
    clash_backups(clash, paths);
}
