/* What a service manager hears: the right words, at a path and at a name, and nothing where nobody listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/certrelay-notify-XXXXXX";
static char heard[1024];

/* A manager at "/..." or "@...", named in the environment. */
static int manager_open(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0 && strlen(name) < sizeof address.sun_path);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

/* The next datagram, or "". */
static const char *hear(int fd)
{
    ssize_t length = recv(fd, heard, sizeof heard - 1, 0);

    heard[length > 0 ? length : 0] = '\0';
    return heard;
}

static void own_name(char name[static 64])
{
    snprintf(name, 64, "@certrelay-test-%ld", (long)getpid());
}

static void each_state_is_told_in_its_words(void **state)
{
    char name[64];
    struct notify *notify;
    int manager;

    (void)state;
    own_name(name);
    manager = manager_open(name);
    notify = notify_new();
    assert_non_null(notify);
    notify_ready(notify, "0 mailboxes");
    assert_string_equal(hear(manager), "READY=1\nSTATUS=0 mailboxes");
    notify_status(notify, "1 mailbox");
    assert_string_equal(hear(manager), "STATUS=1 mailbox");
    notify_beat(notify);
    assert_string_equal(hear(manager), "WATCHDOG=1");
    notify_stopping(notify, 1500, "Draining");
    assert_string_equal(hear(manager), "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000\nSTATUS=Draining");
    assert_string_equal(hear(manager), "");
    notify_free(notify);
    close(manager);
}

static void reloading_tells_when_by_the_clock_that_never_goes_back(void **state)
{
    char name[64];
    struct notify *notify;
    struct timespec before, after;
    unsigned long long told = 0;
    int manager;

    (void)state;
    own_name(name);
    manager = manager_open(name);
    notify = notify_new();
    clock_gettime(CLOCK_MONOTONIC, &before);
    notify_reloading(notify);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_int_equal(sscanf(hear(manager), "RELOADING=1\nMONOTONIC_USEC=%llu", &told), 1);
    assert_true(told >= (unsigned long long)before.tv_sec * 1000000);
    assert_true(told < ((unsigned long long)after.tv_sec + 1) * 1000000);
    notify_free(notify);
    close(manager);
}

static void a_path_is_a_manager_too(void **state)
{
    char path[64];
    struct notify *notify;
    int manager;

    (void)state;
    snprintf(path, sizeof path, "%s/manager", folder);
    manager = manager_open(path);
    notify = notify_new();
    notify_beat(notify);
    assert_string_equal(hear(manager), "WATCHDOG=1");
    close(manager);
    unlink(path);
    notify_beat(notify); /* nobody is there, and nothing happens */
    notify_free(notify);
}

static void without_a_manager_nothing_is_said(void **state)
{
    static const char *const names[] = {NULL, "", "/", "@", "relative", "vsock:2:1234"};
    char far[200];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i] != NULL)
            setenv("NOTIFY_SOCKET", names[i], 1);
        assert_null(notify_new());
    }
    memset(far, 'a', sizeof far);
    far[0] = '/';
    far[sizeof far - 1] = '\0';
    setenv("NOTIFY_SOCKET", far, 1);
    assert_null(notify_new());
    notify_ready(NULL, "");
    notify_beat(NULL);
    assert_int_equal(notify_beat_ms(NULL), 0);
    notify_free(NULL);
}

static void the_environment_holds_none_of_it_afterwards(void **state)
{
    char name[64];
    struct notify *notify;
    int manager;

    (void)state;
    own_name(name);
    manager = manager_open(name);
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify = notify_new();
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_free(notify);
    close(manager);
}

static uint64_t beat_with(const char *watchdog, const char *process)
{
    char name[64];
    struct notify *notify;
    uint64_t beat_ms;
    int manager;

    own_name(name);
    manager = manager_open(name);
    if (watchdog != NULL)
        setenv("WATCHDOG_USEC", watchdog, 1);
    if (process != NULL)
        setenv("WATCHDOG_PID", process, 1);
    notify = notify_new();
    beat_ms = notify_beat_ms(notify);
    notify_free(notify);
    close(manager);
    return beat_ms;
}

static void the_watchdog_is_fed_at_half_of_its_time(void **state)
{
    char self[32];

    (void)state;
    snprintf(self, sizeof self, "%ld", (long)getpid());
    assert_int_equal(beat_with("30000000", NULL), 15000);
    assert_int_equal(beat_with("30000000", self), 15000);
    assert_int_equal(beat_with("1", self), 1);
}

static void a_watchdog_of_another_process_or_of_nonsense_is_none(void **state)
{
    (void)state;
    assert_int_equal(beat_with("30000000", "1"), 0);
    assert_int_equal(beat_with(NULL, NULL), 0);
    assert_int_equal(beat_with("0", NULL), 0);
    assert_int_equal(beat_with("-5", NULL), 0);
    assert_int_equal(beat_with("5s", NULL), 0);
    assert_int_equal(beat_with("99999999999999999999999", NULL), 0);
}

static void a_long_status_is_cut(void **state)
{
    char name[64], status[2000];
    struct notify *notify;
    int manager;

    (void)state;
    own_name(name);
    manager = manager_open(name);
    notify = notify_new();
    memset(status, 'x', sizeof status);
    status[sizeof status - 1] = '\0';
    notify_status(notify, status);
    assert_int_equal(strlen(hear(manager)), strlen("STATUS=") + 160);
    notify_free(notify);
    close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_is_told_in_its_words),
        cmocka_unit_test(reloading_tells_when_by_the_clock_that_never_goes_back),
        cmocka_unit_test(a_path_is_a_manager_too),
        cmocka_unit_test(without_a_manager_nothing_is_said),
        cmocka_unit_test(the_environment_holds_none_of_it_afterwards),
        cmocka_unit_test(the_watchdog_is_fed_at_half_of_its_time),
        cmocka_unit_test(a_watchdog_of_another_process_or_of_nonsense_is_none),
        cmocka_unit_test(a_long_status_is_cut),
    };
    int failed;

    assert_non_null(mkdtemp(folder));
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
