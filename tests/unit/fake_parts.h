/* What fake_cluster.c and fake_engine.c share. */
#ifndef TESTS_FAKE_PARTS_H
#define TESTS_FAKE_PARTS_H

#include "fake_cluster.h"

#define RECORDS 64
#define LOCALS 64
#define FIRST_PLATE 1000
#define FAKE_PLATES 64

enum command { ALLOCATE, CLAIM, FIND, DISOWN, NOTE, CLOSED, RELEASE, PUBLISH, LEAVE };
enum queue { COMMANDS, ANSWERS, INBOX, QUEUES };

struct item {
    struct item *next;
    enum command command;
    uint8_t token[CR_TOKEN_BYTES];
    struct cr_nameplate nameplate;
    void *local;
    uint64_t life_ms;
    int seat;
    uint8_t mood;
    store_answer *answer;
    void *context;
    enum store_result result;
    struct store_record record;
    store_node node; /* to or from */
    uint64_t number; /* of a message, between two nodes */
    size_t length;
    uint8_t bytes[];
};

struct record {
    struct cr_nameplate nameplate;
    store_node owner;
    uint32_t era;
    uint8_t tokens[SEATS][CR_TOKEN_BYTES];
    uint8_t taken[SEATS], moods[SEATS];
    uint64_t born_ms, end_ms;
    int is_there;
};

struct owned {
    struct cr_nameplate nameplate;
    void *local; /* NULL: free */
    uint32_t era;
    struct record copy;
};

struct node {
    struct store store; /* first */
    struct fake *fake;
    struct item *queues[QUEUES];
    struct owned owned[LOCALS];
    struct cr_nameplate disowned[LOCALS];
    size_t disowned_count;
    uint64_t sent[FAKE_NODES], seen[FAKE_NODES];
    int watches[FAKE_NODES];
    int is_alive, is_parted, has_lease, loses_next, has_left;
};

struct fake {
    random_draw *draw;
    void *context;
    const uint64_t *now_ms;
    struct node nodes[FAKE_NODES];
    size_t count;
    struct record records[RECORDS];
    uint32_t next_plate;
    uint8_t rests[FAKE_PLATES]; /* nameplates that were released */
    uint64_t published;
};

/* fake_engine.c */
struct node *fake_node(struct fake *fake, store_node name);
int fake_same(const struct cr_nameplate *a, const struct cr_nameplate *b);
struct item *fake_item(enum command command, const void *bytes, size_t length);
void fake_put(struct item **queue, struct item *item);
/* What the node has of this mailbox, or NULL. */
struct owned *fake_owned(struct node *node, const struct cr_nameplate *nameplate);
struct record *fake_record(struct fake *fake, const struct cr_nameplate *nameplate);
/* The engine does it; the item is on its way back afterwards. */
void fake_run(struct node *node, struct item *item);

#endif
