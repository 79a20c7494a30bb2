/* Renewed certificates: the old one stops working, wherever it lies. */
#include "renewal.h"

#include "describe.h"
#include "say.h"
#include "texts.h"

#include <string.h>

static int is_successor(const struct store_facts *old, const struct store_facts *other)
{
    return other->not_before > old->not_before && old->subject[0] && !strcmp(old->subject, other->subject) &&
           !strcmp(old->issuer_ko, other->issuer_ko) && !strcmp(old->policy, other->policy);
}

static int is_told(const struct store_entry *entry)
{
    return !entry->fault && describe_is_dated(&entry->facts) && entry->facts.subject;
}

int renewal_find(const struct store_list *list, const struct store_entry *entry, size_t *index)
{
    const struct store_entry *newest = NULL;

    if (!is_told(entry))
        return 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct store_entry *other = &list->entries[i];

        if (!is_told(other) || !is_successor(&entry->facts, &other->facts) ||
            (newest && newest->facts.not_before >= other->facts.not_before))
            continue;
        newest = other;
        *index = i;
    }
    return newest != NULL;
}

void renewal_say(const struct store_list *list, const struct store_entry *entry)
{
    size_t index = 0;

    if (renewal_find(list, entry, &index))
        say_must(STYLE_WARN, _("     It has been renewed: number %zu is newer, and this one stops working."),
                 index + 1);
}

json_t *renewal_json(const struct store_list *list, size_t index, json_t *certificate)
{
    size_t newer = 0;
    int is_renewed = renewal_find(list, &list->entries[index], &newer);

    json_object_set_new(certificate, "renewed_by",
                        is_renewed ? json_integer((json_int_t)newer + 1) : json_null());
    return certificate;
}

void renewal_say_spread(void)
{
    say_talk(STYLE_PLAIN, "%s",
             _("After a renewal the old certificate stops working, on your other devices too. To bring the "
               "new one there, run "
               "certrelay export here, and receive it on each of them."));
}
