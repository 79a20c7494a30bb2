/* The log: one JSON object a line on stderr. It never holds an address, a nameplate, a token, a payload or a browser's name; nothing here
 * takes one. */
#ifndef RELAY_LOG_H
#define RELAY_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR, LOG_LEVELS };

/* What is less is not written. */
void log_least(enum log_level level);
/* "info", "warning" or "error"; LOG_LEVELS when word is none of them. */
enum log_level log_level_read(const char *word);

/* One line at a time: log_begin, any fields, log_end. Text is escaped, and cut when the line grows too long. */
void log_begin(const char *event);
/* The same for what is not merely LOG_LEVEL_INFO. */
void log_begin_at(enum log_level level, const char *event);
void log_text(const char *name, const char *value);
void log_number(const char *name, uint64_t value);
void log_flag(const char *name, int value);
/* A random tag as eight hexadecimal digits. */
void log_tag(const char *name, uint32_t tag);
void log_end(void);

/* Counts a refusal of that kind (a static text) and writes at most one line in ten seconds for each, with the count since the last. */
void log_refusal(const char *reason, uint64_t now_ms);
/* Writes what is counted and not yet written. */
void log_refusals_flush(void);

#endif
