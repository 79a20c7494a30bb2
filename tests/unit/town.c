/* The relays' loops and the devices' ends, one thing at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "town.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 60000
#define PAYLOAD_MAX 3000

struct town town;

uint32_t town_draw(void *context)
{
    (void)context;
    town.dice = town.dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(town.dice >> 32);
}

static void on_wake(struct visitor *visitor)
{
    ((struct town_device *)visitor)->is_woken = 1;
}

static void on_drop(struct visitor *visitor)
{
    ((struct town_device *)visitor)->is_dropped = 1;
}

static void on_outcome(void *context, const struct office_outcome *outcome)
{
    struct town_node *node = context;

    node->outcomes++;
    node->outcome = *outcome;
}

static void on_refused(void *context, enum cr_refusal reason)
{
    (void)context;
    (void)reason;
}

static void node_open(struct town_node *node)
{
    const struct office_rules rules = {
        .mailbox = {.wait_ms = 180000,
                    .wait_max_ms = 1800000,
                    .joined_ms = 600000,
                    .budget = {.max = 8 << 20}},
        .max_mailboxes = 100,
        .silent_ms = 10000,
        .ping_ms = 25000,
    };
    const struct office_sink sink = {on_wake, on_drop, on_outcome, on_refused, node, &node->metrics};
    const struct quota_rules quota = {.network = {0, {0, 20}}, .all = {0, {0, 100}}};

    node->store = fake_enter(town.fake);
    node->wheel = wheel_new(town.now_ms);
    node->quota = quota_new(&quota, 100, 1);
    assert_true(node->wheel != NULL && node->quota != NULL);
    node->office = office_new(&rules, &sink, node->store, node->quota, node->wheel, town_draw, NULL);
    assert_non_null(node->office);
    node->is_alive = 1;
}

static void node_close(struct town_node *node)
{
    office_free(node->office);
    node->store->close(node->store);
    quota_free(node->quota);
    assert_int_equal(wheel_count(node->wheel), 0);
    wheel_free(node->wheel);
    node->is_alive = 0;
}

void town_open(uint64_t seed)
{
    memset(&town, 0, sizeof town);
    town.dice = seed;
    town.now_ms = 1000000;
    town.fake = fake_new(town_draw, NULL, &town.now_ms);
    for (int i = 0; i < TOWN_NODES; i++)
        node_open(&town.nodes[i]);
}

static void device_lose(struct town_device *device)
{
    if (device->node < 0)
        return;
    office_leave(&device->visitor);
    quota_disconnect(town.nodes[device->node].quota, device->visitor.address);
    cr_link_lost(device->link);
    device->node = -1;
    device->is_woken = device->is_dropped = 0;
}

void town_close(void)
{
    for (int i = 0; i < TOWN_DEVICES; i++) {
        if (town.devices[i].link == NULL)
            continue;
        device_lose(&town.devices[i]);
        cr_link_free(town.devices[i].link);
    }
    for (int i = 0; i < TOWN_NODES; i++) {
        if (town.nodes[i].is_alive)
            node_close(&town.nodes[i]);
    }
    fake_free(town.fake);
}

static struct town_device *device_new(int node)
{
    struct town_device *device = town.devices;

    while (device->link != NULL)
        device++;
    assert_true(device < town.devices + TOWN_DEVICES);
    memset(device, 0, sizeof *device);
    assert_int_equal(cr_link_new(&device->link), CR_OK);
    device->node = -1;
    device->home = node;
    device->to_send = TOWN_PAYLOADS;
    return device;
}

/* What this side says as its number'th payload, different for all. */
static size_t payload_of(int side, int number, uint8_t out[static PAYLOAD_MAX])
{
    size_t length = (size_t)(1 + (number * 977 + side * 331) % PAYLOAD_MAX);

    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(i * 7 + (size_t)number * 31 + (size_t)side * 101 + i / 256);
    return length;
}

struct town_device *town_displayer(int node)
{
    struct town_device *device = device_new(node);

    device->side = 0;
    assert_int_equal(cr_link_allocate(device->link), CR_OK);
    return device;
}

struct town_device *town_typist(int node, struct cr_nameplate nameplate)
{
    struct town_device *device = device_new(node);
    uint8_t payload[PAYLOAD_MAX];
    size_t length = payload_of(1, 0, payload);

