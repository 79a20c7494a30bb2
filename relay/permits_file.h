/* The file with an organisation's permits. */
#ifndef RELAY_PERMITS_FILE_H
#define RELAY_PERMITS_FILE_H

#include "config.h"
#include "permits.h"

/* NULL with a sentence in error. is_open is 1 when everybody on this machine can read the file. */
struct permits *permits_file_read(const char *path, int *is_open, char error[static CONFIG_ERROR_BYTES]);

#endif
