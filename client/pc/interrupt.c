/* Signals turned into a readable pipe. */
#include "interrupt.h"

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FIRST_DESCRIPTOR 64

static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t first_signal;

static void on_signal(int number)
{
    int kept = errno;

    if (first_signal) {
        terminal_restore();
        _exit(130);
    }
    first_signal = number;
    if (write(pipe_ends[1], "", 1) < 0)
        _exit(130);
    errno = kept;
}

/* High up, so that a descriptor that the caller names but did not open is never one of ours. */
static int pipe_make(void)
{
    int low[2];

    if (pipe(low))
        return -1;
    for (int i = 0; i < 2; i++) {
        pipe_ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
        close(low[i]);
    }
    return pipe_ends[0] < 0 || pipe_ends[1] < 0 ? -1 : 0;
}

int interrupt_init(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;

    if (pipe_make())
        return -1;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (sigaction(numbers[i], &action, NULL))
            return -1;
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

void interrupt_raise(int number)
{
    if (!first_signal)
        on_signal(number);
}

int interrupt_fd(void)
{
    return pipe_ends[0];
}

int interrupt_signal(void)
{
    return first_signal;
}
