/* What one address may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "quota.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const struct quota_rules rules = {.connections = 3, .per_minute = {6, 2}};

static uint64_t address4(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr_storage storage = {0};

    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    memcpy(&storage, &address, sizeof address);
    return quota_address((const struct sockaddr *)&storage);
}

static uint64_t address6(const char *text)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    struct sockaddr_storage storage = {0};

    assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
    memcpy(&storage, &address, sizeof address);
    return quota_address((const struct sockaddr *)&storage);
}

static void an_ipv4_address_is_one_and_its_ipv6_form_is_the_same(void **state)
{
    (void)state;
    assert_true(address4("192.0.2.1") != address4("192.0.2.2"));
    assert_true(address4("192.0.2.1") == address6("::ffff:192.0.2.1"));
    assert_true(address4("192.0.2.1") != address6("::192.0.2.1"));
}

static void an_ipv6_address_counts_by_its_first_64_bits(void **state)
{
    (void)state;
    assert_true(address6("2001:db8:1:2::1") == address6("2001:db8:1:2:ffff::9"));
    assert_true(address6("2001:db8:1:2::1") != address6("2001:db8:1:3::1"));
}

static void connections_at_once_are_counted_for_each_address(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_true(quota_connect(quota, 7, 0));
    assert_false(quota_connect(quota, 7, 0));
    assert_true(quota_connect(quota, 8, 0));
    quota_disconnect(quota, 7);
    assert_true(quota_connect(quota, 7, 0));
    assert_false(quota_connect(quota, 7, 1000000));
    quota_free(quota);
}

static void a_minutes_worth_may_come_at_once_and_then_one_after_the_other(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    assert_true(quota_connect(quota, 7, 1000));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(quota_wait(quota, 7, QUOTA_ALLOCATION, 1000), 0);
        quota_spend(quota, 7, QUOTA_ALLOCATION, 1000);
    }
    assert_int_equal(quota_wait(quota, 7, QUOTA_ALLOCATION, 1000), 10);
    assert_int_equal(quota_wait(quota, 7, QUOTA_ALLOCATION, 10999), 1);
    assert_int_equal(quota_wait(quota, 7, QUOTA_ALLOCATION, 11000), 0);
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 1000), 0);
    quota_free(quota);
}

static void what_is_given_back_may_be_spent_again_and_no_more(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    quota_refund(quota, 7, QUOTA_FAILED_JOIN, 0);
    assert_true(quota_connect(quota, 7, 0));
    quota_refund(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 30);
    quota_refund(quota, 7, QUOTA_FAILED_JOIN, 0);
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 0);
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_disconnect(quota, 7);
    quota_refund(quota, 7, QUOTA_FAILED_JOIN, 0);
    assert_true(quota_connect(quota, 7, 0));
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 0);
    quota_free(quota);
}

static void what_is_spent_is_remembered_after_the_connection_is_gone(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    assert_true(quota_connect(quota, 7, 0));
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_disconnect(quota, 7);
    assert_true(quota_connect(quota, 7, 0));
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 30);
    quota_free(quota);
}

static void zero_means_no_limit(void **state)
{
    const struct quota_rules none = {0};
    struct quota *quota = quota_new(&none, 100, 1);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_true(quota_connect(quota, 7, 0));
        quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
        assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 0);
    }
    quota_free(quota);
}

static void admit_a_crowd_of_strangers(const struct quota_rules *limits, uint32_t times_each)
{
    struct quota *quota = quota_new(limits, 16000, 42);

    for (uint64_t address = 1; address <= 15000; address++) {
        for (uint32_t i = 0; i < times_each; i++)
            assert_true(quota_connect(quota, address, 0));
    }
    /* What is counted is each one's own. */
    for (uint64_t address = 1; address <= 15000; address++)
        assert_int_equal(quota_connect(quota, address, 0), limits->connections == 0);
    quota_free(quota);
}

static void fifteen_thousand_strangers_are_all_admitted_without_limits(void **state)
{
    const struct quota_rules none = {0};

    (void)state;
    admit_a_crowd_of_strangers(&none, 1);
}

static void fifteen_thousand_strangers_are_all_admitted_up_to_the_limit_of_each(void **state)
{
    (void)state;
    admit_a_crowd_of_strangers(&rules, 3);
}

static void strangers_come_and_go(struct quota *quota, uint64_t first, uint64_t last)
{
    for (uint64_t address = first; address <= last; address++) {
        assert_true(quota_connect(quota, address, 0));
        quota_spend(quota, address, QUOTA_FAILED_JOIN, 0);
        quota_spend(quota, address, QUOTA_FAILED_JOIN, 0);
        quota_disconnect(quota, address);
    }
}

static void of_those_who_left_the_last_are_remembered_and_the_first_forgotten(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 42);

    (void)state;
    strangers_come_and_go(quota, 1, 300);
    assert_true(quota_connect(quota, 101, 0));
    assert_int_equal(quota_wait(quota, 101, QUOTA_FAILED_JOIN, 0), 30);
    assert_true(quota_connect(quota, 100, 0));
    assert_int_equal(quota_wait(quota, 100, QUOTA_FAILED_JOIN, 0), 0);
    quota_free(quota);
}

static void who_is_connected_is_never_forgotten(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 42);

    (void)state;
    assert_true(quota_connect(quota, 7, 0));
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    quota_spend(quota, 7, QUOTA_FAILED_JOIN, 0);
    strangers_come_and_go(quota, 1000, 2000);
    assert_int_equal(quota_wait(quota, 7, QUOTA_FAILED_JOIN, 0), 30);
    quota_free(quota);
}

static void an_address_without_connections_makes_room(void **state)
{
    struct quota *quota = quota_new(&rules, 1, 42);

    (void)state;
    for (uint64_t address = 1; address < 20000; address++) {
        assert_true(quota_connect(quota, address, address));
        quota_disconnect(quota, address);
    }
    quota_free(quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_one_and_its_ipv6_form_is_the_same),
        cmocka_unit_test(an_ipv6_address_counts_by_its_first_64_bits),
        cmocka_unit_test(connections_at_once_are_counted_for_each_address),
        cmocka_unit_test(a_minutes_worth_may_come_at_once_and_then_one_after_the_other),
        cmocka_unit_test(what_is_given_back_may_be_spent_again_and_no_more),
        cmocka_unit_test(what_is_spent_is_remembered_after_the_connection_is_gone),
        cmocka_unit_test(zero_means_no_limit),
        cmocka_unit_test(fifteen_thousand_strangers_are_all_admitted_without_limits),
        cmocka_unit_test(fifteen_thousand_strangers_are_all_admitted_up_to_the_limit_of_each),
        cmocka_unit_test(of_those_who_left_the_last_are_remembered_and_the_first_forgotten),
        cmocka_unit_test(who_is_connected_is_never_forgotten),
        cmocka_unit_test(an_address_without_connections_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
