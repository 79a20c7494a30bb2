/* Certificates in words. Dates are Korean ones: validity ends at midnight there. */
#include "describe.h"

#include "errors.h"
#include "say.h"
#include "table.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

#define KOREA_SECONDS (9 * 3600)
#define FOLD 3 /* after the use */

static const char *text_or(const char *text, const char *instead)
{
    return text && *text ? text : instead;
}

const char *describe_use(const struct store_facts *facts)
{
    return text_or(texts_is_korean() ? facts->use_ko : facts->use_en, "-");
}

const char *describe_issuer(const struct store_facts *facts)
{
    return text_or(texts_is_korean() ? facts->issuer_ko : facts->issuer_en, "-");
}

int describe_is_dated(const struct store_facts *facts)
{
    return facts->not_after != 0;
}

static void korean_text(int64_t when, const char *format, char text[static DESCRIBE_BYTES])
{
    time_t korean = (time_t)when + KOREA_SECONDS;
    struct tm day;

    if (!gmtime_r(&korean, &day) || !strftime(text, DESCRIBE_BYTES, format, &day))
        strcpy(text, "?");
}

void describe_date(int64_t when, char text[static DESCRIBE_BYTES])
{
    korean_text(when, "%Y-%m-%d", text);
}

void describe_moment(int64_t when, char text[static DESCRIBE_BYTES])
{
    korean_text(when, "%Y-%m-%d %H:%M:%S", text);
}

static void days_text(int days, int is_soon, char text[static DESCRIBE_BYTES])
{
    const char *format =
        is_soon ? ngettext("%d day left, renew it", "%d days left, renew it", (unsigned long)abs(days))
                : ngettext("%d day left", "%d days left", (unsigned long)abs(days));

    snprintf(text, DESCRIBE_BYTES, days ? format : _("expires today"), days);
}

void describe_validity(const struct store_facts *facts, time_t now, char text[static DESCRIBE_BYTES])
{
    enum store_state state = store_facts_state(facts, now);
    char date[DESCRIBE_BYTES];

    switch (state) {
    case STORE_NOT_YET:
        describe_date(facts->not_before, date);
        snprintf(text, DESCRIBE_BYTES, _("valid from %.32s"), date);
        break;
    case STORE_EXPIRED:
        snprintf(text, DESCRIBE_BYTES, "%s", _("EXPIRED"));
        break;
    case STORE_RENEW_SOON:
    case STORE_VALID:
        days_text(store_facts_days_left(facts, now), state == STORE_RENEW_SOON, text);
        break;
    }
}

void describe_state(const struct store_entry *entry, time_t now, char text[static DESCRIBE_BYTES])
{
    if (entry->fault)
        snprintf(text, DESCRIBE_BYTES, "%s", _(error_get(error_of_store(entry->fault))->what));
    else if (!describe_is_dated(&entry->facts))
        snprintf(text, DESCRIBE_BYTES, "PKCS#12");
    else
        describe_validity(&entry->facts, now, text);
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return text_or(slash ? slash + 1 : path, "?");
}

char *describe_owner(const struct store_entry *entry)
{
    const char *name = text_or(entry->facts.owner, base_name(entry->path));

    return store_printable(name, strlen(name));
}

static void add_entry(struct table *table, const struct store_entry *entry, size_t number, time_t now)
{
    char text[DESCRIBE_BYTES], *owner = describe_owner(entry);
    int is_dated = describe_is_dated(&entry->facts);

    snprintf(text, sizeof(text), "%zu", number);
    table_add(table, text);
    table_add(table, text_or(owner, "?"));
    table_add(table, describe_use(&entry->facts));
    table_add(table, describe_issuer(&entry->facts));
    if (is_dated)
        describe_date(entry->facts.not_after, text);
    table_add(table, is_dated ? text : "-");
    describe_state(entry, now, text);
    table_add(table, text);
    free(owner);
}

static void print_rows(const struct store_list *list, const size_t *indexes, size_t count, time_t now,
                       int screen, void (*print)(const char *row))
{
    static const char *const heads[] = {N_("No."),    N_("Owner"),       N_("Use"),
                                        N_("Issuer"), N_("Valid until"), N_("State")};
    const size_t columns = sizeof(heads) / sizeof(heads[0]);
    struct table *table = table_new(columns);

    for (size_t i = 0; i < columns; i++)
        table_add(table, _(heads[i]));
    for (size_t i = 0; i < count; i++) {
        size_t index = indexes ? indexes[i] : i;

        add_entry(table, &list->entries[index], index + 1, now);
    }
    table_print(table, screen, FOLD, print);
    table_free(table);
}

