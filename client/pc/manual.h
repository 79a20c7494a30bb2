/* The manual pages: words of their own for each command, and how a page is printed from them and the tables of commands, options and
 * errors. `certrelay help [COMMAND] --man`; the build installs what it prints. */
#ifndef PC_MANUAL_H
#define PC_MANUAL_H

#include "app.h"

#define MANUAL_PARAGRAPHS 8
#define MANUAL_EXAMPLES 4

struct manual_example {
    const char *line;
    const char *text; /* msgid */
};

struct manual_text {
    const char *command;                       /* its name; "" for certrelay itself */
    const char *paragraphs[MANUAL_PARAGRAPHS]; /* msgids; `words to be typed` stand between backquotes */
    struct manual_example examples[MANUAL_EXAMPLES];
};

struct manual_exit {
    int code;
    const char *text; /* msgid */
};

/* Both end with a row of NULL and 0. */
extern const struct manual_text manual_texts[];
extern const struct manual_exit manual_exits[];

/* Prints the page in roff, in the person's language; of certrelay itself with NULL. */
void manual_print(const struct command *command);

#endif
