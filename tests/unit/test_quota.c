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

static const struct quota_rules rules = {.address = {.connections = 3, .per_minute = {6, 2}}};

static uint64_t address4(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr_storage storage = {0};
    struct address found;

    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    memcpy(&storage, &address, sizeof address);
    found = address_of((const struct sockaddr *)&storage);
    return quota_key(&found);
}

static uint64_t address6(const char *text)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    struct sockaddr_storage storage = {0};
    struct address found;

    assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
    memcpy(&storage, &address, sizeof address);
    found = address_of((const struct sockaddr *)&storage);
    return quota_key(&found);
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
        assert_null(quota_connect(quota, 7, 0));
    assert_non_null(quota_connect(quota, 7, 0));
    assert_null(quota_connect(quota, 8, 0));
    quota_disconnect(quota, 7);
    assert_null(quota_connect(quota, 7, 0));
    assert_non_null(quota_connect(quota, 7, 1000000));
    quota_free(quota);
}

static void a_minutes_worth_may_come_at_once_and_then_one_after_the_other(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, 7, 1000));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(quota_wait(quota, 7, TALLY_ALLOCATION, 1, 1000), 0);
        quota_spend(quota, 7, TALLY_ALLOCATION, 1, 1000);
    }
    assert_int_equal(quota_wait(quota, 7, TALLY_ALLOCATION, 1, 1000), 10);
    assert_int_equal(quota_wait(quota, 7, TALLY_ALLOCATION, 1, 10999), 1);
    assert_int_equal(quota_wait(quota, 7, TALLY_ALLOCATION, 1, 11000), 0);
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 1000), 0);
    quota_free(quota);
}

static void what_is_given_back_may_be_spent_again_and_no_more(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    quota_refund(quota, 7, TALLY_FAILED_JOIN, 0);
    assert_null(quota_connect(quota, 7, 0));
    quota_refund(quota, 7, TALLY_FAILED_JOIN, 0);
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 30);
    quota_refund(quota, 7, TALLY_FAILED_JOIN, 0);
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 0);
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    quota_disconnect(quota, 7);
    quota_refund(quota, 7, TALLY_FAILED_JOIN, 0);
    assert_null(quota_connect(quota, 7, 0));
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 0);
    quota_free(quota);
}

static void what_is_spent_is_remembered_after_the_connection_is_gone(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, 7, 0));
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    quota_disconnect(quota, 7);
    assert_null(quota_connect(quota, 7, 0));
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 30);
    quota_free(quota);
}

static void zero_means_no_limit(void **state)
{
    const struct quota_rules none = {.address = {0}};
    struct quota *quota = quota_new(&none, 100, 1);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_null(quota_connect(quota, 7, 0));
        quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
        assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 0);
    }
    quota_free(quota);
}

static void admit_a_crowd_of_strangers(const struct quota_rules *limits, uint32_t times_each)
{
    struct quota *quota = quota_new(limits, 16000, 42);

    for (uint64_t address = 1; address <= 15000; address++) {
        for (uint32_t i = 0; i < times_each; i++)
            assert_null(quota_connect(quota, address, 0));
    }
    /* What is counted is each one's own. */
    for (uint64_t address = 1; address <= 15000; address++)
        assert_int_equal(quota_connect(quota, address, 0) == NULL, limits->address.connections == 0);
    quota_free(quota);
}

static void fifteen_thousand_strangers_are_all_admitted_without_limits(void **state)
{
    const struct quota_rules none = {.address = {0}};

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
        assert_null(quota_connect(quota, address, 0));
        quota_spend(quota, address, TALLY_FAILED_JOIN, 1, 0);
        quota_spend(quota, address, TALLY_FAILED_JOIN, 1, 0);
        quota_disconnect(quota, address);
    }
}

