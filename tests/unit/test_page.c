/* The page's answers: which file, in which coding, with which headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct page_answer answer;

static const char *add(struct site *site, const char *name, const char *text)
{
    size_t length = strlen(text);
    uint8_t *bytes = malloc(length + 1);

    memcpy(bytes, text, length + 1);
    return site_add(site, name, bytes, length);
}

static struct site *small_site(void)
{
    struct site *site = site_new();

    assert_null(add(site, "index.html", "the page"));
    assert_null(add(site, "main-0A1B2C3D.js", "hex is lower case"));
    assert_null(add(site, "main-ABCDEFG2.js", "plain"));
    assert_null(add(site, "main-ABCDEFG2.js.gz", "gzipped"));
    assert_null(add(site, "main-ABCDEFG2.js.br", "brotli"));
    assert_null(add(site, "core-0123abcd.wasm", "wasm"));
    assert_null(add(site, "settings-of.json", "{}"));
    assert_null(add(site, "art/logo.svg", "<svg/>"));
    assert_null(add(site, "lost.txt.gz", "has no plain file"));
    site_settle(site);
    return site;
}

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

static int says(const char *header)
{
    return strstr(answer.head, header) != NULL;
}

static int body_is(const char *text)
{
    return answer.body_bytes == strlen(text) && memcmp(answer.body, text, answer.body_bytes) == 0;
}

static void a_file_is_found_by_its_exact_name_only(void **state)
{
    static const char *const nowhere[] = {
        "/INDEX.HTML",         "/index.htm",   "/index.html/", "//",
        "/../index.html",      "/./",          "/art",         "/art/",
        "/art/../index.html",  "/index.html ", "/lost.txt",    "/lost.txt.gz",
        "/main-ABCDEFG2.js.gz"};
    struct site *site = small_site();

    (void)state;
    assert_int_equal(status_of(site, "/"), 200);
    assert_true(body_is("the page"));
    assert_int_equal(status_of(site, "/index.html"), 200);
    assert_int_equal(status_of(site, "/art/logo.svg"), 200);
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        assert_int_equal(status_of(site, nowhere[i]), 404);
    site_release(site);
}

static void a_path_with_a_zero_byte_is_another_path(void **state)
{
    struct site *site = small_site();
    struct page_request request = request_of("/index.html");

    (void)state;
    request.path = "/index.html\0.css";
    request.path_bytes = 16;
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 404);
    site_release(site);
}

static void only_names_that_a_request_can_have_are_taken(void **state)
{
    static const char *const bad[] = {"",    ".hidden", "a/.hidden", "/a", "a/",          "a//b",
                                      "a b", "a\\b",    "a%2e",      "..", "\xea\xb0\x80"};
    struct site *site = site_new();

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(add(site, bad[i], "x"));
    assert_null(add(site, "a/b_c-d.e", "x"));
    assert_non_null(add(site, "a/b_c-d.e", "twice"));
    site_release(site);
}

static void the_65th_file_and_the_byte_beyond_4_mib_are_refused(void **state)
{
    struct site *site = site_new();
    char name[16];

    (void)state;
    for (int i = 0; i < SITE_FILES_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_null(add(site, name, ""));
    }
    assert_non_null(add(site, "one-more", ""));
    assert_null(add(site, "f0.gz", "another coding is no other file"));
    site_release(site);
    site = site_new();
    assert_null(site_add(site, "all", calloc(1, SITE_BYTES_MAX - 1), SITE_BYTES_MAX - 1));
    assert_null(add(site, "last", "x"));
    assert_non_null(add(site, "beyond", "x"));
    site_release(site);
}

static void the_coding_is_one_that_the_browser_takes(void **state)
{
    static const struct {
        const char *accept, *body;
    } cases[] = {
        {"", "plain"},
        {"gzip", "gzipped"},
        {"br", "brotli"},
        {"gzip, deflate, br", "brotli"},
        {"GZIP;q=0.5, br;q=0", "gzipped"},
        {"br;q=0.000, gzip;q=0", "plain"},
        {"br; q=0, *", "gzipped"},
        {"*", "brotli"},
        {"*;q=0", "plain"},
        {"brotli, xgzip, gzipx", "plain"},
        {"identity", "plain"},
        {",,;q=1,", "plain"},
    };
    struct site *site = small_site();
    struct page_request request = request_of("/main-ABCDEFG2.js");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        request.accept_encoding = cases[i].accept;
        page_answer(site, &request, &answer);
        assert_true(body_is(cases[i].body));
        assert_true(says("Vary: Accept-Encoding\r\n"));
        assert_int_equal(says("Content-Encoding: "), strcmp(cases[i].body, "plain") != 0);
    }
    assert_int_equal(status_of(site, "/core-0123abcd.wasm"), 200);
    assert_false(says("Vary: "));
    site_release(site);
}

static void a_known_tag_is_answered_304_without_a_body(void **state)
{
    struct site *site = small_site();
    struct page_request request = request_of("/main-ABCDEFG2.js");
    char plain[64], list[160];

    (void)state;
    page_answer(site, &request, &answer);
    assert_int_equal(sscanf(strstr(answer.head, "ETag: "), "ETag: %63s", plain), 1);
    snprintf(list, sizeof list, "W/\"other\", %s", plain);
    request.if_none_match = list;
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 304);
    assert_int_equal(answer.body_bytes, 0);
    assert_true(says("ETag: ") && says("Vary: ") && says("Cache-Control: ") && !says("Content-Length"));
    request.accept_encoding = "br";
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 200);
    request.if_none_match = "\"0000000000000000\"";
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 200);
    request.if_none_match = " *";
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 304);
    site_release(site);
}

static void only_hashed_names_are_kept_for_a_year(void **state)
{
    static const struct {
        const char *path;
        int is_lasting;
    } cases[] = {{"/", 0},
                 {"/main-ABCDEFG2.js", 1},
                 {"/core-0123abcd.wasm", 1},
                 {"/main-0A1B2C3D.js", 0},
                 {"/settings-of.json", 0},
                 {"/art/logo.svg", 0}};
    struct site *site = small_site();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(status_of(site, cases[i].path), 200);
        assert_int_equal(says("max-age=31536000, immutable"), cases[i].is_lasting);
        assert_int_equal(says("Cache-Control: no-cache\r\n"), !cases[i].is_lasting);
    }
    site_release(site);
}

static void each_kind_has_its_type(void **state)
{
    struct site *site = small_site();

    (void)state;
    status_of(site, "/");
    assert_true(says("Content-Type: text/html; charset=utf-8\r\n"));
    status_of(site, "/core-0123abcd.wasm");
    assert_true(says("Content-Type: application/wasm\r\n"));
    status_of(site, "/main-ABCDEFG2.js");
    assert_true(says("Content-Type: text/javascript; charset=utf-8\r\n"));
    status_of(site, "/art/logo.svg");
    assert_true(says("Content-Type: image/svg+xml\r\n"));
    site_release(site);
}

static void head_says_the_length_and_sends_nothing(void **state)
{
    struct site *site = small_site();
    struct page_request request = request_of("/");

    (void)state;
    request.method = PAGE_HEAD;
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_bytes, 0);
    assert_true(says("Content-Length: 8\r\n"));
    site_release(site);
}

static void other_methods_and_bodies_are_refused_and_end_the_connection(void **state)
{
    struct site *site = small_site();
    struct page_request request = request_of("/");

    (void)state;
    request.method = PAGE_OTHER;
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 405);
    assert_true(says("Allow: GET, HEAD\r\n") && says("Connection: close\r\n") && answer.is_last);
    request.method = PAGE_GET;
    request.has_body = 1;
    page_answer(site, &request, &answer);
    assert_int_equal(answer.status, 413);
    assert_true(answer.is_last);
    request.has_body = 0;
    page_answer(site, &request, &answer);
    assert_false(answer.is_last || says("Connection: close"));
    page_answer_busy(&request, &answer);
    assert_int_equal(answer.status, 503);
    assert_true(says("Retry-After: ") && answer.is_last);
    site_release(site);
}

static void every_answer_carries_the_guards(void **state)
{
    static const char *const guards[] = {
        "\r\nContent-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; ",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "\r\nPermissions-Policy: camera=(self), screen-wake-lock=(self), ",
        "\r\nReferrer-Policy: no-referrer\r\n",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nX-Frame-Options: DENY\r\n",
        "\r\nCross-Origin-Opener-Policy: same-origin\r\n",
        "\r\nCross-Origin-Resource-Policy: same-origin\r\n"};
    static const char *const paths[] = {"/", "/nothing", "/core-0123abcd.wasm"};
    struct site *site = small_site();

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        status_of(site, paths[i]);
        for (size_t k = 0; k < sizeof guards / sizeof guards[0]; k++)
            assert_true(says(guards[k]));
        assert_false(says("Strict-Transport-Security"));
        assert_memory_equal(answer.head + answer.head_bytes - 4, "\r\n\r\n", 4);
    }
    site->has_tls = 1;
    status_of(site, "/");
    assert_true(says("\r\nStrict-Transport-Security: max-age=31536000\r\n"));
    site_release(site);
}

static void the_host_is_named_only_when_it_is_plain(void **state)
{
    static const char *const plain[] = {"relay.example", "relay.example:8443", "127.0.0.1:1", "a-b.c"};
    static const char *const wild[] = {"",          "a b",       "a;b",       "a'",  "a\"",
                                       "*",         "*.example", "a/b",       "a:",  "a:b",
                                       "a:123456",  ":443",      "[::1]:443", "-a",  "a:80:80",
                                       "a\r\nX: y", "a,b",       "a%20",      "a@b", "\xea\xb0\x80"};
    struct site *site = small_site();
    struct page_request request = request_of("/");
    char wanted[64];

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        request.host = plain[i];
        page_answer(site, &request, &answer);
        snprintf(wanted, sizeof wanted, "connect-src 'self' wss://%s;", plain[i]);
        assert_true(says(wanted));
    }
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        request.host = wild[i];
        page_answer(site, &request, &answer);
        assert_true(says("connect-src 'self';"));
    }
    strcpy(site->relay, "wss://other.example");
    page_answer(site, &request, &answer);
    assert_true(says("connect-src 'self' wss://other.example;"));
    site_release(site);
}

static void the_longest_head_fits(void **state)
{
    struct site *site = small_site();
    struct page_request request = request_of("/main-ABCDEFG2.js");
    char host[254];

    (void)state;
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    memset(site->relay, 'r', sizeof site->relay - 1);
    site->has_tls = 1;
    request.host = host;
    request.accept_encoding = "br";
    request.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    page_answer(site, &request, &answer);
    assert_true(says("Strict-Transport-Security") && says(host) && says("Content-Encoding: br"));
    assert_memory_equal(answer.head + answer.head_bytes - 4, "\r\n\r\n", 4);
    site_release(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_found_by_its_exact_name_only),
        cmocka_unit_test(a_path_with_a_zero_byte_is_another_path),
        cmocka_unit_test(only_names_that_a_request_can_have_are_taken),
        cmocka_unit_test(the_65th_file_and_the_byte_beyond_4_mib_are_refused),
        cmocka_unit_test(the_coding_is_one_that_the_browser_takes),
        cmocka_unit_test(a_known_tag_is_answered_304_without_a_body),
        cmocka_unit_test(only_hashed_names_are_kept_for_a_year),
        cmocka_unit_test(each_kind_has_its_type),
        cmocka_unit_test(head_says_the_length_and_sends_nothing),
        cmocka_unit_test(other_methods_and_bodies_are_refused_and_end_the_connection),
        cmocka_unit_test(every_answer_carries_the_guards),
        cmocka_unit_test(the_host_is_named_only_when_it_is_plain),
        cmocka_unit_test(the_longest_head_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
