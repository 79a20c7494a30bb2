/* certrelay verify: whether certificates would work, checked with their password. */
#include "app.h"
#include "choose.h"
#include "errors.h"
#include "prove.h"
#include "say.h"
#include "secret.h"
#include "texts.h"
#include "verdict.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const struct app *app;
    const struct store_list *list;
    struct secret password;
    struct secret number;
    int has_number;
};

/* Somebody who types the number behind --number would find it in the shell's history. */
static int looks_like_number(const char *word)
{
    size_t digits = 0;

    for (; *word; word++) {
        if (*word != '-' && !isdigit((unsigned char)*word))
            return 0;
        digits += *word != '-';
    }
    return digits == 10 || digits == 13;
}

static int check_words(const struct options *options)
{
    for (char **word = options->rest; options->number && word && *word; word++)
        if (looks_like_number(*word))
            return say_error(ERROR_SECRET_OPTION, "--number");
    return 0;
}

static int ask_number(struct check *check)
{
    int result;

    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--number-file, --number-fd");
    say_must(STYLE_PLAIN, "%s",
             _("The number is compared here, on this computer. It is not sent, stored or shown."));
    result = secret_ask(&check->number, _("Resident (13 digits) or business (10 digits) number:"));
    return result > 0 ? 0 : say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
}

static int read_number(struct check *check)
{
    const struct options *options = &check->app->options;

    if (!options->number_file && options->number_fd < 0)
        return 0;
    check->has_number = 1;
    return secret_read_given(&check->number, "number", options->number_file, options->number_fd);
}

static enum store_fault look(const struct check *check, const struct store_entry *entry,
                             struct store_verdict *verdict)
{
    const struct store_question question = {
        .password = check->password.bytes,
        .length = check->password.length,
        .number = check->has_number ? check->number.bytes : NULL,
        .number_length = check->number.length,
        .found = check->list,
        .now = time(NULL),
    };

    return store_verify(entry, &question, verdict);
}

/* What a PKCS#12 says of itself once it is open. Facts are the entry's own where that says all. */
static void open_facts(const struct check *check, const struct store_entry *entry, struct store_facts *facts)
{
    struct cr_bundle *bundle = cr_bundle_new();

    memset(facts, 0, sizeof(*facts));
    if (bundle && !store_load(entry, bundle))
        store_facts_open(&bundle->certs[0], check->password.bytes, check->password.length, facts);
    cr_bundle_free(bundle);
}

static int conclude(const struct store_verdict *verdict, const struct store_facts *facts, size_t index)
{
    time_t now = time(NULL);
    int code;

    say_json_value("verdict", "verdict", verdict_json(verdict, facts, index + 1, now));
    verdict_print(verdict, facts, now);
    code = verdict_report(verdict, facts, now);
    if (!code)
        say_talk(STYLE_GOOD, "%s", _("The certificate is whole, and the password is right."));
    return code;
}

/* Nothing is locked by a wrong password, so a person is asked again. */
static int look_until_right(struct check *check, const struct store_entry *entry,
                            struct store_verdict *verdict)
{
    int has_asked = 0;

    for (;;) {
        enum store_fault fault = STORE_WRONG_PASSWORD;
        int code;

        if (check->password.length) {
            fault = look(check, entry, verdict);
            if (fault)
                return prove_say_fault(entry, fault);
        }
        if (check->password.length && (verdict->fault != STORE_WRONG_PASSWORD || prove_is_given(check->app)))
            return 0;
        if (check->password.length && has_asked)
            say_error(ERROR_STORE_WRONG_PASSWORD, NULL);
        code = prove_ask(entry, &check->password);
        if (code)
            return code;
        has_asked = 1;
    }
}

/* Once the password is known to be right. */
static int compare_number(struct check *check, const struct store_entry *entry, struct store_verdict *verdict)
{
    enum store_fault fault;
    int code;

    if (!check->app->options.number || check->has_number || verdict->fault == STORE_WRONG_PASSWORD)
        return 0;
    code = ask_number(check);
    if (code)
        return code;
    check->has_number = 1;
    fault = look(check, entry, verdict);
    return fault ? prove_say_fault(entry, fault) : 0;
}

static int verify_entry(struct check *check, size_t index)
{
    const struct store_entry *entry = &check->list->entries[index];
    struct store_verdict verdict;
    struct store_facts facts;
    int code;

    if (entry->fault)
        return prove_say_fault(entry, entry->fault);
    describe_facts(&entry->facts, time(NULL));
    code = look_until_right(check, entry, &verdict);
    if (!code)
        code = compare_number(check, entry, &verdict);
    if (code)
        return code;
    open_facts(check, entry, &facts);
    code = conclude(&verdict, facts.owner ? &facts : &entry->facts, index);
    store_facts_wipe(&facts);
    return code;
}

static int verify_all(struct check *check, const struct choice *choice)
{
    int first = 0;

    for (size_t i = 0; i < choice->count; i++) {
        int code = verify_entry(check, choice->numbers[i]);

        first = first ? first : code;
        if (code == error_get(ERROR_INTERRUPTED)->exit_code)
            return code;
    }
    return first;
}

static int verify(struct check *check, const struct choice *choice)
{
    const struct options *options = &check->app->options;
    int code = 0;

    if (secret_init(&check->password) || secret_init(&check->number))
        return say_error(ERROR_END_MEMORY, NULL);
    if (prove_is_given(check->app))
        code = secret_read_given(&check->password, "password", options->password_file, options->password_fd);
    if (!code)
        code = read_number(check);
    return code ? code : verify_all(check, choice);
}

int verify_run(struct app *app)
{
    struct store_list list = {.count = 0};
    struct check check = {.app = app, .list = &list};
    struct choice choice = {.count = 0};
    int code = check_words(&app->options);

    if (!code)
        code = choose_scan(app, &list);
    if (!code)
        code = choose(app, &list, &choice);
    if (!code)
        code = verify(&check, &choice);
    secret_wipe(&check.password);
    secret_wipe(&check.number);
    store_list_free(&list);
    return code;
}
