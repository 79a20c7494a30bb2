/* What one change of a password made of each key: the same files elsewhere become the same again. */
#ifndef STORE_TWIN_H
#define STORE_TWIN_H

#include "passwd.h"

/* The files of cert that are encrypted, as twin knows them. Returns whether it was the same files that the twin was made of, and all
 * of them; else nothing is changed. */
int twin_fill(const struct store_twin *twin, struct cr_cert *cert);

/* Before and after the files of cert get their new bytes. */
void twin_before(struct store_twin *twin, const struct cr_cert *cert);
void twin_after(struct store_twin *twin, const struct cr_cert *cert);

#endif
