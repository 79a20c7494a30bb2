/* Help texts. */
#ifndef PC_HELP_H
#define PC_HELP_H

#include "app.h"

/* Of one subcommand, or of certrelay itself with NULL. */
void help_print(const struct command *command);

#endif
