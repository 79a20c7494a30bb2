/* Lists of paths, printed. */
#include "paths.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <store.h>
#include <string.h>

json_t *paths_json(char *const *paths)
{
    json_t *array = json_array();

    for (; array && paths && *paths; paths++) {
        char *printable = store_printable(*paths, strlen(*paths));

        json_array_append_new(array, printable ? json_string(printable) : json_null());
        free(printable);
    }
    return array;
}

void paths_print(char *const *paths)
{
    for (; paths && *paths; paths++) {
        char *printable = store_printable(*paths, strlen(*paths));

        say_result("%s", printable ? printable : "?");
        free(printable);
    }
}

char *paths_typed(const char *text)
{
    const char *home = getenv("HOME");
    char *path = NULL;

    if (text[0] != '~' || (text[1] && text[1] != '/') || !home)
        return strdup(text);
    return asprintf(&path, "%s%s", home, text + 1) < 0 ? NULL : path;
}
