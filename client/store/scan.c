/* Walks folders for certificates, within limits and never through a link. */
#include "scan.h"
#include "files.h"
#include "text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 8
#define NAMES_MAX 50000
#define DATE_DIGITS 8

/* Folders can be reached twice: by two mount points, or where letter case does not matter. */
static int is_new(struct scan *scan, int folder)
{
    struct stat info;
    if (fstat(folder, &info) != 0) {
        return 0;
    }
    for (size_t i = 0; i < scan->visited_count; i++) {
        if (scan->visited[i].device == info.st_dev && scan->visited[i].number == info.st_ino) {
            return 0;
        }
    }
    struct scan_visit *more = realloc(scan->visited, (scan->visited_count + 1) * sizeof *scan->visited);
    if (more == NULL) {
        scan->fault = STORE_MEMORY;
        return 0;
    }
    scan->visited = more;
    more[scan->visited_count++] = (struct scan_visit){info.st_dev, info.st_ino};
    return 1;
}

/* Ends in .bak-YYYYMMDD or .bak-YYYYMMDD-N. */
static int is_backup(const char *name)
{
    const char *mark = NULL;
    for (const char *at = name; (at = strstr(at, SCAN_BACKUP_MARK)) != NULL; at++) {
        mark = at + strlen(SCAN_BACKUP_MARK);
    }
    if (mark == NULL || strspn(mark, "0123456789") != DATE_DIGITS) {
        return 0;
    }
    mark += DATE_DIGITS;
    return *mark == '\0' || (*mark == '-' && mark[1 + strspn(mark + 1, "0123456789")] == '\0');
}

static int is_ours(const char *name)
{
    return strncmp(name, SCAN_STAGE_PREFIX, strlen(SCAN_STAGE_PREFIX)) == 0 || is_backup(name);
}

char *scan_join(const char *path, const char *name)
{
    return text_print("%s/%s", path, name);
}

static void scan_below(struct scan *scan, int folder, const char *path, const char *name, int depth)
{
    int below = folder_open(folder, name);
    char *below_path = text_print("%s/%s", path, name);
    if (below >= 0 && below_path != NULL) {
        scan_folder(scan, below, below_path, depth);
    }
    free(below_path);
    if (below >= 0) {
        close(below);
    }
}

void scan_folder(struct scan *scan, int folder, const char *path, int depth)
{
    if (!is_new(scan, folder)) {
        return;
    }
    char **names = folder_names(folder);
    if (names == NULL) {
        return;
    }
    group_take(scan, folder, path, names);
    authorities_take(scan, folder, path, names);
    size_t count = 0;
    for (; names[count] != NULL && depth < DEPTH_MAX && scan->names_left > 0; count++) {
        scan->names_left--;
        if (!is_ours(names[count]) && entry_type(folder, names[count]) == ENTRY_FOLDER) {
            scan_below(scan, folder, path, names[count], depth + 1);
        }
    }
    scan->list->is_cut |= count == FILES_ENTRIES_MAX || scan->names_left == 0;
    names_free(names);
}

static int has_file(const struct store_entry *entry, const char *path)
{
    for (size_t i = 0; i < entry->file_count; i++) {
        if (strcmp(entry->paths[i], path) == 0) {
            return 1;
        }
    }
    return 0;
}

/* One file of a certificate stands for all of it: what lies beside it is taken, then what it is no part of is dropped. */
static void scan_group_of(struct scan *scan, int folder, const char *parent, const char *name)
{
    char *path = text_print("%s/%s", parent, name);
    char **names = folder_names(folder);
    if (path != NULL && names != NULL) {
        group_take(scan, folder, parent, names);
    }
    size_t kept = 0;
    for (size_t i = 0; i < scan->list->count; i++) {
        if (path != NULL && has_file(&scan->list->entries[i], path)) {
            scan->list->entries[kept++] = scan->list->entries[i];
        } else {
            entry_wipe(&scan->list->entries[i]);
        }
    }
    scan->list->count = kept;
    names_free(names);
    free(path);
}

/* A path that is not a folder. */
static void scan_file(struct scan *scan, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char *parent = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + (slash == path));
    int folder = parent == NULL ? -1 : folder_open_path(parent);
    if (folder >= 0 && !group_take_container(scan, folder, parent, name)) {
        scan_group_of(scan, folder, parent, name);
        if (scan->list->count == 0) {
            (void)group_sniff_container(scan, folder, parent, name);
        }
    }
    if (folder >= 0) {
        close(folder);
    }
    free(parent);
}

/* Usable entries first, each kind in the order found. */
static enum store_fault faults_last(struct store_list *list)
{
    struct store_entry *ordered = calloc(list->count + 1, sizeof *ordered);
    size_t count = 0;
    if (ordered == NULL) {
        return STORE_MEMORY;
    }
    for (int is_faulty = 0; is_faulty < 2; is_faulty++) {
        for (size_t i = 0; i < list->count; i++) {
            if ((list->entries[i].fault != STORE_OK) == is_faulty) {
                ordered[count++] = list->entries[i];
            }
        }
    }
    free(list->entries);
    list->entries = ordered;
    return STORE_OK;
}

static void scan_path(struct scan *scan, const char *path)
{
    int folder = folder_open_path(path);
    if (folder < 0) {
        scan_file(scan, path);
        return;
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    char *clean = strndup(path, length);
    if (clean != NULL) {
        const char *base = strcmp(clean, "/") == 0 ? "" : clean;
        places_scan_below(scan, folder, base);
        scan_folder(scan, folder, base, 0);
    }
    free(clean);
    close(folder);
}

enum store_fault store_scan(const char *dir, struct store_list *list)
{
    struct scan scan = {.list = list, .names_left = NAMES_MAX, .fault = STORE_OK};
    memset(list, 0, sizeof *list);
    if (dir != NULL) {
        scan_path(&scan, dir);
    } else {
        places_scan(&scan, places_home(), "");
    }
    free(scan.visited);
    enum store_fault fault = faults_last(list);
    if (scan.fault != STORE_OK || fault != STORE_OK) {
        return scan.fault != STORE_OK ? scan.fault : fault;
    }
    return list->count == 0 ? STORE_NOT_FOUND : STORE_OK;
}
