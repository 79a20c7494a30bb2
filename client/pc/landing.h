/* Certificates about to be put into a folder without a transfer: what they would replace, and whether they may. */
#ifndef PC_LANDING_H
#define PC_LANDING_H

#include "app.h"
#include "clash.h"

/* Checks the bundle, says what is in the way below root, and asks before anything is replaced (--yes agrees where an older
 * certificate would be). 0 to go on, or an exit code after it was said why. */
int landing_agree(const struct app *app, const char *root, const struct cr_bundle *bundle,
                  struct clash *clash);

/* The fault of storing below root, said with its reason in errno. Returns the exit code. */
int landing_fault(const char *root, enum store_fault fault);

/* What was stored: as event "stored", as paths on standard output, and where the replaced ones are. */
void landing_report(const struct clash *clash, char *const *paths, const char *text);

#endif
