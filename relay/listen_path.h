/* A listening socket that is a path: only for who may write to it, such as a proxy on the same machine. */
#ifndef RELAY_LISTEN_PATH_H
#define RELAY_LISTEN_PATH_H

#include "config.h"

/* text is unix:/PATH, the value of that key. Returns 0, or -1 with a sentence in error. */
int listen_path_check(const char *key, const char *text, char error[static CONFIG_ERROR_BYTES]);
/* Makes the socket, with mode 0660; a path that a dead program left is taken over. Returns 0 or an errno, with a sentence in error. */
int listen_path_open(const char *key, const char *text, int *fd, char error[static CONFIG_ERROR_BYTES]);

#endif