    device->side = 1;
    device->sent = 1;
    assert_int_equal(cr_link_join(device->link, &nameplate, payload, length < 1000 ? length : 1000), CR_OK);
    return device;
}

static void payload_check(struct town_device *device, const struct cr_link_event *event)
{
    uint8_t expected[PAYLOAD_MAX];
    int from = 1 - device->side;
    size_t length = payload_of(from, device->received, expected);

    if (from == 1 && device->received == 0 && length > 1000)
        length = 1000;
    assert_true(device->received < TOWN_PAYLOADS);
    assert_int_equal(event->payload_bytes, length);
    assert_memory_equal(event->payload, expected, length);
    device->received++;
}

static void device_refused(struct town_device *device, uint8_t reason)
{
    device->refusal = reason;
    if (reason == CR_REFUSED_BUSY)
        device->busy_until_ms = town.now_ms + 2000;
    else
        device->is_refused = 1;
}

static void device_take(struct town_device *device, const struct cr_frame *frame)
{
    static uint8_t bytes[CR_FRAME_MAX_BYTES];
    struct cr_link_event event;
    size_t length;

    assert_int_equal(cr_frame_encode(frame, bytes, sizeof bytes, &length), CR_OK);
    assert_int_equal(cr_link_input(device->link, bytes, length, &event), CR_OK);
    switch (event.type) {
    case CR_LINK_SEATED:
        device->is_seated = 1;
        device->nameplate = event.nameplate;
        break;
    case CR_LINK_PAYLOAD:
        payload_check(device, &event);
        break;
    case CR_LINK_PEER:
        device->peer = event.code;
        break;
    case CR_LINK_TIME:
        device->seconds = event.seconds;
        break;
    case CR_LINK_CLOSED:
        device->mood = event.code;
        break;
    case CR_LINK_REFUSED:
        device_refused(device, event.code);
        break;
    default:
        break;
    }
}

/* One frame of what the relay has to tell. */
static void device_fetch(struct town_device *device)
{
    struct cr_frame frame;
    enum office_words words = office_speak(&device->visitor, town.now_ms, &frame);

    if (words == SAY_FRAME)
        device_take(device, &frame);
    else if (words == SAY_PING)
        office_heard(&device->visitor);
    else if (words == SAY_END)
        device->is_dropped = 1;
    device->is_woken = office_has_words(&device->visitor);
}

static int device_is_done(const struct town_device *device)
{
    return device->is_ended || device->is_refused;
}

static void device_connect(struct town_device *device)
{
    int node = device->home;
    struct town_node *there;

    if (!town.nodes[node].is_alive || town.nodes[node].is_closed || town_draw(NULL) % 4 == 0)
        node = (int)(town_draw(NULL) % TOWN_NODES);
    there = &town.nodes[node];
    if (!there->is_alive || there->is_closed)
        return;
    memset(&device->visitor, 0, sizeof device->visitor);
    assert_null(quota_connect(there->quota, (uint64_t)(device - town.devices) + 1, town.now_ms));
    office_enter(there->office, &device->visitor, (uint64_t)(device - town.devices) + 1, town.now_ms);
    device->node = node;
    device->connects++;
    cr_link_connected(device->link);
}

static int device_wants_close(const struct town_device *device)
{
    if (device->mood != 0)
        return 1;
    return device->received == TOWN_PAYLOADS && device->sent == TOWN_PAYLOADS && device->to_send == -1;
}

/* Queues what is due: payloads one by one, then CLOSE. */
static void device_decide(struct town_device *device)
{
    uint8_t payload[PAYLOAD_MAX];

    if (device->is_mute || !device->is_seated)
        return;
    if (device->sent < device->to_send && device->peer != CR_PEER_NOBODY && town_draw(NULL) % 4 == 0) {
        size_t length = payload_of(device->side, device->sent, payload);

        assert_int_equal(cr_link_send(device->link, payload, length), CR_OK);
        device->sent++;
    }
    if (town.is_hasty && device->sent == TOWN_PAYLOADS && device->received == TOWN_PAYLOADS)
        device->to_send = -1;
    if (device_wants_close(device)) {
        if (device->mood != 0)
            assert_int_equal(device->received, TOWN_PAYLOADS);
        cr_link_close(device->link, CR_MOOD_DONE);
        if (!cr_link_has_more(device->link))
            device->is_ended = 1;
    }
}

