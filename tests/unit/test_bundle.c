/* The bundle: its limits, and the digest of what was stored. */
#include "support.h"

#include <certrelay/message.h>

#include <string.h>

static struct cr_bundle *bundle_of(uint8_t certs, uint8_t files, size_t size)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES];
    struct cr_bundle *bundle = cr_bundle_new();

    assert_non_null(bundle);
    for (uint8_t c = 0; c < certs; c++) {
        bundle->cert_count++;
        bundle->certs[c].format = CR_FORMAT_NPKI;
        strcpy(bundle->certs[c].owner, "owner");
        for (uint8_t f = 0; f < files; f++)
            assert_int_equal(cr_bundle_add_file(bundle, (enum cr_file_kind)(f + 1), bytes, size), CR_OK);
    }
    return bundle;
}

static void a_bundle_takes_files_up_to_its_limits(void **state)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES + 1];
    struct cr_bundle *bundle = cr_bundle_new();

    (void)state;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, 1),
                     CR_E_MALFORMED); /* no certificate yet */
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_PEM;
    assert_int_equal(cr_bundle_check(bundle), CR_E_MALFORMED); /* no file */
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, 0), CR_E_MALFORMED);
    assert_int_equal(cr_bundle_add_file(bundle, 0, bytes, 1), CR_E_MALFORMED);
    assert_int_equal(cr_bundle_add_file(bundle, 7, bytes, 1), CR_E_MALFORMED);
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, sizeof bytes), CR_E_LIMIT);
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, sizeof bytes - 1), CR_OK);
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, 1), CR_E_MALFORMED); /* twice */
    assert_int_equal(cr_bundle_check(bundle), CR_OK);
    bundle->certs[0].format = 0;
    assert_int_equal(cr_bundle_check(bundle), CR_E_MALFORMED);
    bundle->certs[0].format = 5;
    assert_int_equal(cr_bundle_check(bundle), CR_E_MALFORMED);
    cr_bundle_free(bundle);
    cr_bundle_free(NULL);
}

static void a_bundle_is_655360_bytes_and_not_one_more(void **state)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES];
    struct cr_bundle *bundle = bundle_of(2, 5, CR_FILE_MAX_BYTES);

    (void)state;
    assert_int_equal(cr_bundle_check(bundle), CR_OK);
    bundle->cert_count = 3;
    bundle->certs[2].format = CR_FORMAT_NPKI;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_SIGN_CERT, bytes, 1), CR_E_LIMIT);
    bundle->cert_count = 2;
    bundle->certs[1].file_count = 6; /* as an offer could say it */
    bundle->certs[1].files[5] = (struct cr_file){.kind = CR_FILE_PEM, .size = 1};
    assert_int_equal(cr_bundle_check(bundle), CR_E_LIMIT);
    bundle->certs[1].file_count = 5;
    cr_bundle_free(bundle);
}

/* A caller that counts wrongly is told so; it does not write past the end. */
static void counts_out_of_range_do_not_reach_memory(void **state)
{
    static const uint8_t BYTE[1];
    struct cr_bundle *bundle = cr_bundle_new();

    (void)state;
    bundle->cert_count = CR_CERTS_MAX + 1;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, BYTE, 1), CR_E_LIMIT);
    bundle->cert_count = 1;
    bundle->certs[0].file_count = CR_FILES_MAX + 1;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, BYTE, 1), CR_E_LIMIT);
    bundle->certs[0].file_count = 0;
    cr_bundle_free(bundle);
}

static void the_digest_covers_kind_size_order_and_bytes(void **state)
{
    struct cr_bundle *bundle = bundle_of(1, 2, 3);
    struct cr_file *file = bundle->certs[0].files;
    uint8_t right[CR_DIGEST_BYTES], got[CR_DIGEST_BYTES];

    (void)state;
    assert_int_equal(cr_bundle_digest(bundle, right), CR_OK);
    file[1].bytes[2] ^= 1;
    assert_int_equal(cr_bundle_digest(bundle, got), CR_OK);
    assert_memory_not_equal(got, right, sizeof right);
    file[1].bytes[2] ^= 1;
    file[1].kind = CR_FILE_PEM;
    assert_int_equal(cr_bundle_digest(bundle, got), CR_OK);
    assert_memory_not_equal(got, right, sizeof right);
    file[1].kind = CR_FILE_SIGN_KEY;
    strcpy(bundle->certs[0].owner, "another text does not matter");
    assert_int_equal(cr_bundle_digest(bundle, got), CR_OK);
    assert_memory_equal(got, right, sizeof right);
    file[1].size = 2;
    assert_int_equal(cr_bundle_digest(bundle, got), CR_OK);
    assert_memory_not_equal(got, right, sizeof right);
    cr_bundle_free(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_takes_files_up_to_its_limits),
        cmocka_unit_test(a_bundle_is_655360_bytes_and_not_one_more),
        cmocka_unit_test(counts_out_of_range_do_not_reach_memory),
        cmocka_unit_test(the_digest_covers_kind_size_order_and_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
