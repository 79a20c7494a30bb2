/* The random number R and the virtual ID: worked examples of real certificates' numbers, and of rare encodings. */
#include "store_help.h"
#include "vid.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OID_R "1.2.410.200004.10.1.1.3"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

static struct vid_random random_of(const char *hex)
{
    struct vid_random random = {.length = 0};
    random.length = from_hex(hex, random.bytes);
    return random;
}

static const struct example {
    const char *number, *random, *vid;
} EXAMPLES[] = {
    {"7001011112121", "000000000000000000013c0090013c004810c500",
     "89d3e03d419f34ebb6002d146edb31f58cf058949a67d9c85805e7bcb39ac886"},
    {"6266928004", "9fbddab9b4173357c26f6e8bcd37dcd710f38890",
     "605f6bc51316fd92a86a15d402bfdea6af7ed4b4546e0b2ff4be40927954296d"},
};

static void the_published_virtual_ids_come_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        uint8_t wanted[VID_MAX_BYTES];
        uint8_t made[VID_MAX_BYTES];
        struct vid_random random = random_of(EXAMPLES[i].random);
        size_t length = from_hex(EXAMPLES[i].vid, wanted);
        assert_int_equal(
            vid_make(EVP_sha256(), EXAMPLES[i].number, strlen(EXAMPLES[i].number), &random, made), length);
        assert_memory_equal(made, wanted, length);
    }
}

/* Without its last zeros, or its first ones, R gives another ID: nobody may drop them. */
static void zeros_at_either_end_of_the_random_number_count(void **state)
{
    (void)state;
    static const char *const SHORTER[] = {"000000000000000000013c0090013c004810c5", "013c0090013c004810c500"};
    uint8_t wanted[VID_MAX_BYTES];
    uint8_t made[VID_MAX_BYTES];
    from_hex(EXAMPLES[0].vid, wanted);
    for (size_t i = 0; i < sizeof SHORTER / sizeof SHORTER[0]; i++) {
        struct vid_random random = random_of(SHORTER[i]);
        assert_int_equal(vid_make(EVP_sha256(), EXAMPLES[0].number, 13, &random, made), 32);
        assert_memory_not_equal(made, wanted, 32);
    }
}

/* A PrivateKeyInfo with one attribute, whose value is given in DER. */
static PKCS8_PRIV_KEY_INFO *key_with(const char *oid, const char *value)
{
    uint8_t der[256];
    uint8_t encoded[32];
    uint8_t bytes[128];
    uint8_t *at = encoded;
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    size_t oid_length = (size_t)i2d_ASN1_OBJECT(object, &at);
    size_t length = from_hex(value, bytes);
    ASN1_OBJECT_free(object);
    static const uint8_t HEAD[] = {2,    1,    0, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86,
                                   0xf7, 0x0d, 1, 1,    1,  5, 0, 4,    2,    0x30, 0};
    size_t made = 2;
    memcpy(der + made, HEAD, sizeof HEAD);
    made += sizeof HEAD;
    const uint8_t around[] = {0xa0, (uint8_t)(oid_length + length + 4), 0x30,
                              (uint8_t)(oid_length + length + 2)};
    memcpy(der + made, around, sizeof around);
    made += sizeof around;
    memcpy(der + made, encoded, oid_length);
    made += oid_length;
    der[made++] = 0x31;
    der[made++] = (uint8_t)length;
    memcpy(der + made, bytes, length);
    made += length;
    der[0] = 0x30;
    der[1] = (uint8_t)(made - 2);
    assert_true(made < 130);
    const unsigned char *from = der;
    PKCS8_PRIV_KEY_INFO *key = d2i_PKCS8_PRIV_KEY_INFO(NULL, &from, (long)made);
    assert_non_null(key);
    return key;
}

static enum store_random read_random(const char *oid, const char *value, struct vid_random *random)
{
    PKCS8_PRIV_KEY_INFO *key = key_with(oid, value);
    enum store_random found = vid_random_read(key, random);
    PKCS8_PRIV_KEY_INFO_free(key);
    return found;
}

static void the_random_number_is_read_with_all_its_zeros(void **state)
{
    (void)state;
    struct vid_random random;
    struct vid_random wanted = random_of(EXAMPLES[0].random);
    assert_int_equal(read_random(OID_R,
                                 "031500"
                                 "000000000000000000013c0090013c004810c500",
                                 &random),
                     STORE_RANDOM_PRESENT);
    assert_int_equal(random.length, wanted.length);
    assert_memory_equal(random.bytes, wanted.bytes, wanted.length);
}

static void what_is_no_random_number_is_told_apart(void **state)
{
    (void)state;
    struct vid_random random;
    assert_int_equal(read_random("1.2.410.200004.10.1.1.2", "030200ff", &random), STORE_RANDOM_NONE);
    assert_int_equal(random.length, 0);
    assert_int_equal(read_random(OID_R, "030100", &random), STORE_RANDOM_DAMAGED);
    assert_int_equal(read_random(OID_R, "030204f0", &random), STORE_RANDOM_DAMAGED);
    assert_int_equal(read_random(OID_R, "0401ff", &random), STORE_RANDOM_DAMAGED);
    assert_int_equal(read_random(OID_R, "", &random), STORE_RANDOM_DAMAGED);
    assert_int_equal(read_random(OID_R, "030200ff", &random), STORE_RANDOM_PRESENT);
    assert_int_equal(random.length, 1);
}

static void a_number_too_long_is_not_hashed(void **state)
{
    (void)state;
    uint8_t made[VID_MAX_BYTES];
    struct vid_random random = random_of("01");
    assert_int_equal(vid_make(EVP_sha256(), "12345678901234", 14, &random, made), -1);
    assert_int_equal(vid_make(EVP_sha1(), "1234567890123", 13, &random, made), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_virtual_ids_come_out),
        cmocka_unit_test(zeros_at_either_end_of_the_random_number_count),
        cmocka_unit_test(the_random_number_is_read_with_all_its_zeros),
        cmocka_unit_test(what_is_no_random_number_is_told_apart),
        cmocka_unit_test(a_number_too_long_is_not_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
