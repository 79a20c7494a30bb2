/* Several relays in one process that share a made-up engine, and devices that talk through them as real ones do. */
#ifndef TESTS_TOWN_H
#define TESTS_TOWN_H

#include "fake_cluster.h"
#include "office.h"

#include <certrelay/link.h>

#define TOWN_NODES 3
#define TOWN_DEVICES 8
#define TOWN_STEP_MS 10
#define TOWN_LEASE_MS 3000
#define TOWN_PAYLOADS 6

struct town_node {
    struct store *store;
    struct office *office;
    struct quota *quota;
    struct wheel *wheel;
    struct metrics metrics;
    int is_alive, is_parted;
    int is_closed;       /* takes no connections any more */
    uint64_t expires_ms; /* not 0: when its lease will have run out */
    int outcomes;
    struct office_outcome outcome;
};

struct town_device {
    struct visitor visitor; /* first */
    struct cr_link *link;
    int node; /* where it is connected; -1 not at all */
    int home; /* where it connects, if that node takes it */
    int side; /* what it sends depends on it */
    int is_woken, is_dropped, is_ended;
    int is_seated, is_refused;
    uint8_t refusal; /* the last one */
    uint8_t mood;    /* CLOSED that it heard */
    uint8_t peer;
    uint16_t seconds;
    struct cr_nameplate nameplate;
    int to_send, sent, received;
    int is_mute; /* neither sends nor closes by itself */
    int connects;
    uint64_t busy_until_ms;
};

struct town {
    struct fake *fake;
    struct town_node nodes[TOWN_NODES];
    struct town_device devices[TOWN_DEVICES];
    uint64_t now_ms;
    uint64_t dice;
    int is_hasty; /* who has said and heard all closes, acknowledged or not */
};

extern struct town town;

void town_open(uint64_t seed);
void town_close(void);
uint32_t town_draw(void *context);

/* A device that will connect to that node, or to another one if it is not there. */
struct town_device *town_displayer(int node);
struct town_device *town_typist(int node, struct cr_nameplate nameplate);

/* One thing happens, anywhere, and time passes. */
void town_step(void);
/* Until is_done says so, or it takes too long: then the test fails. */
void town_run(int (*is_done)(void));
/* So many steps. */
void town_pass(int steps);
/* Everybody has got all, has been told so and is gone. */
int town_is_over(void);
int town_is_seated(void);

void town_kill(int node);
/* The node does not reach the engine, for long enough to lose its lease or (is_short) not. */
void town_part(int node, int is_short);
void town_heal(int node);
void town_cut(struct town_device *device);

#endif
