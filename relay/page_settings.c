/* A JSON object of texts. */
#include "page_settings.h"

#include <string.h>

struct writing {
    char *out;
    size_t length;
};

static void put(struct writing *writing, const char *text)
{
    size_t length = strlen(text);

    if (length >= PAGE_SETTINGS_BYTES - writing->length)
        return;
    memcpy(writing->out + writing->length, text, length);
    writing->length += length;
}

static void put_escaped(struct writing *writing, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char unit[8];

        if (c < 0x20 || c == 0x7f || strchr("\"\\<>&", c) != NULL)
            snprintf(unit, sizeof unit, "\\u%04x", c);
        else
            snprintf(unit, sizeof unit, "%c", c);
        put(writing, unit);
    }
}

static void put_member(struct writing *writing, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    put(writing, writing->length > 1 ? ",\"" : "\"");
    put(writing, name);
    put(writing, "\":\"");
    put_escaped(writing, value);
    put(writing, "\"");
}

size_t page_settings_write(const struct config *config, const char *logo,
                           char out[static PAGE_SETTINGS_BYTES])
{
    struct writing writing = {out, 0};

    put(&writing, "{");
    put_member(&writing, "relay", config->page_relay);
    put_member(&writing, "name", config->page_name);
    put_member(&writing, "help", config->page_help);
    put_member(&writing, "logo", logo);
    put_member(&writing, "colour", config->page_colour);
    put(&writing, "}\n");
    return writing.length;
}

/* How many bytes the character at text has, 0 when it is none: RFC 3629's table, which leaves out surrogates and longer forms. */
static size_t character_bytes(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, second_min, second_max;
        unsigned bytes;
    } forms[] = {
        {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].bytes > 1 && (text[1] < forms[i].second_min || text[1] > forms[i].second_max))
            return 0;
        for (unsigned at = 2; at < forms[i].bytes; at++) {
            if ((text[at] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].bytes;
    }
    return 0;
}

int page_text_is_clean(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at != '\0') {
        size_t bytes = character_bytes(at);

        if (bytes == 0)
            return 0;
        at += bytes;
    }
    return 1;
}
