/* Nameplates: uniform, never twice at once, resting, growing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plates.h"

#include <string.h>

#define REST_MS 600000

static uint64_t dice = 88172645463325252u;

static uint32_t draw(void *context)
{
    (void)context;
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (uint32_t)(dice >> 16);
}

static void they_are_uniform_among_the_free(void **state)
{
    static unsigned hits[10000];
    struct plates *plates = plates_new(0, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    double square = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct cr_nameplate plate;

        assert_int_equal(plates_take(plates, 1, &plate), CR_OK);
        assert_int_equal(plate.digits, 4);
        hits[plate.value]++;
        plates_rest(plates, 1, &plate);
    }
    for (int i = 0; i < 10000; i++)
        square += (hits[i] - 20.0) * (hits[i] - 20.0) / 20.0;
    /* Chi-square with 9,999 degrees of freedom: mean 9,999, standard deviation 141; five of them either way. */
    assert_in_range((unsigned)square, 9290, 10710);
    plates_free(plates);
}

static void two_in_use_are_never_the_same(void **state)
{
    static uint8_t seen[10000];
    struct plates *plates = plates_new(REST_MS, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);

    (void)state;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < 1001; i++) {
        struct cr_nameplate plate;

        assert_int_equal(plates_take(plates, 1, &plate), CR_OK);
        assert_int_equal(plate.digits, 4);
        assert_int_equal(seen[plate.value]++, 0);
    }
    plates_free(plates);
}

static void they_grow_a_digit_when_a_tenth_is_in_use_and_shrink_again(void **state)
{
    static struct cr_nameplate taken[11100];
    struct plates *plates = plates_new(REST_MS, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    struct cr_nameplate plate;

    (void)state;
    for (int i = 0; i < 11002; i++)
        assert_int_equal(plates_take(plates, 1, &taken[i]), CR_OK);
    assert_int_equal(taken[1000].digits, 4);
    assert_int_equal(taken[1001].digits, 5);
    assert_int_equal(taken[11001].digits, 5);
    assert_int_equal(plates_take(plates, 1, &plate), CR_OK);
    assert_int_equal(plate.digits, 6);
    assert_true(cr_nameplate_is_valid(&plate));
    plates_rest(plates, 1, &taken[0]);
    assert_int_equal(plates_take(plates, REST_MS, &plate), CR_OK);
    assert_int_equal(plate.digits, 6);
    assert_int_equal(plates_take(plates, REST_MS + 1, &plate), CR_OK);
    assert_int_equal(plate.digits, 4);
    plates_free(plates);
}

static void none_is_shorter_than_allowed(void **state)
{
    struct plates *plates = plates_new(REST_MS, CR_NAMEPLATE_MAX_DIGITS, draw, NULL);
    struct cr_nameplate plate;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(plates_take(plates, 1, &plate), CR_OK);
        assert_int_equal(plate.digits, CR_NAMEPLATE_MAX_DIGITS);
        assert_true(cr_nameplate_is_valid(&plate));
    }
    plates_free(plates);
}

static void one_that_rests_is_not_given_again(void **state)
{
    static uint8_t resting[10000];
    struct plates *plates = plates_new(REST_MS, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    struct cr_nameplate plate;
    int again = 0;

    (void)state;
    memset(resting, 0, sizeof resting);
    for (int i = 0; i < 1000; i++) {
        plates_take(plates, 5, &plate);
        assert_int_equal(resting[plate.value], 0);
        resting[plate.value] = 1;
        plates_rest(plates, 5, &plate);
    }
    for (int i = 0; i < 30000; i++) {
        assert_int_equal(plates_take(plates, REST_MS + 5, &plate), CR_OK);
        again += plate.digits == 4 && resting[plate.value];
        plates_rest(plates, 0, &plate);
        if (plate.digits != 4)
            break;
    }
    assert_true(again > 0);
    plates_free(plates);
}

static void leading_zeros_count(void **state)
{
    struct plates *plates = plates_new(0, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    int short_ones = 0;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct cr_nameplate plate;

        plates_take(plates, 1, &plate);
        short_ones += plate.value < 1000;
        plates_rest(plates, 1, &plate);
    }
    assert_in_range(short_ones, 400, 600);
    plates_free(plates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_uniform_among_the_free),
        cmocka_unit_test(two_in_use_are_never_the_same),
        cmocka_unit_test(they_grow_a_digit_when_a_tenth_is_in_use_and_shrink_again),
        cmocka_unit_test(none_is_shorter_than_allowed),
        cmocka_unit_test(one_that_rests_is_not_given_again),
        cmocka_unit_test(leading_zeros_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
