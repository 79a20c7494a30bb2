/* Configuration: what is wrong is refused and named, what is printed reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void every_key_is_read(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "# a comment\n"
                                        "listen = 127.0.0.1:0\n"
                                        "listen = [::1]:8443   ; two\n"
                                        "tls_cert = c.pem\n"
                                        "tls_key: k.pem\n"
                                        "\n"
                                        "path = /relay\n"
                                        "max_mailboxes = 5\n"),
                     0);
    assert_int_equal(config_check(&config, error), 0);
    assert_int_equal(config_complete(&config, error), 0);
    assert_int_equal(config.listen_count, 2);
    assert_string_equal(config.listens[1], "[::1]:8443");
    assert_string_equal(config.tls_key, "k.pem");
    assert_string_equal(config.path, "/relay");
    assert_int_equal(config.max_mailboxes, 5);
    assert_int_equal(config.wait_seconds, 180);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"path = /a\nfoo = 1\n", ":2: foo is unknown"},
        {"\n\nwait_seconds = 0\n", ":3: wait_seconds is out of its range (1 to 1800)"},
        {"wait_seconds = 1801\n", ":1: wait_seconds is out of its range (1 to 1800)"},
        {"wait_seconds = 18446744073709551617\n", "is out of its range (1 to 1800)"},
        {"max_queued_bytes = 4294967296\n", "is out of its range (131072 to 4294967295)"},
        {"wait_seconds = -1\n", ":1: wait_seconds must be a number"},
        {"wait_seconds = 10s\n", ":1: wait_seconds must be a number"},
        {"wait_seconds =\n", ":1: wait_seconds must be a number"},
        {"tls = maybe\n", ":1: tls must be on or off"},
        {"listen = 8443\n", ":1: listen must be HOST:PORT"},
        {"listen = ::1:8443\n", ":1: listen must be HOST:PORT"},
        {"listen = a:65536\n", ":1: listen must be HOST:PORT"},
        {"listen = a:1\nlisten = b:1\nlisten = a:1\n", ":3: listen is given twice"},
        {"path = /a\npath = /b\n", ":2: path is given twice"},
        {"path = /a\n  /b\n", ":2: the line must not begin with a space"},
        {"just words\n", ":1: the line is not KEY = VALUE"},
        {"[relay]\npath = /a\n", ":2: relay is unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct config config;

        assert_int_equal(read_text(&config, wrong[i].text), -1);
        if (strstr(error, wrong[i].says) == NULL)
            fail_msg("\"%s\" gave \"%s\"", wrong[i].text, error);
    }
}

static void a_line_too_long_is_refused_and_not_cut(void **state)
{
    struct config config;
    char text[400];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "path = /", 8);
    text[sizeof text - 1] = '\0';
    assert_int_equal(read_text(&config, text), -1);
    assert_non_null(strstr(error, ":1: the line is too long"));
}

static void a_missing_file_is_an_error(void **state)
{
    struct config config;

    (void)state;
    config_init(&config);
    assert_int_equal(config_read_file(&config, "/nonexistent/certrelayd.conf", error), -1);
    assert_non_null(strstr(error, "No such file"));
}

static void the_environment_counts_before_the_file(void **state)
{
    char listens[] = "CERTRELAYD_LISTEN=127.0.0.1:1,[::1]:2", path[] = "CERTRELAYD_PATH=/env",
         other[] = "HOME=/";
    char *const environment[] = {other, listens, path, NULL};
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "path = /file\nlisten = 127.0.0.1:9\nrest_seconds = 7\n"), 0);
    assert_int_equal(config_read_environment(&config, environment, error), 0);
    assert_string_equal(config.path, "/env");
    assert_int_equal(config.listen_count, 2);
    assert_string_equal(config.listens[0], "127.0.0.1:1");
    assert_int_equal(config.rest_seconds, 7);
}

static void a_wrong_variable_is_named_without_its_value(void **state)
{
    char unknown[] = "CERTRELAYD_SECRETS=hush", bad[] = "CERTRELAYD_TLS=hush",
         far[] = "CERTRELAYD_PING_SECONDS=301";
    char *const one[] = {unknown, NULL}, *const two[] = {bad, NULL}, *const three[] = {far, NULL};
    struct config config;

    (void)state;
    config_init(&config);
    assert_int_equal(config_read_environment(&config, one, error), -1);
    assert_string_equal(error, "environment: CERTRELAYD_SECRETS is unknown");
    assert_int_equal(config_read_environment(&config, two, error), -1);
    assert_string_equal(error, "environment: CERTRELAYD_TLS must be on or off");
    assert_int_equal(config_read_environment(&config, three, error), -1);
    assert_string_equal(error, "environment: CERTRELAYD_PING_SECONDS is out of its range (1 to 300)");
}

static void sockets_that_are_handed_over_take_the_place_of_all_lines_or_of_theirs(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "listen = a:1\nlisten = b:2\n"), 0);
    config_hand_over(&config);
    assert_int_equal(config.listen_count, 1);
    assert_string_equal(config.listens[0], "systemd");
    assert_int_equal(read_text(&config, "listen = a:1\nlisten = systemd\n"), 0);
    config_hand_over(&config);
    assert_int_equal(config.listen_count, 2);
    assert_string_equal(config.listens[0], "a:1");
    assert_int_equal(read_text(&config, "tls = off\n"), 0);
    config_hand_over(&config);
    assert_int_equal(config_complete(&config, error), 0);
    assert_int_equal(read_text(&config, "listen = systemd\nlisten = systemd\n"), -1);
    assert_int_equal(read_text(&config, "listen = systemctl\n"), -1);
}

static void calls_are_refused_logged_or_left(void **state)
{
    static const char *const good[] = {"seccomp = on\n", "seccomp = log\n", "seccomp = off\n", "\n"};
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(read_text(&config, good[i]), 0);
        assert_int_equal(config_check(&config, error), 0);
    }
    assert_int_equal(read_text(&config, "seccomp = yes\n"), 0);
    assert_int_equal(config_check(&config, error), -1);
    assert_string_equal(error, "seccomp must be on, log or off");
}

static void any_free_port_may_be_asked_for_twice(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "listen = a:0\nlisten = a:0\n"), 0);
    assert_int_equal(config.listen_count, 2);
}

static void tls_is_on_unless_off_is_written_out(void **state)
{
    static const struct {
        const char *text;
        int checked, completed;
    } texts[] = {
        {"listen = a:1\n", 0, -1},
        {"listen = a:1\ntls = off\n", 0, 0},
        {"listen = a:1\ntls = off\ntls_cert = c.pem\n", -1, 0},
        {"listen = a:1\ntls = off\naddress_queued_bytes = 131071\n", -1, 0},
        {"listen = a:1\ntls = off\naddress_queued_bytes = 131072\n", 0, 0},
        {"listen = a:1\ntls = off\naddress_queued_bytes = 0\n", 0, 0},
        {"listen = a:1\ntls_cert = c.pem\n", 0, -1},
        {"listen = a:1\ntls_key = k.pem\n", 0, -1},
        {"listen = a:1\ntls_cert = c.pem\ntls_key = k.pem\n", 0, 0},
    };
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_text(&config, texts[i].text), 0);
        assert_int_equal(config_check(&config, error), texts[i].checked);
        assert_int_equal(config_complete(&config, error), texts[i].completed);
    }
}

static void what_is_needed_is_shown_as_a_line_to_write(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "tls = off\n"), 0);
    assert_int_equal(config_complete(&config, error), -1);
    assert_non_null(strstr(error, "\"listen = 0.0.0.0:443\""));
    assert_int_equal(read_text(&config, "listen = a:1\n"), 0);
    assert_int_equal(config_complete(&config, error), -1);
    assert_non_null(strstr(error, "\"tls_cert = /"));
    assert_non_null(strstr(error, "\"tls_key = /"));
}

static void limits_that_a_proxy_makes_useless_are_warned_of_by_name(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "tls = off\naddress_allocations = 0\n"), 0);
    assert_int_equal(config_warns(&config, error), 1);
    assert_non_null(strstr(error, "(address_connections, address_failed_joins, address_queued_bytes)"));
    assert_int_equal(read_text(&config, "tls = off\naddress_allocations = 0\naddress_connections = 0\n"
                                        "address_failed_joins = 0\naddress_queued_bytes = 0\n"),
                     0);
    assert_int_equal(config_warns(&config, error), 0);
    assert_int_equal(read_text(&config, "tls = on\n"), 0);
    assert_int_equal(config_warns(&config, error), 0);
    assert_int_equal(read_text(&config, "tls = on\nengine = redis://h\nengine_local = on\n"), 0);
    assert_int_equal(config_check(&config, error), 0);
    assert_int_equal(config_warns(&config, error), 1);
    assert_int_equal(strncmp(error, "engine_local is on", 18), 0);
    assert_int_equal(read_text(&config, "tls = off\nengine = redis://h\nengine_local = on\n"), 0);
    assert_int_equal(config_warns(&config, error), 1);
    assert_non_null(strstr(error, "the proxy limit; engine_local is on"));
}

static void a_path_that_no_request_can_have_is_refused(void **state)
{
    static const char *const paths[] = {"tls = off\npath = ws\n", "tls = off\npath = /a?b\n",
                                        "tls = off\npath = /a%20\n"};
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(read_text(&config, paths[i]), 0);
        assert_int_equal(config_check(&config, error), -1);
    }
}

static void what_is_printed_reads_back_the_same(void **state)
{
    struct config first, second;
    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    assert_non_null(out);
    assert_int_equal(
        read_text(&first, "tls = off\nlisten = 127.0.0.1:5\nlisten = [::1]:6\nwait_seconds = 9\n"), 0);
    config_print(&first, out);
    fclose(out);
    assert_int_equal(read_text(&second, text), 0);
    assert_memory_equal(&first, &second, sizeof first);
}

static void what_is_needed_is_printed_as_a_comment(void **state)
{
    struct config first, second;
    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    assert_non_null(out);
    config_init(&first);
    config_print(&first, out);
    fclose(out);
    assert_ptr_equal(strstr(text, "# listen = "), text);
    assert_non_null(strstr(text, "\n# tls_cert = /"));
    assert_non_null(strstr(text, "\n# tls_key = /"));
    assert_int_equal(read_text(&second, text), 0);
    assert_memory_equal(&first, &second, sizeof first);
}

static void networks_are_read_from_lines_and_commas(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "trusted_proxies = 10.0.0.0/8, 2001:db8::/32\n"
                                        "trusted_proxies = 192.0.2.1\n"
                                        "allow_from = 203.0.113.0/24\n"),
                     0);
    assert_int_equal(config.trusted_proxies.count, 3);
    assert_string_equal(config.trusted_proxies.items[1], "2001:db8::/32");
    assert_string_equal(config.allow_from.items[0], "203.0.113.0/24");
    assert_int_equal(read_text(&config, "trusted_proxies = 10.0.0.1/8\n"), -1);
    assert_non_null(strstr(error, "trusted_proxies must be addresses or networks"));
    assert_int_equal(read_text(&config, "allow_from = everybody\n"), -1);
}

/* Empty where a name was forgotten, they would let everybody in. */
static void who_is_let_in_is_not_left_empty(void **state)
{
    char allow[] = "CERTRELAYD_ALLOW_FROM=", permits[] = "CERTRELAYD_PERMITS_FILE=";
    char *const networks[] = {allow, NULL}, *const file[] = {permits, NULL};
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "allow_from =\n"), -1);
    assert_non_null(strstr(error, ":1: allow_from must be addresses or networks"));
    assert_int_equal(read_text(&config, "permits_file =\n"), -1);
    assert_non_null(strstr(error, ":1: permits_file must not be empty"));
    config_init(&config);
    assert_int_equal(config_read_environment(&config, networks, error), -1);
    assert_int_equal(config_read_environment(&config, file, error), -1);
    assert_string_equal(error, "environment: CERTRELAYD_PERMITS_FILE must not be empty");
    assert_int_equal(read_text(&config, "page_name =\n"), 0);
}

