/* What is put on the screen while pairing: the number, QR codes, the time left, the other device. */
#ifndef PC_SHOW_H
#define PC_SHOW_H

#include "app.h"

#include <certrelay/transfer.h>

/* Can what the options want be shown here? 0, or an exit code after it was said why. */
int show_check(const struct app *app);

/* Typist: where the other device, a phone say, finds the page. */
void show_page(const struct app *app, enum cr_role role);

/* Displayer: the number, the link and its QR code. role is this device's. */
void show_invite(const struct app *app, const struct cr_invite *invite, enum cr_role role, unsigned seconds);

/* The seconds left: on a terminal every second in one line, elsewhere only at 60 and 30. */
void show_left(int seconds, int *announced);

/* Who the other device is, made printable. */
void show_device(const struct cr_hello *hello, enum cr_role role);

#endif
