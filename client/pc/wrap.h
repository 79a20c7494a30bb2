/* Long texts broken at spaces, so that no terminal breaks them within a word. */
#ifndef PC_WRAP_H
#define PC_WRAP_H

#include <stdio.h>

/* A copy of text in which no line takes more than columns (0: no matter) but those of one long word. Lines after the first begin with indent spaces,
 * which count; the first begins at column start. Newlines of the text stay. Caller frees; NULL without memory. */
char *wrap_text(const char *text, int columns, int start, int indent);

/* Prints it and a newline; on a terminal wrapped to its width. */
void wrap_print(FILE *out, const char *text, int start, int indent);

#endif
