/* The relay's SHA-256: the examples of FIPS 180-4's publisher, and another implementation at every length around a block's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sha256.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void expect(const uint8_t *message, size_t length, const char *hex)
{
    uint8_t digest[SHA256_BYTES];
    char got[2 * SHA256_BYTES + 1];

    sha256(message, length, digest);
    sodium_bin2hex(got, sizeof got, digest, sizeof digest);
    assert_string_equal(got, hex);
}

static void the_published_examples_come_out(void **state)
{
    static const struct {
        const char *message, *hex;
    } examples[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmno"
         "pqrst"
         "nopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    uint8_t *million = malloc(1000000);

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        expect((const uint8_t *)examples[i].message, strlen(examples[i].message), examples[i].hex);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    expect(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void every_length_up_to_some_blocks_agrees_with_another_implementation(void **state)
{
    uint8_t message[260], digest[SHA256_BYTES], other[SHA256_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 37 + 11);
    for (size_t length = 0; length <= sizeof message; length++) {
        sha256(message, length, digest);
        crypto_hash_sha256(other, message, length);
        assert_memory_equal(digest, other, sizeof other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_come_out),
        cmocka_unit_test(every_length_up_to_some_blocks_agrees_with_another_implementation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
