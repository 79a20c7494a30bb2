/* A shared store made up for tests: in memory, away when told so, and late with its answers to allocations. */
#ifndef TESTS_FAKE_STORE_H
#define TESTS_FAKE_STORE_H

#include "store.h"

#define FAKE_SELF 77
#define FAKE_LATE_MAX 4

/* An allocation without an answer: who has it may give one. */
struct fake_late {
    store_answer *answer;
    void *context;
};

struct fake_store {
    struct store store; /* first */
    struct store *inner;
    int is_away, is_late, is_left;
    struct fake_late late[FAKE_LATE_MAX];
    size_t late_count;
    size_t adopted, disowned, noted, closed, released, published, watched;
};

struct fake_store *fake_store_new(random_draw *draw);

#endif
