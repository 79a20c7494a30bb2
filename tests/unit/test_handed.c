/* Sockets that are handed over: taken when they are meant for this process and listen, refused with a reason when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "handed.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTENING, PLAIN, DATAGRAMS, CLOSED };

struct offer {
    int kind;
    const char *count, *names, *process; /* NULL: not in the environment; process "self": its own number */
};

static struct handed handed;
static char error[CONFIG_ERROR_BYTES];

static void put(const char *name, const char *value)
{
    if (value != NULL)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void sockets_put(int kind)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    for (int fd = 3; fd < 3 + CONFIG_LISTENS_MAX; fd++) {
        int made = socket(AF_INET, kind == DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM, 0);

        if (bind(made, (const struct sockaddr *)&any, sizeof any) != 0 || dup2(made, fd) != fd)
            _exit(99);
        if (made != fd)
            close(made);
        if (kind == LISTENING && listen(fd, 1) != 0)
            _exit(99);
        if (kind == CLOSED)
            close(fd);
    }
}

/* In a process of its own, whose descriptors may be anything: what check says of the taking. */
static int taken(const struct offer *offer, int (*check)(int result))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        char self[32];

        snprintf(self, sizeof self, "%ld", (long)getpid());
        sockets_put(offer->kind);
        put("LISTEN_FDS", offer->count);
        put("LISTEN_FDNAMES", offer->names);
        put("LISTEN_PID",
            offer->process != NULL && strcmp(offer->process, "self") == 0 ? self : offer->process);
        _exit(check(handed_take(&handed, error)));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int is_forgotten(void)
{
    return getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL && getenv("LISTEN_FDNAMES") == NULL;
}

static int two_with_names(int result)
{
    return result == 0 && handed.count == 2 && handed.fds[0] == 3 && handed.fds[1] == 4 && is_forgotten() &&
           strcmp(handed.names[0], "web") == 0 && strcmp(handed.names[1], "more") == 0 &&
           fcntl(3, F_GETFD) == FD_CLOEXEC && (fcntl(4, F_GETFL) & O_NONBLOCK) != 0;
}

static int two_without_names(int result)
{
    return result == 0 && handed.count == 2 && handed.names[0][0] == '\0' && handed.names[1][0] == '\0';
}

static int nothing(int result)
{
    return result == 0 && handed.count == 0 && is_forgotten() && (fcntl(3, F_GETFL) & O_NONBLOCK) == 0;
}

static int not_listening(int result)
{
    return result == -1 && strstr(error, "descriptor 3 is no socket that listens") != NULL && is_forgotten();
}

static int too_many(int result)
{
    return result == -1 && strstr(error, "9 sockets") != NULL && is_forgotten();
}

static void sockets_that_listen_are_taken_with_their_names(void **state)
{
    const struct offer named = {LISTENING, "2", "web:more", "self"}, unnamed = {LISTENING, "2", NULL, "self"};

    (void)state;
    assert_true(taken(&named, two_with_names));
    assert_true(taken(&unnamed, two_without_names));
    assert_false(taken(&unnamed, two_with_names));
}

static void what_is_meant_for_another_process_stays_untouched(void **state)
{
    const struct offer others[] = {
        {LISTENING, "2", NULL, "1"},    {LISTENING, "2", NULL, NULL},    {LISTENING, NULL, NULL, "self"},
        {LISTENING, "", "web", "self"}, {LISTENING, "x", NULL, "self"},  {LISTENING, "0", NULL, "self"},
        {LISTENING, "2", NULL, ""},     {LISTENING, "-1", NULL, "self"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(taken(&others[i], nothing));
}

static void what_does_not_listen_is_refused(void **state)
{
    const struct offer plain = {PLAIN, "1", NULL, "self"}, datagrams = {DATAGRAMS, "1", NULL, "self"},
                       closed = {CLOSED, "1", NULL, "self"}, good = {LISTENING, "1", NULL, "self"};

    (void)state;
    assert_true(taken(&plain, not_listening));
    assert_true(taken(&datagrams, not_listening));
    assert_true(taken(&closed, not_listening));
    assert_false(taken(&good, not_listening));
}

static void more_than_fit_are_refused(void **state)
{
    const struct offer many = {LISTENING, "9", NULL, "self"};

    (void)state;
    assert_true(taken(&many, too_many));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_that_listen_are_taken_with_their_names),
        cmocka_unit_test(what_is_meant_for_another_process_stays_untouched),
        cmocka_unit_test(what_does_not_listen_is_refused),
        cmocka_unit_test(more_than_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
