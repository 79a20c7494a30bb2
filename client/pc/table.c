/* Cells collected, then padded by their width on the screen (libunistring). */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

#define GAP 2

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

static int column_width(const struct table *table, size_t column)
{
    int width = 0;

    for (size_t i = column; i < table->count; i += table->columns) {
        int own = table_width(table->cells[i]);

        width = own > width ? own : width;
    }
    return width;
}

static char *row_text(const struct table *table, size_t first, const int *widths)
{
    size_t length = 1;
    char *row, *at;

    for (size_t i = 0; i < table->columns; i++)
        length += strlen(table->cells[first + i]) + (size_t)widths[i] + GAP;
    row = at = malloc(length);
    for (size_t i = 0; row && i < table->columns; i++) {
        const char *cell = table->cells[first + i];
        size_t bytes = strlen(cell);
        size_t gap = i + 1 < table->columns ? (size_t)(widths[i] - table_width(cell)) + GAP : 0;

        memcpy(at, cell, bytes);
        memset(at + bytes, ' ', gap);
        at += bytes + gap;
    }
    if (row)
        *at = '\0';
    return row;
}

void table_print(const struct table *table, void (*print)(const char *row))
{
    int *widths = table ? calloc(table->columns, sizeof(*widths)) : NULL;

    if (!widths)
        return;
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t first = 0; first + table->columns <= table->count; first += table->columns) {
        char *row = row_text(table, first, widths);

        if (row)
            print(row);
        free(row);
    }
    free(widths);
}
