/* Text, as a file of configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char error[CONFIG_ERROR_BYTES];

int read_text(struct config *config, const char *text)
{
    char path[] = "/tmp/certrelayd-test-XXXXXX";
    int fd = mkstemp(path), result;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    config_init(config);
    error[0] = '\0';
    result = config_read_file(config, path, error);
    unlink(path);
    return result;
}
