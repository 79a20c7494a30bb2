/* Where arrived certificates are stored on this computer. */
#ifndef PC_PLACE_H
#define PC_PLACE_H

#include "app.h"

#include <store.h>

/* The folder, made sure that it can be written or created, so that nobody types a number in vain; caller frees *root. 0, or an exit
 * code after it was said why. */
int place_prepare(const struct app *app, char **root);

/* Why nothing can be stored below root, as an errno, or 0. As store_save will, it counts on root being made in a folder that exists. */
int place_error(const char *root);

#define PLACE_DETAIL_BYTES 512

/* "FOLDER: Permission denied", where this fault of storing has a reason in errno; else "". */
void place_detail(const char *root, enum store_fault fault, int error, char text[static PLACE_DETAIL_BYTES]);

#endif
