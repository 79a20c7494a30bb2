/* Where a certificate's files are exchanged. */
#include "place.h"
#include "files.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS 3

void place_wipe(struct place *place)
{
    free(place->folder);
    free(place->above);
    free(place->npki);
    memset(place, 0, sizeof *place);
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* What a journal can name. */
static int is_nameable(const char *name)
{
    int is_good = name[0] != '\0' && name[0] != '.';
    for (const char *at = name; *at != '\0'; at++) {
        is_good &= (unsigned char)*at >= ' ';
    }
    return is_good;
}

/* The folder above CA/USER/NAME, or NULL. */
static char *npki_of(const char *folder)
{
    char *path = strdup(folder);
    int is_npki = path != NULL;
    for (int i = 0; is_npki && i < PARTS; i++) {
        char *slash = strrchr(path, '/');
        is_npki = is_nameable(slash + 1) && (i != 1 || strcasecmp(slash + 1, "USER") == 0) && slash != path;
        *slash = '\0';
    }
    if (!is_npki) {
        free(path);
        return NULL;
    }
    return path;
}

/* Where a change was killed that could not exchange, the name itself may be gone, but not what is above it. */
static char *resolve(const char *path)
{
    char *found = realpath(path, NULL);
    const char *slash = strrchr(path, '/');
    if (found != NULL || errno != ENOENT || slash == NULL || slash == path || slash[1] == '\0') {
        return found;
    }
    char *parent = strndup(path, (size_t)(slash - path));
    char *above = parent == NULL ? NULL : realpath(parent, NULL);
    found = above == NULL ? NULL : text_print("%s/%s", above, slash + 1);
    free(above);
    free(parent);
    return found;
}

enum store_fault place_find(const struct store_entry *entry, struct place *place)
{
    int is_container = entry->format == CR_FORMAT_PKCS12 || entry->format == CR_FORMAT_PEM;
    memset(place, 0, sizeof *place);
    char *path = resolve(entry->path);
    if (path == NULL || path[1] == '\0') {
        free(path);
        return STORE_CHANGED;
    }
    place->folder = is_container ? parent_of(path) : strdup(path);
    free(path);
    if (place->folder == NULL) {
        return STORE_MEMORY;
    }
    place->above = parent_of(place->folder);
    place->npki = entry->format == CR_FORMAT_NPKI ? npki_of(place->folder) : NULL;
    return place->above == NULL ? STORE_MEMORY : STORE_OK;
}

/* Writable, and on the disk of the folder itself. */
static int is_usable(const struct place *place, const char *root)
{
    struct stat here;
    struct stat there;
    return stat(place->folder, &here) == 0 && stat(root, &there) == 0 && here.st_dev == there.st_dev &&
           access(root, W_OK) == 0;
}

static int has_few_files(const char *path)
{
    size_t count = 0;
    int folder = folder_open_path(path);
    char **names = folder < 0 ? NULL : folder_names(folder);
    int is_good = names != NULL;
    for (; is_good && names[count] != NULL; count++) {
        is_good = count < CR_FILES_MAX && entry_type(folder, names[count]) == ENTRY_FILE;
    }
    names_free(names);
    if (folder >= 0) {
        close(folder);
    }
    return is_good;
}

int place_can_exchange(const struct place *place)
{
    return is_nameable(name_of(place->folder)) && is_usable(place, place->above) &&
           has_few_files(place->folder);
}

static int has_npki(const struct place *place)
{
    return place->npki != NULL && is_usable(place, place->npki);
}

const char *place_root(const struct place *place, int is_exchanging)
{
    if (has_npki(place)) {
        return place->npki;
    }
    return is_exchanging ? place->above : place->folder;
}

char *place_dir(const struct place *place, int is_exchanging)
{
    const char *end = is_exchanging ? place->above : place->folder;
    return strdup(has_npki(place) ? end + strlen(place->npki) + 1 : "");
}
