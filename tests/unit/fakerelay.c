/* A small faithful relay for tests. */
#include "fakerelay.h"

#include <stdlib.h>
#include <string.h>

static void append(struct parcel **list, uint32_t seq, const uint8_t *bytes, size_t length)
{
    struct parcel *parcel = malloc(sizeof *parcel + length);

    if (parcel == NULL)
        abort();
    parcel->next = NULL;
    parcel->seq = seq;
    parcel->length = length;
    if (length > 0)
        memcpy(parcel->bytes, bytes, length);
    while (*list != NULL)
        list = &(*list)->next;
    *list = parcel;
}

static struct parcel *take_first(struct parcel **list)
{
    struct parcel *parcel = *list;

    if (parcel != NULL)
        *list = parcel->next;
    return parcel;
}

static void drop_all(struct parcel **list)
{
    while (*list != NULL)
        free(take_first(list));
}

void fakerelay_init(struct fakerelay *relay, const struct cr_nameplate *nameplate, int64_t now_ms)
{
    memset(relay, 0, sizeof *relay);
    relay->nameplate = *nameplate;
    relay->now_ms = now_ms;
    relay->life_until_ms = INT64_MAX;
}

void fakerelay_free(struct fakerelay *relay)
{
    for (int i = 0; i < 2; i++) {
        drop_all(&relay->seats[i].queue);
        drop_all(&relay->seats[i].out);
    }
}

void fakerelay_say(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    size_t capacity = cr_frame_bytes(frame), length = 0;
    uint8_t *bytes = malloc(capacity);

    if (bytes == NULL || cr_frame_encode(frame, bytes, capacity, &length) != CR_OK)
        abort();
    if (relay->seats[device].is_connected && !relay->is_silent)
        append(&relay->seats[device].out, 0, bytes, length);
    free(bytes);
}

static void say(struct fakerelay *relay, int device, enum cr_frame_type type, uint32_t seq, uint8_t code)
{
    int64_t left = relay->life_until_ms == INT64_MAX ? 0 : (relay->life_until_ms - relay->now_ms) / 1000;
    struct cr_frame frame = {.type = type, .seq = seq, .code = code, .nameplate = relay->nameplate};

    if (type != CR_FRAME_REFUSED)
        frame.seconds = (uint16_t)(left > 0 ? left : 0);
    fakerelay_say(relay, device, &frame);
}

static void deliver(struct fakerelay *relay, int device, const struct parcel *parcel)
{
    struct cr_frame frame = {.type = CR_FRAME_DELIVER, .seq = parcel->seq};

    frame.payload = parcel->bytes;
    frame.payload_bytes = parcel->length;
    fakerelay_say(relay, device, &frame);
}

static int can_hear(const struct seat *seat)
{
    return seat->is_taken && seat->is_connected && seat->is_heard;
}

static uint8_t presence(const struct seat *seat)
{
    if (!seat->is_taken)
        return CR_PEER_NOBODY;
    return can_hear(seat) ? CR_PEER_HERE : CR_PEER_AWAY;
}

static void tell_presence(struct fakerelay *relay, int device)
{
    if (can_hear(&relay->seats[!device]) && relay->seats[device].close_mood == 0)
        say(relay, !device, CR_FRAME_PEER, 0, presence(&relay->seats[device]));
}

/* After the answer to a first frame: where the other device stands and what was missed. */
static void catch_up(struct fakerelay *relay, int device)
{
    struct seat *seat = &relay->seats[device], *other = &relay->seats[!device];

    say(relay, device, CR_FRAME_ACKED, seat->other_acked, 0);
    say(relay, device, CR_FRAME_PEER, 0, presence(other));
    for (const struct parcel *parcel = seat->queue; parcel != NULL; parcel = parcel->next)
        deliver(relay, device, parcel);
    if (other->close_mood != 0)
        say(relay, device, CR_FRAME_CLOSED, 0, other->close_mood);
}

