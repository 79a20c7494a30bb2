/* Language and locale: texts in Korean work where its locale is not installed, too. */
#include "texts.h"

#include "catalogue.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_korean;
static struct catalogue *catalogue;

static const char *first_set(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return value;
    }
    return "";
}

static int is_plain(const char *locale)
{
    return !*locale || !strcmp(locale, "C") || !strcmp(locale, "POSIX");
}

const char *texts_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = first_set(names, sizeof(names) / sizeof(names[0]));
    const char *wish = getenv("LANGUAGE");

    if (!is_plain(locale) && wish && *wish)
        locale = wish;
    return !strncmp(locale, "ko", 2) ? "ko" : "en";
}

/* Wide characters need UTF-8. */
static void make_usable(int category)
{
    const char *name = setlocale(category, NULL);

    if (!name || is_plain(name))
        setlocale(category, "C.UTF-8");
}

static struct catalogue *catalogue_below(const char *folder)
{
    char path[PATH_MAX];
    int written = snprintf(path, sizeof(path), "%s/ko/LC_MESSAGES/certrelay.mo", folder);

    return written > 0 && (size_t)written < sizeof(path) ? catalogue_open(path) : NULL;
}

/* The folder place beside the program's own; NULL where /proc is not mounted. */
static struct catalogue *catalogue_beside(const char *place)
{
    char folder[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - strlen(place) - 2);
    char *slash;

    if (length <= 0)
        return NULL;
    folder[length] = '\0';
    slash = strrchr(folder, '/');
    if (!slash)
        return NULL;
    strcpy(slash + 1, place);
    return catalogue_below(folder);
}

/* Korean has one form for all numbers, and English needs no catalogue. */
static struct catalogue *catalogue_find_file(void)
{
    struct catalogue *found = catalogue_beside("../locale");

    if (!found)
        found = catalogue_beside("../share/locale");
    return found ? found : catalogue_below(PC_LOCALE_FOLDER);
}

void texts_init(const char *language)
{
    if (!language)
        language = texts_language();
    is_korean = !strcmp(language, "ko");
    if (!setlocale(LC_ALL, ""))
        setlocale(LC_ALL, "C.UTF-8");
    make_usable(LC_CTYPE);
    if (strcmp(nl_langinfo(CODESET), "UTF-8"))
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    setenv("LANGUAGE", language, 1);

    catalogue_close(catalogue);
    catalogue = is_korean ? catalogue_find_file() : NULL;
}

const char *texts_find(const char *text)
{
    const char *found = *text ? catalogue_find(catalogue, text) : NULL;

    return found ? found : text;
}

const char *texts_count(const char *one, const char *many, unsigned long number)
{
    const char *found = catalogue_find(catalogue, one);

    return found ? found : number == 1 ? one : many;
}

int texts_is_korean(void)
{
    return is_korean;
}
