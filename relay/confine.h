/* What the relay gives up before the first newcomer comes in: root, new privileges, and every system call that it does not need. */
#ifndef RELAY_CONFINE_H
#define RELAY_CONFINE_H

#include "config.h"

/* Nothing that this process starts or becomes from now on gains rights by a file's bits. */
void confine_privileges(void);
/* Unless mode is "off": this process gets no ring of system calls, which would carry them past the list below. Must come before the event
 * loop is made: newer libuv makes itself one then, whatever its environment says, and ends the process where it may not use it later. */
void confine_ring(const char *mode);
/* Becomes the user for good, with its group and no others. Returns 0, or the exit code with a sentence in error. */
int confine_user(const char *name, char error[static CONFIG_ERROR_BYTES]);
/* mode is "on" (what is not on the list does not exist), "log" (the kernel's log tells of it) or "off". Sockets for newcomers must be open; with
 * reaches_out, connections can still be made, and threads of this process, which ask for names. Returns 0, or the exit code with a sentence in error. */
int confine_calls(const char *mode, int reaches_out, char error[static CONFIG_ERROR_BYTES]);

#endif
