/* An authenticated peer that says whatever the input holds: first a byte for the device's role, then rows, each with a byte (bit
 * 0 FINAL, bit 1 as it stands without HELLO before the first) and two bytes of length. */
#include "fuzz.h"

#include "../unit/puppet.h"

#define ROWS_MAX 16

static const uint8_t HELLO_SENDER[] = {1, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t HELLO_RECEIVER[] = {1, 0, 0, 0, 7, 2, 0, 0, 0, 0, 0, 0};

static void answer(struct puppet *puppet, const struct cr_bundle *bundle)
{
    uint8_t digest[CR_DIGEST_BYTES];

    if (puppet->told[CR_EVENT_HELLO] > 0)
        (void)cr_transfer_consent(puppet->device, bundle, puppet->now);
    if (puppet->told[CR_EVENT_ARRIVED] > 0) {
        fuzz_require(cr_bundle_check(cr_transfer_bundle(puppet->device)) == CR_OK);
        fuzz_require(cr_bundle_digest(cr_transfer_bundle(puppet->device), digest) == CR_OK);
        (void)cr_transfer_stored(puppet->device, digest, puppet->now);
    }
    puppet_drain(puppet);
}

static void speak(struct puppet *puppet, enum cr_role role, struct fuzz_input *input,
                  const struct cr_bundle *bundle)
{
    for (int i = 0; i < ROWS_MAX && input->left > 0; i++) {
        uint8_t how = fuzz_u8(input);
        size_t length;
        const uint8_t *row = fuzz_bytes(input, fuzz_u16(input), &length);

        if (i == 0 && !(how & 2))
            puppet_say(puppet, role == CR_SENDER ? HELLO_RECEIVER : HELLO_SENDER, sizeof HELLO_SENDER, 0);
        answer(puppet, bundle);
        if (!puppet_say(puppet, row, length, how & 1))
            return;
        answer(puppet, bundle);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    enum cr_role role = fuzz_u8(&input) & 1 ? CR_SENDER : CR_RECEIVER;
    struct cr_bundle *bundle;
    struct puppet puppet;

    fuzz_repeat_randomness();
    bundle = cr_bundle_new();
    fuzz_require(bundle != NULL);
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_PEM;
    fuzz_require(cr_bundle_add_file(bundle, CR_FILE_PEM, (const uint8_t *)"pem", 3) == CR_OK);
    puppet_init(&puppet, role);
    speak(&puppet, role, &input, bundle);
    puppet_free(&puppet);
    cr_bundle_free(bundle);
    return 0;
}
