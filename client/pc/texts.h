/* Which language the person reads, and the translated texts. */
#ifndef PC_TEXTS_H
#define PC_TEXTS_H

#define _(text) texts_find(text)
#define N_(text) text
#define ngettext(one, many, number) texts_count(one, many, number)

/* Sets the locale. language is "ko", "en" or NULL for the environment's. Korean works on a computer that has no Korean
 * locale too, and output is UTF-8 in any case. The catalogue lies beside the program: ../locale or ../share/locale. */
void texts_init(const char *language);

/* "ko" or "en", from what the environment says (LC_ALL, LC_MESSAGES, LANG, LANGUAGE as gettext reads them). */
const char *texts_language(void);

/* The text in the person's language, or text itself. What is returned stays until texts_init is called again. */
const char *texts_find(const char *text) __attribute__((format_arg(1)));
/* The same of a text that goes with a number. */
const char *texts_count(const char *one, const char *many, unsigned long number)
    __attribute__((format_arg(1), format_arg(2)));

/* After texts_init: the person reads Korean. */
int texts_is_korean(void);

#endif
