/* Certificates removed for good. */
#include "remove.h"
#include "files.h"
#include "removal.h"
#include "scan.h"
#include "stage.h"
#include "text.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t store_place_count(const struct store_entry *entry)
{
    size_t count = entry->path != NULL;
    for (char **place = entry->other_places; place != NULL && *place != NULL; place++) {
        count++;
    }
    return count;
}

const char *store_place(const struct store_entry *entry, size_t place)
{
    if (place >= store_place_count(entry)) {
        return NULL;
    }
    return place == 0 ? entry->path : entry->other_places[place - 1];
}

static int is_container(const struct store_entry *entry)
{
    return entry->format == CR_FORMAT_PKCS12 || entry->format == CR_FORMAT_PEM;
}

/* Where the files of a certificate are. */
struct spot {
    char *folder; /* that they lie in, in full */
    char *name;   /* of a container */
    char *root;   /* where the stage goes */
    char *dir;    /* from the root to the folder */
};

static void spot_wipe(struct spot *spot)
{
    free(spot->folder);
    free(spot->name);
    free(spot->root);
    free(spot->dir);
    memset(spot, 0, sizeof *spot);
}

/* The path without its last parts. Caller frees. */
static char *up(const char *path, int parts)
{
    char *copy = strdup(path);
    for (int i = 0; copy != NULL && i < parts; i++) {
        char *shorter = strdup(dirname(copy));
        free(copy);
        copy = shorter;
    }
    return copy;
}

static int is_below_user(const char *folder)
{
    char *parent = up(folder, 1);
    const char *slash = parent == NULL ? NULL : strrchr(parent, '/');
    int is_below = slash != NULL && text_is_same(slash + 1, "USER");
    free(parent);
    return is_below;
}

/* NPKI/CA/USER/cn=: its root is the NPKI, which store_save would use too. A folder elsewhere: the one around it. Single files: the
 * folder they lie in. */
static enum store_fault spot_find(const struct store_entry *entry, size_t place, struct spot *spot)
{
    const char *path = store_place(entry, place);
    memset(spot, 0, sizeof *spot);
    if (path == NULL) {
        return STORE_NOT_FOUND;
    }
    const char *slash = strrchr(path, '/');
    char *given = !is_container(entry) ? strdup(path)
                  : slash == NULL      ? strdup(".")
                                       : strndup(path, (size_t)(slash - path) + (slash == path));
    spot->folder = given == NULL ? NULL : realpath(given, NULL);
    free(given);
    if (spot->folder == NULL) {
        return errno == ENOENT || errno == ENOTDIR ? STORE_NOT_FOUND : STORE_UNREADABLE;
    }
    spot->name = !is_container(entry) ? strdup("") : strdup(slash == NULL ? path : slash + 1);
    int levels = entry->format != CR_FORMAT_NPKI ? 0 : is_below_user(spot->folder) ? 3 : 1;
    spot->root = up(spot->folder, levels);
    if (spot->root != NULL) {
        size_t length = strlen(spot->root);
        const char *rest = spot->folder + (strlen(spot->folder) < length ? strlen(spot->folder) : length);
        spot->dir = strdup(rest + (*rest == '/'));
    }
    return spot->name == NULL || spot->dir == NULL ? STORE_MEMORY : STORE_OK;
}

char *store_root_of(const struct store_entry *entry, size_t place)
{
    struct spot spot;
    char *root = spot_find(entry, place, &spot) == STORE_OK ? spot.root : NULL;
    if (root != NULL) {
        spot.root = NULL;
    }
    spot_wipe(&spot);
    return root;
}

