/* The store of a relay that shares its mailboxes, and goes on alone while the engine is away.
 *
 * A mailbox that is allocated then is this node's alone until its end, also when the engine is back. Its nameplate has
 * STORE_ALONE_DIGITS, which no shared one has, so the two never meet; on another node the same nameplate may lead to a mailbox of that
 * node's own, if chance will have it, and else nowhere. */
#ifndef RELAY_STORE_EITHER_H
#define RELAY_STORE_EITHER_H

#include "store.h"

/* The first mailbox of this node alone was made after shared ones (is_alone), or the first shared one after those. */
typedef void store_either_news(void *context, int is_alone);

/* alone must answer at once, and give out nameplates of STORE_ALONE_DIGITS only. Its state is the shared one's: away while the engine is,
 * though mailboxes are made. Owns both, and closes them when it returns NULL: out of memory, or one of them is NULL. */
struct store *store_either_new(struct store *shared, struct store *alone, store_either_news *news,
                               void *context);

#endif
