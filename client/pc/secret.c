/* Secrets from descriptors, files and the keyboard. */
#include "secret.h"

#include "interrupt.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int secret_init(struct secret *secret)
{
    secret->length = 0;
    secret->bytes = sodium_malloc(SECRET_MAX_BYTES);
    if (!secret->bytes)
        return -1;
    secret->bytes[0] = '\0';
    return 0;
}

void secret_wipe(struct secret *secret)
{
    sodium_free(secret->bytes);
    secret->bytes = NULL;
    secret->length = 0;
}

static int read_byte(int descriptor, char *byte)
{
    ssize_t count;

    do
        count = read(descriptor, byte, 1);
    while (count < 0 && errno == EINTR && !interrupt_signal());
    return (int)count;
}

int secret_read_fd(struct secret *secret, int descriptor)
{
    char byte = 0;
    int count;

    secret->length = 0;
    while ((count = read_byte(descriptor, &byte)) == 1 && byte != '\n') {
        if (secret->length == SECRET_MAX_BYTES - 1) {
            errno = E2BIG;
            return -1;
        }
        secret->bytes[secret->length++] = byte;
    }
    if (count < 0)
        return -1;
    if (secret->length && secret->bytes[secret->length - 1] == '\r')
        secret->length--;
    secret->bytes[secret->length] = '\0';
    errno = ENODATA;
    return secret->length ? 0 : -1;
}

int secret_read_file(struct secret *secret, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int result, fault;

    if (descriptor < 0)
        return -1;
    result = secret_read_fd(secret, descriptor);
    fault = errno;
    close(descriptor);
    errno = fault;
    return result;
}

const char *secret_fault(int fault)
{
    return fault == ENODATA ? _("it is empty") : fault == E2BIG ? _("its line is too long") : strerror(fault);
}

int secret_read_given(struct secret *secret, const char *name, const char *path, int descriptor)
{
    int failed = path ? secret_read_file(secret, path) : secret_read_fd(secret, descriptor);
    const char *why = secret_fault(errno);
    char detail[512];
    char *printable;

    if (!failed)
        return 0;
    printable = path ? store_printable(path, strlen(path)) : NULL;
    if (path)
        snprintf(detail, sizeof(detail), "--%s-file %s: %s", name, printable ? printable : "?", why);
    else
        snprintf(detail, sizeof(detail), "--%s-fd %d: %s", name, descriptor, why);
    free(printable);
    return say_error(ERROR_SECRET_UNREADABLE, detail);
}

int secret_ask(struct secret *secret, const char *question)
{
    enum terminal_input input;

    terminal_hide();
    say_ask("%s", question);
    input = terminal_wait_line(secret->bytes, SECRET_MAX_BYTES, &secret->length);
    terminal_restore();
    say_answered();
    if (input == TERMINAL_LINE)
        return 1;
    say_must(STYLE_PLAIN, "%s", "");
    return input == TERMINAL_INTERRUPTED ? -1 : 0;
}
