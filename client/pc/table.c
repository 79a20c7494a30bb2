/* Cells collected, then padded by their width on the screen (libunistring). */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

#define GAP 2
#define INDENT 5 /* of a second line */

struct table {
    size_t columns;
    size_t count;
    size_t capacity;
    char **cells;
    int is_broken; /* no memory: printed as far as it goes */
};

struct table *table_new(size_t columns)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table)
        table->columns = columns;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

static int table_grow(struct table *table)
{
    size_t capacity = table->capacity ? 2 * table->capacity : 64;
    char **cells = realloc(table->cells, capacity * sizeof(*cells));

    if (!cells)
        return -1;
    table->cells = cells;
    table->capacity = capacity;
    return 0;
}

void table_add(struct table *table, const char *text)
{
    char *cell;

    if (!table || table->is_broken)
        return;
    cell = strdup(text);
    if (!cell || (table->count == table->capacity && table_grow(table))) {
        free(cell);
        table->is_broken = 1;
        return;
    }
    table->cells[table->count++] = cell;
}

int table_width(const char *text)
{
    int width = u8_strwidth((const uint8_t *)text, "UTF-8");

    return width > 0 ? width : 0;
}

size_t table_fit(const char *text, int columns)
{
    size_t length = strlen(text), fits = 0;

    while (fits < length) {
        size_t step = 1;

        while (((unsigned char)text[fits + step] & 0xc0) == 0x80)
            step++;
        if (u8_width((const uint8_t *)text, fits + step, "UTF-8") > columns)
            break;
        fits += step;
    }
    return fits;
}

static int column_width(const struct table *table, size_t column)
{
    int width = 0;

    for (size_t i = column; i < table->count; i += table->columns) {
        int own = table_width(table->cells[i]);

        width = own > width ? own : width;
    }
    return width;
}

/* The cells first to last - 1 of a row, lined up. */
static char *row_text(char *const *cells, const int *widths, size_t first, size_t last)
{
    size_t length = INDENT + 1;
    char *row, *at;

    for (size_t i = first; i < last; i++)
        length += strlen(cells[i]) + (size_t)widths[i] + GAP;
    row = at = malloc(length);
    if (!row)
        return NULL;
    memset(at, ' ', INDENT);
    at += first ? INDENT : 0;
    for (size_t i = first; i < last; i++) {
        size_t bytes = strlen(cells[i]);
        size_t gap = i + 1 < last ? (size_t)(widths[i] - table_width(cells[i])) + GAP : 0;

        memcpy(at, cells[i], bytes);
        memset(at + bytes, ' ', gap);
        at += bytes + gap;
    }
    *at = '\0';
    return row;
}

static void print_part(char *const *cells, const int *widths, size_t first, size_t last,
                       void (*print)(const char *row))
{
    char *row = first < last ? row_text(cells, widths, first, last) : NULL;

    if (row)
        print(row);
    free(row);
}

void table_print(const struct table *table, int screen, size_t fold, void (*print)(const char *row))
{
    int *widths = table ? calloc(table->columns, sizeof(*widths)) : NULL;
    int width = -GAP;

    if (!widths)
        return;
    for (size_t i = 0; i < table->columns; i++)
        width += (widths[i] = column_width(table, i)) + GAP;
    if (!screen || width <= screen)
        fold = table->columns;
    for (size_t first = 0; first + table->columns <= table->count; first += table->columns) {
        print_part(table->cells + first, widths, 0, fold, print);
        print_part(table->cells + first, widths, fold, table->columns, print);
    }
    free(widths);
}
