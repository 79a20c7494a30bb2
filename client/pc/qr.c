/* QR codes drawn with half blocks; the only file that knows libqrencode. */
#include "qr.h"

#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN 2
#define TOP_MARGIN 1 /* a code's width is odd: with 2 there would be half a row more */
#define LINE_START "\033[40;97m"
#define LINE_END "\033[0m\n"
#define CELL_BYTES 3

static int is_dark(const QRcode *code, int x, int y)
{
    x -= MARGIN;
    y -= TOP_MARGIN;
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

/* White is drawn, black is the background, since most terminals can show a full block without a gap. */
static const char *cell(const QRcode *code, int x, int y)
{
    static const char *const cells[2][2] = {{"█", "▀"}, {"▄", " "}};

    return cells[is_dark(code, x, y)][is_dark(code, x, y + 1)];
}

static char *draw_line(const QRcode *code, int y, char *at)
{
    int side = code->width + 2 * MARGIN;

    memcpy(at, LINE_START, sizeof(LINE_START) - 1);
    at += sizeof(LINE_START) - 1;
    for (int x = 0; x < side; x++) {
        const char *text = cell(code, x, y);
        size_t length = strlen(text);

        memcpy(at, text, length);
        at += length;
    }
    memcpy(at, LINE_END, sizeof(LINE_END) - 1);
    return at + sizeof(LINE_END) - 1;
}

char *qr_draw(const char *text, int *columns, int *rows)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    char *drawing = NULL, *at;
    size_t side, line, height;

    if (!code)
        return NULL;
    side = (size_t)code->width + 2 * MARGIN;
    height = (size_t)code->width + TOP_MARGIN + MARGIN;
    line = sizeof(LINE_START) + sizeof(LINE_END) + side * CELL_BYTES;
    *columns = (int)side;
    *rows = (int)(height + 1) / 2;
    drawing = at = malloc(line * (size_t)*rows + 1);
    if (drawing) {
        for (int y = 0; y < (int)height; y += 2)
            at = draw_line(code, y, at);
        *at = '\0';
    }
    explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return drawing;
}

void qr_free(char *drawing)
{
    if (drawing)
        explicit_bzero(drawing, strlen(drawing));
    free(drawing);
}
