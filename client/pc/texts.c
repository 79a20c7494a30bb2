/* Language and locale: gettext made to work where the locale itself is not installed. */
#include "texts.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_korean;

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

/* gettext gives no translation in the locale "C", and wide characters need UTF-8. */
static void make_usable(int category)
{
    const char *name = setlocale(category, NULL);

    if (!name || is_plain(name))
        setlocale(category, "C.UTF-8");
}

static const char *catalogue_folder(char *path, size_t capacity)
{
    static const char *const places[] = {"../locale", "../share/locale"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash;

    if (length <= 0)
        return NULL;
    program[length] = '\0';
    slash = strrchr(program, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int written = snprintf(path, capacity, "%s/%s", program, places[i]);

        if (written > 0 && (size_t)written < capacity && !access(path, X_OK))
            return path;
    }
    return NULL;
}

void texts_init(const char *language)
{
    char path[PATH_MAX];
    const char *folder;

    if (!language)
        language = texts_language();
    is_korean = !strcmp(language, "ko");
    if (!setlocale(LC_ALL, ""))
        setlocale(LC_ALL, "C.UTF-8");
    make_usable(LC_MESSAGES);
    make_usable(LC_CTYPE);
    if (strcmp(nl_langinfo(CODESET), "UTF-8"))
        setlocale(LC_CTYPE, "C.UTF-8");
    setlocale(LC_NUMERIC, "C");
    setenv("LANGUAGE", language, 1);

    folder = catalogue_folder(path, sizeof(path));
    if (folder)
        bindtextdomain("certrelay", folder);
    bind_textdomain_codeset("certrelay", "UTF-8");
    textdomain("certrelay");
}

int texts_is_korean(void)
{
    return is_korean;
}