static void networks_in_the_environment_replace_those_of_the_file(void **state)
{
    char *const environment[] = {(char[]){"CERTRELAYD_TRUSTED_PROXIES=192.0.2.0/24,::1"}, NULL};
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "trusted_proxies = 10.0.0.0/8\n"), 0);
    assert_int_equal(config_read_environment(&config, environment, error), 0);
    assert_int_equal(config.trusted_proxies.count, 2);
    assert_string_equal(config.trusted_proxies.items[0], "192.0.2.0/24");
}

static void a_path_may_be_listened_at(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "listen = unix:/run/relay.sock\ntls = off\n"), 0);
    assert_string_equal(config_listen_path(config.listens[0]), "/run/relay.sock");
    assert_null(config_listen_path("127.0.0.1:1"));
    assert_int_equal(read_text(&config, "listen = unix:relay.sock\n"), -1);
    assert_int_equal(read_text(&config, "listen = unix:/\n"), -1);
    assert_int_equal(read_text(&config, "listen = unix:/a\nlisten = unix:/a\n"), -1);
}

static void nothing_is_warned_of_where_a_proxy_is_named(void **state)
{
    static const char *const told[] = {"tls = off\nlisten = 127.0.0.1:1\ntrusted_proxies = 127.0.0.1\n",
                                       "tls = off\nlisten = unix:/run/relay.sock\n"};
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        assert_int_equal(read_text(&config, told[i]), 0);
        assert_false(config_warns(&config, error));
    }
    assert_int_equal(read_text(&config, "tls = off\nlisten = unix:/a\nlisten = 127.0.0.1:1\n"), 0);
    assert_true(config_warns(&config, error));
    assert_non_null(strstr(error, "trusted_proxies"));
}

