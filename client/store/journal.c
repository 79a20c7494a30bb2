/* The journal of a store_save: a text of one line for each move, believed only if every line could be ours. */
#include "files.h"
#include "move.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "certrelay journal 2\n"
#define END "end\n"
#define TEMPORARY "journal.new"
#define GPKI_DIR "GPKI/Certificate/class2"

/* The order of a line's fields, TAB between them. */
enum field {
    FIELD_BASE,
    FIELD_MISSING,
    FIELD_DIR,
    FIELD_NAME,
    FIELD_BACKUP,
    FIELD_STAGED,
    FIELD_REPLACED,
    FIELDS
};

static char *line_text(char *text, const struct move *move)
{
    char *longer = text_print("%s%c\t%u\t%s\t%s\t%s\t%s\t%s\n", text, (int)move->base, move->missing,
                              move->dir, move->name, move->backup, move->staged, move->replaced);
    free(text);
    return longer;
}

enum store_fault journal_write(int stage, const struct moves *moves)
{
    char *text = strdup(HEAD);
    for (size_t i = 0; i < moves->count && text != NULL; i++) {
        text = line_text(text, &moves->all[i]);
    }
    char *whole = text == NULL ? NULL : text_print("%s%s", text, END);
    enum store_fault fault = whole == NULL ? STORE_MEMORY : STORE_OK;
    if (fault == STORE_OK && strlen(whole) > CR_FILE_MAX_BYTES) {
        fault = STORE_TOO_BIG;
    }
    if (fault == STORE_OK &&
        (file_write(stage, TEMPORARY, (const uint8_t *)whole, strlen(whole)) != 0 ||
         entry_rename(stage, TEMPORARY, stage, JOURNAL_NAME) != 0 || folder_sync(stage) != 0)) {
        fault = fault_of_writing();
    }
    free(whole);
    free(text);
    return fault;
}

static int is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

/* A foreign disk could bring a journal: nothing in it may lead out of where certificates are. */
static int is_dir(enum base base, const char *dir)
{
    if (base == BASE_PARENT) {
        return text_is_same(dir, GPKI_DIR);
    }
    size_t parts = 0;
    for (const char *part = dir; *part != '\0'; parts++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || part[0] == '.') {
            return 0;
        }
        part += length + (part[length] == '/');
    }
    /* None: the root itself. Three: the files of one certificate's own folder. */
    return parts <= 3;
}

static int is_fingerprint(const char *text)
{
    return strlen(text) == FINGERPRINT_BYTES - 1 && strspn(text, "0123456789abcdef") == FINGERPRINT_BYTES - 1;
}

static int is_ours(const struct move *move)
{
    return is_dir(move->base, move->dir) && is_name(move->name) &&
           (move->backup[0] == '\0' || is_name(move->backup) || strcmp(move->backup, MOVE_DROPPED) == 0);
}

/* Cuts the line at its TABs. Returns whether there are as many fields as there must be. */
static int split_line(char *line, char *fields[static FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = line;
        line = strchr(line, '\t');
        if ((line == NULL) != (i + 1 == FIELDS)) {
            return 0;
        }
        if (line != NULL) {
            *line++ = '\0';
        }
    }
    return 1;
}

static int is_form(char *const fields[static FIELDS])
{
    const char *base = fields[FIELD_BASE];
    const char *missing = fields[FIELD_MISSING];
    const char *replaced = fields[FIELD_REPLACED];
    return (strcmp(base, "r") == 0 || strcmp(base, "p") == 0) && missing[0] >= '0' && missing[0] <= '3' &&
           missing[1] == '\0' && is_fingerprint(fields[FIELD_STAGED]) &&
           (replaced[0] == '\0' || (is_fingerprint(replaced) && fields[FIELD_BACKUP][0] != '\0'));
}

static enum store_fault read_line(char *line, struct moves *moves)
{
    char *fields[FIELDS];
    if (moves->count == MOVES_MAX || !split_line(line, fields) || !is_form(fields)) {
        return STORE_DAMAGED_CERT;
    }
    struct move *move = &moves->all[moves->count++];
    move->base = fields[FIELD_BASE][0] == 'r' ? BASE_ROOT : BASE_PARENT;
    move->missing = (unsigned)(fields[FIELD_MISSING][0] - '0');
    move->dir = strdup(fields[FIELD_DIR]);
    move->name = strdup(fields[FIELD_NAME]);
    move->backup = strdup(fields[FIELD_BACKUP]);
    strcpy(move->staged, fields[FIELD_STAGED]);
    strcpy(move->replaced, fields[FIELD_REPLACED]);
    if (move->dir == NULL || move->name == NULL || move->backup == NULL) {
        return STORE_MEMORY;
    }
    return is_ours(move) ? STORE_OK : STORE_DAMAGED_CERT;
}

static enum store_fault read_lines(char *text, struct moves *moves)
{
    enum store_fault fault = STORE_OK;
    while (fault == STORE_OK && strcmp(text, END) != 0) {
        char *end = strchr(text, '\n');
        if (end == NULL) {
            return STORE_DAMAGED_CERT;
        }
        *end = '\0';
        fault = read_line(text, moves);
        text = end + 1;
    }
    return fault;
}

int journal_turn(int stage)
{
    if (entry_type(stage, JOURNAL_NAME) == ENTRY_MISSING) {
        return 0;
    }
    int result = entry_rename(stage, JOURNAL_NAME, stage, JOURNAL_UNDO_NAME);
    return result == 0 ? folder_sync(stage) : result;
}

enum store_fault journal_read(int stage, struct moves *moves, int *is_undo)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    memset(moves, 0, sizeof *moves);
    *is_undo = entry_type(stage, JOURNAL_NAME) == ENTRY_MISSING;
    enum store_fault fault = file_read(stage, *is_undo ? JOURNAL_UNDO_NAME : JOURNAL_NAME, &bytes, &length);
    if (fault != STORE_OK) {
        return fault;
    }
    /* file_read leaves room for one byte more. */
    char *text = (char *)bytes;
    text[length] = '\0';
    if (strlen(text) != length || strncmp(text, HEAD, strlen(HEAD)) != 0) {
        fault = STORE_DAMAGED_CERT;
    } else {
        fault = read_lines(text + strlen(HEAD), moves);
    }
    file_free(bytes);
    if (fault != STORE_OK) {
        moves_wipe(moves);
    }
    return fault;
}
