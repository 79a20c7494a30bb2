/* Which folders are taken as a page, and the settings that the page is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "page.h"
#include "page_files.h"
#include "page_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct page_answer answer;

static struct page_request request_of(const char *path)
{
    return (struct page_request){.method = PAGE_GET,
                                 .path = path,
                                 .path_bytes = strlen(path),
                                 .host = "relay.example",
                                 .accept_encoding = "",
                                 .if_none_match = "",
                                 .date = ""};
}

static unsigned status_of(const struct site *site, const char *path)
{
    struct page_request request = request_of(path);

    page_answer(site, &request, &answer);
    return answer.status;
}

static int body_is(const char *text)
{
    return answer.body_bytes == strlen(text) && memcmp(answer.body, text, answer.body_bytes) == 0;
}

static void the_settings_are_json_whatever_the_operator_writes(void **state)
{
    static struct config config;
    char out[PAGE_SETTINGS_BYTES];

    (void)state;
    config_init(&config);
    out[page_settings_write(&config, "", out)] = '\0';
    assert_string_equal(out, "{}\n");
    strcpy(config.page_name, "A \"b\" \\ </script> \xec\x9d\x80\xed\x96\x89");
    strcpy(config.page_relay, "wss://r.example/ws");
    strcpy(config.page_colour, "#1a73e8");
    out[page_settings_write(&config, "logo.svg", out)] = '\0';
    assert_string_equal(out, "{\"relay\":\"wss://r.example/ws\",\"name\":\"A \\u0022b\\u0022 \\u005c "
                             "\\u003c/script\\u003e \xec\x9d\x80\xed\x96\x89\",\"logo\":\"logo.svg\","
                             "\"colour\":\"#1a73e8\"}\n");
    memset(config.page_name, '"', sizeof config.page_name - 1);
    memset(config.page_help, '<', sizeof config.page_help - 1);
    memset(config.page_relay, '&', sizeof config.page_relay - 1);
    out[page_settings_write(&config, "l", out)] = '\0';
    assert_non_null(strstr(out, "\"colour\":\"#1a73e8\"}\n"));
}

static void only_clean_utf_8_is_text(void **state)
{
    static const char *const bad[] = {
        "a\nb",     "\x7f",     "\x80",         "\xc0\xaf",        "\xed\xa0\x80", "\xf5\x80\x80\x80",
        "\xe2\x80", "\xc2\x85", "\xe0\x80\xaf", "\xf4\x90\x80\x80"};

    (void)state;
    assert_true(page_text_is_clean(""));
    assert_true(page_text_is_clean("\xed\x95\x9c\xea\xb8\x80 \xf0\x9f\x94\x92 \xc3\xa9"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(page_text_is_clean(bad[i]));
}

struct folder {
    char path[64];
    struct config config;
    char error[CONFIG_ERROR_BYTES];
};

static void put_file(const struct folder *folder, const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void folder_make(struct folder *folder)
{
    strcpy(folder->path, "/tmp/certrelay-page-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    config_init(&folder->config);
    strcpy(folder->config.page, folder->path);
    put_file(folder, "index.html", "hello");
}

static void folder_remove(const struct folder *folder)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", folder->path);
    assert_int_equal(system(command), 0);
}

static int is_taken(struct folder *folder)
{
    struct site *site = page_files_read(&folder->config, folder->error);

    site_release(site);
    return site != NULL;
}

static void a_folder_is_taken_whole_and_read_once(void **state)
{
    struct folder folder;
    struct site *site;
    char path[128];

    (void)state;
    folder_make(&folder);
    put_file(&folder, ".hidden", "not taken");
    snprintf(path, sizeof path, "%s/art", folder.path);
    assert_int_equal(mkdir(path, 0700), 0);
    put_file(&folder, "art/logo.svg", "<svg/>");
    strcpy(folder.config.page_logo, "art/logo.svg");
    site = page_files_read(&folder.config, folder.error);
    assert_non_null(site);
    folder_remove(&folder);
    assert_int_equal(status_of(site, "/"), 200);
    assert_true(body_is("hello"));
    assert_int_equal(status_of(site, "/art/logo.svg"), 200);
    assert_int_equal(status_of(site, "/settings.json"), 200);
    assert_true(body_is("{\"logo\":\"art/logo.svg\"}\n"));
    assert_int_equal(status_of(site, "/.hidden"), 404);
    site_release(site);
}

static void what_is_wrong_with_a_folder_is_named(void **state)
{
    struct folder folder;
    char path[128];

    (void)state;
    folder_make(&folder);
    assert_true(is_taken(&folder));
    snprintf(path, sizeof path, "%s/leak.txt", folder.path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "leak.txt: is a link"));
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "leak.txt: is not a file"));
    unlink(path);
    put_file(&folder, "a b", "x");
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "a b: a name may hold only"));
    snprintf(path, sizeof path, "%s/a b", folder.path);
    unlink(path);
    assert_true(is_taken(&folder));
    snprintf(path, sizeof path, "%s/index.html", folder.path);
    unlink(path);
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "holds no index.html"));
    folder_remove(&folder);
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "page = /tmp/"));
}

static void a_logo_may_lie_elsewhere_and_must_be_a_picture(void **state)
{
    struct folder folder;

    (void)state;
    folder_make(&folder);
    put_file(&folder, ".mine.svg", "<svg/>");
    snprintf(folder.config.page_logo, CONFIG_TEXT_BYTES, "%s/.mine.svg", folder.path);
    assert_true(is_taken(&folder));
    strcpy(folder.config.page_logo, "missing.svg");
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, "page_logo = missing.svg: the page has no such file"));
    strcpy(folder.config.page_logo, "/etc/hostname");
    assert_false(is_taken(&folder));
    assert_non_null(strstr(folder.error, ".png or .svg"));
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_settings_are_json_whatever_the_operator_writes),
        cmocka_unit_test(only_clean_utf_8_is_text),
        cmocka_unit_test(a_folder_is_taken_whole_and_read_once),
        cmocka_unit_test(what_is_wrong_with_a_folder_is_named),
        cmocka_unit_test(a_logo_may_lie_elsewhere_and_must_be_a_picture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
