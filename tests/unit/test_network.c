/* Addresses, networks, and what proxies say of whom they speak for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "forwarded.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

static struct address address(const char *text)
{
    struct address found;

    assert_int_equal(address_read(text, strlen(text), &found), 0);
    return found;
}

static int is_same(const struct address *one, const char *text)
{
    struct address other = address(text);

    return memcmp(one, &other, sizeof other) == 0;
}

static struct networks networks(const char *one, const char *two)
{
    struct networks found = {.count = 2};

    assert_int_equal(network_read(one, &found.items[0]), 0);
    assert_int_equal(network_read(two, &found.items[1]), 0);
    return found;
}

static void an_address_is_read_with_and_without_a_port(void **state)
{
    static const char *const bad[] = {
        "",         "1.2.3",    "1.2.3.4.5", "1.2.3.4:",  "1.2.3.4:x", "1.2.3.4:123456",
        "[::1",     "[::1]x",   "[::1]:",    "::1]",      "unknown",   "_hidden",
        "1.2.3.4 ", " 1.2.3.4", "[1.2.3.4",  "256.1.1.1", "1.2.3.4/8", "fe80::1%eth0"};
    struct address found;

    (void)state;
    found = address("192.0.2.7:4711");
    assert_true(is_same(&found, "192.0.2.7"));
    assert_true(is_same(&found, "::ffff:192.0.2.7"));
    found = address("[2001:db8::7]:4711");
    assert_true(is_same(&found, "2001:db8::7"));
    assert_true(is_same(&found, "[2001:db8::7]"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(address_read(bad[i], strlen(bad[i]), &found), -1);
    assert_int_equal(address_read("1.2.3.4\0.5", 10, &found), -1);
}

static void a_network_holds_its_own_and_no_other(void **state)
{
    static const struct {
        const char *network, *address;
        int holds;
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", 1},
        {"10.0.0.0/8", "11.0.0.0", 0},
        {"192.0.2.0/25", "192.0.2.127", 1},
        {"192.0.2.0/25", "192.0.2.128", 0},
        {"192.0.2.1", "192.0.2.1", 1},
        {"192.0.2.1", "192.0.2.2", 0},
        {"0.0.0.0/0", "203.0.113.9", 1},
        {"0.0.0.0/0", "2001:db8::1", 0},
        {"2001:db8::/33", "2001:db8:7fff::", 1},
        {"2001:db8::/33", "2001:db8:8000::", 0},
        {"::/0", "2001:db8::1", 1},
        {"::/0", "192.0.2.1", 1},
        {"::ffff:10.0.0.0/104", "10.1.1.1", 1},
    };
    struct networks one = {.count = 1};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address found = address(cases[i].address);

        assert_int_equal(network_read(cases[i].network, &one.items[0]), 0);
        assert_int_equal(networks_hold(&one, &found), cases[i].holds);
    }
    one.count = 0;
    assert_false(networks_hold(&one, &(struct address){{0}}));
}

static void what_is_no_network_is_refused(void **state)
{
    static const char *const bad[] = {
        "",     "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",       "10.0.0.0/x", "10.0.0.0/8x", "/8",
        "10/8", "::1/64",     "::/129",      "10.0.0.0/000008", "a.b.c.d/8",  "10.0.0.0/-1", "10.0.0.0/ 8"};
    struct network network;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(network_read(bad[i], &network), -1);
}

static void the_client_is_the_last_hop_that_is_no_trusted_proxy(void **state)
{
    static const struct {
        const char *header, *client; /* NULL: nobody */
    } cases[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"1.1.1.1, 203.0.113.9", "203.0.113.9"},
        {"1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"},
        {"1.1.1.1,203.0.113.9 ,\t10.1.2.3,2001:db8:1::5", "203.0.113.9"},
        {"2001:db8:2::1, [2001:db8:1::5]:443", "2001:db8:2::1"},
        {"10.9.9.9, 10.1.2.3", "10.9.9.9"},
        {"203.0.113.9:5555, 10.1.2.3", "203.0.113.9"},
        {"", NULL},
        {"unknown, 10.1.2.3", NULL},
        {"203.0.113.9, unknown", NULL},
        {"203.0.113.9,", NULL},
        {"203.0.113.9, , 10.1.2.3", NULL},
        {"<script>, 203.0.113.9", "203.0.113.9"},
    };
    const struct networks trusted = networks("10.0.0.0/8", "2001:db8:1::/48");
    struct address client;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int found = forwarded_read(cases[i].header, &trusted, &client);

        assert_int_equal(found, cases[i].client != NULL ? 0 : -1);
        if (cases[i].client != NULL)
            assert_true(is_same(&client, cases[i].client));
    }
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static const uint8_t four[] = SIGNATURE "\x21\x11\0\x0c\xcb\0\x71\x09\xc0\0\x02\x01\x12\x34\x01\xbb";
static const uint8_t six[] = SIGNATURE "\x21\x21\0\x27\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                                       "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x01\xbb"
                                       "\x04\0\0";

