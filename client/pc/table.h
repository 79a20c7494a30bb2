/* Columns that line up on a terminal, where a Hangul syllable is two columns wide. */
#ifndef PC_TABLE_H
#define PC_TABLE_H

#include <stddef.h>

struct table;

struct table *table_new(size_t columns);
void table_free(struct table *table);
/* Copies one cell, left to right, row by row. */
void table_add(struct table *table, const char *text);
/* Gives each row, without its newline, to print. A table wider than screen (0: no matter) is printed with two lines for each row,
 * broken after the column number fold. */
void table_print(const struct table *table, int screen, size_t fold, void (*print)(const char *row));

/* How many columns the UTF-8 text takes. */
int table_width(const char *text);
/* How many bytes of it take no more than so many columns. */
size_t table_fit(const char *text, int columns);

#endif
