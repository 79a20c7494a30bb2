/* The names we give: folders, files, and people's names as they are shown. */
#include "names.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#define TAIL_MIN_DIGITS 15

static int is_forbidden(uint32_t character)
{
    return character == 0xfffd || text_is_control(character) ||
           (character < 0x80 && strchr("\\/:*?\"<>|", (int)character) != NULL);
}

static void replace_forbidden(char *text)
{
    uint8_t *from = (uint8_t *)text;
    uint8_t *to = from;
    size_t left = strlen(text);
    while (left > 0) {
        ucs4_t character = 0xfffd;
        int used = u8_mbtoucr(&character, from, left);
        if (used < 1 || is_forbidden(character)) {
            used = used < 1 ? 1 : used;
            *to++ = '_';
        } else {
            memmove(to, from, (size_t)used);
            to += used;
        }
        from += used;
        left -= (size_t)used;
    }
    *to = '\0';
}

static void strip_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '.' || text[length - 1] == ' ')) {
        text[--length] = '\0';
    }
}

char *name_safe(const char *text, size_t max)
{
    char *name = text_nfc(text, strlen(text), NULL);
    if (name == NULL) {
        name = strdup(text);
    }
    if (name == NULL) {
        return NULL;
    }
    replace_forbidden(name);
    text_cut(name, max);
    strip_end(name);
    if (name[0] == '.') {
        name[0] = '_';
    }
    if (name[0] == '\0') {
        free(name);
        return strdup("_");
    }
    return name;
}

char *name_without_tail(const char *common_name)
{
    size_t end = strlen(common_name);
    size_t digits = 0;
    while (end > 0 && common_name[end - 1] >= '0' && common_name[end - 1] <= '9') {
        end--;
        digits++;
    }
    if (digits < TAIL_MIN_DIGITS || end == 0 || common_name[end - 1] != ')') {
        return strdup(common_name);
    }
    size_t open = end - 1;
    while (open > 0 && common_name[open - 1] != '(' && common_name[open - 1] != ')') {
        open--;
    }
    if (open < 2 || common_name[open - 1] != '(') {
        return strdup(common_name);
    }
    return strndup(common_name, open - 1);
}
