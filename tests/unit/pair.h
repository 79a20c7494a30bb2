/* Two whole devices, a relay between them, a clock that jumps to the next deadline, and two obedient people. */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "fakerelay.h"

#include <certrelay/transfer.h>

#define PAIR_START_MS 1000000

/* What the person or the store at a device does when asked. */
enum answer { ANSWER_YES, ANSWER_NO, ANSWER_NEVER, ANSWER_OTHER_BYTES };

struct device {
    struct cr_transfer *transfer;
    enum cr_role role;
    enum answer answer;
    enum cr_reason reason; /* what a receiver that says no says */
    int is_connected;
    int is_refused;     /* nobody listens: every attempt to connect fails at once */
    int is_cut_off;     /* every attempt to connect fails after a while */
    unsigned crossed;   /* messages on its connections, both ways */
    unsigned cut_after; /* 0: never; the connection goes with this message */
    int is_cut_lossy;   /* and the message with it */
    int is_frozen;      /* its program stands still; its connection stays */
    int64_t back_at_ms; /* no attempt to connect succeeds before */
    unsigned told[CR_EVENT_ENDED + 1];
    struct cr_event ended;
};

struct pair {
    struct fakerelay relay;
    struct device devices[2]; /* FAKERELAY_DISPLAYER, FAKERELAY_TYPIST */
    int64_t now;
    enum cr_secrets secrets;
    int is_typist_early; /* connects before it has its code */
    int is_code_wrong;   /* the person mistypes, with a right check digit */
    const struct cr_bundle *bundle;
    struct cr_bundle *arrived; /* what the receiver stored; NULL: nothing */
    /* May change a device's message before the relay gets it. */
    void (*mangle)(struct pair *pair, int device, uint8_t *message, size_t length);
    unsigned idle_ticks; /* deadlines that changed nothing: none is allowed */
};

void pair_init(struct pair *pair, enum cr_role typist_role, const struct cr_bundle *bundle);
void pair_free(struct pair *pair);
/* One thing happens, in the order of the devices; 0 when nothing is to be done now. */
int pair_step(struct pair *pair);
/* Steps until the stage of both people is reached and nothing happens any more, without letting time pass. */
void pair_settle(struct pair *pair);
/* Lets time pass to the next deadline; 0 when there is none. */
int pair_wait(struct pair *pair);
/* Until both have ended, or nothing will ever happen. */
void pair_run(struct pair *pair);
/* The device's connection goes. */
void pair_cut(struct pair *pair, int device);
struct device *pair_device(struct pair *pair, enum cr_role role);

/* Certificates whose files are filled with numbers: sizes in bytes, 0 ends a row of files, two 0 the bundle. */
struct cr_bundle *pair_bundle(const size_t *sizes);
/* Every byte and every text of the two bundles. */
int pair_is_same(const struct cr_bundle *a, const struct cr_bundle *b);

#endif
