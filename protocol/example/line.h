/* A WebSocket as the example needs it: replace line_lws.c by these five functions over the library that you have. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

struct line;

/* Connects to wss://HOST[:PORT]/PATH (ws:// on the same machine), subprotocol CR_SUBPROTOCOL; blocks. NULL: it cannot. */
struct line *line_open(const char *url);
void line_close(struct line *line);

/* Sends one whole binary message: 0, or 1 when another is still on its way (wait first), or -1 when the connection is lost. Must not call
 * heard. */
int line_send(struct line *line, const uint8_t *message, size_t length);

/* Waits until something came or went, or until line_now() is until_ms (or less long); hands each whole binary message to heard. 0, or -1 when the
 * connection is lost. Without a line it only waits. */
int line_wait(struct line *line, int64_t until_ms,
              void (*heard)(void *self, const uint8_t *message, size_t length), void *self);

/* Milliseconds of a monotonic clock. */
int64_t line_now(void);

#endif
