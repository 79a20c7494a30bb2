/* The office under test and its visitors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <stdlib.h>
#include <string.h>

struct desk desk;

static uint64_t dice;

static uint32_t draw(void *context)
{
    (void)context;
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 32);
}

static void on_wake(struct visitor *visitor)
{
    struct phone *phone = (struct phone *)visitor;

    assert_true(phone->is_connected);
    phone->is_woken = 1;
}

static void on_drop(struct visitor *visitor)
{
    struct phone *phone = (struct phone *)visitor;

    assert_true(phone->is_connected);
    phone->is_dropped = 1;
}

static void on_outcome(void *context, const struct office_outcome *outcome)
{
    (void)context;
    desk.outcome = *outcome;
    desk.outcomes++;
}

static void on_refused(void *context, enum cr_refusal reason)
{
    (void)context;
    desk.refusals[reason]++;
}

struct office_rules desk_rules(void)
{
    return (struct office_rules){
        .mailbox = {.wait_ms = 180000,
                    .wait_max_ms = 1800000,
                    .joined_ms = 600000,
                    .budget = {.max = 8 << 20}},
        .max_mailboxes = 100,
        .silent_ms = 10000,
        .ping_ms = 25000,
    };
}

void desk_open(const struct office_rules *rules, const struct quota_rules *quota,
               struct store *(*wrap)(struct store *))
{
    const struct office_sink sink = {on_wake, on_drop, on_outcome, on_refused, NULL, &desk.metrics};
    const struct quota_rules none = {.address = {0}};

    memset(&desk, 0, sizeof desk);
    dice = 1;
    desk.now_ms = 1000000;
    desk.wheel = wheel_new(desk.now_ms);
    desk.quota = quota_new(quota != NULL ? quota : &none, 100, 1);
    desk.store = store_memory_new(600000, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    assert_true(desk.wheel != NULL && desk.quota != NULL && desk.store != NULL);
    if (wrap != NULL)
        desk.store = wrap(desk.store);
    desk.office = office_new(rules, &sink, desk.store, desk.quota, desk.wheel, draw, NULL);
    assert_non_null(desk.office);
}

void desk_close(void)
{
    office_free(desk.office);
    desk.store->close(desk.store);
    quota_free(desk.quota);
    assert_int_equal(wheel_count(desk.wheel), 0);
    wheel_free(desk.wheel);
}

void desk_pass(uint64_t ms)
{
    uint64_t until = desk.now_ms + ms;

    while (desk.now_ms < until) {
        desk.now_ms += WHEEL_TICK_MS;
        wheel_turn(desk.wheel, desk.now_ms);
    }
}

void desk_stay(uint64_t ms, struct phone *first, struct phone *second)
{
    for (; ms >= 5000; ms -= 5000) {
        desk_pass(5000);
        phone_catch_up(first);
        if (second != NULL)
            phone_catch_up(second);
    }
    desk_pass(ms);
}

void phone_connect(struct phone *phone, uint64_t address)
{
    memset(phone, 0, sizeof *phone);
    phone->is_connected = 1;
    assert_null(quota_connect(desk.quota, address, desk.now_ms));
    office_enter(desk.office, &phone->visitor, address, desk.now_ms);
}

void phone_cut(struct phone *phone)
{
    if (!phone->is_connected)
        return;
    office_leave(&phone->visitor);
    quota_disconnect(desk.quota, phone->visitor.address);
    phone->is_connected = 0;
}

void phone_say(struct phone *phone, const struct cr_frame *frame)
{
    size_t room = cr_frame_bytes(frame), length = 0;
    uint8_t *bytes = malloc(room);

    assert_non_null(bytes);
    assert_int_equal(cr_frame_encode(frame, bytes, room, &length), CR_OK);
    office_hear(&phone->visitor, bytes, length, desk.now_ms);
    free(bytes);
}

enum office_words phone_fetch(struct phone *phone, struct cr_frame *frame)
{
    enum office_words words;

    if (!phone->is_woken) {
        assert_false(office_has_words(&phone->visitor));
        return SAY_NOTHING;
    }
    words = office_speak(&phone->visitor, desk.now_ms, frame);
    phone->is_woken = office_has_words(&phone->visitor);
    if (words != SAY_PING)
        return words;
    phone->pings++;
    if (!phone->is_mute)
        office_heard(&phone->visitor);
    return phone_fetch(phone, frame);
}

struct cr_frame phone_hears(struct phone *phone, enum cr_frame_type type)
{
    struct cr_frame frame;

    assert_int_equal(phone_fetch(phone, &frame), SAY_FRAME);
    assert_int_equal(frame.type, type);
    return frame;
}

void phone_hears_nothing(struct phone *phone)
{
    struct cr_frame frame;

    assert_int_equal(phone_fetch(phone, &frame), SAY_NOTHING);
}

void phone_is_shown_out(struct phone *phone)
{
    struct cr_frame frame;

    if (!phone->is_dropped)
        assert_int_equal(phone_fetch(phone, &frame), SAY_END);
    phone_cut(phone);
}

void phone_catch_up(struct phone *phone)
{
    struct cr_frame frame;
    enum office_words words;

    do {
        words = phone_fetch(phone, &frame);
    } while (words == SAY_FRAME);
}

static struct cr_frame with_token(enum cr_frame_type type, uint8_t token)
{
    struct cr_frame frame = {.type = type};

    memset(frame.token, token, sizeof frame.token);
    return frame;
}

void say_allocate(struct phone *phone, uint8_t token)
{
    struct cr_frame frame = with_token(CR_FRAME_ALLOCATE, token);

    phone_say(phone, &frame);
}

void say_join(struct phone *phone, uint8_t token, struct cr_nameplate nameplate, const char *payload)
{
    struct cr_frame frame = with_token(CR_FRAME_JOIN, token);

    frame.nameplate = nameplate;
    frame.payload = (const uint8_t *)payload;
    frame.payload_bytes = strlen(payload);
    phone_say(phone, &frame);
}

void say_resume(struct phone *phone, uint8_t token, uint32_t seen)
{
    struct cr_frame frame = with_token(CR_FRAME_RESUME, token);

    frame.seq = seen;
    phone_say(phone, &frame);
}

void say_send(struct phone *phone, uint32_t seq, const char *payload)
{
    struct cr_frame frame = {.type = CR_FRAME_SEND, .seq = seq};

    frame.payload = (const uint8_t *)payload;
    frame.payload_bytes = strlen(payload);
    phone_say(phone, &frame);
}

void say_ack(struct phone *phone, uint32_t seq)
{
    const struct cr_frame frame = {.type = CR_FRAME_ACK, .seq = seq};

    phone_say(phone, &frame);
}

void say_close(struct phone *phone, uint8_t mood)
{
    const struct cr_frame frame = {.type = CR_FRAME_CLOSE, .code = mood};

    phone_say(phone, &frame);
}

void say_plain(struct phone *phone, enum cr_frame_type type)
{
    const struct cr_frame frame = {.type = type};

    phone_say(phone, &frame);
}

struct cr_nameplate phone_allocates(struct phone *phone, uint8_t token)
{
    phone_connect(phone, 1);
    say_allocate(phone, token);
    return phone_hears(phone, CR_FRAME_ALLOCATED).nameplate;
}

struct cr_nameplate desk_pair(struct phone *displayer, struct phone *typist)
{
    struct cr_nameplate plate = phone_allocates(displayer, 1);

    phone_connect(typist, 2);
    say_join(typist, 2, plate, "hello");
    phone_catch_up(displayer);
    phone_catch_up(typist);
    return plate;
}
