/* The certificate's password: asked for, and proved before anything is sent. */
#ifndef PC_PROVE_H
#define PC_PROVE_H

#include "app.h"
#include "secret.h"

#include <certrelay/message.h>
#include <store.h>

/* 0 when every certificate of the bundle is whole and opened by a password; otherwise an exit code, after it was said why. Damage
 * is told before any password is asked for. */
int prove_bundle(const struct app *app, const struct cr_bundle *bundle);

/* --password-file or --password-fd says the password: nobody is asked, and a wrong one is final. */
int prove_is_given(const struct app *app);
/* Asks for the password of this certificate, once. 0, or an exit code after it was said why. */
int prove_ask(const struct store_entry *entry, struct secret *password);
/* Gets the password of this certificate, proved to open it: the one given, else by asking until it does. bundle holds that certificate
 * alone. 0, or an exit code after it was said why. */
int prove_get(const struct app *app, const struct cr_bundle *bundle, struct secret *password);
/* Says what is wrong with a certificate's files, and where they are. Returns the exit code. */
int prove_say_fault(const struct store_entry *entry, enum store_fault fault);

#endif
