/* QR codes for a terminal, in half blocks. */
#ifndef PC_QR_H
#define PC_QR_H

#include <stddef.h>

/* The text as a QR code: lines of UTF-8 half blocks with newlines, black on white whatever the terminal's colours. NULL when it
 * does not fit a QR code. *columns and *rows are what it takes on the terminal. Caller frees (it may hold a secret: qr_free). */
char *qr_draw(const char *text, int *columns, int *rows);
void qr_free(char *drawing);

#endif