static int has_digest(const struct store_entry *entry, enum cr_file_kind kind, const uint8_t *digest)
{
    for (size_t i = 0; i < entry->file_count; i++) {
        if (entry->kinds[i] == kind && memcmp(entry->digests[i], digest, sizeof entry->digests[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* All files of one are in the other. */
static int is_within(const struct store_entry *one, const struct store_entry *other)
{
    int is_same = one->format == other->format;
    for (size_t i = 0; is_same && i < one->file_count; i++) {
        is_same = has_digest(other, one->kinds[i], one->digests[i]);
    }
    return is_same;
}

/* Reads what lies at the spot now. The entry is the list's; NULL when there is no such certificate. */
static struct store_entry *look(const struct store_entry *entry, const struct spot *spot,
                                struct store_list *list)
{
    struct scan scan = {.list = list, .fault = STORE_OK};
    memset(list, 0, sizeof *list);
    int folder = folder_open_path(spot->folder);
    char **names = folder < 0 ? NULL : folder_names(folder);
    if (names != NULL && spot->name[0] == '\0') {
        group_take(&scan, folder, spot->folder, names);
    } else if (names != NULL && !group_take_container(&scan, folder, spot->folder, spot->name)) {
        (void)group_sniff_container(&scan, folder, spot->folder, spot->name);
    }
    names_free(names);
    if (folder >= 0) {
        close(folder);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct store_entry *found = &list->entries[i];
        if (is_within(found, entry) && found->fault == entry->fault && found->file_count > 0) {
            return found;
        }
    }
    return NULL;
}

static int is_same_folder(const struct spot *one, const struct spot *other)
{
    struct stat a;
    struct stat b;
    return stat(one->folder, &a) != 0 || stat(other->folder, &b) != 0 ||
           (a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* Whether another place holds all that is about to go: read now, not as it was scanned. */
static int has_copy(const struct store_entry *entry, size_t place, const struct spot *spot,
                    const struct store_entry *going)
{
    int is_there = 0;
    for (size_t i = 0; !is_there && i < store_place_count(entry); i++) {
        struct spot other;
        struct store_list list = {0};
        if (i != place && spot_find(entry, i, &other) == STORE_OK) {
            const struct store_entry *found = look(entry, &other, &list);
            is_there = found != NULL && is_within(going, found) &&
                       !(is_same_folder(spot, &other) && strcmp(spot->name, other.name) == 0);
            store_list_free(&list);
        }
        if (i != place) {
            spot_wipe(&other);
        }
    }
    return is_there;
}

/* The whole folder, when it holds nothing else; else its files. */
static int is_alone(int folder, const struct store_entry *going)
{
    size_t count = 0;
    char **names = folder_names(folder);
    while (names != NULL && names[count] != NULL) {
        count++;
    }
    names_free(names);
    return going->format == CR_FORMAT_NPKI && count == going->file_count;
}

static enum store_fault plan_folder(struct removal *removal, const struct roots *roots,
                                    const struct spot *spot)
{
    const char *slash = strrchr(spot->dir, '/');
    removal->dir = strndup(spot->dir, slash == NULL ? 0 : (size_t)(slash - spot->dir));
    int around = removal->dir == NULL ? -1 : dir_open(roots->root, removal->dir, 0);
    enum store_fault fault =
        around < 0 ? STORE_NOT_WRITABLE : removal_add(removal, around, slash == NULL ? spot->dir : slash + 1);
    if (around >= 0) {
        close(around);
    }
    return fault;
}

/* The key goes first: without it nobody has the certificate. */
static enum store_fault plan_files(struct removal *removal, int folder, const struct spot *spot,
                                   const struct store_entry *going)
{
    removal->dir = strdup(spot->dir);
    enum store_fault fault = removal->dir == NULL ? STORE_MEMORY : STORE_OK;
    for (size_t i = going->file_count; fault == STORE_OK && i-- > 0;) {
        const char *slash = strrchr(going->paths[i], '/');
        fault = removal_add(removal, folder, slash == NULL ? going->paths[i] : slash + 1);
    }
    return fault;
}

static enum store_fault carry_out(const struct roots *roots, const struct removal *removal)
{
    int stage = -1;
    int is_clear = 1;
    char *name = stage_make(roots, &stage);
    if (name == NULL) {
        return fault_of_writing();
    }
    enum store_fault fault =
        folder_sync(roots->root) == 0 ? removal_write(stage, removal) : fault_of_writing();
    if (fault == STORE_OK) {
        fault = removal_apply(roots, stage, removal);
        if (fault != STORE_OK) {
            is_clear = removal_undo(roots, stage, removal) == 0;
        } else if (removal_finish(roots, stage, removal) != 0) {
            fault = fault_of_writing();
            is_clear = 0;
        }
    }
    if (is_clear) {
        stage_remove(roots, stage, name);
    }
    int saved = errno;
    close(stage);
    free(name);
    errno = saved;
    return fault;
}

static enum store_fault remove_locked(const struct roots *roots, const struct spot *spot,
                                      const struct store_entry *entry, size_t place, unsigned flags)
{
    struct store_list list = {0};
    struct removal removal = {0};
    const struct store_entry *going = look(entry, spot, &list);
    int folder = dir_open(roots->root, spot->dir, 0);
    enum store_fault fault = STORE_OK;
    if (folder < 0) {
        fault = errno == ENOENT ? STORE_NOT_FOUND : STORE_NOT_WRITABLE;
    } else if (going == NULL) {
        fault = list.count == 0 ? STORE_NOT_FOUND : STORE_CHANGED;
    } else if ((flags & STORE_REMOVE_LAST) == 0 && !has_copy(entry, place, spot, going)) {
        fault = STORE_LAST_COPY;
    } else {
        fault = spot->dir[0] != '\0' && is_alone(folder, going) ? plan_folder(&removal, roots, spot)
                                                                : plan_files(&removal, folder, spot, going);
    }
    if (folder >= 0) {
        close(folder);
    }
    if (fault == STORE_OK) {
        fault = carry_out(roots, &removal);
    }
    int saved = errno;
    removal_wipe(&removal);
    store_list_free(&list);
    errno = saved;
    return fault;
}

enum store_fault store_remove(const struct store_entry *entry, size_t place, unsigned flags)
{
    struct spot spot;
    struct roots roots = {.root = -1, .parent = -1};
    int made = 0;
    enum store_fault fault = spot_find(entry, place, &spot);
    if (fault == STORE_OK) {
        fault = roots_open(spot.root, 0, &roots, &made);
    }
    if (fault == STORE_OK) {
        fault = roots_lock(&roots, 1);
    }
    if (fault == STORE_OK) {
        recover_locked(&roots);
        fault = remove_locked(&roots, &spot, entry, place, flags);
    }
    roots_close(&roots);
    int saved = errno;
    spot_wipe(&spot);
    errno = saved;
    return fault;
}
