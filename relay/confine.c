/* libseccomp and the calls that change a process's user; the only file that knows either.
 *
 * The list was made from traces of everything that the relay does once it serves: TLS, the page, both loaded again, sockets that are paths,
 * a drain. It makes no socket, connects nowhere, starts no thread or program, writes no file, and makes no memory executable. With an engine it
 * does connect, and the loop's threads ask for the engine's name; that is a list of its own. What is not on a list answers ENOSYS, as from an older kernel, so that a newer C library falls back to what is. */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

/* A call that may be made only if the argument has none of these bits, or only with one of these values. */
struct rule {
    int call;
    unsigned argument;
    enum scmp_compare compare;
    scmp_datum_t one, other;
};

/* Those of other machines than this one have negative numbers, which the library knows and leaves out. */
static const int calls[] = {
    /* connections */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
    SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(send), SCMP_SYS(sendmsg),
    SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
    /* descriptors */
    SCMP_SYS(close), SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(pipe2),
    SCMP_SYS(pread64), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev),
    /* files and folders, to read; the path of a socket, at the end */
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fstat), SCMP_SYS(fstat64),
    SCMP_SYS(fstatat64), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(statx),
    SCMP_SYS(unlink), SCMP_SYS(unlinkat),
    /* the loop */
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
    /* time and chance */
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(getrandom), SCMP_SYS(gettimeofday), SCMP_SYS(nanosleep),
    SCMP_SYS(time),
    /* the process itself */
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(getegid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid),
    SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield), SCMP_SYS(sigreturn), SCMP_SYS(sysinfo), SCMP_SYS(uname)};

#define SEARCH_IN_A_TREE 2
#define CLONE_FLAGS 0 /* where clone has them, on all machines but s390 */
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)

static const struct rule rules[] = {
    {SCMP_SYS(open), 1, SCMP_CMP_MASKED_EQ, WRITING, 0},
    {SCMP_SYS(openat), 2, SCMP_CMP_MASKED_EQ, WRITING, 0},
    {SCMP_SYS(mmap), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
    {SCMP_SYS(mmap2), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
    {SCMP_SYS(mprotect), 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0},
    {SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, FIONBIO, 0},
    {SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, FIONREAD, 0},
    {SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, FIOCLEX, 0},
};

static const int outward_calls[] = {SCMP_SYS(connect), SCMP_SYS(sendmmsg), SCMP_SYS(set_robust_list),
                                    SCMP_SYS(sched_getaffinity)};

/* Sockets of the kinds that lead to an engine or to who knows its name; threads, and no processes. clone3 hides what it is asked for, and
 * without it the C library takes clone. */
static const struct rule outward_rules[] = {
    {SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_UNIX, 0},
    {SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_INET, 0},
    {SCMP_SYS(socket), 0, SCMP_CMP_EQ, AF_INET6, 0},
    {SCMP_SYS(clone), CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD},
    {SCMP_SYS(prctl), 0, SCMP_CMP_EQ, PR_SET_NAME, 0},
    {SCMP_SYS(prlimit64), 2, SCMP_CMP_EQ, 0, 0},
};

void confine_privileges(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int user_fail(char *error, int code, const char *name, const char *what)
{
    snprintf(error, CONFIG_ERROR_BYTES, "user = %s: %s", name, what);
    return code;
}

/* Root must not be there to come back to. */
static int user_become(const char *name, const struct passwd *user, char *error)
{
    if (setgroups(0, NULL) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return user_fail(error, EX_OSERR, name, strerror(errno));
    if (setuid(0) == 0)
        return user_fail(error, EX_OSERR, name, "root could not be given up");
    prctl(PR_SET_DUMPABLE, 0);
    return 0;
}

int confine_user(const char *name, char error[static CONFIG_ERROR_BYTES])
{
    const struct passwd *user;

    if (name[0] == '\0')
        return 0;
    user = getpwnam(name);
    if (user == NULL)
        return user_fail(error, EX_CONFIG, name, "this machine has no such user");
    if (user->pw_uid == 0 || user->pw_gid == 0)
        return user_fail(error, EX_CONFIG, name, "is root, or of root's group");
    if (geteuid() == user->pw_uid)
        return 0;
    if (geteuid() != 0)
        return user_fail(error, EX_CONFIG, name,
                         "only root can become another user; leave user out where a service manager "
                         "chooses it");
    return user_become(name, user, error);
}

/* Each returns 0 or a negative errno, as the library does. */
static int calls_add(scmp_filter_ctx list, const int *allowed, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count && failed == 0; i++)
        failed = seccomp_rule_add(list, SCMP_ACT_ALLOW, allowed[i], 0);
    return failed;
}

static int rules_add(scmp_filter_ctx list, const struct rule *allowed, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count && failed == 0; i++) {
        const struct rule *rule = &allowed[i];
        struct scmp_arg_cmp condition = {rule->argument, rule->compare, rule->one, rule->other};

        failed = seccomp_rule_add_array(list, SCMP_ACT_ALLOW, rule->call, 1, &condition);
    }
    return failed;
}

static int list_fill(scmp_filter_ctx list, int reaches_out)
{
    int failed = calls_add(list, calls, sizeof calls / sizeof calls[0]);

    if (failed == 0)
        failed = rules_add(list, rules, sizeof rules / sizeof rules[0]);
    if (failed == 0 && reaches_out)
        failed = calls_add(list, outward_calls, sizeof outward_calls / sizeof outward_calls[0]);
    if (failed == 0 && reaches_out)
        failed = rules_add(list, outward_rules, sizeof outward_rules / sizeof outward_rules[0]);
    return failed;
}

void confine_ring(const char *mode)
{
    scmp_filter_ctx list = strcmp(mode, "off") == 0 ? NULL : seccomp_init(SCMP_ACT_ALLOW);

    if (list != NULL && seccomp_rule_add(list, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0) == 0)
        (void)seccomp_load(list);
    seccomp_release(list);
}

int confine_calls(const char *mode, int reaches_out, char error[static CONFIG_ERROR_BYTES])
{
    scmp_filter_ctx list;
    int failed = -ENOMEM;

    if (strcmp(mode, "off") == 0)
        return 0;
    list = seccomp_init(strcmp(mode, "log") == 0 ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS));
    if (list != NULL)
        failed = list_fill(list, reaches_out);
    if (failed == 0)
        (void)seccomp_attr_set(list, SCMP_FLTATR_CTL_OPTIMIZE, SEARCH_IN_A_TREE);
    if (failed == 0)
        failed = seccomp_load(list);
    seccomp_release(list);
    if (failed == 0)
        return 0;
    snprintf(error, CONFIG_ERROR_BYTES,
             "seccomp = %s: this kernel or container does not let it (%s); write seccomp = off to go without",
             mode, strerror(-failed));
    return EX_OSERR;
}
