/* The engine that several relays share, as the configuration names it. */
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

static void an_engine_is_a_path_or_a_host(void **state)
{
    static const struct {
        const char *text, *path, *host, *port;
        uint32_t number;
    } good[] = {
        {"engine = unix:/run/redis/redis.sock\n", "/run/redis/redis.sock", "", "", 0},
        {"engine = redis://redis.example\n", "", "redis.example", "6379", 0},
        {"engine = redis://redis.example/\n", "", "redis.example", "6379", 0},
        {"engine = redis://10.0.0.1:7000/15\n", "", "10.0.0.1", "7000", 15},
        {"engine = redis://[2001:db8::1]\n", "", "2001:db8::1", "6379", 0},
        {"engine = redis://[::1]:7000/1\n", "", "::1", "7000", 1},
    };
    struct config config;
    struct config_engine engine;

    (void)state;
    assert_int_equal(read_text(&config, "# nothing\n"), 0);
    assert_false(config_has_engine(&config));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(read_text(&config, good[i].text), 0);
        assert_int_equal(config_check(&config, error), 0);
        assert_true(config_has_engine(&config));
        assert_null(config_engine_read(&config, &engine));
        assert_string_equal(engine.path, good[i].path);
        assert_string_equal(engine.host, good[i].host);
        assert_string_equal(engine.port, good[i].port);
        assert_int_equal(engine.number, good[i].number);
    }
}

static void what_is_no_engine_is_refused_and_its_password_not_repeated(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"engine = /run/redis.sock\n", "unix:/PATH"},
        {"engine = unix:run\n", "unix:/PATH"},
        {"engine = localhost:6379\n", "redis://HOST:PORT"},
        {"engine = rediss://localhost\n", "stunnel"},
        {"engine = redis://\n", "redis://HOST:PORT"},
        {"engine = redis://:6379\n", "redis://HOST:PORT"},
        {"engine = redis://h:0\n", "redis://HOST:PORT"},
        {"engine = redis://h:65536\n", "redis://HOST:PORT"},
        {"engine = redis://h:6379x\n", "redis://HOST:PORT"},
        {"engine = redis://::1\n", "redis://HOST:PORT"},
        {"engine = redis://[::1\n", "]"},
        {"engine = redis://[::1]6\n", "redis://HOST:PORT"},
        {"engine = redis://h/x\n", "number"},
        {"engine = redis://h/-1\n", "number"},
        {"engine = redis://h/65536\n", "number"},
        {"engine = redis://me:hush@h\n", "engine_password_file"},
        {"engine = "
         "unix:/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "8901234567890123456789\n",
         "too long"},
        {"engine = redis://h\nengine_user = me\n", "engine_password_file"},
        {"engine_password_file = /f\n", "no engine"},
        {"engine_local = on\n", "no engine"},
        {"engine = redis://h\nengine_prefix = a*b\n", "engine_prefix"},
        {"engine = redis://h\nengine_prefix =\n", "engine_prefix"},
    };
    struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_text(&config, bad[i].text), 0);
        assert_int_not_equal(config_check(&config, error), 0);
        assert_non_null(strstr(error, bad[i].says));
        assert_null(strstr(error, "hush"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_is_a_path_or_a_host),
        cmocka_unit_test(what_is_no_engine_is_refused_and_its_password_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
