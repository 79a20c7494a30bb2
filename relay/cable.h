/* A stream to the engine, over a socket of this machine or TCP: opened when it is told to, told of when it is open and when it breaks. Names are
 * resolved beside the loop; nothing waits. Knows nothing of what the bytes mean.
 *
 * It keeps no loop running by itself. */
#ifndef RELAY_CABLE_H
#define RELAY_CABLE_H

#include <stddef.h>
#include <stdint.h>

#define CABLE_TICK_MS 250
#define CABLE_TEXT_BYTES 256

/* Where it leads: a path, or else a host and a port. */
struct cable_place {
    char path[CABLE_TEXT_BYTES];
    char host[CABLE_TEXT_BYTES];
    char port[8];
};

struct cable_sink {
    void (*open)(void *context);
    void (*heard)(void *context, const char *bytes, size_t length);
    /* What was open, or being opened, is over; cable_open again, or not. */
    void (*broken)(void *context, const char *why);
    /* Every CABLE_TICK_MS, whatever its state. */
    void (*tick)(void *context);
    void *context;
};

struct cable;

/* loop is the library's own. NULL when out of memory. The first thing happens when the loop turns. */
struct cable *cable_new(void *loop, const struct cable_place *place, const struct cable_sink *sink);
/* After so long. Not while it is open or being opened. */
void cable_open(struct cable *cable, uint64_t after_ms);
/* Copies the bytes, which leave together with all others of this turn of the loop. 0, or -1 when it is not open, or without memory. */
int cable_send(struct cable *cable, const char *bytes, size_t length);
/* What was sent and has not left. */
size_t cable_waiting(const struct cable *cable);
/* Ends what is open or being opened, without a word to the sink. */
void cable_cut(struct cable *cable);
/* The sink hears nothing more; the memory goes when the loop has turned. */
void cable_free(struct cable *cable);

/* A clock that only goes forward, and the loop's own. */
uint64_t cable_clock_us(void);
uint64_t cable_now_ms(void *loop);

#endif
