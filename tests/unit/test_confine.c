/* What the relay refuses itself: each kind of call that is not on its list fails in a process that is confined, and works in one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "confine.h"

#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static char error[CONFIG_ERROR_BYTES];

/* Each returns whether it could. */
static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

/* The way to an engine. */
static int reach_out(void)
{
    const struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/nowhere"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, (const struct sockaddr *)&nowhere, sizeof nowhere) != 0 &&
           errno == ENOENT && make_socket();
}

static void *thread_run(void *context)
{
    return context;
}

static int start_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, thread_run, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static int make_other_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static int start_program(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return errno != ENOSYS;
}

static int start_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child > 0;
}

static int write_file(void)
{
    return open("/dev/null", O_WRONLY) >= 0;
}

static int make_file(void)
{
    return open("/dev/null", O_RDONLY | O_CREAT, 0600) >= 0;
}

static int read_file(void)
{
    char byte;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    return fd >= 0 && read(fd, &byte, 1) == 0;
}

static int run_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int use_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int change_limits(void)
{
    return prctl(PR_GET_DUMPABLE) >= 0;
}

static int use_pair(int pair[2])
{
    char byte = 'x';

    return send(pair[0], &byte, 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 1;
}

static int old_pair[2];

static int use_socket(void)
{
    return use_pair(old_pair);
}

static const struct {
    int (*try)(void);
    int is_on_the_list, is_on_the_engines; /* of a relay that is alone, and of one with an engine */
} tries[] = {
    {make_socket, 0, 1},   {start_process, 0, 0}, {write_file, 0, 0},        {make_file, 0, 0},
    {run_memory, 0, 0},    {change_limits, 0, 0}, {make_other_socket, 0, 0}, {reach_out, 0, 1},
    {start_thread, 0, 1},  {read_file, 1, 1},     {use_memory, 1, 1},        {use_socket, 1, 1},
    {start_program, 0, 0},
};

/* In a process of its own: 0 when confined with mode it could not, 1 when it could, 2 when it was not confined. */
static int could_with(const char *mode, int reaches_out, int (*try)(void))
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, old_pair) != 0)
            _exit(3);
        if (confine_calls(mode, reaches_out, error) != 0)
            _exit(2);
        _exit(try());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int could(const char *mode, int (*try)(void))
{
    return could_with(mode, 0, try);
}

/* A kernel or container without such lists. */
static int is_possible(void)
{
    if (could("on", read_file) != 2)
        return 1;
    print_message("SKIP: no system call can be refused here\n");
    return 0;
}

static void only_what_is_on_the_list_can_be_done(void **state)
{
    (void)state;
    if (!is_possible())
        skip();
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
        assert_int_equal(could("on", tries[i].try), tries[i].is_on_the_list);
}

static void with_an_engine_it_can_be_reached_and_nothing_else(void **state)
{
    (void)state;
    if (!is_possible())
        skip();
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++)
        assert_int_equal(could_with("on", 1, tries[i].try), tries[i].is_on_the_engines);
}

static void without_a_list_all_can_be_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] - 1; i++)
        assert_int_equal(could("off", tries[i].try), 1);
    assert_int_equal(could("off", start_program), 0); /* it is /bin/true now, and ends well */
}

static void to_log_refuses_nothing(void **state)
{
    (void)state;
    if (!is_possible())
        skip();
    assert_int_equal(could("log", make_socket), 1);
    assert_int_equal(could("log", write_file), 1);
}

static void no_user_is_the_same_user(void **state)
{
    (void)state;
    assert_int_equal(confine_user("", error), 0);
}

static void who_cannot_be_become_is_named(void **state)
{
    (void)state;
    assert_int_equal(confine_user("nobody-has-this-name", error), EX_CONFIG);
    assert_string_equal(error, "user = nobody-has-this-name: this machine has no such user");
    assert_int_equal(confine_user("root", error), EX_CONFIG);
    assert_non_null(strstr(error, "user = root: is root"));
}

static int became_nobody(void)
{
    const struct passwd *nobody = getpwnam("nobody");
    gid_t groups[4];

    if (confine_user("nobody", error) != 0 || getuid() != nobody->pw_uid || geteuid() != nobody->pw_uid ||
        getgid() != nobody->pw_gid || getgroups(4, groups) != 0)
        return 0;
    return setuid(0) != 0 && seteuid(0) != 0 && setgid(0) != 0 && prctl(PR_GET_DUMPABLE) == 0;
}

static void root_is_given_up_for_good(void **state)
{
    (void)state;
    if (geteuid() != 0 || getpwnam("nobody") == NULL) {
        print_message("SKIP: needs root, and a user nobody\n");
        skip();
    }
    assert_int_equal(could("off", became_nobody), 1);
}

static int is_without_new_privileges(void)
{
    confine_privileges();
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static void new_privileges_are_given_up(void **state)
{
    (void)state;
    assert_int_equal(could("off", is_without_new_privileges), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_on_the_list_can_be_done),
        cmocka_unit_test(with_an_engine_it_can_be_reached_and_nothing_else),
        cmocka_unit_test(without_a_list_all_can_be_done),
        cmocka_unit_test(to_log_refuses_nothing),
        cmocka_unit_test(no_user_is_the_same_user),
        cmocka_unit_test(who_cannot_be_become_is_named),
        cmocka_unit_test(root_is_given_up_for_good),
        cmocka_unit_test(new_privileges_are_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
