/* A configuration given as text: what the tests of its keys share. */
#ifndef TESTS_CONFIG_TEXT_H
#define TESTS_CONFIG_TEXT_H

#include "config.h"

/* What read_text said last was wrong; "" for nothing. */
extern char error[CONFIG_ERROR_BYTES];

/* Writes text to a file and reads it as configuration. As config_read_file. */
int read_text(struct config *config, const char *text);

#endif
