/* Which of command line, environment, files and defaults decides. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_pc_config_XXXXXX";
static char file[64];
static struct options options;
static struct settings settings;
static struct config_report report;

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static int clean(void **state)
{
    (void)state;
    settings_wipe(&settings);
    memset(&options, 0, sizeof(options));
    unsetenv("CERTRELAY_URL");
    setenv("XDG_CONFIG_HOME", folder, 1);
    unlink(file);
    return 0;
}

static void the_command_line_outweighs_environment_and_file(void **state)
{
    (void)state;
    write_file("relay = wss://file/ws\n");
    setenv("CERTRELAY_URL", "wss://environment/ws", 1);
    options.relay = "wss://line/ws";
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_string_equal(settings.relay, "wss://line/ws");
}

static void the_environment_outweighs_the_file(void **state)
{
    (void)state;
    write_file("relay = wss://file/ws\npage = https://page/\n");
    setenv("CERTRELAY_URL", "wss://environment/ws", 1);
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_string_equal(settings.relay, "wss://environment/ws");
    assert_string_equal(settings.page, "https://page/");
}

static void the_file_outweighs_the_defaults(void **state)
{
    (void)state;
    write_file("name = my computer\npatience = 5\nlang=ko\n");
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_string_equal(settings.name, "my computer");
    assert_int_equal(settings.patience_ms, 5000);
    assert_string_equal(settings.lang, "ko");
}

static void expect_permit(const char *relay, const char *permit_file)
{
    settings_wipe(&settings);
    options.relay = relay;
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_string_equal(settings.relay, relay);
    if (permit_file)
        assert_string_equal(settings.permit_file, permit_file);
    else
        assert_null(settings.permit_file);
}

static void a_permit_beside_a_relays_address_is_for_that_relay_alone(void **state)
{
    (void)state;
    write_file("permit_file = /mine\nrelay = wss://mine/ws\n");
    expect_permit("wss://mine/ws", "/mine");
    expect_permit("wss://other/ws", NULL);
    options.permit_file = "/given";
    expect_permit("wss://other/ws", "/given");
    options.permit_file = NULL;
    write_file("permit_file = /mine\n");
    expect_permit("wss://other/ws", "/mine");
}

static void without_anything_there_are_defaults(void **state)
{
    (void)state;
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_non_null(settings.name);
    assert_int_equal(settings.patience_ms, 60000);
}

static void a_named_file_must_exist_and_replaces_the_usual_ones(void **state)
{
    (void)state;
    write_file("relay = wss://file/ws\n");
    options.config = "/nonexistent/config.ini";
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_MISSING);
    settings_wipe(&settings);
    options.config = "/dev/null";
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_null(settings.relay);
}

static void a_misspelt_key_is_told_with_its_line(void **state)
{
    (void)state;
    write_file("; comment\nrelay = wss://file/ws\nrelais = x\n");
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_BAD_KEY);
    assert_int_equal(report.line, 3);
    assert_string_equal(report.where, file);
}

static void a_line_that_is_none_is_told(void **state)
{
    (void)state;
    write_file("relay\n");
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_BAD_LINE);
    assert_int_equal(report.line, 1);
}

static void values_out_of_range_are_refused(void **state)
{
    static const char *const lines[] = {"patience = 0\n", "patience = x\n", "patience = 99999\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        write_file(lines[i]);
        assert_int_equal(config_read(&options, &settings, &report), CONFIG_BAD_PATIENCE);
        settings_wipe(&settings);
    }
    write_file("lang = fr\n");
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_BAD_LANG);
}

static void the_reason_a_named_file_cannot_be_read_is_told(void **state)
{
    (void)state;
    options.config = "/nonexistent/config.ini";
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_MISSING);
    assert_string_equal(report.where, "/nonexistent/config.ini: No such file or directory");
}

static void read_file(char *text, size_t capacity)
{
    FILE *in = fopen(file, "r");
    size_t length;

    assert_non_null(in);
    length = fread(text, 1, capacity - 1, in);
    text[length] = '\0';
    fclose(in);
}

static void a_kept_address_leaves_the_other_lines_as_they_are(void **state)
{
    char path[64], text[256];

    (void)state;
    write_file("; mine\nname = my computer");
    config_own_file(&options, path, sizeof(path));
    assert_string_equal(path, file);
    assert_int_equal(config_keep(path, "relay", "wss://kept/ws"), 0);
    read_file(text, sizeof(text));
    assert_string_equal(text, "; mine\nname = my computer\nrelay = wss://kept/ws\n");
    assert_int_equal(config_read(&options, &settings, &report), CONFIG_OK);
    assert_string_equal(settings.relay, "wss://kept/ws");
    assert_string_equal(settings.name, "my computer");
}

static void a_file_made_for_an_address_is_this_persons_alone(void **state)
{
    struct stat status;

    (void)state;
    assert_int_equal(config_keep(file, "relay", "wss://kept/ws"), 0);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(config_keep("/dev/null/config.ini", "relay", "x"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_command_line_outweighs_environment_and_file, clean),
        cmocka_unit_test_setup(the_environment_outweighs_the_file, clean),
        cmocka_unit_test_setup(the_file_outweighs_the_defaults, clean),
        cmocka_unit_test_setup(a_permit_beside_a_relays_address_is_for_that_relay_alone, clean),
        cmocka_unit_test_setup(without_anything_there_are_defaults, clean),
        cmocka_unit_test_setup(a_named_file_must_exist_and_replaces_the_usual_ones, clean),
        cmocka_unit_test_setup(a_misspelt_key_is_told_with_its_line, clean),
        cmocka_unit_test_setup(a_line_that_is_none_is_told, clean),
        cmocka_unit_test_setup(values_out_of_range_are_refused, clean),
        cmocka_unit_test_setup(the_reason_a_named_file_cannot_be_read_is_told, clean),
        cmocka_unit_test_setup(a_kept_address_leaves_the_other_lines_as_they_are, clean),
        cmocka_unit_test_setup(a_file_made_for_an_address_is_this_persons_alone, clean),
    };
    char inner[64];
    int failed;

    if (!mkdtemp(folder))
        return 1;
    snprintf(inner, sizeof(inner), "mkdir %s/certrelay", folder);
    if (system(inner))
        return 1;
    snprintf(file, sizeof(file), "%s/certrelay/config.ini", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    clean(NULL);
    snprintf(inner, sizeof(inner), "%s/certrelay", folder);
    rmdir(inner);
    rmdir(folder);
    return failed;
}
