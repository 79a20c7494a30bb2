/* What doctor reads of a web server's answer, whatever it is. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct probe_answer answer;

static int listen_somewhere(struct sockaddr_in *where)
{
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof(*where);

    memset(where, 0, sizeof(*where));
    where->sin_family = AF_INET;
    where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)(void *)where, size), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)(void *)where, &size), 0);
    assert_int_equal(listen(descriptor, 1), 0);
    return descriptor;
}

/* A child that answers one question with this text. */
static pid_t serve(int descriptor, const char *text)
{
    pid_t child = fork();
    char question[2048];
    int taken;

    if (child)
        return child;
    taken = accept(descriptor, NULL, NULL);
    if (read(taken, question, sizeof(question)) > 0 && write(taken, text, strlen(text)) < 0)
        _exit(1);
    close(taken);
    _exit(0);
}

static enum net_failure ask(const char *text)
{
    struct sockaddr_in where;
    int descriptor = listen_somewhere(&where), status;
    struct addrinfo info = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addrlen = sizeof(where)};
    pid_t child = serve(descriptor, text);
    struct probe *probe = NULL;
    enum net_failure failure;

    info.ai_addr = (struct sockaddr *)(void *)&where;
    assert_int_equal(probe_connect(&info, &probe), NET_OK);
    failure = probe_get(probe, "localhost", "/", &answer);
    probe_free(probe);
    close(descriptor);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return failure;
}

static void status_type_and_date_are_read(void **state)
{
    (void)state;
    assert_int_equal(
        ask("HTTP/1.1 200 OK\r\ncontent-TYPE: text/html; charset=utf-8\r\n"
            "Date: Fri, 20 Nov 2026 15:00:01 GMT\r\n\r\nDate: Fri, 20 Nov 1970 15:00:01 GMT\r\n"),
        NET_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "text/html; charset=utf-8");
    assert_int_equal(answer.date, 1795186801);
}

static void what_the_head_does_not_say_is_empty(void **state)
{
    (void)state;
    assert_int_equal(ask("HTTP/1.0 404 Not Found\r\n\r\nContent-Type: text/html\r\n"), NET_OK);
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.type, "");
    assert_int_equal(answer.date, 0);
}

static void a_date_that_is_none_is_not_believed(void **state)
{
    static const char *const dates[] = {"yesterday",
                                        "Fri, 20 Nob 2026 15:00:01 GMT",
                                        "Fri, 20 anF 2026 15:00:01 GMT",
                                        "Fri, 20 N 2026 15:00:01 GMT",
                                        "20 Nov 2026",
                                        ""};

    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        char text[256] = "HTTP/1.1 200 OK\r\nDate: ";

        strcat(strcat(text, dates[i]), "\r\n\r\n");
        assert_int_equal(ask(text), NET_OK);
        assert_int_equal(answer.date, 0);
    }
}

static void what_is_no_http_is_told(void **state)
{
    (void)state;
    assert_int_equal(ask("SSH-2.0-OpenSSH_9.2\r\n"), NET_NOT_A_RELAY);
    assert_int_equal(ask("HTTP/1.1 \r\n\r\n"), NET_NOT_A_RELAY);
    assert_int_equal(ask(""), NET_LOST);
}

static void a_head_without_end_is_cut_off(void **state)
{
    char *text = malloc(70000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 69999);
    text[69999] = '\0';
    memcpy(text, "HTTP/1.1 200 OK\r\nX: ", 20);
    memcpy(text + 5000, "\r\nContent-Type: late\r\n", 22);
    struct sockaddr_in where;
    int descriptor = listen_somewhere(&where);
    struct addrinfo info = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addrlen = sizeof(where)};
    pid_t child = serve(descriptor, text);
    struct probe *probe = NULL;

    info.ai_addr = (struct sockaddr *)(void *)&where;
    assert_int_equal(probe_connect(&info, &probe), NET_OK);
    assert_int_equal(probe_get(probe, "localhost", "/", &answer), NET_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.type, "");
    probe_free(probe);
    close(descriptor);
    waitpid(child, NULL, 0);
    free(text);
}

static void a_port_where_nobody_listens_refuses(void **state)
{
    struct sockaddr_in where;
    int descriptor = listen_somewhere(&where);
    struct addrinfo info = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_addrlen = sizeof(where)};
    struct probe *probe = NULL;

    (void)state;
    close(descriptor);
    info.ai_addr = (struct sockaddr *)(void *)&where;
    assert_int_equal(probe_connect(&info, &probe), NET_REFUSED);
    assert_null(probe);
}

static void no_address_at_all_is_unreachable(void **state)
{
    struct probe *probe = NULL;

    (void)state;
    assert_int_equal(probe_connect(NULL, &probe), NET_UNREACHABLE);
    assert_null(probe);
    probe_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_type_and_date_are_read),
        cmocka_unit_test(what_the_head_does_not_say_is_empty),
        cmocka_unit_test(a_date_that_is_none_is_not_believed),
        cmocka_unit_test(what_is_no_http_is_told),
        cmocka_unit_test(a_head_without_end_is_cut_off),
        cmocka_unit_test(a_port_where_nobody_listens_refuses),
        cmocka_unit_test(no_address_at_all_is_unreachable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
