/* What is said: talk for the person on standard error, data for programs on standard output (--json: one object a line). */
#ifndef PC_SAY_H
#define PC_SAY_H

#include "errors.h"
#include "terminal.h"

#include <jansson.h>

#define SAY_SCHEMA 1

void say_init(int wants_json, int is_quiet);
int say_is_json(void);
int say_is_quiet(void);

/* Talk, with a newline; silent with --quiet. */
void say_talk(enum terminal_style style, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Talk that --quiet does not silence: the number, questions, warnings. */
void say_must(enum terminal_style style, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Talk about a place, with --quiet too: one line that is never broken, so that it can be copied. */
void say_place(enum terminal_style style, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A question, without a newline. It is repeated below whatever is said until say_answered. */
void say_ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_answered(void);
/* The question will not be answered any more: what is said next starts on a line of its own. */
void say_withdraw(void);
/* A result, on standard output, not with --json. */
void say_result(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A JSON line, only with --json: {"schema":1,"event":name, members...}. json_pack's format of an object's members,
 * without braces; NULL for none. */
void say_json(const char *event, const char *format, ...);
/* The same with one member that was built already, which it takes over (NULL: null). */
void say_json_value(const char *event, const char *key, json_t *value);

/* A named step of the transfer: connect, number, confirm, send, saved. */
void say_step(const char *name, const char *text);

struct say_failure {
    enum error_id id;
    const char *detail; /* more about this case, printable; or NULL */
    const char *why;    /* translated, instead of the catalogue's; or NULL */
    int is_uncertain;   /* the certificate had left: the other device may have stored it */
};

/* Prints the failure in three parts. Returns the exit code. */
int say_failure(const struct say_failure *failure);
/* The usual one: nothing but the catalogue and a detail. */
int say_error(enum error_id id, const char *detail);

#endif
