/* The journal of a store_save: a text of one line for each move, believed only if every line could be ours. */
#include "files.h"
#include "move.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "certrelay journal 1\n"
#define END "end\n"
#define TEMPORARY "journal.new"
#define FIELDS 5
#define GPKI_DIR "GPKI/Certificate/class2"

static char *line_text(char *text, const struct move *move)
{
    char *longer = text_print("%s%c\t%u\t%s\t%s\t%s\n", text, (int)move->base, move->missing, move->dir,
                              move->name, move->backup);
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
    return parts == 1 || parts == 2;
}

static int is_ours(const struct move *move)
{
    return is_dir(move->base, move->dir) && is_name(move->name) &&
           (move->backup[0] == '\0' || is_name(move->backup));
}

/* base TAB missing TAB dir TAB name TAB backup */
static enum store_fault read_line(char *line, struct moves *moves)
{
    char *fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = line;
        line = i + 1 < FIELDS ? strchr(line, '\t') : line;
        if (line == NULL) {
            return STORE_DAMAGED_CERT;
        }
        if (i + 1 < FIELDS) {
            *line++ = '\0';
        }
    }
    int is_base = strcmp(fields[0], "r") == 0 || strcmp(fields[0], "p") == 0;
    int is_count = fields[1][0] >= '0' && fields[1][0] <= '3' && fields[1][1] == '\0';
    if (moves->count == MOVES_MAX || !is_base || !is_count || strchr(fields[4], '\t') != NULL) {
        return STORE_DAMAGED_CERT;
    }
    struct move *move = &moves->all[moves->count++];
    move->base = fields[0][0] == 'r' ? BASE_ROOT : BASE_PARENT;
    move->missing = (unsigned)(fields[1][0] - '0');
    move->dir = strdup(fields[2]);
    move->name = strdup(fields[3]);
    move->backup = strdup(fields[4]);
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

enum store_fault journal_read(int stage, struct moves *moves)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    memset(moves, 0, sizeof *moves);
    enum store_fault fault = file_read(stage, JOURNAL_NAME, &bytes, &length);
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
