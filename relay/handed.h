/* Listening sockets that whoever started the relay made and handed over, after sd_listen_fds(3). They outlive the process: who connects
 * between two relays waits, and is not refused. */
#ifndef RELAY_HANDED_H
#define RELAY_HANDED_H

#include "config.h"

#define HANDED_NAME_BYTES 64

struct handed {
    size_t count;
    int fds[CONFIG_LISTENS_MAX];
    char names[CONFIG_LISTENS_MAX][HANDED_NAME_BYTES]; /* "" for those without */
};

/* Reads LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, and removes them from the environment; what is meant for another process does not count. Returns 0,
 * or -1 with a sentence in error when one of the sockets is not one that listens. */
int handed_take(struct handed *handed, char error[static CONFIG_ERROR_BYTES]);

#endif
