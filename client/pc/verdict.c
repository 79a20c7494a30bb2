/* Verdicts in words. Each line begins with a sign: ✓ good, ✗ wrong, ! to be known, - not looked at. */
#include "verdict.h"

#include "detail.h"
#include "errors.h"
#include "say.h"
#include "texts.h"
#include "wrap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mark { MARK_GOOD, MARK_WRONG, MARK_NOTE, MARK_SKIPPED };

static void print_check(enum mark mark, const char *text)
{
    static const char *const signs[] = {"✓", "✗", "!", "-"};
    static const enum terminal_style styles[] = {STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_PLAIN};
    const char *begin = styles[mark] == STYLE_PLAIN ? "" : terminal_style(styles[mark]);
    const char *end = *begin ? terminal_style(STYLE_PLAIN) : "";
    char *wrapped = wrap_text(text, isatty(STDOUT_FILENO) ? terminal_columns() : 0, 2, 2);

    say_result("%s%s%s %s", begin, signs[mark], end, wrapped ? wrapped : text);
    free(wrapped);
}

static void print_about(enum mark mark, const char *format, const char *name)
{
    char *text = NULL;

    if (asprintf(&text, "%s: %s", name, format) >= 0)
        print_check(mark, text);
    free(text);
}

static void print_opened(const struct store_key_verdict *key)
{
    char text[256];

    print_about(MARK_GOOD, _("the password opens it"), key->file);
    print_about(MARK_GOOD, _("it is the key of this certificate; a test signature held"), key->file);
    if (key->form.name[0]) {
        snprintf(text, sizeof(text), ngettext("%s, %lu round", "%s, %lu rounds", key->form.iterations),
                 detail_form(key->form.name), (unsigned long)key->form.iterations);
        print_about(MARK_GOOD, text, key->file);
    }
    if (key->is_cp949)
        print_about(MARK_NOTE, _("opened by the password as old Windows programs write it (CP949)"),
                    key->file);
    if (key->has_trailing)
        print_about(MARK_NOTE, _("bytes that mean nothing follow the key; they do no harm"), key->file);
}

static void print_key(const struct store_key_verdict *key)
{
    const struct error *error = error_get(error_of_store(key->fault));

    if (key->fault == STORE_OK) {
        print_opened(key);
        return;
    }
    if (key->fault == STORE_NO_CERT) /* it opened */
        print_about(MARK_GOOD, _("the password opens it"), key->file);
    print_about(MARK_WRONG, _(error->what), key->file);
    if (key->oid[0])
        print_about(MARK_NOTE, key->oid, key->file);
}

struct chain_row {
    enum mark mark;
    const char *text; /* msgid with the authority's name */
};

static const struct chain_row chain_rows[] = {
    [STORE_CHAIN_UNKNOWN] = {MARK_SKIPPED, NULL},
    [STORE_CHAIN_MISSING] =
        {MARK_SKIPPED, N_("The issuer's signature was not checked: the certificate of %s is not on this "
                          "computer. That is usual.")},
    [STORE_CHAIN_BROKEN] =
        {MARK_WRONG, N_("The signature of %s does not hold: the certificate was changed, or is a forgery.")},
    [STORE_CHAIN_EXPIRED] = {MARK_NOTE,
                             N_("The issuer's signatures hold, but the certificate of %s is out of date.")},
    [STORE_CHAIN_COMPLETE] = {MARK_GOOD,
                              N_("The signatures lead up to %s, as far as the files on this computer tell.")},
};

static void print_chain(const struct store_key_verdict *key)
{
    const struct chain_row *row = &chain_rows[key->chain];
    char *text = NULL;

    if (row->text && asprintf(&text, _(row->text), key->name) >= 0)
        print_check(row->mark, text);
    free(text);
}

/* A key-management certificate has the issuer of the other one. */
static int is_same_chain(const struct store_key_verdict *one, const struct store_key_verdict *other)
{
    return one->chain == other->chain && !strcmp(one->name, other->name);
}

static void print_random(enum store_random random)
{
    static const struct chain_row rows[] = {
        [STORE_RANDOM_UNKNOWN] = {MARK_SKIPPED, NULL},
        [STORE_RANDOM_NONE] =
            {MARK_NOTE, N_("The random value (R) for identity checks is missing: sites that ask for the "
                           "resident number will refuse the certificate.")},
        [STORE_RANDOM_DAMAGED] = {MARK_WRONG, N_("The random value (R) for identity checks is damaged.")},
        [STORE_RANDOM_PRESENT] = {MARK_GOOD, N_("The random value (R) for identity checks is there.")},
    };

    if (rows[random].text)
        print_check(rows[random].mark, _(rows[random].text));
}

static void print_number(enum store_number number)
{
    static const struct chain_row rows[] = {
        [STORE_NUMBER_NOT_ASKED] = {MARK_SKIPPED, NULL},
        [STORE_NUMBER_MALFORMED] = {MARK_WRONG,
                                    N_("The number has neither 13 digits (person) nor 10 (business).")},
        [STORE_NUMBER_UNKNOWN] = {MARK_SKIPPED, N_("The number could not be compared.")},
        [STORE_NUMBER_SAME] = {MARK_GOOD, N_("The certificate was issued for this number.")},
        [STORE_NUMBER_OTHER] = {MARK_WRONG, N_("The certificate was issued for another number.")},
    };

    if (rows[number].text)
        print_check(rows[number].mark, _(rows[number].text));
}

