/* One device's connection as the load generator sees it: a WebSocket that carries frames of the relay contract.
 *
 * It trusts its relay: it checks that the upgrade was accepted, and little else. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "stream.h"

#include <certrelay/contract.h>

struct wire {
    struct stream stream;
    int is_open;                       /* the upgrade was accepted */
    int is_closed;                     /* the relay's Close frame has been read */
    size_t used;                       /* bytes of the last frame, still borrowed by the caller */
    void (*handle)(struct wire *wire); /* something happened */
    void *context;
};

/* Connects and asks for the upgrade; handle is called whenever something has come. 0 or -1. */
int wire_open(struct wire *wire, struct target *target, void (*handle)(struct wire *), void *context);
/* To be called when epoll named this wire. */
void wire_work(struct wire *wire);
int wire_is_ended(const struct wire *wire);
/* The next frame of the relay, valid until the next call: 1, 0 when there is none, -1 for what is no frame. Pings are answered. */
int wire_next(struct wire *wire, struct cr_frame *frame);
/* 0 or -1. */
int wire_send(struct wire *wire, const struct cr_frame *frame);
/* Says goodbye by a Close frame. */
void wire_leave(struct wire *wire);
void wire_close(struct wire *wire);

struct loop {
    struct target *target;
    int until_fd;            /* ends the loop when readable; -1: none */
    void (*between)(void *); /* after each round of events: the place to open and close wires */
    void *context;
    int is_done; /* set by a handler to end the loop */
};

/* Waits for events and hands them to their wires. 0, or -1 when epoll fails. */
int wire_loop(struct loop *loop);

#endif
