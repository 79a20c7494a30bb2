/* Looks at an engine before a relay is started with it: whether it is there, lets the relay in and do what it needs, and keeps what it is given. */
#ifndef RELAY_ENGINE_CHECK_H
#define RELAY_ENGINE_CHECK_H

#include "engine.h"

#define ENGINE_CHECK_MS 3000 /* it takes no longer, but for one tick of the cable */
#define ENGINE_CHECK_BYTES 512

struct engine_findings {
    int is_away;                    /* what is wrong is that it cannot be reached */
    char wrong[ENGINE_CHECK_BYTES]; /* "" or why no relay can work with it */
    char doubt[ENGINE_CHECK_BYTES]; /* "" or what is to be known of it */
};

struct engine_check;

/* loop is the library's own. Asks as it turns, and calls over, once, when all is known. prefix begins the relays' keys; both it and place are
 * borrowed. NULL when out of memory. */
struct engine_check *engine_check_new(void *loop, const struct engine_place *place, const char *prefix,
                                      random_draw *draw, void (*over)(void *context), void *context);
/* What was found until now; after it the loop must turn once more. */
void engine_check_end(struct engine_check *check, struct engine_findings *findings);

#endif
