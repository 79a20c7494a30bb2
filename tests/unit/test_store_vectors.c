/* Worked examples: what other programs computed must come out here. */
#include "provider.h"
#include "seed.h"
#include "store_help.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN "NPKI test vector"
#define PLAIN_BYTES 16

static const uint8_t SALT[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    uint8_t wanted[128];
    size_t length = from_hex(hex, wanted);
    assert_memory_equal(bytes, wanted, length);
}

static const struct row {
    uint32_t iterations;
    const char *derived, *iv, *sealed, *sealed_fixed;
} ROWS[] = {
    {1, "37ebd7b0dda7cbc993a9de9962e1dc2551ef134d", "31eb452a032a2e98baaa9ccecadca30d",
     "ad7512511816b9cb0b875fdc164b3104fc6c01c90c65c07c3957d2aa3313a055",
     "b3b6ba7c9edd09a5f88612e2f82ecb10fc0043f23b3ceaf8187113ba04ab0ffc"},
    {2, "bcd6991db6b09dc0d2578c8cdcc471d4ed53324b", "1feead21d7fd21f08b80dbd9af48c39c",
     "78d155c783ddbc1ac13f76c09cfc2c8aa8e9ea31f3aa6ccbede89b664f58626a",
     "88b4f4a7e8070e9d588890a375daacf21342e1c9f54bb3f011866ab3b8b3eebe"},
    {1024, "0165d636ae4f25dd6e97b914307deec7329812ee", "2eebd325317974cd94349865fb82decf",
     "45c109ce0f780692e4ab5171f7f3cf3d3136d559c6f145cf2c902edf73e19891",
     "e4d4aec74d5bb056bce188e17d1320e9dad096456467e7cac0bf41517c5363d7"},
    {2048, "2ddf395be732edb1bb130c34143ca8694ad9d403", "7659a6fe2f341936463cce2f11ffcd05",
     "a0dd24621b65514025a9d06338cb8baba367197ea85425b240d73721aea61156",
     "8d838c2dcac63e8e5e3a91560b1c14b368af32dfcb4279e3af53c40a886b36bc"},
};

static void pbkdf1_and_both_vectors_give_the_published_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct seed_envelope envelope = {SEED_IV_DERIVED, SALT, sizeof SALT, ROWS[i].iterations};
        uint8_t derived[SEED_DERIVED_BYTES];
        uint8_t iv[SEED_BLOCK_BYTES];
        assert_int_equal(seed_derive(&envelope, "password", 8, derived), 0);
        assert_hex(derived, ROWS[i].derived);
        assert_int_equal(seed_vector(SEED_IV_DERIVED, derived, iv), 0);
        assert_hex(iv, ROWS[i].iv);
        assert_int_equal(seed_vector(SEED_IV_FIXED, derived, iv), 0);
        assert_memory_equal(iv, "0123456789012345", sizeof iv);
    }
}

static void the_envelope_of_a_real_size_starts_as_published(void **state)
{
    (void)state;
    uint8_t salt[8];
    uint8_t derived[SEED_DERIVED_BYTES];
    from_hex("c8ea2fa25023c285", salt);
    const struct seed_envelope envelope = {SEED_IV_DERIVED, salt, sizeof salt, 2048};
    assert_int_equal(seed_derive(&envelope, "WTuA8Ev0lWXVFSiI!", 17, derived), 0);
    assert_hex(derived, "6240e2686a6abbc48c922ccba906bb91c58eec36");
    from_hex("0978e7f26fbd6097", salt);
    const struct seed_envelope second = {SEED_IV_DERIVED, salt, sizeof salt, 1024};
    assert_int_equal(seed_derive(&second, "88888888", 8, derived), 0);
    assert_hex(derived, "770a4a7dd836e7a106dd52135b1ec7ae1786df85");
}

/* Real files' derivations: salt, rounds, password; then what came out elsewhere. */
static void the_vectors_of_real_keys_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *derived, *iv;
    } REAL[] = {
        {"6240e2686a6abbc48c922ccba906bb91c58eec36", "4471a1fd154167f22848770d578a5b73"},
        {"770a4a7dd836e7a106dd52135b1ec7ae1786df85", "f7466a4e57983bac2ce9889c192bb479"},
    };
    for (size_t i = 0; i < sizeof REAL / sizeof REAL[0]; i++) {
        uint8_t derived[SEED_DERIVED_BYTES];
        uint8_t iv[SEED_BLOCK_BYTES];
        from_hex(REAL[i].derived, derived);
        assert_int_equal(seed_vector(SEED_IV_DERIVED, derived, iv), 0);
        assert_hex(iv, REAL[i].iv);
    }
}

