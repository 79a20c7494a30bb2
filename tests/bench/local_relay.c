/* The local relay: each frame of a seat becomes frames of the relay for one or both seats. */
#include "local_relay.h"

#include <certrelay/contract.h>

#include <stdlib.h>

static int tell(struct local_relay *relay, int seat, const struct cr_frame *frame)
{
    size_t capacity = cr_frame_bytes(frame);
    struct local_message *message = malloc(sizeof *message + capacity);
    struct local_message **last = &relay->queues[seat];

    if (message == NULL)
        return -1;
    message->next = NULL;
    if (cr_frame_encode(frame, message->bytes, capacity, &message->length) != CR_OK) {
        free(message);
        return -1;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = message;
    return 0;
}

static int tell_peer(struct local_relay *relay, int seat)
{
    return tell(relay, seat, &(struct cr_frame){.type = CR_FRAME_PEER, .code = CR_PEER_HERE});
}

static int deliver(struct local_relay *relay, int seat, uint32_t seq, const struct cr_frame *heard)
{
    struct cr_frame frame = *heard;

    frame.type = CR_FRAME_DELIVER;
    frame.seq = seq;
    return tell(relay, seat, &frame);
}

static int handle_allocate(struct local_relay *relay, int seat)
{
    struct cr_frame frame = {.type = CR_FRAME_ALLOCATED, .nameplate = {4, 4821}, .seconds = CR_WAIT_SECONDS};

    return tell(relay, seat, &frame);
}

static int handle_join(struct local_relay *relay, int seat, const struct cr_frame *heard)
{
    struct cr_frame joined = {.type = CR_FRAME_JOINED, .seconds = CR_JOINED_SECONDS};

    if (tell(relay, seat, &joined) != 0 || tell_peer(relay, seat) != 0 || tell_peer(relay, !seat) != 0)
        return -1;
    return deliver(relay, !seat, 1, heard);
}

static int handle_close(struct local_relay *relay, int seat, const struct cr_frame *heard)
{
    struct cr_frame closed = {.type = CR_FRAME_CLOSED, .code = heard->code};

    return tell(relay, seat, &closed) != 0 ? -1 : tell(relay, !seat, &closed);
}

int local_relay_hear(struct local_relay *relay, int seat, const uint8_t *message, size_t length)
{
    struct cr_frame heard;

    if (cr_frame_decode(CR_FROM_DEVICE, message, length, &heard) != CR_OK)
        return -1;
    switch (heard.type) {
    case CR_FRAME_ALLOCATE:
        return handle_allocate(relay, seat);
    case CR_FRAME_JOIN:
        return handle_join(relay, seat, &heard);
    case CR_FRAME_SEND:
        return deliver(relay, !seat, heard.seq, &heard);
    case CR_FRAME_ACK:
        return tell(relay, !seat, &(struct cr_frame){.type = CR_FRAME_ACKED, .seq = heard.seq});
    case CR_FRAME_CLOSE:
        return handle_close(relay, seat, &heard);
    default:
        return -1;
    }
}

struct local_message *local_relay_next(struct local_relay *relay, int seat)
{
    struct local_message *message = relay->queues[seat];

    if (message != NULL)
        relay->queues[seat] = message->next;
    return message;
}

void local_relay_clear(struct local_relay *relay)
{
    for (int seat = 0; seat < 2; seat++)
        for (struct local_message *message; (message = local_relay_next(relay, seat)) != NULL;)
            free(message);
}
