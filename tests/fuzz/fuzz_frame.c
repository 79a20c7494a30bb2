/* Frames of the relay contract, in both directions: what is read is written as it came. */
#include "fuzz.h"

#include <certrelay/contract.h>

#include <string.h>

static void check(enum cr_direction from, const uint8_t *data, size_t size)
{
    static uint8_t out[CR_FRAME_MAX_BYTES];
    struct cr_frame frame;
    size_t written = 0;

    if (cr_frame_decode(from, data, size, &frame) != CR_OK)
        return;
    fuzz_require(size <= sizeof out && cr_frame_bytes(&frame) == size);
    fuzz_require(cr_frame_encode(&frame, out, size, &written) == CR_OK);
    fuzz_require(written == size && memcmp(out, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(CR_FROM_DEVICE, data, size);
    check(CR_FROM_RELAY, data, size);
    return 0;
}
