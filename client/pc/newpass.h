/* A new password: its rules told, asked for twice, refused when it breaks one. */
#ifndef PC_NEWPASS_H
#define PC_NEWPASS_H

#include "app.h"
#include "secret.h"

/* From --new-password-file or --new-password-fd, else by asking twice. before: the password until now, which it must differ from; or NULL.
 * 0, or an exit code after it was said why. */
int newpass_get(const struct app *app, const struct secret *before, struct secret *fresh);

#endif
