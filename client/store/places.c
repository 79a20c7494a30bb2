/* The usual places of certificates on Linux, macOS, Windows disks and removable media. */
#include "files.h"
#include "scan.h"
#include "text.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Parts are matched whatever their letter case; '*' is any folder. */
static const char *const BELOW_HOME[] = {
    "NPKI",
    "Library/Preferences/NPKI",
    "Documents/NPKI",
    "AppData/LocalLow/NPKI",
    "AppData/Local/LowiSA",
    ".pki/NPKI",
    "GPKI",
    "EPKI",
};

/* A drive: a stick, or a disk of Windows or macOS. */
static const char *const BELOW_DRIVE[] = {
    "NPKI",
    "GPKI",
    "EPKI",
    "Program Files/NPKI",
    "Program Files (x86)/NPKI",
    "Users/*/AppData/LocalLow/NPKI",
    "Users/*/AppData/Local/LowiSA",
    "Users/*/Documents/NPKI",
    "Users/*/Library/Preferences/NPKI",
    "Users/*/NPKI",
};

/* Where drives are. */
static const char *const DRIVES[] = {
    "media/*", "media/*/*", "run/media/*/*", "Volumes/*", "mnt/*", "storage/*", "storage/emulated/*",
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* What is still to be walked down: the rest of a pattern, then each of the patterns after it; with none the scan begins. */
struct way {
    const char *rest;
    const char *const *after;
    size_t after_count;
};

static void follow(struct scan *scan, int folder, const char *path, const struct way *way);

static void follow_into(struct scan *scan, int folder, const char *path, const char *name,
                        const struct way *way)
{
    int below = folder_open(folder, name);
    char *below_path = scan_join(path, name);
    if (below >= 0 && below_path != NULL) {
        follow(scan, below, below_path, way);
    }
    free(below_path);
    if (below >= 0) {
        close(below);
    }
}

static void follow_part(struct scan *scan, int folder, const char *path, const char *part,
                        const struct way *way)
{
    int is_any = strcmp(part, "*") == 0;
    char **names = folder_names(folder);
    if (!is_any && entry_type(folder, part) == ENTRY_FOLDER) {
        follow_into(scan, folder, path, part, way);
    }
    for (char **name = names; name != NULL && *name != NULL; name++) {
        int is_other_case = strcmp(*name, part) != 0 && text_is_same(*name, part);
        if ((is_any || is_other_case) && entry_type(folder, *name) == ENTRY_FOLDER) {
            follow_into(scan, folder, path, *name, way);
        }
    }
    names_free(names);
}

static void follow_all(struct scan *scan, int folder, const char *path, const char *const *patterns,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct way way = {.rest = patterns[i]};
        follow(scan, folder, path, &way);
    }
}

/* Walks down the parts of a pattern; where it ends, the scan begins. */
static void follow(struct scan *scan, int folder, const char *path, const struct way *way)
{
    if (*way->rest == '\0' && way->after_count > 0) {
        follow_all(scan, folder, path, way->after, way->after_count);
        return;
    }
    if (*way->rest == '\0') {
        scan_folder(scan, folder, path, 0);
        return;
    }
    size_t length = strcspn(way->rest, "/");
    struct way next = *way;
    next.rest += length + (way->rest[length] == '/');
    char *part = strndup(way->rest, length);
    if (part == NULL) {
        scan->fault = STORE_MEMORY;
        return;
    }
    follow_part(scan, folder, path, part, &next);
    free(part);
}

void places_scan_below(struct scan *scan, int folder, const char *path)
{
    follow_all(scan, folder, path, BELOW_HOME, COUNT(BELOW_HOME));
    follow_all(scan, folder, path, BELOW_DRIVE, COUNT(BELOW_DRIVE));
}

const char *places_home(void)
{
    const char *home = getenv("HOME");
    if (home == NULL || home[0] == '\0') {
        const struct passwd *person = getpwuid(getuid());
        home = person == NULL ? NULL : person->pw_dir;
    }
    return home == NULL || home[0] == '\0' ? NULL : home;
}

void places_scan(struct scan *scan, const char *home, const char *system)
{
    int folder = home == NULL ? -1 : folder_open_path(home);
    if (folder >= 0) {
        follow_all(scan, folder, home, BELOW_HOME, COUNT(BELOW_HOME));
        close(folder);
    }
    folder = folder_open_path(system[0] == '\0' ? "/" : system);
    for (size_t i = 0; folder >= 0 && i < COUNT(DRIVES); i++) {
        const struct way way = {DRIVES[i], BELOW_DRIVE, COUNT(BELOW_DRIVE)};
        follow(scan, folder, system, &way);
    }
    if (folder >= 0) {
        const struct way way = {.rest = "sdcard/NPKI"};
        follow(scan, folder, system, &way);
        close(folder);
    }
}

char *store_default_root(void)
{
    const char *home = places_home();
    if (home == NULL) {
        return NULL;
    }
    char *mac = text_print("%s/Library/Preferences", home);
    int is_mac = mac != NULL && access(mac, F_OK) == 0;
    free(mac);
    return text_print(is_mac ? "%s/Library/Preferences/NPKI" : "%s/NPKI", home);
}
