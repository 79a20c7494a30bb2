/* The holder: connects a few at a time, then only answers pings. */
#include "hold.h"

#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define AT_ONCE 64 /* connections that are not seated yet */

struct seat {
    struct crowd *crowd;
    struct wire wire;
    int has_asked;
};

struct crowd {
    struct loop loop;
    struct seat *seats;
    uint32_t count;
    uint32_t opened;
    uint32_t seated;
    int has_failed;
};

static void crowd_fail(struct crowd *crowd, const char *why)
{
    if (!crowd->has_failed)
        fprintf(stderr, "load: %s after %u\n", why, crowd->seated);
    crowd->has_failed = 1;
    crowd->loop.is_done = 1;
}

static int allocate(struct seat *seat)
{
    struct cr_frame frame = {.type = CR_FRAME_ALLOCATE};

    seat->has_asked = 1;
    if (getrandom(frame.token, sizeof frame.token, 0) != (ssize_t)sizeof frame.token)
        return -1;
    return wire_send(&seat->wire, &frame);
}

static void handle_allocated(struct crowd *crowd)
{
    if (++crowd->seated < crowd->count)
        return;
    printf("held %u\n", crowd->count);
    fflush(stdout);
}

static void handle_wire(struct wire *wire)
{
    struct seat *seat = wire->context;
    struct cr_frame frame;
    int found;

    if (wire->is_open && !seat->has_asked && allocate(seat) != 0)
        crowd_fail(seat->crowd, "no token");
    while ((found = wire_next(wire, &frame)) == 1) {
        if (frame.type == CR_FRAME_ALLOCATED)
            handle_allocated(seat->crowd);
        else if (frame.type == CR_FRAME_REFUSED)
            crowd_fail(seat->crowd, "refused");
    }
    if (found < 0 || wire_is_ended(wire))
        crowd_fail(seat->crowd, "lost a connection");
}

static void open_more(void *context)
{
    struct crowd *crowd = context;

    while (crowd->opened < crowd->count && crowd->opened - crowd->seated < AT_ONCE) {
        struct seat *seat = &crowd->seats[crowd->opened++];

        seat->crowd = crowd;
        if (wire_open(&seat->wire, crowd->loop.target, handle_wire, seat) != 0) {
            crowd_fail(crowd, "cannot connect");
            return;
        }
    }
}

int hold_run(struct target *target, uint32_t count)
{
    struct crowd crowd = {.count = count};
    int error;

    crowd.seats = calloc(count, sizeof *crowd.seats);
    if (crowd.seats == NULL)
        return -1;
    crowd.loop =
        (struct loop){.target = target, .until_fd = STDIN_FILENO, .between = open_more, .context = &crowd};
    error = wire_loop(&crowd.loop);
    for (uint32_t i = 0; i < crowd.opened; i++)
        wire_close(&crowd.seats[i].wire);
    free(crowd.seats);
    return crowd.has_failed ? -1 : error;
}
