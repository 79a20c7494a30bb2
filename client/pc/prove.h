/* The certificate's password: asked for, and proved before anything is sent. */
#ifndef PC_PROVE_H
#define PC_PROVE_H

#include "app.h"

#include <certrelay/message.h>

/* 0 when every certificate of the bundle is whole and opened by a password; otherwise an exit code, after it was said why. Damage
 * is told before any password is asked for. */
int prove_bundle(const struct app *app, const struct cr_bundle *bundle);

#endif