static enum forwarded parse(const uint8_t *bytes, size_t length, struct address *client, size_t *taken)
{
    uint8_t *exact = malloc(length + 1);
    enum forwarded found;

    memcpy(exact, bytes, length);
    exact = realloc(exact, length > 0 ? length : 1);
    found = forwarded_parse(exact, length, client, taken);
    free(exact);
    return found;
}

static void a_proxy_header_names_the_client_and_its_own_length(void **state)
{
    struct address client;
    size_t taken;

    (void)state;
    assert_int_equal(parse(four, sizeof four - 1, &client, &taken), FORWARDED_ADDRESS);
    assert_int_equal(taken, 28);
    assert_true(is_same(&client, "203.0.113.9"));
    assert_int_equal(parse(six, sizeof six - 1, &client, &taken), FORWARDED_ADDRESS);
    assert_int_equal(taken, 16 + 39);
    assert_true(is_same(&client, "2001:db8::9"));
}

static void every_beginning_of_a_header_is_a_part(void **state)
{
    struct address client;
    size_t taken;

    (void)state;
    for (size_t length = 0; length < sizeof four - 1; length++)
        assert_int_equal(parse(four, length, &client, &taken), FORWARDED_PART);
    for (size_t length = 0; length < sizeof six - 1; length++)
        assert_int_equal(parse(six, length, &client, &taken), FORWARDED_PART);
}

static void what_is_no_header_is_left_alone_and_what_is_damaged_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum forwarded found;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", 16, FORWARDED_NOT},
        {"\x16\x03\x01", 3, FORWARDED_NOT},
        {"\r\n\r\nX", 5, FORWARDED_NOT},
        {"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n", 32, FORWARDED_NOT},
        {SIGNATURE "\x11\x11\0\x0c", 16, FORWARDED_BAD},
        {SIGNATURE "\x22\x11\0\x0c", 16, FORWARDED_BAD},
        {SIGNATURE "\x21\x11\x03\xf1", 16, FORWARDED_BAD},
        {SIGNATURE "\x21\x11\0\x03\x01\x02\x03", 19, FORWARDED_BAD},
        {SIGNATURE "\x21\x21\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 28, FORWARDED_BAD},
        {SIGNATURE "\x20\0\0\0", 16, FORWARDED_OWN},
        {SIGNATURE "\x21\0\0\0", 16, FORWARDED_OWN},
        {SIGNATURE "\x21\x31\0\x01\0", 17, FORWARDED_OWN},
    };
    struct address client;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t taken = 0;

        assert_int_equal(parse((const uint8_t *)cases[i].bytes, cases[i].length, &client, &taken),
                         cases[i].found);
        assert_int_equal(taken, cases[i].found == FORWARDED_OWN ? cases[i].length : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_with_and_without_a_port),
        cmocka_unit_test(a_network_holds_its_own_and_no_other),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(the_client_is_the_last_hop_that_is_no_trusted_proxy),
        cmocka_unit_test(a_proxy_header_names_the_client_and_its_own_length),
        cmocka_unit_test(every_beginning_of_a_header_is_a_part),
        cmocka_unit_test(what_is_no_header_is_left_alone_and_what_is_damaged_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
