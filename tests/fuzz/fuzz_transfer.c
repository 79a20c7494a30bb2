/* Two whole devices of every pairing under a relay, connections, clock and persons that do what the input says: nothing is
 * stored but what was sent, a transfer ends once, and no deadline is idle. */
#include "fuzz.h"

#include "../unit/pair.h"

#include <stdlib.h>
#include <string.h>

#define OPS_MAX 400

enum op {
    STEP,
    STEPS,
    WAIT,
    CUT,
    INVENT,
    MANGLE,
    SILENCE,
    SPEAK,
    BUSY,
    FORGET,
    CANCEL,
    EXTEND,
    PROBE,
    AWAY,
    BACK,
    FRAME,
    OP_COUNT
};

static struct fuzz_input *mangler;

static void mangle(struct pair *pair, int device, uint8_t *message, size_t length)
{
    (void)device;
    pair->mangle = NULL;
    message[fuzz_u16(mangler) % length] ^= fuzz_u8(mangler);
}

/* A whole message as if the relay had sent it. */
static void invent(struct pair *pair, int device, struct fuzz_input *input)
{
    size_t length;
    const uint8_t *bytes = fuzz_bytes(input, fuzz_u8(input), &length);
    uint8_t *copy = malloc(length > 0 ? length : 1);

    fuzz_require(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    if (pair->devices[device].is_connected)
        cr_transfer_input(pair->devices[device].transfer, copy, length, pair->now);
    free(copy);
}

/* A well-formed frame with fields of the input's choice. */
static void invent_frame(struct pair *pair, int device, struct fuzz_input *input)
{
    static const enum cr_frame_type TYPES[] = {
        CR_FRAME_ALLOCATED, CR_FRAME_JOINED,     CR_FRAME_DELIVER, CR_FRAME_ACKED,
        CR_FRAME_RESUMED,   CR_FRAME_TIME,       CR_FRAME_PEER,    CR_FRAME_CLOSED,
        CR_FRAME_REFUSED,   CR_FRAME_GOING_AWAY, CR_FRAME_PUZZLE,
    };
    struct cr_frame frame = {.type = TYPES[fuzz_u8(input) % (sizeof TYPES / sizeof *TYPES)]};
    uint8_t bytes[512];
    size_t length;

    frame.code = fuzz_u8(input) % 10;
    frame.seq = fuzz_u8(input);
    frame.seconds = fuzz_u16(input);
    frame.nameplate = pair->relay.nameplate;
    frame.payload = fuzz_bytes(input, fuzz_u8(input), &frame.payload_bytes);
    if (cr_frame_encode(&frame, bytes, sizeof bytes, &length) == CR_OK && pair->devices[device].is_connected)
        cr_transfer_input(pair->devices[device].transfer, bytes, length, pair->now);
}

static void bend_relay(struct pair *pair, enum op op)
{
    pair->relay.is_silent = op == SILENCE || (pair->relay.is_silent && op != SPEAK);
    pair->relay.busy_times += op == BUSY;
    pair->relay.has_forgotten |= op == FORGET;
    if (op == MANGLE)
        pair->mangle = mangle;
}

static void ask(struct pair *pair, struct device *device, enum op op)
{
    if (op == CANCEL)
        cr_transfer_cancel(device->transfer, pair->now);
    else if (op == EXTEND)
        cr_transfer_extend(device->transfer, pair->now);
    else
        cr_transfer_probe(device->transfer, pair->now);
}

static void run_op(struct pair *pair, int at, enum op op, struct fuzz_input *input)
{
    struct device *device = &pair->devices[at];

    if (op == STEP || op == STEPS) {
        for (int i = op == STEP ? 1 : fuzz_u8(input); i > 0 && pair_step(pair); i--)
            continue;
        return;
    }
    if (op == WAIT) {
        pair_wait(pair);
        return;
    }
    if (device->transfer == NULL)
        return;
    if (op == CUT && device->is_connected)
        pair_cut(pair, at);
    else if (op == INVENT)
        invent(pair, at, input);
    else if (op == FRAME)
        invent_frame(pair, at, input);
    else if (op == AWAY || op == BACK)
        device->is_cut_off = op == AWAY;
    else if (op == CANCEL || op == EXTEND || op == PROBE)
        ask(pair, device, op);
    else
        bend_relay(pair, op);
}

static void finish(struct pair *pair)
{
    for (int i = 0; i < 200 && pair_wait(pair); i++)
        pair_settle(pair);
    fuzz_require(pair->idle_ticks == 0);
    if (pair->arrived != NULL)
        fuzz_require(pair_is_same(pair->arrived, pair->bundle));
    if (pair_device(pair, CR_SENDER)->ended.end == CR_END_DONE)
        fuzz_require(pair->arrived != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t SIZES[] = {5000, 1, 0, 300, 0, 0};
    struct fuzz_input input = {data, size};
    uint8_t form = fuzz_u8(&input), answers = fuzz_u8(&input);
    struct cr_bundle *bundle;
    struct pair pair;

    fuzz_repeat_randomness();
    bundle = pair_bundle(SIZES);
    pair_init(&pair, form & 1 ? CR_SENDER : CR_RECEIVER, bundle);
    pair.is_typist_early = (form & 2) != 0;
    pair.is_code_wrong = (form & 12) == 12;
    pair.secrets = (enum cr_secrets)(1 + (form >> 4) % 3);
    pair.devices[0].answer = (enum answer)(answers & 3);
    pair.devices[1].answer = (enum answer)(answers >> 2 & 3);
    mangler = &input;
    for (int i = 0; i < OPS_MAX && input.left > 0; i++) {
        uint8_t byte = fuzz_u8(&input);

        run_op(&pair, byte & 1, (enum op)((byte >> 1) % OP_COUNT), &input);
    }
    finish(&pair);
    pair_free(&pair);
    cr_bundle_free(bundle);
    return 0;
}
