/* The date on which a certificate expires, from PEM texts that are whole, and from such that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cert_expiry.h"

#include <stdlib.h>
#include <string.h>

/* Made for this test: two digits of the year, and four. */
static const char near[] = "-----BEGIN CERTIFICATE-----\n"
                           "MIIBWzCCAQCgAwIBAgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMB4XDTI2\n"
                           "MTEyMDE2MDAwNFoXDTI2MTEzMDE2MDAwNFowDDEKMAgGA1UEAwwBYTBZMBMGByqG\n"
                           "SM49AgEGCCqGSM49AwEHA0IABNMoHom46Lz80/JuOLnVtFoqpMersmu+i3ALhh6U\n"
                           "+/Ha1mVKlfgDRDPDR8LCnpzE08FrbX5qUHWZY5jcFtGRXaujUzBRMB0GA1UdDgQW\n"
                           "BBRtE843rUK5lMpuIjebX5j3rHiidzAfBgNVHSMEGDAWgBRtE843rUK5lMpuIjeb\n"
                           "X5j3rHiidzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCLRiO7\n"
                           "5valHydDqH+WPEZ8z+qisxcxhZzjmwO4IBfDewIhAOO179xU+9zi1sd7y+ps7Lof\n"
                           "xCNQyuellF9YH2p9DlC9\n"
                           "-----END CERTIFICATE-----\n";
static const char far[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBWzCCAQKgAwIBAgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAFhMCAXDTI2\n"
                          "MTEyMDE2MDAzMloYDzIwNTQwNDA3MTYwMDMyWjAMMQowCAYDVQQDDAFhMFkwEwYH\n"
                          "KoZIzj0CAQYIKoZIzj0DAQcDQgAEi7cQgVMZjMe8EUq8C6H/Q54UbsCKJw3cQNRu\n"
                          "QG/3Aq5avIEBYQmfuuD1tYhOc0oGQzkRv7GtrRQ2q+ht3BQkTqNTMFEwHQYDVR0O\n"
                          "BBYEFBAsjT4nJ63zZEE2tu1J+DghbpdCMB8GA1UdIwQYMBaAFBAsjT4nJ63zZEE2\n"
                          "tu1J+DghbpdCMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgTGSV\n"
                          "HyPyy5UWDXTpQCEc4iQ6MmGUmry38AQp44NDAfsCIA57Teg1aD+mAbuoMVRVgJ1Q\n"
                          "0W3/ZoDwdyRAMWN5da5h\n"
                          "-----END CERTIFICATE-----\n";

#define NEAR_EXPIRES INT64_C(1796054404)
#define FAR_EXPIRES INT64_C(2659190432)

static void both_forms_of_the_date_are_read(void **state)
{
    (void)state;
    assert_int_equal(cert_expiry(near, strlen(near)), NEAR_EXPIRES);
    assert_int_equal(cert_expiry(far, strlen(far)), FAR_EXPIRES);
}

static void the_first_certificate_of_a_chain_counts(void **state)
{
    char chain[4096] = "a line before\r\n";

    (void)state;
    strcat(chain, far);
    strcat(chain, near);
    assert_int_equal(cert_expiry(chain, strlen(chain)), FAR_EXPIRES);
}

static void the_zone_of_the_clock_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "Asia/Seoul", 1), 0);
    assert_int_equal(cert_expiry(near, strlen(near)), NEAR_EXPIRES);
    unsetenv("TZ");
}

static void what_is_cut_off_has_no_date_or_the_right_one(void **state)
{
    int known = 0;

    (void)state;
    for (size_t length = 0; length <= strlen(near); length++) {
        char *exact = malloc(length + 1);
        int64_t found;

        memcpy(exact, near, length);
        exact = realloc(exact, length > 0 ? length : 1);
        found = cert_expiry(exact, length);
        assert_true(found == 0 || found == NEAR_EXPIRES);
        known += found != 0;
        free(exact);
    }
    assert_true(known > 0 && known < 40);
}

static void no_change_of_a_letter_is_read_beyond_its_end(void **state)
{
    char text[sizeof near];

    (void)state;
    for (size_t at = 28; at < strlen(near); at++) {
        for (const char *other = "A/z9"; *other != '\0'; other++) {
            memcpy(text, near, sizeof near);
            text[at] = *other;
            (void)cert_expiry(text, strlen(text));
        }
    }
    assert_int_equal(cert_expiry("", 0), 0);
    assert_int_equal(cert_expiry("-----BEGIN CERTIFICATE-----", 27), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_date_are_read),
        cmocka_unit_test(the_first_certificate_of_a_chain_counts),
        cmocka_unit_test(the_zone_of_the_clock_does_not_count),
        cmocka_unit_test(what_is_cut_off_has_no_date_or_the_right_one),
        cmocka_unit_test(no_change_of_a_letter_is_read_beyond_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