static void take_payload(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    struct seat *other = &relay->seats[!device];
    struct parcel *last;

    if (relay->total_bytes + frame->payload_bytes > CR_MAILBOX_MAX_BYTES) {
        say(relay, device, CR_FRAME_REFUSED, 0, CR_REFUSED_TOO_MUCH);
        return;
    }
    relay->total_bytes += frame->payload_bytes;
    append(&other->queue, ++relay->seats[device].got, frame->payload, frame->payload_bytes);
    for (last = other->queue; last->next != NULL;)
        last = last->next;
    if (can_hear(other))
        deliver(relay, !device, last);
}

static void seen_up_to(struct fakerelay *relay, int device, uint32_t seq)
{
    struct seat *seat = &relay->seats[device], *other = &relay->seats[!device];

    while (seat->queue != NULL && seat->queue->seq <= seq)
        free(take_first(&seat->queue));
    if (seq <= other->other_acked || seq > other->got)
        return;
    other->other_acked = seq;
    if (can_hear(other))
        say(relay, !device, CR_FRAME_ACKED, seq, 0);
}

static int is_own(const struct seat *seat, const struct cr_frame *frame)
{
    return seat->is_taken && memcmp(seat->token, frame->token, CR_TOKEN_BYTES) == 0;
}

static void on_first(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    struct seat *seat = &relay->seats[device];
    int is_join = frame->type == CR_FRAME_JOIN, is_new = !seat->is_taken;
    int64_t life_ms = (is_join ? CR_JOINED_SECONDS : CR_WAIT_SECONDS) * 1000;

    if (relay->refusal != 0) {
        say(relay, device, CR_FRAME_REFUSED, 0, relay->refusal);
        return;
    }
    if ((!is_new && !is_own(seat, frame)) ||
        (is_join &&
         (!relay->seats[FAKERELAY_DISPLAYER].is_taken || frame->nameplate.value != relay->nameplate.value ||
          frame->nameplate.digits != relay->nameplate.digits))) {
        say(relay, device, CR_FRAME_REFUSED, 0, CR_REFUSED_UNAVAILABLE);
        return;
    }
    if (is_new)
        relay->life_until_ms = relay->now_ms + life_ms;
    seat->is_taken = seat->is_heard = 1;
    memcpy(seat->token, frame->token, CR_TOKEN_BYTES);
    say(relay, device, is_join ? CR_FRAME_JOINED : CR_FRAME_ALLOCATED, 0, 0);
    tell_presence(relay, device);
    if (is_new && is_join)
        take_payload(relay, device, frame);
    catch_up(relay, device);
}

static void on_resume(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    struct seat *seat = &relay->seats[device];

    if (relay->has_forgotten || !is_own(seat, frame)) {
        say(relay, device, CR_FRAME_REFUSED, 0, CR_REFUSED_GONE);
        return;
    }
    seat->is_heard = 1;
    seen_up_to(relay, device, frame->seq);
    say(relay, device, CR_FRAME_RESUMED, seat->got + 1, presence(&relay->seats[!device]));
    tell_presence(relay, device);
    catch_up(relay, device);
}

static void on_send(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    uint32_t got = relay->seats[device].got;

    if (frame->seq > got + 1)
        say(relay, device, CR_FRAME_REFUSED, 0, CR_REFUSED_BUSY);
    else if (frame->seq == got + 1)
        take_payload(relay, device, frame);
}

static void on_close(struct fakerelay *relay, int device, uint8_t mood)
{
    struct seat *seat = &relay->seats[device];

    seat->close_mood = mood;
    say(relay, device, CR_FRAME_CLOSED, 0, mood);
    if (can_hear(&relay->seats[!device]))
        say(relay, !device, CR_FRAME_CLOSED, 0, mood);
}

