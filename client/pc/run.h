/* Runs one transfer: carries bytes between it and the net, gives it the clock, and its events and the person's lines to a dialogue. */
#ifndef PC_RUN_H
#define PC_RUN_H

#include "app.h"
#include "net.h"
#include "outcome.h"
#include "permit.h"

struct run;

/* What a dialogue does. All are called from within run_transfer; tick may be NULL. */
struct dialogue {
    void *self;
    /* The transfer exists; ask what can be asked already. */
    void (*begin)(void *self, struct run *run);
    void (*event)(void *self, struct run *run, const struct cr_event *event);
    /* A line was typed after run_listen; NULL: the end of input. */
    void (*line)(void *self, struct run *run, const char *line, size_t length);
    /* The descriptor of run_await_code has something to read. */
    void (*code)(void *self, struct run *run, int descriptor);
    /* About once a second, while the dialogue wants it (run_tick). */
    void (*tick)(void *self, struct run *run, int64_t now_ms);
};

struct run_config {
    struct app *app;
    struct net *net;
    enum cr_side side;
    enum cr_role role;
    enum cr_secrets secrets;
    const struct cr_invite *invite; /* typist: known already; else NULL */
    const struct permit *permit;
    struct dialogue dialogue;
};

/* Returns when the transfer has ended and its last words are out, or a signal came and they had their second. */
void run_transfer(const struct run_config *config, struct outcome *outcome);

/* For the dialogue's handlers. */
struct cr_transfer *run_transfer_of(struct run *run);
const struct app *run_app(const struct run *run);
/* Lines from standard input are wanted, or no more. */
void run_listen(struct run *run, int is_wanted);
/* The number will come by this descriptor; asked for once. */
void run_await_code(struct run *run, int descriptor);
void run_tick(struct run *run, int is_wanted);

#endif
