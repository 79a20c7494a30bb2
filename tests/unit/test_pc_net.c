/* Failures of the way to the relay, told apart; and waiting without a relay. */
#include "net.h"
#include "tls.h"

#include <openssl/x509_vfy.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_somewhere(int *port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(name);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(descriptor >= 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(descriptor, 4), 0);
    assert_int_equal(getsockname(descriptor, (struct sockaddr *)&name, &size), 0);
    *port = ntohs(name.sin_port);
    return descriptor;
}

/* A process that reads a request on every connection, answers with the text, and hangs up. */
static pid_t serve(const char *answer, int *port)
{
    int listener = listen_somewhere(port);
    pid_t child = fork();
    char request[4096];

    assert_true(child >= 0);
    if (child) {
        close(listener);
        return child;
    }
    for (;;) {
        int connection = accept(listener, NULL, NULL);

        if (connection < 0 || read(connection, request, sizeof(request)) < 0 ||
            write(connection, answer, strlen(answer)) < 0)
            _exit(1);
        shutdown(connection, SHUT_WR);
        while (read(connection, request, sizeof(request)) > 0)
            ;
        close(connection);
    }
}

static enum net_failure connect_to(const char *scheme, int port)
{
    struct address address;
    struct net *net = NULL;
    enum net_failure failure;
    char url[64];

    snprintf(url, sizeof(url), "%s://127.0.0.1:%d/ws", scheme, port);
    assert_int_equal(address_read(url, &address), ADDRESS_OK);
    assert_int_equal(net_new(&net, &address, NULL), NET_OK);
    net_open(net);
    while (net_state(net) == NET_CONNECTING)
        net_wait(net, net_now() + 15000);
    failure = net_state(net) == NET_OPEN ? NET_OK : net_why(net);
    net_free(net);
    return failure;
}

static enum net_failure answered(const char *scheme, const char *answer)
{
    enum net_failure failure;
    int port;
    pid_t child = serve(answer, &port);

    failure = connect_to(scheme, port);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return failure;
}

static void a_port_where_nobody_listens_is_refused(void **state)
{
    int port, descriptor = listen_somewhere(&port);

    (void)state;
    close(descriptor);
    assert_int_equal(connect_to("ws", port), NET_REFUSED);
    assert_int_equal(connect_to("wss", port), NET_REFUSED);
}

static void a_web_server_is_not_a_relay(void **state)
{
    (void)state;
    assert_int_equal(answered("ws", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), NET_NOT_A_RELAY);
    assert_int_equal(answered("ws", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), NET_NOT_A_RELAY);
    assert_int_equal(
        answered("ws", "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/ws\r\nContent-Length: 0\r\n\r\n"),
        NET_NOT_A_RELAY);
}

static void a_proxy_without_its_relay_is_busy(void **state)
{
    (void)state;
    assert_int_equal(answered("ws", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
                     NET_BUSY);
    assert_int_equal(answered("ws", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), NET_BUSY);
}

static void hanging_up_without_an_answer_is_a_lost_connection(void **state)
{
    (void)state;
    assert_int_equal(answered("ws", ""), NET_LOST);
}

static void a_server_without_tls_is_told_as_that(void **state)
{
    (void)state;
    assert_int_equal(answered("wss", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), NET_TLS_OTHER);
}

static void a_name_that_does_not_exist_is_told_as_that(void **state)
{
    struct address address;
    struct net *net = NULL;

    (void)state;
    assert_int_equal(address_read("wss://relay.invalid/ws", &address), ADDRESS_OK);
    assert_int_equal(net_new(&net, &address, NULL), NET_OK);
    net_open(net);
    assert_int_equal(net_state(net), NET_CLOSED);
    assert_int_equal(net_why(net), NET_NAME_NOT_FOUND);
    net_free(net);
}

static void a_ca_file_without_certificates_is_refused(void **state)
{
    struct address address;
    struct net *net = NULL;

    (void)state;
    assert_int_equal(address_read("wss://127.0.0.1/ws", &address), ADDRESS_OK);
    assert_int_equal(net_new(&net, &address, "/dev/null"), NET_CA_FILE);
    assert_null(net);
    assert_int_equal(net_new(&net, &address, "/nonexistent.pem"), NET_CA_FILE);
}

static void waiting_ends_at_the_deadline_and_on_a_watched_descriptor(void **state)
{
    struct address address;
    struct net *net = NULL;
    int ends[2];
    int64_t start;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(address_read("ws://127.0.0.1:9/ws", &address), ADDRESS_OK);
    assert_int_equal(net_new(&net, &address, NULL), NET_OK);
    start = net_now();
    net_wait(net, start + 30);
    assert_true(net_now() >= start + 30);
    net_wait(net, start - 1000);
    net_watch(net, ends[0]);
    assert_int_equal(write(ends[1], "x", 1), 1);
    net_wait(net, NET_NEVER);
    net_unwatch(net, ends[0]);
    net_free(net);
    close(ends[0]);
    close(ends[1]);
}

static void what_a_verification_says_decides_the_words(void **state)
{
    (void)state;
    assert_int_equal(tls_failure(X509_V_OK), NET_OK);
    assert_int_equal(tls_failure(X509_V_ERR_HOSTNAME_MISMATCH), NET_TLS_NAME);
    assert_int_equal(tls_failure(X509_V_ERR_CERT_HAS_EXPIRED), NET_TLS_EXPIRED);
    assert_int_equal(tls_failure(X509_V_ERR_CERT_NOT_YET_VALID), NET_TLS_NOT_YET);
    assert_int_equal(tls_failure(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), NET_TLS_UNTRUSTED);
    assert_int_equal(tls_failure(X509_V_ERR_CERT_REVOKED), NET_TLS_UNTRUSTED);
}

static void only_what_cannot_get_better_is_final(void **state)
{
    (void)state;
    assert_true(net_is_final(NET_TLS_UNTRUSTED));
    assert_true(net_is_final(NET_NOT_A_RELAY));
    assert_false(net_is_final(NET_REFUSED));
    assert_false(net_is_final(NET_TIMEOUT));
    assert_false(net_is_final(NET_BUSY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_where_nobody_listens_is_refused),
        cmocka_unit_test(a_web_server_is_not_a_relay),
        cmocka_unit_test(a_proxy_without_its_relay_is_busy),
        cmocka_unit_test(hanging_up_without_an_answer_is_a_lost_connection),
        cmocka_unit_test(a_server_without_tls_is_told_as_that),
        cmocka_unit_test(a_name_that_does_not_exist_is_told_as_that),
        cmocka_unit_test(a_ca_file_without_certificates_is_refused),
        cmocka_unit_test(waiting_ends_at_the_deadline_and_on_a_watched_descriptor),
        cmocka_unit_test(what_a_verification_says_decides_the_words),
        cmocka_unit_test(only_what_cannot_get_better_is_final),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
