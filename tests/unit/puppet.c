/* One whole device opposite a session through which a test speaks. */
#include "puppet.h"

#include <stdlib.h>
#include <string.h>

static void deliver(struct puppet *puppet, const struct cr_frame *frame)
{
    size_t capacity = cr_frame_bytes(frame), length;
    uint8_t *bytes = malloc(capacity);

    if (bytes == NULL || cr_frame_encode(frame, bytes, capacity, &length) != CR_OK)
        abort();
    cr_transfer_input(puppet->device, bytes, length, puppet->now);
    free(bytes);
}

static void hear(struct puppet *puppet)
{
    const uint8_t *bytes;
    struct cr_reader record, value;
    size_t length;
    uint8_t type;

    if (cr_session_record(puppet->peer, &bytes, &length) != CR_OK)
        return;
    cr_reader_init(&record, bytes, length);
    while (puppet->heard_count < sizeof puppet->heard && cr_message_next(&record, &type, &value) == CR_OK)
        puppet->heard[puppet->heard_count++] = type;
}

/* What the device sends goes to the peer; what the relay alone would hear is dropped. */
static void take_output(struct puppet *puppet)
{
    const uint8_t *message;
    struct cr_frame frame;
    size_t length;

    while (cr_transfer_output(puppet->device, &message, &length) == CR_OK) {
        if (cr_frame_decode(CR_FROM_DEVICE, message, length, &frame) != CR_OK)
            abort();
        if (frame.type == CR_FRAME_SEND && puppet->peer != NULL) {
            (void)cr_session_input(puppet->peer, frame.payload, frame.payload_bytes);
            hear(puppet);
        }
        cr_transfer_sent(puppet->device);
    }
}

void puppet_drain(struct puppet *puppet)
{
    struct cr_event event;

    take_output(puppet);
    for (cr_transfer_event(puppet->device, &event); event.type != CR_EVENT_NONE;
         cr_transfer_event(puppet->device, &event)) {
        puppet->told[event.type]++;
        if (event.type == CR_EVENT_ENDED)
            puppet->ended = event;
    }
    if (puppet->told[CR_EVENT_ENDED] > 1)
        abort();
}

/* Everything that the peer's session wants to say. */
static void deliver_all(struct puppet *puppet)
{
    struct cr_frame frame = {.type = CR_FRAME_DELIVER};

    while (cr_session_output(puppet->peer, &frame.payload, &frame.payload_bytes) == CR_OK) {
        frame.seq = ++puppet->seq;
        deliver(puppet, &frame);
        cr_session_sent(puppet->peer);
        puppet_drain(puppet);
    }
}

static void make_peer(struct puppet *puppet, enum cr_role role)
{
    const struct cr_invite *invite = cr_transfer_invite(puppet->device);
    struct cr_session_config config = {.side = CR_TYPIST, .role = role, .has_digits = 1};

    config.nameplate = invite->code.nameplate;
    memcpy(config.digits, invite->code.secret, CR_SECRET_DIGITS);
    if (cr_session_new(&puppet->peer, &config) != CR_OK)
        abort();
}

void puppet_init(struct puppet *puppet, enum cr_role role)
{
    const struct cr_transfer_config config = {
        .side = CR_DISPLAYER, .role = role, .secrets = CR_SECRET_DIGITS_ONLY, .name = "device"};

    memset(puppet, 0, sizeof *puppet);
    if (cr_transfer_new(&puppet->device, &config, puppet->now) != CR_OK)
        abort();
    cr_transfer_connecting(puppet->device, puppet->now);
    cr_transfer_connected(puppet->device, puppet->now);
    puppet_drain(puppet);
    deliver(puppet, &(struct cr_frame){.type = CR_FRAME_ALLOCATED, .nameplate = {4, 4821}, .seconds = 180});
    puppet_drain(puppet);
    make_peer(puppet, role == CR_SENDER ? CR_RECEIVER : CR_SENDER);
    deliver(puppet, &(struct cr_frame){.type = CR_FRAME_PEER, .code = CR_PEER_HERE});
    deliver_all(puppet);
    if (!cr_session_is_open(puppet->peer))
        abort();
}

void puppet_free(struct puppet *puppet)
{
    cr_transfer_free(puppet->device);
    cr_session_free(puppet->peer);
}

int puppet_say(struct puppet *puppet, const uint8_t *row, size_t length, int is_final)
{
    if (cr_session_seal(puppet->peer, row, length, is_final) != CR_OK)
        return 0;
    deliver_all(puppet);
    return 1;
}
