/* What a look into a certificate has found, line by line. */
#ifndef PC_VERDICT_H
#define PC_VERDICT_H

#include "describe.h"

#include <verify.h>

/* Prints each check as a line on standard output. */
void verdict_print(const struct store_verdict *verdict, const struct store_facts *facts, time_t now);

/* The caller owns it; NULL without memory. */
json_t *verdict_json(const struct store_verdict *verdict, const struct store_facts *facts, size_t number,
                     time_t now);

/* Says what is wrong, the gravest first, and returns its exit code; 0 when nothing is. */
int verdict_report(const struct store_verdict *verdict, const struct store_facts *facts, time_t now);

#endif