static void device_say(struct town_device *device)
{
    const uint8_t *message;
    size_t length;

    if (cr_link_output(device->link, &message, &length) != CR_OK)
        return;
    office_hear(&device->visitor, message, length, town.now_ms);
    cr_link_sent(device->link);
}

static void device_step(struct town_device *device)
{
    if (device->node >= 0 && device->is_dropped)
        device_lose(device);
    if (device_is_done(device)) {
        if (device->node >= 0)
            device_lose(device);
        return;
    }
    if (device->node < 0) {
        if (town_draw(NULL) % 8 == 0)
            device_connect(device);
        return;
    }
    if (device->is_woken && town_draw(NULL) % 2 == 0) {
        device_fetch(device);
        return;
    }
    if (device->busy_until_ms > town.now_ms)
        return;
    if (device->busy_until_ms != 0)
        cr_link_repeat(device->link);
    device->busy_until_ms = 0;
    device_decide(device);
    device_say(device);
}

static void node_step(int index)
{
    struct town_node *node = &town.nodes[index];

    if (node->expires_ms != 0 && town.now_ms >= node->expires_ms) {
        node->expires_ms = 0;
        fake_expire(town.fake, node->store);
    }
    if (node->is_alive)
        wheel_turn(node->wheel, town.now_ms);
}

void town_step(void)
{
    struct town_device *device = &town.devices[town_draw(NULL) % TOWN_DEVICES];

    town.now_ms += TOWN_STEP_MS;
    for (int i = 0; i < TOWN_NODES; i++)
        node_step(i);
    for (int i = 0; i < 2; i++)
        (void)fake_step(town.fake);
    for (int i = 0; i < TOWN_NODES; i++) {
        if (town.nodes[i].is_alive && town_draw(NULL) % 2 == 0)
            office_flush(town.nodes[i].office, town.now_ms);
    }
    if (device->link != NULL)
        device_step(device);
}

void town_run(int (*is_done)(void))
{
    for (int i = 0; i < STEPS_MAX; i++) {
        if (is_done())
            return;
        town_step();
    }
    fail_msg("somebody waits for what does not come");
}

void town_pass(int steps)
{
    for (int i = 0; i < steps; i++)
        town_step();
}

int town_is_over(void)
{
    int is_full = 1;

    for (int i = 0; i < TOWN_DEVICES; i++) {
        struct town_device *device = &town.devices[i];

        if (device->link != NULL && !device_is_done(device) && device->received < TOWN_PAYLOADS)
            return 0;
    }
    for (int i = 0; i < TOWN_DEVICES; i++) {
        struct town_device *device = &town.devices[i];

        if (device->link == NULL || device_is_done(device))
            continue;
        device->to_send = device->sent == TOWN_PAYLOADS ? -1 : device->to_send;
        is_full = 0;
    }
    return is_full;
}

int town_is_seated(void)
{
    for (int i = 0; i < TOWN_DEVICES; i++) {
        const struct town_device *device = &town.devices[i];

        if (device->link != NULL && !device->is_seated && !device->is_refused)
            return 0;
    }
    return 1;
}

void town_kill(int index)
{
    struct town_node *node = &town.nodes[index];

    fake_kill(town.fake, node->store);
    for (int i = 0; i < TOWN_DEVICES; i++) {
        if (town.devices[i].link != NULL && town.devices[i].node == index)
            device_lose(&town.devices[i]);
    }
    node->expires_ms = town.now_ms + TOWN_LEASE_MS;
    node_close(node);
}

void town_part(int index, int is_short)
{
    struct town_node *node = &town.nodes[index];

    if (!node->is_alive || node->is_parted)
        return;
    node->is_parted = 1;
    node->expires_ms = is_short ? 0 : town.now_ms + TOWN_LEASE_MS;
    fake_part(town.fake, node->store);
}

void town_heal(int index)
{
    struct town_node *node = &town.nodes[index];

    if (!node->is_alive || !node->is_parted)
        return;
    node->is_parted = 0;
    node->expires_ms = 0;
    fake_heal(town.fake, node->store);
}

void town_cut(struct town_device *device)
{
    if (device->node >= 0)
        device_lose(device);
}