static void print_validity(const struct store_facts *facts, time_t now)
{
    enum store_state state = store_facts_state(facts, now);
    char until[DESCRIBE_BYTES], days[DESCRIBE_BYTES], text[3 * DESCRIBE_BYTES];

    describe_date(facts->not_after, until);
    describe_validity(facts, now, days);
    snprintf(text, sizeof(text), _("valid until %s (%s)"), until, days);
    print_check(state == STORE_VALID ? MARK_GOOD : state == STORE_RENEW_SOON ? MARK_NOTE : MARK_WRONG, text);
}

void verdict_print(const struct store_verdict *verdict, const struct store_facts *facts, time_t now)
{
    for (size_t i = 0; i < verdict->key_count; i++)
        print_key(&verdict->keys[i]);
    print_random(verdict->random);
    print_number(verdict->number);
    if (describe_is_dated(facts))
        print_validity(facts, now);
    for (size_t i = 0; i < verdict->key_count; i++)
        if (!i || !is_same_chain(&verdict->keys[i - 1], &verdict->keys[i]))
            print_chain(&verdict->keys[i]);
    print_check(MARK_SKIPPED,
                _("Revocation was not checked: asking would tell the issuer when and where you use it."));
}

static const char *const chain_names[] = {[STORE_CHAIN_UNKNOWN] = "unknown",
                                          [STORE_CHAIN_MISSING] = "missing",
                                          [STORE_CHAIN_BROKEN] = "broken",
                                          [STORE_CHAIN_EXPIRED] = "expired",
                                          [STORE_CHAIN_COMPLETE] = "complete"};
static const char *const random_names[] = {[STORE_RANDOM_UNKNOWN] = "unknown",
                                           [STORE_RANDOM_NONE] = "none",
                                           [STORE_RANDOM_DAMAGED] = "damaged",
                                           [STORE_RANDOM_PRESENT] = "present"};
static const char *const number_names[] = {[STORE_NUMBER_NOT_ASKED] = "not-asked",
                                           [STORE_NUMBER_MALFORMED] = "malformed",
                                           [STORE_NUMBER_UNKNOWN] = "unknown",
                                           [STORE_NUMBER_SAME] = "same",
                                           [STORE_NUMBER_OTHER] = "other"};

static json_t *key_json(const struct store_key_verdict *key)
{
    const char *fault = key->fault ? error_get(error_of_store(key->fault))->name : NULL;

    return json_pack("{s:s, s:s?, s:s, s:s, s:I, s:b, s:b, s:s, s:s}", "file", key->file, "fault", fault,
                     "oid", key->oid, "form", key->form.name, "iterations", (json_int_t)key->form.iterations,
                     "is_cp949", key->is_cp949, "has_trailing", key->has_trailing, "chain",
                     chain_names[key->chain], "chain_name", key->name);
}

json_t *verdict_json(const struct store_verdict *verdict, const struct store_facts *facts, size_t number,
                     time_t now)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < verdict->key_count; i++)
        json_array_append_new(keys, key_json(&verdict->keys[i]));
    return json_pack("{s:i, s:o?, s:s?, s:o?, s:s, s:s, s:s}", "number", (int)number, "certificate",
                     describe_facts_json(facts, now), "fault",
                     verdict->fault ? error_get(error_of_store(verdict->fault))->name : NULL, "keys", keys,
                     "random", random_names[verdict->random], "owner_number", number_names[verdict->number],
                     "revocation", "not-checked");
}

static const struct store_key_verdict *first_wrong(const struct store_verdict *verdict)
{
    for (size_t i = 0; i < verdict->key_count; i++)
        if (verdict->keys[i].fault)
            return &verdict->keys[i];
    return NULL;
}

static const struct store_key_verdict *first_broken(const struct store_verdict *verdict)
{
    for (size_t i = 0; i < verdict->key_count; i++)
        if (verdict->keys[i].chain == STORE_CHAIN_BROKEN)
            return &verdict->keys[i];
    return NULL;
}

static enum error_id of_state(const struct store_facts *facts, time_t now)
{
    if (!describe_is_dated(facts))
        return ERROR_NONE;
    switch (store_facts_state(facts, now)) {
    case STORE_EXPIRED:
        return ERROR_CERT_EXPIRED;
    case STORE_NOT_YET:
        return ERROR_CERT_NOT_YET;
    default:
        return ERROR_NONE;
    }
}

static enum error_id of_number(enum store_number number)
{
    static const enum error_id ids[] = {[STORE_NUMBER_NOT_ASKED] = ERROR_NONE,
                                        [STORE_NUMBER_MALFORMED] = ERROR_NUMBER_MALFORMED,
                                        [STORE_NUMBER_UNKNOWN] = ERROR_NUMBER_UNKNOWN,
                                        [STORE_NUMBER_SAME] = ERROR_NONE,
                                        [STORE_NUMBER_OTHER] = ERROR_NUMBER_OTHER};

    return ids[number];
}

static int say_key(const struct store_key_verdict *key, enum store_fault fault)
{
    char detail[STORE_DETAIL_BYTES + 80];

    snprintf(detail, sizeof(detail), "%s%s%s", key->file, key->oid[0] ? " " : "", key->oid);
    return say_error(error_of_store(fault), detail);
}

int verdict_report(const struct store_verdict *verdict, const struct store_facts *facts, time_t now)
{
    const struct store_key_verdict *wrong = first_wrong(verdict), *broken = first_broken(verdict);
    enum error_id number = of_number(verdict->number), state = of_state(facts, now);

    if (wrong)
        return say_key(wrong, wrong->fault);
    if (verdict->fault)
        return say_error(error_of_store(verdict->fault), NULL);
    if (broken)
        return say_error(ERROR_CHAIN_BROKEN, broken->name);
    if (verdict->random == STORE_RANDOM_DAMAGED)
        return say_error(ERROR_RANDOM_DAMAGED, NULL);
    if (number)
        return say_error(number, NULL);
    return state ? say_error(state, NULL) : 0;
}
