/* One whole device, and opposite it a session through which a test says any messages it likes, as an authenticated but hostile
 * peer could. The device is the displayer. */
#ifndef TESTS_PUPPET_H
#define TESTS_PUPPET_H

#include <certrelay/transfer.h>

struct puppet {
    struct cr_transfer *device;
    struct cr_session *peer;
    int64_t now;
    uint32_t seq; /* of the last frame delivered to the device */
    unsigned told[CR_EVENT_ENDED + 1];
    struct cr_event ended;
    uint8_t heard[CR_EVENT_ENDED]; /* types of the device's first messages, in order */
    size_t heard_count;
};

/* The device plays this role; both sides are open when it returns, and the device waits for HELLO. */
void puppet_init(struct puppet *puppet, enum cr_role role);
void puppet_free(struct puppet *puppet);
/* Seals a row of messages and lets the device have it; its answers go to the peer. 0 when the session no longer seals. */
int puppet_say(struct puppet *puppet, const uint8_t *row, size_t length, int is_final);
/* Takes all that the device wants to say and tell. */
void puppet_drain(struct puppet *puppet);

#endif
