/* Whether a relay that answers can look mailboxes up, and so make new ones. PROTOCOL.md section 2. */
#ifndef PC_LOOKUP_H
#define PC_LOOKUP_H

#include "net.h"

#define LOOKUP_MS 3000

/* Asks on a connection that is open and on which nothing was said yet; opens no mailbox. 1, and how many seconds the relay asks to wait for,
 * when it says that it cannot now; 0 when it can, or says nothing of the kind. */
int lookup_is_refused(struct net *net, unsigned *retry_after);

#endif