static void of_those_who_left_the_last_are_remembered_and_the_first_forgotten(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 42);

    (void)state;
    strangers_come_and_go(quota, 1, 300);
    assert_null(quota_connect(quota, 101, 0));
    assert_int_equal(quota_wait(quota, 101, TALLY_FAILED_JOIN, 1, 0), 30);
    assert_null(quota_connect(quota, 100, 0));
    assert_int_equal(quota_wait(quota, 100, TALLY_FAILED_JOIN, 1, 0), 0);
    quota_free(quota);
}

static void who_is_connected_is_never_forgotten(void **state)
{
    struct quota *quota = quota_new(&rules, 100, 42);

    (void)state;
    assert_null(quota_connect(quota, 7, 0));
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    quota_spend(quota, 7, TALLY_FAILED_JOIN, 1, 0);
    strangers_come_and_go(quota, 1000, 2000);
    assert_int_equal(quota_wait(quota, 7, TALLY_FAILED_JOIN, 1, 0), 30);
    quota_free(quota);
}

static void an_address_without_connections_makes_room(void **state)
{
    struct quota *quota = quota_new(&rules, 1, 42);

    (void)state;
    for (uint64_t address = 1; address < 20000; address++) {
        assert_null(quota_connect(quota, address, address));
        quota_disconnect(quota, address);
    }
    quota_free(quota);
}

static void a_network_is_a_24_or_a_48(void **state)
{
    (void)state;
    assert_true(quota_network(address4("192.0.2.1")) == quota_network(address4("192.0.2.255")));
    assert_true(quota_network(address4("192.0.2.1")) != quota_network(address4("192.0.3.1")));
    assert_true(quota_network(address6("2001:db8:1:2::1")) == quota_network(address6("2001:db8:1:ffff::1")));
    assert_true(quota_network(address6("2001:db8:1::1")) != quota_network(address6("2001:db8:2::1")));
}

static void a_network_has_its_own_limit_and_others_are_not_touched(void **state)
{
    const struct quota_rules limits = {.address = {.connections = 2},
                                       .network = {.connections = 3, .per_minute = {2}}};
    struct quota *quota = quota_new(&limits, 100, 1);
    const uint64_t one = address4("192.0.2.1"), two = address4("192.0.2.2"), other = address4("192.0.3.1");

    (void)state;
    assert_null(quota_connect(quota, one, 0));
    assert_null(quota_connect(quota, one, 0));
    assert_string_equal(quota_connect(quota, one, 0), "address-connections");
    assert_null(quota_connect(quota, two, 0));
    assert_string_equal(quota_connect(quota, two, 0), "network-connections");
    assert_null(quota_connect(quota, other, 0));
    quota_spend(quota, one, TALLY_ALLOCATION, 1, 0);
    quota_spend(quota, two, TALLY_ALLOCATION, 1, 0);
    assert_int_equal(quota_wait(quota, two, TALLY_ALLOCATION, 1, 0), 30);
    assert_int_equal(quota_wait(quota, other, TALLY_ALLOCATION, 1, 0), 0);
    quota_disconnect(quota, one);
    assert_null(quota_connect(quota, two, 0));
    quota_free(quota);
}

static void who_is_refused_by_one_limit_is_not_counted_by_the_others(void **state)
{
    const struct quota_rules limits = {.address = {.connections = 5}, .network = {.connections = 1}};
    struct quota *quota = quota_new(&limits, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, address4("192.0.2.1"), 0));
    for (int i = 0; i < 20; i++)
        assert_non_null(quota_connect(quota, address4("192.0.2.2"), 0));
    quota_disconnect(quota, address4("192.0.2.1"));
    assert_null(quota_connect(quota, address4("192.0.2.2"), 0));
    quota_free(quota);
}

static void newcomers_of_all_addresses_are_limited_by_the_minute(void **state)
{
    const struct quota_rules limits = {.all = {.per_minute = {[TALLY_CONNECTION] = 60}}};
    struct quota *quota = quota_new(&limits, 1000, 1);

    (void)state;
    for (uint64_t address = 0; address < 60; address++)
        assert_null(quota_connect(quota, address << 20, 0));
    assert_string_equal(quota_connect(quota, 77, 0), "all-connections");
    assert_null(quota_connect(quota, 77, 1000));
    assert_non_null(quota_connect(quota, 78, 1000));
    quota_free(quota);
}