void describe_table(const struct store_list *list, time_t now, int screen, void (*print)(const char *row))
{
    print_rows(list, NULL, list->count, now, screen, print);
}

void describe_rows(const struct store_list *list, const size_t *indexes, size_t count, time_t now, int screen,
                   void (*print)(const char *row))
{
    print_rows(list, indexes, count, now, screen, print);
}

void describe_facts(const struct store_facts *facts, time_t now)
{
    char date[DESCRIBE_BYTES], state[DESCRIBE_BYTES];
    int is_expired = store_facts_state(facts, now) == STORE_EXPIRED;

    say_must(STYLE_STRONG, "  %s", text_or(facts->owner, "PKCS#12"));
    if (!describe_is_dated(facts))
        return;
    describe_date(facts->not_after, date);
    describe_validity(facts, now, state);
    say_must(STYLE_PLAIN, "    %s, %s", describe_use(facts), describe_issuer(facts));
    say_must(is_expired ? STYLE_WARN : STYLE_PLAIN, _("    valid until %s (%s)"), date, state);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    char *printable = text ? store_printable(text, strlen(text)) : NULL;

    json_object_set_new(object, key, printable ? json_string(printable) : json_null());
    free(printable);
}

static void set_time(json_t *object, const char *key, int64_t when)
{
    char text[DESCRIBE_BYTES];
    time_t at = (time_t)when;
    struct tm parts;

    if (gmtime_r(&at, &parts) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
        json_object_set_new(object, key, json_string(text));
}

/* In Korea, where validity begins and ends at midnight. */
static void set_date(json_t *object, const char *key, int64_t when)
{
    char text[DESCRIBE_BYTES];

    describe_date(when, text);
    json_object_set_new(object, key, json_string(text));
}

static const char *state_name(const struct store_facts *facts, time_t now)
{
    static const char *const names[] = {[STORE_VALID] = "valid",
                                        [STORE_RENEW_SOON] = "renew-soon",
                                        [STORE_EXPIRED] = "expired",
                                        [STORE_NOT_YET] = "not-yet"};

    return names[store_facts_state(facts, now)];
}

static void set_identity(json_t *object, const struct store_facts *facts)
{
    char hex[2 * sizeof(facts->identity) + 1];

    for (size_t i = 0; i < sizeof(facts->identity); i++)
        snprintf(hex + 2 * i, 3, "%02x", facts->identity[i]);
    json_object_set_new(object, "identity", json_string(hex));
}

json_t *describe_facts_json(const struct store_facts *facts, time_t now)
{
    json_t *object = json_object();

    if (!object || !facts->owner)
        return object;
    set_text(object, "owner", facts->owner);
    set_identity(object, facts);
    if (!describe_is_dated(facts))
        return object;
    set_text(object, "subject", facts->subject);
    set_text(object, "issuer_ko", facts->issuer_ko);
    set_text(object, "issuer_en", facts->issuer_en);
    set_text(object, "issuer_cn", facts->issuer_cn);
    set_text(object, "use_ko", facts->use_ko);
    set_text(object, "use_en", facts->use_en);
    set_text(object, "policy", facts->policy);
    set_text(object, "serial", facts->serial);
    set_time(object, "not_before", facts->not_before);
    set_time(object, "not_after", facts->not_after);
    set_date(object, "first_day", facts->not_before);
    set_date(object, "last_day", facts->not_after);
    json_object_set_new(object, "key_bits", json_integer(facts->key_bits));
    json_object_set_new(object, "is_test", json_boolean(facts->is_test));
    json_object_set_new(object, "days_left", json_integer(store_facts_days_left(facts, now)));
    json_object_set_new(object, "state", json_string(state_name(facts, now)));
    return object;
}

json_t *describe_json(const struct store_entry *entry, size_t number, time_t now)
{
    json_t *object = describe_facts_json(&entry->facts, now);
    json_t *places = json_array();

    if (!object || !places)
        return object;
    json_object_set_new(object, "number", json_integer((json_int_t)number));
    json_object_set_new(object, "format", json_integer(entry->format));
    set_text(object, "path", entry->path);
    for (char **place = entry->other_places; place && *place; place++) {
        char *printable = store_printable(*place, strlen(*place));

        json_array_append_new(places, printable ? json_string(printable) : json_null());
        free(printable);
    }
    json_object_set_new(object, "other_places", places);
    if (entry->fault)
        json_object_set_new(object, "fault", json_string(error_get(error_of_store(entry->fault))->name));
    return object;
}
