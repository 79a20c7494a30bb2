/* The list of what was found. */
#include "scan.h"

#include <stdlib.h>
#include <string.h>

void entry_wipe(struct store_entry *entry)
{
    store_facts_wipe(&entry->facts);
    free(entry->path);
    for (size_t i = 0; i < entry->file_count; i++) {
        free(entry->paths[i]);
    }
    for (char **place = entry->other_places; place != NULL && *place != NULL; place++) {
        free(*place);
    }
    free(entry->other_places);
    memset(entry, 0, sizeof *entry);
}

void store_list_free(struct store_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        entry_wipe(&list->entries[i]);
    }
    free(list->entries);
    authorities_free(list);
    memset(list, 0, sizeof *list);
}

static const uint8_t *digest_of(const struct store_entry *entry, enum cr_file_kind kind)
{
    for (size_t i = 0; i < entry->file_count; i++) {
        if (entry->kinds[i] == kind) {
            return entry->digests[i];
        }
    }
    return NULL;
}

/* Copies of one certificate whose keys differ (another password, or damage) are not one: each must be seen, and be chosen. */
static int is_copy(const struct store_entry *one, const struct store_entry *other)
{
    for (size_t i = 0; i < one->file_count; i++) {
        const uint8_t *same = digest_of(other, one->kinds[i]);
        if (same != NULL && memcmp(same, one->digests[i], sizeof one->digests[i]) != 0) {
            return 0;
        }
    }
    return 1;
}

static struct store_entry *find_same(struct store_list *list, const struct store_entry *entry)
{
    for (size_t i = 0; entry->fault == STORE_OK && i < list->count; i++) {
        struct store_entry *other = &list->entries[i];
        if (other->fault == STORE_OK && other->format == entry->format &&
            memcmp(other->facts.identity, entry->facts.identity, sizeof entry->facts.identity) == 0 &&
            is_copy(other, entry)) {
            return other;
        }
    }
    return NULL;
}

/* The fuller copy leads; the other gives its path as one more place. */
static enum store_fault merge(struct store_entry *known, struct store_entry *entry)
{
    size_t count = 0;
    while (known->other_places != NULL && known->other_places[count] != NULL) {
        count++;
    }
    char **places = realloc(known->other_places, (count + 2) * sizeof *places);
    if (places == NULL) {
        entry_wipe(entry);
        return STORE_MEMORY;
    }
    known->other_places = NULL;
    if (entry->file_count > known->file_count) {
        struct store_entry swapped = *known;
        *known = *entry;
        *entry = swapped;
    }
    known->other_places = places;
    places[count] = entry->path;
    places[count + 1] = NULL;
    entry->path = NULL;
    entry_wipe(entry);
    return STORE_OK;
}

void list_add(struct scan *scan, struct store_entry *entry)
{
    struct store_list *list = scan->list;
    struct store_entry *known = find_same(list, entry);
    if (known != NULL) {
        enum store_fault fault = merge(known, entry);
        scan->fault = fault == STORE_OK ? scan->fault : fault;
        return;
    }
    struct store_entry *more = realloc(list->entries, (list->count + 1) * sizeof *more);
    if (more == NULL) {
        scan->fault = STORE_MEMORY;
        entry_wipe(entry);
        return;
    }
    list->entries = more;
    more[list->count++] = *entry;
    memset(entry, 0, sizeof *entry);
}