static void on_later(struct fakerelay *relay, int device, const struct cr_frame *frame)
{
    switch (frame->type) {
    case CR_FRAME_SEND:
        on_send(relay, device, frame);
        break;
    case CR_FRAME_ACK:
        seen_up_to(relay, device, frame->seq);
        break;
    case CR_FRAME_EXTEND:
        if (!relay->seats[FAKERELAY_TYPIST].is_taken)
            relay->life_until_ms = relay->now_ms + CR_WAIT_SECONDS * 1000;
        say(relay, device, CR_FRAME_TIME, 0, 0);
        break;
    case CR_FRAME_CLOCK:
        say(relay, device, CR_FRAME_TIME, 0, 0);
        break;
    case CR_FRAME_CLOSE:
        on_close(relay, device, frame->code);
        break;
    default:
        relay->malformed++;
    }
}

static int is_first(enum cr_frame_type type)
{
    return type == CR_FRAME_ALLOCATE || type == CR_FRAME_JOIN || type == CR_FRAME_RESUME;
}

/* It believes every answer. */
static void on_proof(struct fakerelay *relay)
{
    relay->malformed += relay->puzzles == 0 || relay->is_paid;
    relay->is_paid = 1;
    relay->proofs++;
}

static int ask_puzzle(struct fakerelay *relay, int device)
{
    struct cr_frame puzzle = {.type = CR_FRAME_PUZZLE, .code = relay->puzzle_bits};

    int is_paid = relay->is_paid && !relay->is_greedy;

    relay->is_paid = 0;
    if (relay->puzzle_bits == 0 || is_paid)
        return 0;
    relay->puzzles++;
    puzzle.salt[0] = (uint8_t)relay->puzzles;
    fakerelay_say(relay, device, &puzzle);
    return 1;
}

void fakerelay_input(struct fakerelay *relay, int device, const uint8_t *message, size_t length)
{
    struct seat *seat = &relay->seats[device];
    struct cr_frame frame;

    if (cr_frame_decode(CR_FROM_DEVICE, message, length, &frame) != CR_OK ||
        (is_first(frame.type) || frame.type == CR_FRAME_PROOF) == (seat->is_heard && seat->is_taken)) {
        relay->malformed++;
        return;
    }
    if (relay->is_silent)
        return;
    if (relay->busy_times > 0 && (is_first(frame.type) || frame.type == CR_FRAME_SEND)) {
        relay->busy_times--;
        say(relay, device, CR_FRAME_REFUSED, 0, CR_REFUSED_BUSY);
        return;
    }
    if (frame.type == CR_FRAME_PROOF)
        on_proof(relay);
    else if (frame.type == CR_FRAME_JOIN && ask_puzzle(relay, device))
        return;
    else if (frame.type == CR_FRAME_RESUME)
        on_resume(relay, device, &frame);
    else if (is_first(frame.type))
        on_first(relay, device, &frame);
    else
        on_later(relay, device, &frame);
}

void fakerelay_connect(struct fakerelay *relay, int device)
{
    relay->seats[device].is_connected = 1;
    relay->seats[device].is_heard = 0;
}

void fakerelay_cut(struct fakerelay *relay, int device)
{
    struct seat *seat = &relay->seats[device];

    drop_all(&seat->out);
    seat->is_connected = seat->is_heard = 0;
    if (seat->is_taken)
        tell_presence(relay, device);
}

struct parcel *fakerelay_output(struct fakerelay *relay, int device)
{
    return take_first(&relay->seats[device].out);
}

void fakerelay_tick(struct fakerelay *relay, int64_t now_ms)
{
    relay->now_ms = now_ms;
    if (now_ms < relay->life_until_ms)
        return;
    relay->life_until_ms = INT64_MAX;
    relay->has_forgotten = 1;
    for (int i = 0; i < 2; i++)
        if (can_hear(&relay->seats[i]))
            say(relay, i, CR_FRAME_CLOSED, 0, CR_MOOD_EXPIRED);
}
