/* Makes foreign text safe to show. */
#include "store.h"
#include "text.h"

#include <stdlib.h>
#include <unistr.h>

static const struct range {
    uint32_t first, last;
} CONTROLS[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f},   {0x00ad, 0x00ad}, /* C0, DEL and C1, soft hyphen */
    {0x061c, 0x061c}, {0x115f, 0x1160},   {0x180e, 0x180e}, /* Arabic mark, Hangul fillers */
    {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f}, /* zero width, lines, bidi */
    {0x3164, 0x3164}, {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, /* more fillers, byte order mark */
    {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

int text_is_control(uint32_t character)
{
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++) {
        if (character >= CONTROLS[i].first && character <= CONTROLS[i].last) {
            return 1;
        }
    }
    return 0;
}

char *store_printable(const char *text, size_t length)
{
    const uint8_t *at = (const uint8_t *)text;
    if (length > SIZE_MAX / 3 - 1) {
        return NULL;
    }
    uint8_t *out = malloc(length * 3 + 1);
    if (out == NULL) {
        return NULL;
    }
    uint8_t *to = out;
    while (length > 0) {
        ucs4_t character = 0xfffd;
        int used = u8_mbtoucr(&character, at, length);
        if (used < 1) {
            used = 1;
            character = 0xfffd;
        }
        int made = u8_uctomb(to, text_is_control(character) ? 0xfffd : character, 4);
        to += made > 0 ? made : 0;
        at += used;
        length -= (size_t)used;
    }
    *to = '\0';
    return (char *)out;
}
