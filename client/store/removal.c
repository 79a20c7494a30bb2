/* What a store_remove will take away: written down, moved into the stage, overwritten. */
#include "removal.h"
#include "files.h"
#include "move.h"
#include "scan.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMPORARY "removal.new"
#define HEAD "certrelay removal 1"
#define END "end"

void removal_wipe(struct removal *removal)
{
    free(removal->dir);
    for (size_t i = 0; i < removal->count; i++) {
        free(removal->names[i]);
    }
    memset(removal, 0, sizeof *removal);
}

enum store_fault removal_add(struct removal *removal, int dir, const char *name)
{
    if (removal->count == CR_FILES_MAX) {
        return STORE_TOO_BIG;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return STORE_MEMORY;
    }
    fingerprint_take(dir, name, removal->fingerprints[removal->count]);
    removal->names[removal->count++] = copy;
    return removal->fingerprints[removal->count - 1][0] == '\0' ? STORE_UNREADABLE : STORE_OK;
}

/* Fields end in NUL: a name may hold anything else. */
static int append(uint8_t *bytes, size_t *length, const char *field)
{
    size_t more = strlen(field) + 1;
    if (*length + more > CR_FILE_MAX_BYTES) {
        return 0;
    }
    memcpy(bytes + *length, field, more);
    *length += more;
    return 1;
}

enum store_fault removal_write(int stage, const struct removal *removal)
{
    size_t length = 0;
    uint8_t *bytes = malloc(CR_FILE_MAX_BYTES);
    if (bytes == NULL) {
        return STORE_MEMORY;
    }
    int is_good = append(bytes, &length, HEAD) && append(bytes, &length, removal->dir);
    for (size_t i = 0; is_good && i < removal->count; i++) {
        is_good =
            append(bytes, &length, removal->names[i]) && append(bytes, &length, removal->fingerprints[i]);
    }
    enum store_fault fault = is_good && append(bytes, &length, END) ? STORE_OK : STORE_TOO_BIG;
    if (fault == STORE_OK &&
        (file_write(stage, TEMPORARY, bytes, length) != 0 ||
         entry_rename(stage, TEMPORARY, stage, REMOVAL_NAME) != 0 || folder_sync(stage) != 0)) {
        fault = fault_of_writing();
    }
    free(bytes);
    return fault;
}

static int is_part(const char *part, size_t length)
{
    size_t prefix = strlen(SCAN_STAGE_PREFIX);
    int is_dots = part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'));
    return length > 0 && !is_dots && (length < prefix || strncmp(part, SCAN_STAGE_PREFIX, prefix) != 0);
}

/* A foreign disk could bring one: nothing in it may lead out of the root. */
static int is_dir(const char *dir)
{
    while (*dir != '\0') {
        size_t length = strcspn(dir, "/");
        if (!is_part(dir, length)) {
            return 0;
        }
        dir += length;
        if (*dir == '/' && *++dir == '\0') {
            return 0;
        }
    }
    return 1;
}

static int is_name(const char *name)
{
    return strchr(name, '/') == NULL && is_part(name, strlen(name));
}

static const char *next_field(const uint8_t *bytes, size_t length, size_t *at)
{
    const char *field = (const char *)bytes + *at;
    size_t size = strnlen(field, length - *at);
    if (*at >= length || size == length - *at) {
        return NULL;
    }
    *at += size + 1;
    return field;
}

enum store_fault removal_parse(const uint8_t *bytes, size_t length, struct removal *removal)
{
    size_t at = 0;
    memset(removal, 0, sizeof *removal);
    const char *head = next_field(bytes, length, &at);
    const char *dir = head == NULL || strcmp(head, HEAD) != 0 ? NULL : next_field(bytes, length, &at);
    if (dir == NULL || !is_dir(dir)) {
        return STORE_DAMAGED_CERT;
    }
    removal->dir = strdup(dir);
    for (const char *name = NULL; (name = next_field(bytes, length, &at)) != NULL;) {
        if (strcmp(name, END) == 0 && at == length) {
            return removal->dir == NULL ? STORE_MEMORY : STORE_OK;
        }
        const char *fingerprint = next_field(bytes, length, &at);
        if (fingerprint == NULL || !is_name(name) || strlen(fingerprint) != FINGERPRINT_BYTES - 1 ||
            removal->count == CR_FILES_MAX) {
            break;
        }
        strcpy(removal->fingerprints[removal->count], fingerprint);
        removal->names[removal->count] = strdup(name);
        if (removal->names[removal->count++] == NULL) {
            return STORE_MEMORY;
        }
    }
    return STORE_DAMAGED_CERT;
}

