/* What the fuzz targets share: eating the input, and randomness that repeats. */
#include "fuzz.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void fuzz_require(int condition)
{
    if (!condition)
        abort();
}

uint8_t fuzz_u8(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
    unsigned high = fuzz_u8(input);

    return (uint16_t)(high << 8 | fuzz_u8(input));
}

const uint8_t *fuzz_bytes(struct fuzz_input *input, size_t wanted, size_t *length)
{
    const uint8_t *bytes = input->at;

    *length = wanted < input->left ? wanted : input->left;
    input->at += *length;
    input->left -= *length;
    return bytes;
}

static uint8_t seed[randombytes_SEEDBYTES];

static const char *name(void)
{
    return "fuzz";
}

static void repeat_buf(void *const out, const size_t length)
{
    if (length > 0)
        randombytes_buf_deterministic(out, length, seed);
    sodium_increment(seed, sizeof seed);
}

static uint32_t repeat_random(void)
{
    uint32_t number;

    repeat_buf(&number, sizeof number);
    return number;
}

void fuzz_repeat_randomness(void)
{
    static struct randombytes_implementation repeating = {
        .implementation_name = name, .random = repeat_random, .buf = repeat_buf};

    fuzz_require(sodium_init() >= 0);
    memset(seed, 0, sizeof seed);
    randombytes_set_implementation(&repeating);
}
