/* What list and show say of every sample, on the samples' day. */
#include "detail.h"
#include "say.h"
#include "store_help.h"
#include "texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY 86400

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* The certificate of one user of a manifest; the caller frees it. */
static json_t *read_user(const char *set, const json_t *user, time_t now)
{
    struct store_list list = {.count = 0};
    struct detail detail;
    json_t *object;

    assert_int_equal(store_scan(help_path("%s/%s", set, text_of(user, "dir")), &list), STORE_OK);
    assert_int_equal(list.count, 1);
    detail_read(&list.entries[0], &detail);
    object = detail_json(&list.entries[0], &detail, 1, now);
    detail_wipe(&detail);
    store_list_free(&list);
    assert_non_null(object);
    return object;
}

static void each_user(void (*check)(const json_t *user, const json_t *read), time_t now)
{
    for (const char *const *set = help_sets(); *set; set++) {
        json_t *manifest = help_manifest(*set), *user;
        size_t i;

        assert_true(json_array_size(json_object_get(manifest, "users")) > 0);
        json_array_foreach(json_object_get(manifest, "users"), i, user)
        {
            json_t *read = read_user(*set, user, now);

            check(user, read);
            json_decref(read);
        }
        json_decref(manifest);
    }
}

static void check_same(const json_t *user, const json_t *read, const char *in_manifest, const char *in_ours)
{
    const char *expected = text_of(user, in_manifest);

    if (*expected && strcmp(expected, text_of(read, in_ours)) != 0)
        fail_msg("%s: %s is '%s', not '%s'", text_of(user, "id"), in_ours, text_of(read, in_ours), expected);
}

/* "subject" of a manifest has the most specific part first, as ours. */
static void check_facts(const json_t *user, const json_t *read)
{
    static const char *const same[][2] = {{"real_name", "owner"},       {"subject", "subject"},
                                          {"serial", "serial"},         {"policy", "policy"},
                                          {"not_before", "not_before"}, {"not_after", "not_after"}};
    const json_t *key = json_object_get(read, "key"), *km = json_object_get(user, "km");

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        check_same(user, read, same[i][0], same[i][1]);
    assert_string_equal(text_of(read, "revocation"), "not-checked");
    if (!strcmp(text_of(read, "kind"), "gpki"))
        return;
    check_same(user, key, "key_form", "form");
    assert_int_equal(json_integer_value(json_object_get(key, "iterations")),
                     json_integer_value(json_object_get(user, "iterations")));
    if (km) {
        check_same(km, json_object_get(read, "km"), "serial", "serial");
        check_same(km, json_object_get(read, "km"), "policy", "policy");
        check_same(km, json_object_get(read, "km_key"), "key_form", "form");
    }
}

static void every_sample_is_told_as_its_manifest_says(void **state)
{
    (void)state;
    each_user(check_facts, help_now());
}

static const char *expected_state(const char *expect)
{
    static const char *const states[][2] = {{"expired", "expired"},         {"not yet", "not-yet"},
                                            {"last day", "renew-soon"},     {"expires in", "renew-soon"},
                                            {"30 days left", "renew-soon"}, {"renewal window", "renew-soon"}};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strstr(expect, states[i][0]))
            return states[i][1];
    return "valid";
}

static void check_state(const json_t *user, const json_t *read)
{
    if (strcmp(text_of(read, "state"), expected_state(text_of(user, "expect"))) != 0)
        fail_msg("%s is '%s', but: %s", text_of(user, "id"), text_of(read, "state"), text_of(user, "expect"));
}

static void every_sample_has_its_state_on_the_samples_day(void **state)
{
    (void)state;
    each_user(check_state, help_now());
}

static void check_is_over(const json_t *user, const json_t *read)
{
    (void)user;
    assert_string_equal(text_of(read, "state"), "expired");
    assert_true(json_integer_value(json_object_get(read, "days_left")) < 0);
}

static void every_sample_has_expired_ten_years_later(void **state)
{
    (void)state;
    each_user(check_is_over, help_now() + 3653 * (time_t)DAY);
}

static struct store_facts facts_until(int64_t not_after)
{
    static char text[] = "x";
    struct store_facts facts = {.owner = text, .not_before = 1, .not_after = not_after};

    return facts;
}

static void check_validity(time_t now, const char *expected)
{
    /* 2026-12-20 23:59:59 in Korea */
    struct store_facts facts = facts_until(1797778799);
    char text[DESCRIBE_BYTES];

    describe_validity(&facts, now, text);
    assert_string_equal(text, expected);
}

static void days_are_counted_in_korea_and_renewal_begins_thirty_days_before(void **state)
{
    const time_t end = 1797778799;

    (void)state;
    check_validity(end - 31 * DAY, "31 days left");
    check_validity(end - 30 * DAY, "30 days left, renew it");
    check_validity(end - 31 * DAY + 1,
                   "30 days left, renew it"); /* midnight in Korea, the afternoon in London */
    check_validity(end - DAY, "1 day left, renew it");
    check_validity(end, "expires today");
    check_validity(end + 1, "EXPIRED");
}

static void moments_are_korean_ones(void **state)
{
    char text[DESCRIBE_BYTES];

    (void)state;
    describe_moment(1797778799, text);
    assert_string_equal(text, "2026-12-20 23:59:59");
    describe_date(1797778799, text);
    assert_string_equal(text, "2026-12-20");
    describe_date(1797778800, text);
    assert_string_equal(text, "2026-12-21");
}

static void a_form_is_named_for_people_or_stays_as_it_is(void **state)
{
    (void)state;
    assert_non_null(strstr(detail_form("1.15"), "SEED"));
    assert_string_equal(detail_form("PBES2/aria256/sha256"), "PBES2/aria256/sha256");
    assert_string_equal(detail_form("1.2.3.4"), "1.2.3.4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_told_as_its_manifest_says),
        cmocka_unit_test(every_sample_has_its_state_on_the_samples_day),
        cmocka_unit_test(every_sample_has_expired_ten_years_later),
        cmocka_unit_test(days_are_counted_in_korea_and_renewal_begins_thirty_days_before),
        cmocka_unit_test(moments_are_korean_ones),
        cmocka_unit_test(a_form_is_named_for_people_or_stays_as_it_is),
    };

    unsetenv("LANGUAGE");
    texts_init("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
