/* What every fuzz target is and may use. A target aborts when something that must hold does not. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void fuzz_require(int condition);

/* Bytes eaten from the front of the input; zeros after its end. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
/* At most wanted bytes, borrowed. */
const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t wanted, size_t *length);

/* libsodium's random bytes begin again from the same point, so that an input always does the same. */
void fuzz_repeat_randomness(void);

#endif
