/* A catalogue of translated texts, as msgfmt writes it (.mo). The C library's own reader gives no translation where the person's locale is
 * not installed, whatever LANGUAGE says. */
#ifndef PC_CATALOGUE_H
#define PC_CATALOGUE_H

struct catalogue;

/* NULL when path is no catalogue, or damaged at its start. */
struct catalogue *catalogue_open(const char *path);
/* The translation, as long as the catalogue is there; of several forms the first. NULL when it has none. catalogue NULL is fine. */
const char *catalogue_find(const struct catalogue *catalogue, const char *text);
void catalogue_close(struct catalogue *catalogue);

#endif
