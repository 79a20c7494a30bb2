/* page_tell WORDS TABLES: writes as JSON what the page shares with the other programs, the failures and how a transfer ends,
 * and what certificates' numbers mean. Runs while building. */
#include <errors.h>
#include <tables.h>

#include <certrelay/transfer.h>

#include <jansson.h>
#include <stdio.h>

/* The page's names for what a refusing device gives as its reason. */
static const char *const REASONS[] = {
    [CR_REASON_DECLINED] = "declined",
    [CR_REASON_NO_SPACE] = "no-space",
    [CR_REASON_NOT_WRITABLE] = "not-writable",
    [CR_REASON_DAMAGED] = "damaged",
    [CR_REASON_EXISTS] = "exists",
    [CR_REASON_OTHER] = "other",
};

/* What only the page meets, or says in words of its own. */
struct page_error {
    const char *name, *what, *why, *todo;
};

#define N_(text) text
#define PAGE_ERROR(name, what, why, todo) {name, what, why, todo},
static const struct page_error PAGE_ERRORS[] = {
#include "../../text/page.def"
};
#undef PAGE_ERROR

static void put_error(json_t *all, const char *name, const char *what, const char *why, const char *todo)
{
    json_object_set_new(all, name, json_pack("{s:s,s:s,s:s}", "what", what, "why", why, "todo", todo));
}

static json_t *tell_errors(void)
{
    json_t *all = json_object();

    for (int id = ERROR_NONE + 1; id < ERROR_COUNT; id++) {
        const struct error *error = error_get((enum error_id)id);

        put_error(all, error->name, error->what, error->why, error->todo);
    }
    for (size_t i = 0; i < sizeof PAGE_ERRORS / sizeof PAGE_ERRORS[0]; i++) {
        const struct page_error *error = &PAGE_ERRORS[i];

        put_error(all, error->name, error->what, error->why, error->todo);
    }
    return all;
}

/* By enum cr_end; "done" is no failure, so it has no name there. */
static json_t *tell_ends(void)
{
    json_t *all = json_array();

    for (int end = CR_END_NONE; end <= CR_END_MEMORY; end++) {
        const char *name = error_get(error_of_end((enum cr_end)end))->name;

        json_array_append_new(all, json_string(end == CR_END_DONE ? "done" : name));
    }
    return all;
}

static json_t *tell_reasons(void)
{
    json_t *all = json_object();

    for (int reason = CR_REASON_DECLINED; reason <= CR_REASON_OTHER; reason++)
        json_object_set_new(all, REASONS[reason], json_string(error_reason((enum cr_reason)reason)));
    return all;
}

static json_t *tell_policies(void)
{
    const struct table_policy *row;
    json_t *all = json_array();

    for (size_t i = 0; (row = table_policy_at(i)) != NULL; i++)
        json_array_append_new(all, json_pack("{s:s,s:s,s:s}", "oid", row->oid, "ko", row->ko, "en", row->en));
    return all;
}

static json_t *tell_issuers(void)
{
    const struct table_issuer *row;
    json_t *all = json_array();

    for (size_t i = 0; (row = table_issuer_at(i)) != NULL; i++)
        json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:s}", "organisation", row->organisation, "folder",
                                             row->folder, "ko", row->ko, "en", row->en));
    return all;
}

/* Gives json away. */
static int write_file(json_t *json, const char *path)
{
    int error = json == NULL ? -1 : json_dump_file(json, path, JSON_INDENT(1) | JSON_SORT_KEYS);

    json_decref(json);
    return error;
}

int main(int argc, char **argv)
{
    json_t *words = json_pack("{s:s,s:o,s:o,s:o}", "version", CERTRELAY_VERSION, "errors", tell_errors(),
                              "ends", tell_ends(), "reasons", tell_reasons());
    json_t *tables = json_pack("{s:o,s:o}", "policies", tell_policies(), "issuers", tell_issuers());
    int words_error, tables_error;

    if (argc != 3) {
        fputs("page_tell WORDS TABLES\n", stderr);
        json_decref(words);
        json_decref(tables);
        return 64;
    }
    words_error = write_file(words, argv[1]);
    tables_error = write_file(tables, argv[2]);
    return words_error == 0 && tables_error == 0 ? 0 : 1;
}
