/* A relay that a test plays frame by frame, opposite one link. */
#include "support.h"

#include "play.h"

#include <string.h>

const struct cr_nameplate PLATE = {4, 4821};

void expect_frame(struct cr_link *link, enum cr_frame_type type, struct cr_frame *frame)
{
    const uint8_t *message;
    size_t length;

    assert_int_equal(cr_link_output(link, &message, &length), CR_OK);
    assert_int_equal(cr_frame_decode(CR_FROM_DEVICE, message, length, frame), CR_OK);
    assert_int_equal(frame->type, type);
    cr_link_sent(link);
}

uint32_t expect_seq(struct cr_link *link, enum cr_frame_type type)
{
    struct cr_frame frame;

    expect_frame(link, type, &frame);
    return frame.seq;
}

void expect_nothing(struct cr_link *link)
{
    const uint8_t *message;
    size_t length;

    assert_int_equal(cr_link_output(link, &message, &length), CR_INCOMPLETE);
}

int say(struct cr_link *link, struct cr_frame frame, struct cr_link_event *event)
{
    static uint8_t bytes[CR_FRAME_MAX_BYTES];
    size_t length;

    assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &length), CR_OK);
    return cr_link_input(link, bytes, length, event);
}

void expect_event(struct cr_link *link, struct cr_frame frame, enum cr_link_event_type type)
{
    struct cr_link_event event;

    assert_int_equal(say(link, frame, &event), CR_OK);
    assert_int_equal(event.type, type);
}

void deliver(struct cr_link *link, uint32_t seq, const char *text, enum cr_link_event_type type)
{
    struct cr_link_event event;
    struct cr_frame frame = {.type = CR_FRAME_DELIVER, .seq = seq};

    frame.payload = (const uint8_t *)text;
    frame.payload_bytes = strlen(text);
    assert_int_equal(say(link, frame, &event), CR_OK);
    assert_int_equal(event.type, type);
    if (type == CR_LINK_PAYLOAD)
        assert_memory_equal(event.payload, text, strlen(text));
}

int send_text(struct cr_link *link, const char *text)
{
    return cr_link_send(link, (const uint8_t *)text, strlen(text));
}

const struct cr_frame JOINED = {.type = CR_FRAME_JOINED, .seconds = 600};
const struct cr_frame ALLOCATED = {.type = CR_FRAME_ALLOCATED, .nameplate = {4, 4821}, .seconds = 180};

struct cr_frame acked(uint32_t seq)
{
    return (struct cr_frame){.type = CR_FRAME_ACKED, .seq = seq};
}

struct cr_frame resumed(uint32_t next)
{
    return (struct cr_frame){.type = CR_FRAME_RESUMED, .seconds = 300, .code = CR_PEER_HERE, .seq = next};
}

struct cr_link *displayer(void)
{
    struct cr_link *link;
    struct cr_frame frame;

    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_allocate(link), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_ALLOCATE, &frame);
    expect_event(link, ALLOCATED, CR_LINK_SEATED);
    return link;
}

struct cr_link *typist(void)
{
    struct cr_link *link;
    struct cr_frame frame;

    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &PLATE, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    expect_frame(link, CR_FRAME_JOIN, &frame);
    expect_event(link, JOINED, CR_LINK_SEATED);
    return link;
}

void reconnect(struct cr_link *link)
{
    cr_link_lost(link);
    expect_nothing(link);
    cr_link_connected(link);
}
