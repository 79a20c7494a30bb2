/* Lines filled word by word. A word longer than a line stays whole and where it is: the terminal breaks it, and it can be copied. */
#include "wrap.h"

#include "table.h"
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NARROWEST 20
#define NUMBER_COLUMNS 4 /* of a row's number: what it numbers stays behind it */

struct wrap {
    FILE *out;
    int columns;
    int indent;
    int at; /* the next column */
};

static void wrap_break(struct wrap *wrap)
{
    fprintf(wrap->out, "\n%*s", wrap->indent, "");
    wrap->at = wrap->indent;
}

static void wrap_put(struct wrap *wrap, const char *text, size_t length)
{
    char *piece = strndup(text, length);

    if (!piece)
        return;
    fputs(piece, wrap->out);
    wrap->at += table_width(piece);
    free(piece);
}

static int width_of(const char *text, size_t length)
{
    char *piece = strndup(text, length);
    int width = piece ? table_width(piece) : 0;

    free(piece);
    return width;
}

static void wrap_word(struct wrap *wrap, const char *word, size_t length, int has_space)
{
    int is_first = wrap->at <= wrap->indent + NUMBER_COLUMNS, width = width_of(word, length);
    int is_long = wrap->indent + width > wrap->columns && wrap->at < wrap->columns;

    if (!is_first && !is_long && wrap->at + has_space + width > wrap->columns)
        wrap_break(wrap);
    else if (has_space)
        wrap_put(wrap, " ", 1);
    wrap_put(wrap, word, length);
}

static void wrap_line(struct wrap *wrap, const char *line, size_t length)
{
    size_t lead = strspn(line, " ");
    int has_space = 0;

    lead = lead < length ? lead : length;
    wrap_put(wrap, line, lead);
    for (size_t at = lead; at < length;) {
        size_t word = strcspn(line + at, " \n");

        wrap_word(wrap, line + at, word, has_space);
        has_space = 1;
        at += word + (at + word < length);
    }
}

static void wrap_all(struct wrap *wrap, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "\n");

        if (wrap->columns)
            wrap_line(wrap, text, length);
        else
            wrap_put(wrap, text, length);
        text += length;
        if (!*text++)
            return;
        wrap_break(wrap);
    }
}

char *wrap_text(const char *text, int columns, int start, int indent)
{
    char *wrapped = NULL;
    size_t length = 0;
    struct wrap wrap = {open_memstream(&wrapped, &length), columns, indent, start};

    if (!wrap.out)
        return NULL;
    if (columns && columns < indent + NARROWEST)
        wrap.columns = indent + NARROWEST;
    wrap_all(&wrap, text);
    if (fclose(wrap.out)) {
        free(wrapped);
        return NULL;
    }
    return wrapped;
}

void wrap_print(FILE *out, const char *text, int start, int indent)
{
    char *wrapped = wrap_text(text, isatty(fileno(out)) ? terminal_columns() : 0, start, indent);

    fprintf(out, "%s\n", wrapped ? wrapped : text);
    free(wrapped);
}
