/* An engine that several stores in one process share: everything takes its time, and a test decides in what order, and what fails. */
#ifndef TESTS_FAKE_CLUSTER_H
#define TESTS_FAKE_CLUSTER_H

#include "store.h"

#define FAKE_NODES 4

struct fake;

/* draw chooses what happens next; now is the clock of all. */
struct fake *fake_new(random_draw *draw, void *context, const uint64_t *now_ms);
/* Every store is closed. */
void fake_free(struct fake *fake);
/* The store of one more node. */
struct store *fake_enter(struct fake *fake);

/* Lets one command, answer or message come to its end; 0 when there is none. */
int fake_step(struct fake *fake);
/* The node is gone: what it has not sent is not sent, and nothing reaches it. Its store is to be closed. */
void fake_kill(struct fake *fake, struct store *store);
/* The node's lease has run out, whether it lives or not. */
void fake_expire(struct fake *fake, struct store *store);
/* The node does not reach the engine: what it asks is away. When its line has come back, what it has not sent is sent, and it hears what it has
 * lost. */
void fake_part(struct fake *fake, struct store *store);
void fake_heal(struct fake *fake, struct store *store);
/* The next message to that node gets lost. */
void fake_lose(struct fake *fake, struct store *store);
/* The engine starts again and knows nothing but what the living owners put back. */
void fake_forget(struct fake *fake);

int fake_records(const struct fake *fake);
/* Of all messages so far. */
uint64_t fake_published(const struct fake *fake);

#endif
