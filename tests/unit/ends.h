/* What the tests of a transfer's end ask of a pair. */
#ifndef TESTS_ENDS_H
#define TESTS_ENDS_H

#include "support.h"

#include "pair.h"
#include "transfer_state.h"

#define DISPLAYER FAKERELAY_DISPLAYER
#define TYPIST FAKERELAY_TYPIST

static inline void assert_ends(const struct pair *pair, enum cr_end displayer, enum cr_end typist)
{
    assert_int_equal(pair->devices[DISPLAYER].ended.end, displayer);
    assert_int_equal(pair->devices[TYPIST].ended.end, typist);
    assert_int_equal(pair->idle_ticks, 0);
}

static inline void assert_role_ends(struct pair *pair, enum cr_end sender, enum cr_end receiver)
{
    assert_int_equal(pair_device(pair, CR_SENDER)->ended.end, sender);
    assert_int_equal(pair_device(pair, CR_RECEIVER)->ended.end, receiver);
    assert_int_equal(pair->idle_ticks, 0);
}

static inline int64_t elapsed(const struct pair *pair)
{
    return pair->now - PAIR_START_MS;
}

/* Steps until this device has been told of this event. */
static inline void run_until(struct pair *pair, int device, enum cr_event_type type)
{
    while (pair->devices[device].told[type] == 0)
        if (!pair_step(pair) && !pair_wait(pair))
            fail_msg("event %d never came", (int)type);
}

/* Steps until this device waits for this. */
static inline void run_to_stage(struct pair *pair, int device, enum stage stage)
{
    while (pair->devices[device].transfer == NULL || pair->devices[device].transfer->stage != stage)
        if (!pair_step(pair))
            fail_msg("stage %d never came", (int)stage);
}

#endif
