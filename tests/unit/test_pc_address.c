/* The relay's URL taken apart. */
#include "address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    const char *text;
    const char *url; /* NULL: malformed */
    const char *page;
};

static void good_addresses_are_written_out(void **state)
{
    static const struct sample samples[] = {
        {"wss://relay.example/ws", "wss://relay.example/ws", "https://relay.example/"},
        {"relay.example", "wss://relay.example/ws", "https://relay.example/"},
        {"https://relay.example/", "wss://relay.example/ws", "https://relay.example/"},
        {"WSS://relay.example:8443/a/b", "wss://relay.example:8443/a/b", "https://relay.example:8443/"},
        {"wss://relay.example:443", "wss://relay.example/ws", "https://relay.example/"},
        {"ws://localhost:8080", "ws://localhost:8080/ws", "http://localhost:8080/"},
        {"ws://127.1.2.3:1", "ws://127.1.2.3:1/ws", "http://127.1.2.3:1/"},
        {"ws://[::1]:8080/ws", "ws://[::1]:8080/ws", "http://[::1]:8080/"},
    };
    struct address address;
    char page[ADDRESS_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_int_equal(address_read(samples[i].text, &address), ADDRESS_OK);
        assert_string_equal(address.url, samples[i].url);
        address_origin(&address, page, sizeof(page));
        assert_string_equal(page, samples[i].page);
    }
}

static void malformed_addresses_are_refused(void **state)
{
    static const char *const samples[] = {"",
                                          "wss://",
                                          "ftp://relay.example/",
                                          "wss://relay.example:0/",
                                          "wss://relay.example:99999/",
                                          "wss://relay.example:x/",
                                          "wss://relay example/",
                                          "wss://relay.example/a b",
                                          "wss://relay.example?x",
                                          "wss://[::1/ws",
                                          "wss://relay.example/\x1b[2J",
                                          "wss://user@relay.example/ws",
                                          "wss://relay.example/ws#x"};
    struct address address;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(address_read(samples[i], &address), ADDRESS_MALFORMED);
}

static void plain_is_for_this_computer_only(void **state)
{
    static const char *const samples[] = {"ws://relay.example/ws",
                                          "http://10.0.0.1/ws",
                                          "ws://[::2]/ws",
                                          "ws://126.0.0.1/ws",
                                          "ws://localhost.relay.example/ws",
                                          "ws://127.0.0.1.relay.example/ws"};
    struct address address;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(address_read(samples[i], &address), ADDRESS_NOT_LOCAL);
}

static void a_path_too_long_is_refused(void **state)
{
    char text[300] = "wss://relay.example/";
    struct address address;

    (void)state;
    memset(text + strlen(text), 'a', 199);
    assert_int_equal(address_read(text, &address), ADDRESS_OK);
    text[strlen(text)] = 'a';
    assert_int_equal(address_read(text, &address), ADDRESS_MALFORMED);
}

static void a_page_of_the_same_origin_needs_no_relay_in_its_link(void **state)
{
    struct address address;

    (void)state;
    assert_int_equal(address_read("wss://relay.example/ws", &address), ADDRESS_OK);
    assert_true(address_is_own_page(&address, "https://relay.example/"));
    assert_true(address_is_own_page(&address, "https://relay.example"));
    assert_false(address_is_own_page(&address, "https://relay.example.org/"));
    assert_false(address_is_own_page(&address, "https://page.example/"));
    assert_int_equal(address_read("wss://relay.example/other", &address), ADDRESS_OK);
    assert_false(address_is_own_page(&address, "https://relay.example/"));
}

static void phones_are_pointed_to_the_relays_page_unless_it_is_off(void **state)
{
    struct address tls, plain;

    (void)state;
    assert_int_equal(address_read("wss://relay.example/ws", &tls), ADDRESS_OK);
    assert_int_equal(address_read("ws://127.0.0.1:1/ws", &plain), ADDRESS_OK);
    assert_true(address_has_page(&tls, NULL));
    assert_false(address_has_page(&tls, "off"));
    assert_true(address_has_page(&tls, "https://page.example/"));
    assert_false(address_has_page(&plain, NULL));
    assert_true(address_has_page(&plain, "https://page.example/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_written_out),
        cmocka_unit_test(malformed_addresses_are_refused),
        cmocka_unit_test(plain_is_for_this_computer_only),
        cmocka_unit_test(a_path_too_long_is_refused),
        cmocka_unit_test(a_page_of_the_same_origin_needs_no_relay_in_its_link),
        cmocka_unit_test(phones_are_pointed_to_the_relays_page_unless_it_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
