/* What comes to the door for monitoring. */
#include "watch_request.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    enum watch_asks asks, before;
    int is_head = 0;

    asks = watch_request_read(bytes, size, &is_head);
    fuzz_require(asks != WATCH_ASKS_MORE || size < WATCH_REQUEST_MAX_BYTES);
    fuzz_require(asks == WATCH_ASKS_MORE || asks == WATCH_ASKS_TOO_MUCH || size >= 4);
    for (size_t part = 0; part < size && part < WATCH_REQUEST_MAX_BYTES; part++) {
        before = watch_request_read(bytes, part, &is_head);
        fuzz_require(before == WATCH_ASKS_MORE || before == asks);
    }
    return 0;
}
