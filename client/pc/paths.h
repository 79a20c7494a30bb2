/* Where certificates were stored, for the person and for programs. */
#ifndef PC_PATHS_H
#define PC_PATHS_H

#include <jansson.h>

/* An array of the paths (NULL-terminated, or NULL), made printable. The caller owns it. */
json_t *paths_json(char *const *paths);
/* Each on a line of standard output; not with --json. */
void paths_print(char *const *paths);

/* A path as typed at a question, with the home for "~", which a shell would have put there. Caller frees; NULL without memory. */
char *paths_typed(const char *text);

#endif
