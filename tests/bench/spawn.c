/* Runs a program and tells its peak memory. A child of a big process inherits that one's peak; a child of this one does not.
 *
 *     spawn FD PROGRAM [ARGUMENT...]
 *
 * writes the peak resident set in KB and a newline to FD, and exits as the program did. Both end when the caller does. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(int fd, char **argv)
{
    close(fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    int fd = argc > 2 ? atoi(argv[1]) : -1, status = 0;
    struct rusage usage;
    pid_t child;

    if (fd < 3) {
        fprintf(stderr, "usage: spawn FD PROGRAM [ARGUMENT...]\n");
        return 64;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    child = fork();
    if (child == 0)
        run(fd, argv + 2);
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 1;
    dprintf(fd, "%ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
