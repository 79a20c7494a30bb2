/* Carries out a plan, or nothing of it. */
#ifndef STORE_CARRY_H
#define STORE_CARRY_H

#include "plan.h"

/* Looks at what is in its place now; anything but STORE_OK puts everything back. */
typedef enum store_fault carry_check(const struct roots *roots, const struct plan *plan, void *context);

/* The lock being held, and what was left before recovered. */
enum store_fault carry_out(const struct roots *roots, struct plan *plan, carry_check *check, void *context);

#endif
