/* Passwords and numbers from files and descriptors. */
#include "secret.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct secret secret;

static int begin(void **state)
{
    (void)state;
    return secret_init(&secret);
}

static int end(void **state)
{
    (void)state;
    secret_wipe(&secret);
    return 0;
}

/* A descriptor that holds the text. */
static int holding(const char *text, size_t length)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, length), length);
    close(ends[1]);
    return ends[0];
}

static void the_first_line_is_the_secret_without_its_newline(void **state)
{
    int descriptor = holding("one\r\ntwo\n", 9);

    (void)state;
    assert_int_equal(secret_read_fd(&secret, descriptor), 0);
    assert_string_equal(secret.bytes, "one");
    assert_int_equal(secret.length, 3);
    assert_int_equal(secret_read_fd(&secret, descriptor), 0);
    assert_string_equal(secret.bytes, "two");
    assert_int_equal(secret_read_fd(&secret, descriptor), -1);
    close(descriptor);
}

static void spaces_belong_to_a_secret(void **state)
{
    int descriptor = holding(" a b ", 5);

    (void)state;
    assert_int_equal(secret_read_fd(&secret, descriptor), 0);
    assert_string_equal(secret.bytes, " a b ");
    close(descriptor);
}

static void an_empty_line_is_no_secret(void **state)
{
    int descriptor = holding("\n", 1);

    (void)state;
    assert_int_equal(secret_read_fd(&secret, descriptor), -1);
    close(descriptor);
}

static void a_line_too_long_is_refused(void **state)
{
    char text[SECRET_MAX_BYTES + 1];
    int descriptor;

    (void)state;
    memset(text, 'a', sizeof(text));
    descriptor = holding(text, sizeof(text));
    assert_int_equal(secret_read_fd(&secret, descriptor), -1);
    close(descriptor);
    descriptor = holding(text, SECRET_MAX_BYTES - 1);
    assert_int_equal(secret_read_fd(&secret, descriptor), 0);
    close(descriptor);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    assert_int_equal(secret_read_fd(&secret, 987), -1);
    assert_int_equal(secret_read_file(&secret, "/nonexistent/secret"), -1);
    assert_int_equal(secret_read_file(&secret, "/"), -1);
}

/* Standard error into a file while it reads, and what was said there. */
static void read_and_catch(const char *path, int descriptor, char *said, size_t capacity)
{
    FILE *caught = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t length;

    assert_non_null(caught);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
    assert_int_equal(secret_read_given(&secret, "password", path, descriptor), 66);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(caught);
    length = fread(said, 1, capacity - 1, caught);
    said[length] = '\0';
    fclose(caught);
}

static void the_option_and_the_reason_are_named(void **state)
{
    char said[1024];
    int empty = holding("\n", 1);

    (void)state;
    read_and_catch("/nonexistent/secret", -1, said, sizeof(said));
    assert_non_null(strstr(said, "--password-file /nonexistent/secret: No such file or directory"));
    read_and_catch(NULL, 987, said, sizeof(said));
    assert_non_null(strstr(said, "--password-fd 987: Bad file descriptor"));
    read_and_catch(NULL, empty, said, sizeof(said));
    assert_non_null(strstr(said, "it is empty"));
    close(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_line_is_the_secret_without_its_newline, begin, end),
        cmocka_unit_test_setup_teardown(spaces_belong_to_a_secret, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_line_is_no_secret, begin, end),
        cmocka_unit_test_setup_teardown(a_line_too_long_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_told, begin, end),
        cmocka_unit_test_setup_teardown(the_option_and_the_reason_are_named, begin, end),
    };

    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
