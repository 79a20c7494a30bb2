/* Which language the person reads, and the translated texts (gettext, domain certrelay). */
#ifndef PC_TEXTS_H
#define PC_TEXTS_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* Sets the locale. language is "ko", "en" or NULL for the environment's. Korean works on a computer that has no Korean
 * locale too, and output is UTF-8 in any case. The catalogue lies beside the program: ../locale or ../share/locale. */
void texts_init(const char *language);

/* "ko" or "en", from what the environment says (LC_ALL, LC_MESSAGES, LANG, LANGUAGE as gettext reads them). */
const char *texts_language(void);

/* After texts_init: the person reads Korean. */
int texts_is_korean(void);

#endif
