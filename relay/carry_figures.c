/* How much is carried, for monitoring. */
#include "carry_parts.h"

void carry_figures(const struct carry *carry, struct metrics_carried *figures)
{
    figures->devices[METRICS_IN] = carry->carried.count;
    figures->devices[METRICS_OUT] = carry->distants.count;
    figures->strange = carry_strange(carry);
}
