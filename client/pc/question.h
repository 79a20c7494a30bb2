/* Questions asked outside a transfer, where nothing else is waited for. */
#ifndef PC_QUESTION_H
#define PC_QUESTION_H

#include <stddef.h>

/* 1 yes, 0 no or end of input, -1 a signal came. An empty answer counts as preset. Somebody must be there to be asked. */
int question_yes_no(const char *question, int preset);

/* " [y/N]" or " [Y/n]". */
const char *question_hint(int preset);

/* Asks for a line. 1: there it is; 0: end of input; -1: a signal came. */
int question_line(const char *question, char *line, size_t capacity);

#endif
