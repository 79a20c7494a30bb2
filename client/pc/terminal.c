/* Asking and showing on a terminal. Lines come from standard input, talk goes to standard error. */
#include "terminal.h"

#include "interrupt.h"
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int may_ask, has_color, is_input, is_output, has_status;
static int reader = STDIN_FILENO;
static struct termios shown;
static volatile sig_atomic_t is_hidden;

/* Ctrl-C throws away what was typed: a line that was there is gone when it is read, and the read must not wait for another. The shell's own
 * descriptor stays as it is, so this one is opened anew; where that is not allowed, the shell's is read. */
static int reader_open(void)
{
    const char *name = ttyname(STDIN_FILENO);
    int opened = name ? open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

    return opened < 0 ? STDIN_FILENO : opened;
}

void terminal_init(int ask, int color)
{
    const char *kind = getenv("TERM");

    is_input = isatty(STDIN_FILENO);
    is_output = isatty(STDERR_FILENO);
    may_ask = ask;
    has_color = color && is_output && kind && strcmp(kind, "dumb") != 0;
    reader = is_input ? reader_open() : STDIN_FILENO;
}

int terminal_can_ask(void)
{
    return may_ask && is_input;
}

int terminal_is_seen(void)
{
    return is_output;
}

static struct winsize window(void)
{
    struct winsize size = {.ws_col = 0, .ws_row = 0};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) {
        size.ws_col = 80;
        size.ws_row = 24;
    }
    return size;
}

int terminal_columns(void)
{
    return window().ws_col;
}

int terminal_rows(void)
{
    return window().ws_row;
}

void terminal_hide(void)
{
    struct termios hidden;

    if (is_hidden || tcgetattr(STDIN_FILENO, &shown))
        return;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ICANON | ISIG | ECHONL;
    is_hidden = 1;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
}

void terminal_restore(void)
{
    if (!is_hidden)
        return;
    tcsetattr(STDIN_FILENO, TCSANOW, &shown);
    is_hidden = 0;
}

enum terminal_input terminal_take_line(char *line, size_t capacity, size_t *length)
{
    ssize_t count;

    do
        count = read(reader, line, capacity - 1);
    while (count < 0 && errno == EINTR && !interrupt_signal());
    if (count < 0 && errno == EAGAIN)
        return TERMINAL_NOTHING;
    if (count < 0 && errno == EINTR)
        return TERMINAL_INTERRUPTED;
    if (count <= 0)
        return TERMINAL_END;
    while (count && (line[count - 1] == '\n' || line[count - 1] == '\r'))
        count--;
    line[count] = '\0';
    *length = (size_t)count;
    return TERMINAL_LINE;
}

enum terminal_input terminal_wait_line(char *line, size_t capacity, size_t *length)
{
    struct pollfd waiting[2] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
    enum terminal_input found = TERMINAL_NOTHING;

    while (found == TERMINAL_NOTHING) {
        int count = poll(waiting, 2, -1);

        if (count < 0 && errno != EINTR)
            return TERMINAL_END;
        if (count > 0 && waiting[1].revents)
            return TERMINAL_INTERRUPTED;
        if (count > 0)
            found = terminal_take_line(line, capacity, length);
    }
    return found;
}

void terminal_forget_typed(void)
{
    if (is_input)
        tcflush(STDIN_FILENO, TCIFLUSH);
}

void terminal_status(const char *text)
{
    int length = text ? (int)table_fit(text, terminal_columns() - 1) : 0;

    if (!is_output || (!text && !has_status))
        return;
    fprintf(stderr, "\r\033[K%.*s", length, text ? text : "");
    fflush(stderr);
    has_status = text != NULL;
}

void terminal_status_typed(void)
{
    if (has_status)
        fputs("\033[A", stderr);
}

const char *terminal_style(enum terminal_style style)
{
    static const char *const sequences[] = {"\033[0m", "\033[1m", "\033[32m", "\033[33m", "\033[1;31m"};

    return has_color ? sequences[style] : "";
}

struct word {
    const char *text;
    int is_yes;
};

int terminal_yes_no(const char *line)
{
    static const struct word words[] = {{"y", 1}, {"yes", 1}, {"ㅛ", 1}, {"예", 1},     {"네", 1},
                                        {"n", 0}, {"no", 0},  {"ㅜ", 0}, {"아니요", 0}, {"아니오", 0}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strcasecmp(line, words[i].text))
            return words[i].is_yes;
    return -1;
}

int terminal_is_key(const char *line, char letter)
{
    const char latin[2] = {letter, '\0'};

    return !strcasecmp(line, latin) || (letter == 'e' && !strcmp(line, "ㄷ"));
}
