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

static const char *const BELOW_SYSTEM[] = {
    "media/*/NPKI",
    "media/*/GPKI",
    "media/*/EPKI",
    "media/*/*/NPKI",
    "media/*/*/GPKI",
    "media/*/*/EPKI",
    "run/media/*/*/NPKI",
    "run/media/*/*/GPKI",
    "run/media/*/*/EPKI",
    "Volumes/*/NPKI",
    "Volumes/*/GPKI",
    "Volumes/*/EPKI",
    "mnt/*/NPKI",
    "mnt/*/GPKI",
    "mnt/*/EPKI",
    "mnt/*/Program Files/NPKI",
    "mnt/*/Program Files (x86)/NPKI",
    "mnt/*/Users/*/AppData/LocalLow/NPKI",
    "mnt/*/Users/*/Documents/NPKI",
    "sdcard/NPKI",
};

static void follow(struct scan *scan, int folder, const char *path, const char *rest);

static void follow_into(struct scan *scan, int folder, const char *path, const char *name, const char *rest)
{
    int below = folder_open(folder, name);
    char *below_path = text_print("%s/%s", path, name);
    if (below >= 0 && below_path != NULL) {
        follow(scan, below, below_path, rest);
    }
    free(below_path);
    if (below >= 0) {
        close(below);
    }
}

/* Walks down the parts of a pattern; where it ends, the scan begins. */
static void follow(struct scan *scan, int folder, const char *path, const char *rest)
{
    if (*rest == '\0') {
        scan_folder(scan, folder, path, 0);
        return;
    }
    size_t length = strcspn(rest, "/");
    const char *next = rest + length + (rest[length] == '/');
    char *part = strndup(rest, length);
    if (part == NULL) {
        scan->fault = STORE_MEMORY;
        return;
    }
    int is_any = strcmp(part, "*") == 0;
    char **names = folder_names(folder);
    if (!is_any && entry_type(folder, part) == ENTRY_FOLDER) {
        follow_into(scan, folder, path, part, next);
    }
    for (char **name = names; name != NULL && *name != NULL; name++) {
        int is_other_case = strcmp(*name, part) != 0 && text_is_same(*name, part);
        if ((is_any || is_other_case) && entry_type(folder, *name) == ENTRY_FOLDER) {
            follow_into(scan, folder, path, *name, next);
        }
    }
    names_free(names);
    free(part);
}

static void follow_all(struct scan *scan, const char *base, const char *const *patterns, size_t count)
{
    int folder = folder_open_path(base[0] == '\0' ? "/" : base);
    if (folder < 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        follow(scan, folder, base, patterns[i]);
    }
    close(folder);
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
    if (home != NULL) {
        follow_all(scan, home, BELOW_HOME, sizeof BELOW_HOME / sizeof BELOW_HOME[0]);
    }
    follow_all(scan, system, BELOW_SYSTEM, sizeof BELOW_SYSTEM / sizeof BELOW_SYSTEM[0]);
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
