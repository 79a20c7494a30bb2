/* Two sessions whose payloads a relay changes, repeats, drops and makes up, as the input says: no record is accepted that the
 * other side did not send as the next one, and what failed stays failed. */
#include "fuzz.h"

#include "../unit/pump.h"

#include <stdlib.h>
#include <string.h>

#define OPS_MAX 64

enum op { DELIVER, FLIP, CUT, EXTEND, REPEAT, DROP, INVENT, SEAL, SEAL_FINAL, OP_COUNT };

struct side {
    struct cr_session *session;
    uint8_t sealed, opened; /* numbers of the records it sent, and of those it was handed */
    uint8_t *last;          /* what was delivered to it last */
    size_t last_bytes;
};

static void give(struct side *side, struct side *from, const uint8_t *bytes, size_t length)
{
    int before = cr_session_error(side->session), error;
    const uint8_t *record;
    size_t record_bytes;

    error = cr_session_input(side->session, bytes, length);
    fuzz_require(error == cr_session_error(side->session) && error <= 0);
    if (before != CR_OK)
        fuzz_require(error == before);
    if (cr_session_record(side->session, &record, &record_bytes) == CR_OK) {
        fuzz_require(error == CR_OK && side->opened < from->sealed);
        fuzz_require(record[0] == ++side->opened);
    }
    if (side->session->state == FAILED)
        fuzz_require(cr_session_seal(side->session, (const uint8_t *)"x", 1, 0) == CR_E_STATE);
}

static void seal(struct side *side, int is_final)
{
    uint8_t number = (uint8_t)(side->sealed + 1);

    if (cr_session_seal(side->session, &number, 1, is_final) == CR_OK)
        side->sealed++;
}

static void keep_last(struct side *side, uint8_t *bytes, size_t length)
{
    free(side->last);
    side->last = bytes;
    side->last_bytes = length;
}

/* Takes what the other side has to say, bends it, and gives it. */
static void pass(struct side *to, struct side *from, enum op op, struct fuzz_input *input)
{
    uint8_t *bytes = calloc(1, CR_PAYLOAD_MAX_BYTES + 1);
    size_t length = pump_take(from->session, bytes, CR_PAYLOAD_MAX_BYTES), at = fuzz_u16(input);

    fuzz_require(bytes != NULL);
    if (length == 0 || op == DROP) {
        free(bytes);
        return;
    }
    if (op == FLIP)
        bytes[at % length] ^= (uint8_t)(1 + fuzz_u8(input) % 255);
    if (op == CUT)
        length = at % length;
    if (op == EXTEND)
        length++;
    give(to, from, bytes, length);
    keep_last(to, bytes, length);
}

static void run_op(struct side *to, struct side *from, enum op op, struct fuzz_input *input)
{
    const uint8_t *bytes;
    size_t length;

    switch (op) {
    case REPEAT:
        if (to->last != NULL)
            give(to, from, to->last, to->last_bytes);
        break;
    case INVENT:
        bytes = fuzz_bytes(input, fuzz_u8(input), &length);
        give(to, from, bytes, length);
        break;
    case SEAL:
    case SEAL_FINAL:
        seal(to, op == SEAL_FINAL);
        break;
    default:
        pass(to, from, op, input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const SECRETS[] = {"dd", "db", "lb", "ld"};
    struct fuzz_input input = {data, size};
    struct side sides[2] = {{0}};
    struct pump pump;
    uint8_t form = fuzz_u8(&input);

    fuzz_repeat_randomness();
    fuzz_require(pump_new(&pump, form & 4 ? CR_SENDER : CR_RECEIVER, SECRETS[form & 3]) == CR_OK);
    sides[0].session = pump.typist;
    sides[1].session = pump.displayer;
    for (int i = 0; i < OPS_MAX && input.left > 0; i++) {
        uint8_t byte = fuzz_u8(&input);

        run_op(&sides[byte & 1], &sides[!(byte & 1)], (enum op)((byte >> 1) % OP_COUNT), &input);
    }
    free(sides[0].last);
    free(sides[1].last);
    pump_free(&pump);
    return 0;
}
