/* The event loop: one thread, sockets to watch, signals, and a tick. The engine's cable is the only other user of libuv. */
#ifndef RELAY_LOOP_H
#define RELAY_LOOP_H

#include <stdint.h>

struct loop_sink {
    void (*readable)(void *context, int fd, uint64_t now_ms);
    void (*tick)(void *context, uint64_t now_ms);
    void (*pulse)(void *context);
    void (*beat)(void *context);
    void (*signal)(void *context, int signal, uint64_t now_ms);
    /* All that came in is handled; the loop is about to wait. */
    void (*rest)(void *context);
    void *context;
};

struct loop;

/* NULL when it cannot be made. SIGTERM, SIGINT and SIGHUP are taken from now on; SIGPIPE is ignored. */
struct loop *loop_new(const struct loop_sink *sink);
/* The library's own loop, for who shares it. */
void *loop_handle(struct loop *loop);
uint64_t loop_now(const struct loop *loop);

/* Watch, or stop watching, fd for something to read. At most as many as there are listening sockets, and three more. */
void loop_watch(struct loop *loop, int fd, int is_on);
/* Ticks every interval_ms until stopped; 0 stops it. */
void loop_tick(struct loop *loop, uint64_t interval_ms);

/* Pulses every interval_ms, beside the ticks; 0: never. */
void loop_pulse(struct loop *loop, uint64_t interval_ms);

/* Beats every interval_ms, beside ticks and pulses; 0: never. */
void loop_beat(struct loop *loop, uint64_t interval_ms);

/* Returns when loop_stop was called. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Lets handles that others are closing finish; returns when nothing is left that could. From here to the end of the process signals wait. */
void loop_settle(struct loop *loop);
/* Returns the handles that were still open: 0 in good order. */
int loop_free(struct loop *loop);

#endif
