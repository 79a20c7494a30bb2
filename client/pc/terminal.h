/* The person's terminal: may we ask, how wide is it, typing without echo, one line that is rewritten. */
#ifndef PC_TERMINAL_H
#define PC_TERMINAL_H

#include <stddef.h>

#define TERMINAL_LINE_BYTES 1024

/* may_ask: questions are allowed at all (not --no-input). has_color: not --no-color, NO_COLOR. */
void terminal_init(int may_ask, int has_color);

/* Somebody can be asked: standard input is a terminal, and questions are allowed. */
int terminal_can_ask(void);
/* What is talked is seen by a person now: standard error is a terminal. */
int terminal_is_seen(void);
int terminal_columns(void);
int terminal_rows(void);

/* Echo off while a secret is typed, and on again. Also restored by terminal_restore. */
void terminal_hide(void);
/* Async-signal-safe. */
void terminal_restore(void);

/* What read_line found. */
enum terminal_input { TERMINAL_LINE, TERMINAL_END, TERMINAL_INTERRUPTED, TERMINAL_NOTHING };

/* Reads the line that is there (standard input is readable): terminated, without its newline. A longer line is cut off. TERMINAL_NOTHING when
 * the terminal has thrown it away meanwhile, as it does at Ctrl-C. */
enum terminal_input terminal_take_line(char *line, size_t capacity, size_t *length);
/* The same, but waits for the line, or for a signal. */
enum terminal_input terminal_wait_line(char *line, size_t capacity, size_t *length);

/* What was typed before the next question is no answer to it: forgets it, on a terminal only. */
void terminal_forget_typed(void);

/* Rewrites the last line, on a terminal only, cut to one line; NULL removes it. Other talk must remove it first (say.c does). */
void terminal_status(const char *text);
/* The person typed a line behind it: the next one is written over it all the same. */
void terminal_status_typed(void);

enum terminal_style { STYLE_PLAIN, STYLE_STRONG, STYLE_GOOD, STYLE_WARN, STYLE_BAD };
/* The escape sequence of a style, or "" without colours; STYLE_PLAIN ends a style. */
const char *terminal_style(enum terminal_style style);

/* 1 yes, 0 no, -1 neither. Understands y, n, yes, no, Korean words, and the same keys in the Korean layout. */
int terminal_yes_no(const char *line);
/* The person typed the key of this letter alone, in either keyboard layout. */
int terminal_is_key(const char *line, char letter);

#endif
