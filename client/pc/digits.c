/* A font of 3 by 5 dots for ten digits, drawn with half blocks. */
#include "digits.h"

#include <string.h>

#define DIGIT_COLUMNS 3

/* Five rows of three bits, from the top. */
static const unsigned char font[10][6] = {
    {7, 5, 5, 5, 7, 0}, {2, 6, 2, 2, 7, 0}, {7, 1, 7, 4, 7, 0}, {7, 1, 7, 1, 7, 0}, {5, 5, 7, 1, 1, 0},
    {7, 4, 7, 1, 7, 0}, {7, 4, 7, 5, 7, 0}, {7, 1, 1, 1, 1, 0}, {7, 5, 7, 5, 7, 0}, {7, 5, 7, 1, 7, 0},
};

static const char *const blocks[2][2] = {{" ", "▄"}, {"▀", "█"}};

static char *append(char *at, const char *text)
{
    size_t length = strlen(text);

    memcpy(at, text, length);
    return at + length;
}

static char *draw_digit(char digit, int row, char *at)
{
    const unsigned char *dots = font[digit - '0'] + (size_t)row * 2;

    for (int column = DIGIT_COLUMNS - 1; column >= 0; column--)
        at = append(at, blocks[dots[0] >> column & 1][dots[1] >> column & 1]);
    return append(at, " ");
}

void digits_row(const char *text, int row, char out[static DIGITS_ROW_BYTES])
{
    char *at = out;

    for (; *text && at < out + DIGITS_ROW_BYTES - 16; text++)
        at = *text >= '0' && *text <= '9' ? draw_digit(*text, row, at) : append(at, "   ");
    *at = '\0';
}

int digits_columns(const char *text)
{
    int columns = 0;

    for (; *text; text++)
        columns += *text == ' ' ? 3 : DIGIT_COLUMNS + 1;
    return columns;
}
