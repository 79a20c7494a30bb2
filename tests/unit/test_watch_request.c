/* What monitoring asks for, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "watch_request.h"

#include <stdlib.h>
#include <string.h>

/* From memory of just that size, so that a look beyond it is seen. */
static enum watch_asks read_bytes(const char *bytes, size_t length, int *is_head)
{
    char *copy = malloc(length > 0 ? length : 1);
    enum watch_asks asks;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    asks = watch_request_read(copy, length, is_head);
    free(copy);
    return asks;
}

static enum watch_asks read_text(const char *text)
{
    int is_head;

    return read_bytes(text, strlen(text), &is_head);
}

static void the_three_paths_are_known_and_others_are_not(void **state)
{
    (void)state;
    assert_int_equal(read_text("GET /healthz HTTP/1.1\r\n\r\n"), WATCH_ASKS_HEALTH);
    assert_int_equal(read_text("GET /readyz HTTP/1.0\r\nHost: x\r\n\r\n"), WATCH_ASKS_READY);
    assert_int_equal(read_text("GET /metrics?a=b HTTP/1.1\r\n\r\n"), WATCH_ASKS_METRICS);
    assert_int_equal(read_text("GET / HTTP/1.1\r\n\r\n"), WATCH_ASKS_NOTHING_KNOWN);
    assert_int_equal(read_text("GET /metric HTTP/1.1\r\n\r\n"), WATCH_ASKS_NOTHING_KNOWN);
    assert_int_equal(read_text("GET /metrics/ HTTP/1.1\r\n\r\n"), WATCH_ASKS_NOTHING_KNOWN);
    assert_int_equal(read_text("GET /../metrics HTTP/1.1\r\n\r\n"), WATCH_ASKS_NOTHING_KNOWN);
}

static void head_is_get_without_a_body_and_nothing_else_is_taken(void **state)
{
    int is_head = 0;

    (void)state;
    assert_int_equal(read_bytes("HEAD /healthz HTTP/1.1\r\n\r\n", 26, &is_head), WATCH_ASKS_HEALTH);
    assert_true(is_head);
    assert_int_equal(read_bytes("GET /healthz HTTP/1.1\r\n\r\n", 25, &is_head), WATCH_ASKS_HEALTH);
    assert_false(is_head);
    assert_int_equal(read_text("POST /healthz HTTP/1.1\r\n\r\n"), WATCH_ASKS_METHOD);
    assert_int_equal(read_text("get /healthz HTTP/1.1\r\n\r\n"), WATCH_ASKS_METHOD);
}

static void what_is_no_request_is_nonsense(void **state)
{
    static const char *const wrong[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /metrics\r\n\r\n",
        "GET  /metrics HTTP/1.1\r\n\r\n",
        " GET /metrics HTTP/1.1\r\n\r\n",
        "GET metrics HTTP/1.1\r\n\r\n",
        "GET http://a/metrics HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/2\r\n\r\n",
        "GET /metrics HTTP/1.1 \r\n\r\n x",
        "GET /metrics HTTP/1.1 more\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (read_text(wrong[i]) != WATCH_ASKS_NONSENSE)
            fail_msg("%s", wrong[i]);
    }
}

static void until_the_headers_end_there_is_more_to_come_and_not_for_ever(void **state)
{
    static const char whole[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    char much[WATCH_REQUEST_MAX_BYTES];
    int is_head;

    (void)state;
    for (size_t length = 0; length < sizeof whole - 1; length++)
        assert_int_equal(read_bytes(whole, length, &is_head), WATCH_ASKS_MORE);
    assert_int_equal(read_bytes(whole, sizeof whole - 1, &is_head), WATCH_ASKS_METRICS);
    memset(much, 'y', sizeof much);
    assert_int_equal(read_bytes(much, sizeof much - 1, &is_head), WATCH_ASKS_MORE);
    assert_int_equal(read_bytes(much, sizeof much, &is_head), WATCH_ASKS_TOO_MUCH);
}

static void an_answer_says_how_long_it_is_and_that_it_is_the_last(void **state)
{
    char head[512];
    size_t length = watch_answer_head(503, "text/plain", 9, head, sizeof head);

    (void)state;
    assert_int_equal(length, strlen(head));
    assert_non_null(strstr(head, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_non_null(strstr(head, "\r\nContent-Length: 9\r\n"));
    assert_non_null(strstr(head, "\r\nConnection: close\r\n\r\n"));
    assert_null(strstr(head, "Allow"));
    assert_true(watch_answer_head(405, "text/plain", 0, head, sizeof head) > 0);
    assert_non_null(strstr(head, "\r\nAllow: GET, HEAD\r\n"));
    assert_int_equal(watch_answer_head(200, "text/plain", 9, head, 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_paths_are_known_and_others_are_not),
        cmocka_unit_test(head_is_get_without_a_body_and_nothing_else_is_taken),
        cmocka_unit_test(what_is_no_request_is_nonsense),
        cmocka_unit_test(until_the_headers_end_there_is_more_to_come_and_not_for_ever),
        cmocka_unit_test(an_answer_says_how_long_it_is_and_that_it_is_the_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