static void pbkdf2_gives_the_keys_of_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *password, *salt, *key;
    } REAL[] = {
        {"qwer1234", "b009d06e1bfcf356", "3b8f604022d226de22715b553c698483"},
        {"WTuA8Ev0lWXVFSiI!", "28ce9089e2828009", "01739401d7f3df5319eff4edb0afa66f"},
    };
    for (size_t i = 0; i < sizeof REAL / sizeof REAL[0]; i++) {
        uint8_t salt[8];
        uint8_t key[16];
        from_hex(REAL[i].salt, salt);
        assert_true(PKCS5_PBKDF2_HMAC(REAL[i].password, -1, salt, sizeof salt, 1024, EVP_sha1(), 16, key));
        assert_hex(key, REAL[i].key);
    }
}

/* An envelope's head as it is found, with a block or two of nothing behind it. */
static void read_form(const char *algorithm, const char *name, uint32_t iterations)
{
    uint8_t der[256] = {0x30};
    struct store_key_form form;
    size_t length = from_hex(algorithm, der + 2);
    der[1] = (uint8_t)(length + 18);
    der[2 + length] = V_ASN1_OCTET_STRING;
    der[3 + length] = 16;
    assert_int_equal(store_key_form_read(der, length + 20, &form), STORE_OK);
    assert_string_equal(form.name, name);
    assert_int_equal(form.iterations, iterations);
}

#define SALT_HEX "0408b009d06e1bfcf356"
#define IV_HEX "0410391750881c81e4a64d7e68a7a866b709"
#define PBKDF2_HEX "06092a864886f70d01050c"
#define SHA256_HEX "300c06082a864886f70d02090500"

static void the_published_headers_name_their_forms(void **state)
{
    (void)state;
    read_form("301a06082a831a8c9a44010f300e" SALT_HEX "02020800", "1.15", 2048);
    read_form("301a06082a831a8c9a440104300e" SALT_HEX "02020400", "1.4", 1024);
    read_form("301b06092a831a8c9a44010402300e" SALT_HEX "02020400", "1.4.2", 1024);
    read_form("304806092a864886f70d01050d303b301b" PBKDF2_HEX "300e" SALT_HEX
              "02020400301c06082a831a8c9a440104" IV_HEX,
              "PBES2/seed/sha1", 1024);
    read_form("305606092a864886f70d01050d30493029" PBKDF2_HEX "301c" SALT_HEX "02020800" SHA256_HEX
              "301c06082a831a8c9a440104" IV_HEX,
              "PBES2/seed/sha256", 2048);
    read_form("305706092a864886f70d01050d304a3029" PBKDF2_HEX "301c" SALT_HEX "02020800" SHA256_HEX
              "301d06092a831a8c9a6e01010c" IV_HEX,
              "PBES2/aria256/sha256", 2048);
    read_form("301c060a2a864886f70d010c0103300e" SALT_HEX "02020800", "p12-3des", 2048);
}

static void seal_and_open(const struct row *row, enum seed_iv kind, const char *wanted)
{
    const struct seed_envelope envelope = {kind, SALT, sizeof SALT, row->iterations};
    struct provider provider;
    uint8_t sealed[PLAIN_BYTES + SEED_BLOCK_BYTES];
    uint8_t plain[sizeof sealed + SEED_BLOCK_BYTES];
    assert_int_equal(provider_open(&provider), STORE_OK);
    int length = seed_crypt(provider.library, &envelope, "password", 8, 1, (const uint8_t *)PLAIN,
                            PLAIN_BYTES, sealed);
    assert_int_equal(length, 32);
    assert_hex(sealed, wanted);
    assert_int_equal(seed_crypt(provider.library, &envelope, "password", 8, 0, sealed, sizeof sealed, plain),
                     PLAIN_BYTES);
    assert_memory_equal(plain, PLAIN, PLAIN_BYTES);
    int wrong = seed_crypt(provider.library, &envelope, "Password", 8, 0, sealed, sizeof sealed, plain);
    assert_true(wrong != PLAIN_BYTES || memcmp(plain, PLAIN, PLAIN_BYTES) != 0);
    assert_int_equal(seed_crypt(provider.library, &envelope, "password", 8, 0, sealed, 31, plain), -1);
    provider_close(&provider);
}

static void both_seed_envelopes_give_the_published_ciphertexts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        seal_and_open(&ROWS[i], SEED_IV_DERIVED, ROWS[i].sealed);
        seal_and_open(&ROWS[i], SEED_IV_FIXED, ROWS[i].sealed_fixed);
    }
}