static void bytes_are_spent_by_the_minute_and_the_longest_frame_always_finds_its_turn(void **state)
{
    const struct quota_rules limits = {.all = {.per_minute = {[TALLY_BYTE] = 60000}}};
    struct quota *quota = quota_new(&limits, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, 1, 0));
    assert_null(quota_connect(quota, 2, 0));
    assert_int_equal(quota_wait(quota, 1, TALLY_BYTE, 65536, 0), 0);
    quota_spend(quota, 1, TALLY_BYTE, 50000, 0);
    assert_int_equal(quota_wait(quota, 2, TALLY_BYTE, 10000, 0), 0);
    assert_int_equal(quota_wait(quota, 2, TALLY_BYTE, 11000, 0), 1);
    assert_int_equal(quota_wait(quota, 2, TALLY_BYTE, 65536, 0), 56);
    assert_int_equal(quota_wait(quota, 2, TALLY_BYTE, 65536, 50000), 0);
    quota_free(quota);
}

/* A store that answers late does so with the time at which it was asked. */
static void what_is_spent_with_an_older_time_forgives_nothing(void **state)
{
    const struct quota_rules limits = {.address = {.per_minute = {[TALLY_FAILED_JOIN] = 2}}};
    struct quota *quota = quota_new(&limits, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, 1, 50000));
    quota_spend(quota, 1, TALLY_FAILED_JOIN, 1, 60000);
    quota_spend(quota, 1, TALLY_FAILED_JOIN, 1, 59000);
    assert_int_equal(quota_wait(quota, 1, TALLY_FAILED_JOIN, 1, 58000), 30);
    assert_int_equal(quota_wait(quota, 1, TALLY_FAILED_JOIN, 1, 60000), 30);
    assert_int_equal(quota_wait(quota, 1, TALLY_FAILED_JOIN, 1, 70000), 20);
    quota_free(quota);
}

static void each_limit_that_refuses_somebody_is_counted(void **state)
{
    const struct quota_rules limits = {.address = {.connections = 1, .per_minute = {[TALLY_BYTE] = 60}},
                                       .all = {.per_minute = {[TALLY_BYTE] = 60}}};
    struct quota *quota = quota_new(&limits, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, 1, 0));
    assert_int_equal(quota_hits(quota, QUOTA_ADDRESS, TALLY_CONNECTION), 0);
    assert_non_null(quota_connect(quota, 1, 0));
    assert_int_equal(quota_hits(quota, QUOTA_ADDRESS, TALLY_CONNECTION), 1);
    assert_int_equal(quota_hits(quota, QUOTA_ALL, TALLY_CONNECTION), 0);
    assert_null(quota_connect(quota, 2, 0));
    quota_spend(quota, 1, TALLY_BYTE, 60, 0);
    quota_count_hit(quota, 1, TALLY_BYTE, 1, 0);
    quota_count_hit(quota, 2, TALLY_BYTE, 1, 0);
    assert_int_equal(quota_hits(quota, QUOTA_ADDRESS, TALLY_BYTE), 1);
    assert_int_equal(quota_hits(quota, QUOTA_NETWORK, TALLY_BYTE), 0);
    assert_int_equal(quota_hits(quota, QUOTA_ALL, TALLY_BYTE), 2);
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
        cmocka_unit_test(a_network_is_a_24_or_a_48),
        cmocka_unit_test(a_network_has_its_own_limit_and_others_are_not_touched),
        cmocka_unit_test(who_is_refused_by_one_limit_is_not_counted_by_the_others),
        cmocka_unit_test(newcomers_of_all_addresses_are_limited_by_the_minute),
        cmocka_unit_test(bytes_are_spent_by_the_minute_and_the_longest_frame_always_finds_its_turn),
        cmocka_unit_test(what_is_spent_with_an_older_time_forgives_nothing),
        cmocka_unit_test(each_limit_that_refuses_somebody_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
