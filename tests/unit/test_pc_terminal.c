/* Lines of a terminal, one of which is thrown away before it is read. */
#include "interrupt.h"
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static int person;

/* Standard input is a terminal, whose other end is person's. */
static int sit_down(void **state)
{
    int terminal;

    (void)state;
    person = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(person >= 0 && grantpt(person) == 0 && unlockpt(person) == 0);
    terminal = open(ptsname(person), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(dup2(terminal, STDIN_FILENO), STDIN_FILENO);
    close(terminal);
    assert_int_equal(interrupt_init(), 0);
    terminal_init(1, 0);
    return 0;
}

static void type(const char *text)
{
    struct pollfd waiting = {STDIN_FILENO, POLLIN, 0};

    assert_int_equal(write(person, text, strlen(text)), (int)strlen(text));
    assert_int_equal(poll(&waiting, 1, 10000), 1);
}

static void a_line_is_read_without_its_end(void **state)
{
    char line[TERMINAL_LINE_BYTES];
    size_t length = 0;

    (void)state;
    type("one\n");
    assert_int_equal(terminal_take_line(line, sizeof(line), &length), TERMINAL_LINE);
    assert_string_equal(line, "one");
    assert_int_equal(length, 3);
}

static void a_line_that_is_gone_is_not_waited_for(void **state)
{
    char line[TERMINAL_LINE_BYTES];
    size_t length = 0;

    (void)state;
    type("one\n");
    tcflush(STDIN_FILENO, TCIFLUSH);
    alarm(10); /* else it waits for ever */
    assert_int_equal(terminal_take_line(line, sizeof(line), &length), TERMINAL_NOTHING);
    alarm(0);
}

static void the_shells_own_descriptor_stays_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_without_its_end),
        cmocka_unit_test(a_line_that_is_gone_is_not_waited_for),
        cmocka_unit_test(the_shells_own_descriptor_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, sit_down, NULL);
}