static void encrypt(const char *cipher_name, const uint8_t *key, const uint8_t *iv, const char *plain,
                    size_t length, const char *wanted)
{
    struct provider provider;
    uint8_t sealed[64];
    int first = 0;
    int rest = 0;
    assert_int_equal(provider_open(&provider), STORE_OK);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(provider.library, cipher_name, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_non_null(cipher);
    assert_true(EVP_EncryptInit_ex2(context, cipher, key, iv, NULL));
    assert_true(EVP_EncryptUpdate(context, sealed, &first, (const uint8_t *)plain, (int)length));
    assert_true(EVP_EncryptFinal_ex(context, sealed + first, &rest));
    assert_true((size_t)(first + rest) >= strlen(wanted) / 2);
    assert_hex(sealed, wanted);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    provider_close(&provider);
}

static void seed_is_the_cipher_of_rfc_4269(void **state)
{
    (void)state;
    static const uint8_t KEY[16];
    static const uint8_t BLOCK[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    encrypt("SEED-ECB", KEY, NULL, (const char *)BLOCK, 16, "5ebac6e0054e166819aff1cc6d346cdb");
}

static const struct pbes2 {
    const char *cipher, *sha1, *sha256;
} PBES2[] = {
    {"SEED-CBC", "350ad12089707d379eb8e3ae231468fba087987f39fdd7b22fd92966614486b6",
     "f5a4d72e56dde89327ecf96c5812746bac5b4de08db757ac0a9b9936dccdeabc"},
    {"ARIA-128-CBC", "64880f7f00f491d6af76564b522e19d3a621f81798f292a2d31a0ee365c17b1a",
     "914dee3edc6417c45bd5c05fe3d87f1328824881afc8e08e4500aad219e93f20"},
    {"ARIA-256-CBC", "b34c4d94cf7754e721fe389ebbffa9fd49a28c46134068c55711643884b7e6d6",
     "62c9443d0d152de0fca076ec4fede4851a9b93df5476f9dbaab84730ebaf0441"},
    {"AES-256-CBC", "fbe58c84f41adcd9bd7e219d81e3f54bac4cc3830f41fdce9bf69e3598783869",
     "7c66fdb27891ebd8eaaa5036ad273792d48158cf7946fcfd44aaa4e8c0369f5b"},
    {"DES-EDE3-CBC", "9100fc4b2baa1a189c77b9a18e0e0587e6ce59dffe349291",
     "5e30a4384bbd0bc8a3315cd242389b6df776cea709be9586"},
};

static void pbes2_gives_the_published_ciphertexts(void **state)
{
    (void)state;
    uint8_t iv[16];
    uint8_t key[32];
    for (size_t i = 0; i < sizeof iv; i++) {
        iv[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof PBES2 / sizeof PBES2[0]; i++) {
        assert_true(PKCS5_PBKDF2_HMAC("password", 8, SALT, sizeof SALT, 2048, EVP_sha1(), sizeof key, key));
        encrypt(PBES2[i].cipher, key, iv, PLAIN, PLAIN_BYTES, PBES2[i].sha1);
        assert_true(PKCS5_PBKDF2_HMAC("password", 8, SALT, sizeof SALT, 2048, EVP_sha256(), sizeof key, key));
        encrypt(PBES2[i].cipher, key, iv, PLAIN, PLAIN_BYTES, PBES2[i].sha256);
    }
}

static void pkcs12_derivation_gives_the_published_ciphertext(void **state)
{
    (void)state;
    uint8_t salt[8];
    uint8_t key[24];
    uint8_t iv[8];
    memcpy(salt, SALT, sizeof salt);
    assert_true(PKCS12_key_gen_utf8("password", 8, salt, 8, PKCS12_KEY_ID, 2048, 24, key, EVP_sha1()));
    assert_true(PKCS12_key_gen_utf8("password", 8, salt, 8, PKCS12_IV_ID, 2048, 8, iv, EVP_sha1()));
    assert_hex(key, "2a3a9c95b6ac4c49ebbf7a65976b1bbd5f0ffa69a1be2427");
    assert_hex(iv, "995815de47373a76");
    encrypt("DES-EDE3-CBC", key, iv, PLAIN, PLAIN_BYTES, "c730565b76445692f23950d1d9576d70936be337767d6643");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pbkdf1_and_both_vectors_give_the_published_values),
        cmocka_unit_test(the_envelope_of_a_real_size_starts_as_published),
        cmocka_unit_test(the_vectors_of_real_keys_come_out),
        cmocka_unit_test(pbkdf2_gives_the_keys_of_real_files),
        cmocka_unit_test(the_published_headers_name_their_forms),
        cmocka_unit_test(both_seed_envelopes_give_the_published_ciphertexts),
        cmocka_unit_test(seed_is_the_cipher_of_rfc_4269),
        cmocka_unit_test(pbes2_gives_the_published_ciphertexts),
        cmocka_unit_test(pkcs12_derivation_gives_the_published_ciphertext),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
