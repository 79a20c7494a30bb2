/* RESUME with a token that nobody has: the one question that every relay must look up, that makes nothing and costs no limit. */
#include "lookup.h"

#include "interrupt.h"

#include <certrelay/contract.h>

#include <unistd.h>

struct lookup {
    int is_answered, is_busy;
    unsigned seconds;
};

/* Whatever else is said first (a relay that is about to end tells so) is passed over. */
static void on_message(void *self, const uint8_t *message, size_t length)
{
    struct lookup *lookup = self;
    struct cr_frame frame;

    if (lookup->is_answered || cr_frame_decode(CR_FROM_RELAY, message, length, &frame) != CR_OK ||
        frame.type != CR_FRAME_REFUSED)
        return;
    lookup->is_answered = 1;
    lookup->is_busy = frame.code == CR_REFUSED_BUSY;
    lookup->seconds = frame.seconds;
}

static int ask(struct net *net)
{
    struct cr_frame frame = {.type = CR_FRAME_RESUME};
    uint8_t message[CR_FRAME_HEAD_MAX_BYTES];
    size_t length;

    if (getentropy(frame.token, sizeof(frame.token)) ||
        cr_frame_encode(&frame, message, sizeof(message), &length) != CR_OK)
        return -1;
    return net_send(net, message, length);
}

int lookup_is_refused(struct net *net, unsigned *retry_after)
{
    struct lookup lookup = {.is_answered = 0};
    int64_t until = net_now() + LOOKUP_MS;

    net_on_message(net, on_message, &lookup);
    net_watch(net, interrupt_fd());
    if (!ask(net)) {
        while (!lookup.is_answered && net_state(net) == NET_OPEN && net_now() < until && !interrupt_signal())
            net_wait(net, until);
    }
    net_unwatch(net, interrupt_fd());
    net_on_message(net, NULL, NULL);
    *retry_after = lookup.seconds;
    return lookup.is_busy;
}
