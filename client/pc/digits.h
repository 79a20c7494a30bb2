/* The number in large digits, for a terminal. */
#ifndef PC_DIGITS_H
#define PC_DIGITS_H

#define DIGITS_ROWS 3
#define DIGITS_ROW_BYTES 512

/* Draws one of DIGITS_ROWS rows of the text (digits and spaces), terminated. */
void digits_row(const char *text, int row, char out[static DIGITS_ROW_BYTES]);
/* How many columns that takes. */
int digits_columns(const char *text);

#endif