enum store_fault removal_read(int stage, struct removal *removal)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    memset(removal, 0, sizeof *removal);
    enum store_fault fault = file_read(stage, REMOVAL_NAME, &bytes, &length);
    if (fault == STORE_OK) {
        fault = removal_parse(bytes, length, removal);
        file_free(bytes);
    }
    if (fault != STORE_OK) {
        removal_wipe(removal);
    }
    return fault;
}

enum store_fault removal_apply(const struct roots *roots, int stage, const struct removal *removal)
{
    int result = 0;
    int dir = dir_open(roots->root, removal->dir, 0);
    if (dir < 0) {
        return errno == ENOENT ? STORE_OK : fault_of_writing();
    }
    for (size_t i = 0; result == 0 && i < removal->count; i++) {
        char number[MOVE_NUMBER_BYTES];
        move_number(i, number);
        if (entry_type(stage, number) == ENTRY_MISSING &&
            fingerprint_is(dir, removal->names[i], removal->fingerprints[i])) {
            result = entry_rename(dir, removal->names[i], stage, number);
        }
    }
    if (result == 0) {
        result = folder_sync(stage);
    }
    if (result == 0) {
        result = folder_sync(dir);
    }
    int saved = errno;
    close(dir);
    errno = saved;
    return result == 0 ? STORE_OK : fault_of_writing();
}

int removal_undo(const struct roots *roots, int stage, const struct removal *removal)
{
    int saved = errno;
    int result = 0;
    int dir = dir_open(roots->root, removal->dir, 0);
    for (size_t i = removal->count; dir >= 0 && i-- > 0;) {
        char number[MOVE_NUMBER_BYTES];
        move_number(i, number);
        if (entry_type(stage, number) != ENTRY_MISSING) {
            result |= entry_rename(stage, number, dir, removal->names[i]);
        }
    }
    result |= dir < 0 ? -1 : folder_sync(dir);
    if (dir >= 0) {
        close(dir);
    }
    errno = saved;
    return result == 0 ? 0 : -1;
}

/* Only what is a folder of files: that is all that is ever moved. */
static int wipe_entry(int at, const char *name, int depth)
{
    if (entry_type(at, name) != ENTRY_FOLDER) {
        file_overwrite(at, name);
        return file_remove(at, name);
    }
    int folder = depth > 0 ? folder_open(at, name) : -1;
    char **names = folder < 0 ? NULL : folder_names(folder);
    int result = names == NULL ? -1 : 0;
    for (size_t i = 0; result == 0 && names[i] != NULL; i++) {
        result = wipe_entry(folder, names[i], depth - 1);
    }
    int saved = errno;
    names_free(names);
    if (folder >= 0) {
        close(folder);
    }
    errno = saved;
    return result == 0 ? folder_remove(at, name) : result;
}

static void remove_empty_user(const struct roots *roots, const char *dir)
{
    const char *slash = strrchr(dir, '/');
    const char *last = slash == NULL ? dir : slash + 1;
    if (!text_is_same(last, "USER")) {
        return;
    }
    char *parent = strndup(dir, slash == NULL ? 0 : (size_t)(slash - dir));
    int folder = parent == NULL ? -1 : dir_open(roots->root, parent, 0);
    if (folder >= 0) {
        (void)folder_remove(folder, last);
        close(folder);
    }
    free(parent);
}

int removal_finish(const struct roots *roots, int stage, const struct removal *removal)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < removal->count; i++) {
        char number[MOVE_NUMBER_BYTES];
        move_number(i, number);
        if (entry_type(stage, number) != ENTRY_MISSING) {
            result = wipe_entry(stage, number, 1);
        }
    }
    if (result == 0) {
        result = folder_sync(stage);
        remove_empty_user(roots, removal->dir);
    }
    return result;
}
