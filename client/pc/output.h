/* A file made for the person, under the name the person gave. */
#ifndef PC_OUTPUT_H
#define PC_OUTPUT_H

#include "app.h"

/* Asks before a file that is there already is replaced (--yes agrees); what is no file never is. 0 to go on, or an exit code after it was said why. */
int output_may_replace(const struct app *app, const char *path);

/* Writes the whole file or none of it, 0600. A file that is there already is replaced only after the person agreed (or --yes). 0, or an
 * exit code after it was said why. */
int output_write(const struct app *app, const char *path, const void *bytes, size_t length);

#endif
