/* Certificates of one name, here and arrived. */
#include "clash.h"

#include "describe.h"
#include "say.h"
#include "texts.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* The certificate under the same name, or NULL when what is there cannot be read. */
static const struct store_entry *find_here(const struct store_list *list, enum cr_format format,
                                           const struct store_facts *arrived)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct store_entry *entry = &list->entries[i];

        if (!entry->fault && entry->format == format && entry->facts.folder && arrived->folder &&
            !strcmp(entry->facts.folder, arrived->folder) &&
            !strcmp(entry->facts.ca_folder, arrived->ca_folder) &&
            memcmp(entry->facts.identity, arrived->identity, sizeof(arrived->identity)) != 0)
            return entry;
    }
    return NULL;
}

static const char *relation(const struct store_facts *here, const struct store_facts *arrived)
{
    if (here->not_before > arrived->not_before)
        return _("The one on this computer is NEWER than the one that arrived.");
    if (here->not_before < arrived->not_before)
        return _("The one on this computer is older than the one that arrived.");
    return _("The one on this computer is another one, just as new as the one that arrived.");
}

static void say_dates(const char *format, const struct store_facts *facts)
{
    char from[DESCRIBE_BYTES], until[DESCRIBE_BYTES];

    describe_date(facts->not_before, from);
    describe_date(facts->not_after, until);
    say_must(STYLE_PLAIN, format, from, until);
}

static void say_clash(const struct store_list *list, enum cr_format format, const struct store_facts *arrived)
{
    const struct store_entry *here = find_here(list, format, arrived);

    say_must(STYLE_WARN, _("A certificate of this name is here already: %s"),
             arrived->owner && *arrived->owner ? arrived->owner : "?");
    say_json_value("clash", "here", here ? describe_facts_json(&here->facts, time(NULL)) : NULL);
    if (!here)
        return;
    say_dates(_("    here:    %s to %s"), &here->facts);
    say_dates(_("    arrived: %s to %s"), arrived);
    say_must(STYLE_PLAIN, "    %s", relation(&here->facts, arrived));
}

void clash_find(const char *root, const struct cr_bundle *bundle, const struct store_facts *facts,
                struct clash *clash)
{
    enum store_clash all = store_clash_all(root, bundle);
    struct store_list list = {.count = 0};
    size_t same = 0;

    memset(clash, 0, sizeof(*clash));
    if (all >= STORE_CLASH_RENEWED)
        store_scan(root, &list);
    for (size_t i = 0; i < bundle->cert_count; i++) {
        enum store_clash own = store_clash(root, &bundle->certs[i]);

        same += own == STORE_CLASH_SAME;
        clash->is_replaced[i] = own >= STORE_CLASH_RENEWED && own <= all;
        if (clash->is_replaced[i])
            say_clash(&list, bundle->certs[i].format, &facts[i]);
    }
    store_list_free(&list);
    clash->worst = all >= STORE_CLASH_RENEWED   ? all
                   : same == bundle->cert_count ? STORE_CLASH_SAME
                                                : STORE_CLASH_NONE;
}

const char *clash_question(const struct clash *clash)
{
    static const char *const questions[] = {
        [STORE_CLASH_NONE] = N_("Store it on this computer?"),
        [STORE_CLASH_SAME] = N_("The same certificate is here already; nothing needs to be written. Go on?"),
        [STORE_CLASH_RENEWED] = N_("Replace the older one, and keep it as a backup?"),
        [STORE_CLASH_OTHER] = N_("Replace the one that is here all the same, and keep it as a backup?"),
    };

    return _(questions[clash->worst]);
}

int clash_preset(const struct clash *clash)
{
    return clash->worst < STORE_CLASH_OTHER;
}

/* The latest NAME.bak-20261120, NAME.bak-20261120-2... beside path; NULL: there is none. */
static char *find_backup(const char *path)
{
    const char *name = strrchr(path, '/');
    char *folder = name ? strndup(path, (size_t)(++name - path)) : NULL;
    char *found = NULL, *whole = NULL;
    DIR *beside = folder ? opendir(folder) : NULL;
    size_t length = name ? strlen(name) : 0;

    for (struct dirent *entry; beside && (entry = readdir(beside));) {
        if (strncmp(entry->d_name, name, length) != 0 || strncmp(entry->d_name + length, ".bak-", 5) != 0 ||
            (found && strverscmp(entry->d_name, found) < 0))
            continue;
        free(found);
        found = strdup(entry->d_name);
    }
    if (found && asprintf(&whole, "%s%s", folder, found) < 0)
        whole = NULL;
    if (beside)
        closedir(beside);
    free(found);
    free(folder);
    return whole;
}

void clash_backups(const struct clash *clash, char *const *paths)
{
    for (size_t i = 0; paths && paths[i] && i < CR_CERTS_MAX; i++) {
        char *backup = clash->is_replaced[i] ? find_backup(paths[i]) : NULL;
        char *printable = backup ? store_printable(backup, strlen(backup)) : NULL;

        if (printable) {
            say_talk(STYLE_PLAIN, _("The one that was here before is kept in %s"), printable);
            say_json("backup", "s:s", "path", printable);
        }
        free(printable);
        free(backup);
    }
}
