/* Every frame arrives exactly once, wherever connections break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <stdio.h>
#include <string.h>

/* A device: it sends COUNT frames, keeps what is not acknowledged, and counts what it gets. */
#define COUNT 4

struct device {
    struct phone phone;
    uint8_t token;
    uint32_t next;  /* to send */
    uint32_t seen;  /* received in order */
    uint32_t acked; /* by the other device */
    int must_resume;
    int got[COUNT + 1];
};

static void device_take(struct device *device, const struct cr_frame *frame)
{
    if (frame->type == CR_FRAME_ACKED && frame->seq > device->acked)
        device->acked = frame->seq;
    if (frame->type == CR_FRAME_RESUMED)
        device->next = frame->seq;
    if (frame->type != CR_FRAME_DELIVER || frame->seq <= device->seen)
        return;
    assert_int_equal(frame->seq, device->seen + 1);
    assert_in_range(frame->seq, 1, COUNT);
    device->got[frame->seq]++;
    device->seen++;
    say_ack(&device->phone, device->seen);
}

static void device_send_next(struct device *device)
{
    char text[16];

    if (device->next > COUNT)
        return;
    snprintf(text, sizeof text, "%u", (unsigned)device->next);
    say_send(&device->phone, device->next++, text);
}

/* One thing that a device can do; returns 0 when it has nothing left. A lost frame was said by the relay and never arrived. */
static int device_step(struct device *device, int is_lost)
{
    struct cr_frame frame;

    if (device->must_resume) {
        phone_connect(&device->phone, device->token);
        say_resume(&device->phone, device->token, device->seen);
        device->must_resume = 0;
        return 1;
    }
    if (phone_fetch(&device->phone, &frame) == SAY_FRAME) {
        if (!is_lost)
            device_take(device, &frame);
        return 1;
    }
    if (device->next > COUNT)
        return 0;
    device_send_next(device);
    return 1;
}

static void device_cut(struct device *device)
{
    phone_cut(&device->phone);
    device->must_resume = 1;
}

static void check_device(const struct device *device)
{
    for (int i = 1; i <= COUNT; i++)
        assert_int_equal(device->got[i], 1);
    assert_int_equal(device->acked, COUNT);
}

/* Runs the whole conversation, cutting device number victim after step cut (and again after cut_again). Returns the steps it took. */
static int converse(int victim, int cut, int cut_again, int is_lost)
{
    static struct device devices[2];
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate;
    int step = 0, is_busy = 1;

    memset(devices, 0, sizeof devices);
    devices[0].token = 1;
    devices[1].token = 2;
    devices[0].next = 1;
    devices[1].next = 2;
    desk_open(&rules, NULL, NULL);
    plate = phone_allocates(&devices[0].phone, 1);
    phone_connect(&devices[1].phone, 2);
    say_join(&devices[1].phone, 2, plate, "1");
    while (is_busy) {
        is_busy = 0;
        for (int i = 0; i < 2; i++, step++) {
            int is_cut = i == victim && (step / 2 == cut || step / 2 == cut_again);

            is_busy |= device_step(&devices[i], is_cut && is_lost);
            if (is_cut && devices[i].phone.is_connected)
                device_cut(&devices[i]);
            is_busy |= is_cut;
        }
    }
    check_device(&devices[0]);
    check_device(&devices[1]);
    phone_cut(&devices[0].phone);
    phone_cut(&devices[1].phone);
    desk_close();
    return step / 2;
}

static void every_frame_arrives_exactly_once_wherever_a_connection_breaks(void **state)
{
    int steps = converse(-1, -1, -1, 0);

    (void)state;
    assert_true(steps > 10);
    for (int victim = 0; victim < 2; victim++) {
        for (int cut = 0; cut < steps; cut++) {
            converse(victim, cut, -1, 0);
            converse(victim, cut, -1, 1);
            for (int again = cut + 1; again < steps + 6; again++)
                converse(victim, cut, again, 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_arrives_exactly_once_wherever_a_connection_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