static void the_door_for_monitoring_is_on_this_machine_unless_it_is_said_twice(void **state)
{
    static const struct {
        const char *text;
        int is_right;
    } cases[] = {
        {"", 1},
        {"watch = off\n", 1},
        {"watch = 127.0.0.1:9464\n", 1},
        {"watch = 127.255.0.1:0\n", 1},
        {"watch = [::1]:9464\n", 1},
        {"watch = [::ffff:127.0.0.1]:9464\n", 1},
        {"watch = unix:/run/watch.sock\n", 1},
        {"watch = 0.0.0.0:9464\nwatch_anywhere = on\n", 1},
        {"watch = 0.0.0.0:9464\n", 0},
        {"watch = 128.0.0.1:9464\n", 0},
        {"watch = [::]:9464\n", 0},
        {"watch = [::2]:9464\n", 0},
        {"watch = localhost:9464\n", 0},
        {"watch = localhost:9464\nwatch_anywhere = on\n", 0},
        {"watch = 127.0.0.0/8:9464\n", 0},
        {"watch = on\n", 0},
    };
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_text(&config, cases[i].text), 0);
        if ((config_check(&config, error) == 0) != cases[i].is_right)
            fail_msg("%s: %s", cases[i].text, error);
    }
}

static void a_level_of_the_log_is_one_of_three(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(read_text(&config, "log_level = warning\n"), 0);
    assert_int_equal(config_check(&config, error), 0);
    assert_int_equal(read_text(&config, "log_level = Warning\n"), 0);
    assert_int_not_equal(config_check(&config, error), 0);
    assert_string_equal(error, "log_level must be info, warning or error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_line_too_long_is_refused_and_not_cut),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(the_environment_counts_before_the_file),
        cmocka_unit_test(a_wrong_variable_is_named_without_its_value),
        cmocka_unit_test(any_free_port_may_be_asked_for_twice),
        cmocka_unit_test(sockets_that_are_handed_over_take_the_place_of_all_lines_or_of_theirs),
        cmocka_unit_test(calls_are_refused_logged_or_left),
        cmocka_unit_test(tls_is_on_unless_off_is_written_out),
        cmocka_unit_test(what_is_needed_is_shown_as_a_line_to_write),
        cmocka_unit_test(limits_that_a_proxy_makes_useless_are_warned_of_by_name),
        cmocka_unit_test(a_path_that_no_request_can_have_is_refused),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(what_is_needed_is_printed_as_a_comment),
        cmocka_unit_test(networks_are_read_from_lines_and_commas),
        cmocka_unit_test(who_is_let_in_is_not_left_empty),
        cmocka_unit_test(networks_in_the_environment_replace_those_of_the_file),
        cmocka_unit_test(a_path_may_be_listened_at),
        cmocka_unit_test(nothing_is_warned_of_where_a_proxy_is_named),
        cmocka_unit_test(the_door_for_monitoring_is_on_this_machine_unless_it_is_said_twice),
        cmocka_unit_test(a_level_of_the_log_is_one_of_three),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
