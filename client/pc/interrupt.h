/* Ctrl-C and friends (SIGINT, SIGTERM, SIGHUP) as a descriptor that becomes readable. */
#ifndef PC_INTERRUPT_H
#define PC_INTERRUPT_H

/* Installs the handlers. The first signal makes interrupt_fd() readable for good; a second one ends the process at once, with
 * the terminal restored. */
int interrupt_init(void);
int interrupt_fd(void);
/* As if this signal had come, unless one has already. */
void interrupt_raise(int number);
/* The first signal that came, or 0. */
int interrupt_signal(void);

#endif
