/* The key schedule against values that OpenSSL computed, and its limits. */
#include "support.h"

#include "keys.h"

#include <string.h>

struct sample {
    const char *salt, *ikm, *prk, *info, *okm;
};

/* openssl kdf -keylen N -kdfopt digest:SHA512 -kdfopt mode:... HKDF; the first two with the inputs of RFC 5869, A.1 and
 * longer than a block, the third as the protocol uses it. */
static const struct sample SAMPLES[] = {
    {"000102030405060708090a0b0c", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "665799823737ded04a88e47e54a5890bb2c3d247c7a4254a8e61350723590a26"
     "c36238127d8661b88cf80ef802d57e2f7cebcf1e00e083848be19929c61b4237",
     "f0f1f2f3f4f5f6f7f8f9",
     "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"},
    {"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
     "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
     "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "35672542907d4e142c00e84499e74e1de08be86535f924e022804ad775dde27e"
     "c86cd1e5b7d178c74489bdbeb30712beb82d4f97416c5a94ea81ebdf3e629e4a",
     "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
     "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef",
     "ea9db6d15007c5ae32cff051399f85eb41057fa6bd225ba85746aed5d5b23f84891b02cc3e6897ed95e17f53f71241aa"
     "630fdb2f072c42d72696b9991b6e9d119b51b56f1f05d4f5bc9148c843aed04c5b9b4742834709c5055debe6350b0f3c"
     "a3535df282d5266e0e246b12e176cb8ef9810edc01be764cdf63e61e6d0c580611"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
     "303132333435363738393a3b3c3d3e3f",
     "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
     "707172737475767778797a7b7c7d7e7f",
     "dc8211b95ede6ae8e9cace9ad1df8eff2288ac797101cedaa2a63e22593f10c4"
     "be0dff3232d72664c48eaa669ebec00f41e9ef2fae661b43cd6201aa516a1270",
     "6365727472656c6179203120747970697374",
     "0ed848b9ff684f4514195582f1c19f226295cef3eb31a9002cb24cddef64a711"},
};

static void keys_are_extracted_and_expanded_as_openssl_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(SAMPLES); i++) {
        uint8_t salt[128], ikm[128], want_prk[64], info[128], want[256], prk[KEYS_PRK_BYTES], got[256];
        size_t salt_bytes = unhex(SAMPLES[i].salt, salt, sizeof salt);
        size_t ikm_bytes = unhex(SAMPLES[i].ikm, ikm, sizeof ikm);
        size_t info_bytes = unhex(SAMPLES[i].info, info, sizeof info);
        size_t want_bytes = unhex(SAMPLES[i].okm, want, sizeof want);

        unhex(SAMPLES[i].prk, want_prk, sizeof want_prk);
        keys_extract(prk, salt, salt_bytes, ikm, ikm_bytes);
        assert_memory_equal(prk, want_prk, sizeof prk);
        assert_int_equal(keys_expand(prk, info, info_bytes, got, want_bytes), CR_OK);
        assert_memory_equal(got, want, want_bytes);
    }
}

/* The last of 255 blocks: 3d05... is OpenSSL's extract of 01 with salt 00; the digest is of its 16,320 bytes for "l". */
static void the_longest_output_is_right_to_its_end(void **state)
{
    static uint8_t out[KEYS_EXPORT_MAX_BYTES + 1];
    uint8_t want[crypto_hash_sha512_BYTES], digest[crypto_hash_sha512_BYTES], prk[KEYS_PRK_BYTES];

    (void)state;
    keys_extract(prk, (const uint8_t *)"\0", 1, (const uint8_t *)"\1", 1);
    assert_int_equal(keys_expand(prk, (const uint8_t *)"l", 1, out, KEYS_EXPORT_MAX_BYTES), CR_OK);
    crypto_hash_sha512(digest, out, KEYS_EXPORT_MAX_BYTES);
    unhex("d6a387b5dde2b3bbf55515fc347b4bc9fac3771dc6934724a2c5d24a749fe4b8"
          "4d71f29979f4b9bb42d038a6554ecdc192920a3579b6ff0f281850f0cde31a6d",
          want, sizeof want);
    assert_memory_equal(digest, want, sizeof want);
    assert_int_equal(keys_expand(prk, (const uint8_t *)"l", 1, out, sizeof out), CR_E_LIMIT);
}

static void a_label_past_its_limit_is_refused(void **state)
{
    static const uint8_t LABEL[KEYS_LABEL_MAX_BYTES + 1];
    uint8_t prk[KEYS_PRK_BYTES] = {0}, out[32];

    (void)state;
    assert_int_equal(keys_expand(prk, LABEL, KEYS_LABEL_MAX_BYTES, out, sizeof out), CR_OK);
    assert_int_equal(keys_expand(prk, LABEL, KEYS_LABEL_MAX_BYTES + 1, out, sizeof out), CR_E_LIMIT);
}

static void nothing_is_written_for_length_zero(void **state)
{
    uint8_t prk[KEYS_PRK_BYTES] = {0}, out = 0xaa;

    (void)state;
    assert_int_equal(keys_expand(prk, (const uint8_t *)"l", 1, &out, 0), CR_OK);
    assert_int_equal(out, 0xaa);
}

static void where_one_message_ends_is_part_of_the_transcript(void **state)
{
    static const uint8_t BYTES[] = {0, 0, 0, 1, 7, 7};
    uint8_t one[crypto_hash_sha512_BYTES], other[crypto_hash_sha512_BYTES];
    crypto_hash_sha512_state hash;

    (void)state;
    crypto_hash_sha512_init(&hash);
    keys_transcript_add(&hash, BYTES, 2);
    keys_transcript_add(&hash, BYTES + 2, 4);
    crypto_hash_sha512_final(&hash, one);
    crypto_hash_sha512_init(&hash);
    keys_transcript_add(&hash, BYTES, 3);
    keys_transcript_add(&hash, BYTES + 3, 3);
    crypto_hash_sha512_final(&hash, other);
    assert_memory_not_equal(one, other, sizeof one);
    /* and the length is four bytes, big endian */
    crypto_hash_sha512(one, (const uint8_t *)"\0\0\0\1x", 5);
    crypto_hash_sha512_init(&hash);
    keys_transcript_add(&hash, (const uint8_t *)"x", 1);
    crypto_hash_sha512_final(&hash, other);
    assert_memory_equal(one, other, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_extracted_and_expanded_as_openssl_does),
        cmocka_unit_test(the_longest_output_is_right_to_its_end),
        cmocka_unit_test(a_label_past_its_limit_is_refused),
        cmocka_unit_test(nothing_is_written_for_length_zero),
        cmocka_unit_test(where_one_message_ends_is_part_of_the_transcript),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
