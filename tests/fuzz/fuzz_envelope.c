/* Envelopes from other nodes: what is read is written as it came, without what a newer node has added. */
#include "fuzz.h"

#include "envelope.h"

#include <string.h>

static void prefixes_check(const struct envelope *envelope)
{
    uint8_t again[ENVELOPE_PREFIX_BYTES];
    struct prefix prefix;

    for (size_t at = 0; at + sizeof again <= envelope->payload_bytes; at += sizeof again) {
        prefix_read(envelope->payload + at, &prefix);
        prefix_write(&prefix, again);
        fuzz_require(memcmp(again, envelope->payload + at, sizeof again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[ENVELOPE_MAX_BYTES];
    struct envelope envelope;
    size_t written;

    if (envelope_decode(data, size, &envelope) != CR_OK)
        return 0;
    fuzz_require(cr_nameplate_is_valid(&envelope.nameplate) == (envelope.type == ENVELOPE_SIT));
    written = envelope_encode(&envelope, out, sizeof out);
    fuzz_require(written >= 10 && written <= size && memcmp(out, data, written) == 0);
    if (envelope.type == ENVELOPE_PREFIXES)
        prefixes_check(&envelope);
    return 0;
}
