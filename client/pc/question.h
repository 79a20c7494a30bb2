/* Questions to the person. Those with yes and no are the ones that decide something. */
#ifndef PC_QUESTION_H
#define PC_QUESTION_H

#include <stddef.h>

/* 1 yes, 0 no or end of input, -1 a signal came. An empty answer counts as preset. Somebody must be there to be asked. */
int question_yes_no(const char *question, int preset);

/* Within a transfer: only asks, and forgets what was typed before the question could be read. */
void question_decide(const char *question, int preset);
/* The line that came: 1 yes, 0 no (also NULL, the end of input), preset when it is empty; -1 when it was none, and that was said. */
int question_answer(const char *line, int preset);

/* Asks for a line. 1: there it is; 0: end of input; -1: a signal came. */
int question_line(const char *question, char *line, size_t capacity);

#endif
