/* An office with a made-up clock, and phones that talk to it: what the relay's unit tests share. */
#ifndef TESTS_DESK_H
#define TESTS_DESK_H

#include "office.h"

#include <stdint.h>

struct phone {
    struct visitor visitor; /* first */
    int is_connected;
    int is_woken;   /* there is something to fetch */
    int is_dropped; /* the office has ended the connection */
    int is_mute;    /* does not answer pings */
    int pings;      /* that it got */
};

struct desk {
    struct office *office;
    struct store *store;
    struct quota *quota;
    struct wheel *wheel;
    uint64_t now_ms;
    struct office_outcome outcome; /* the last one */
    int outcomes;
    int refusals[16]; /* by enum cr_refusal */
    struct metrics metrics;
};

extern struct desk desk;

/* Limits that do not get in the way; a test changes what it is about before desk_open. */
struct office_rules desk_rules(void);
/* wrap may put another store in front of the one in memory; NULL for none. */
void desk_open(const struct office_rules *rules, const struct quota_rules *quota,
               struct store *(*wrap)(struct store *));
void desk_close(void);
void desk_pass(uint64_t ms);
/* The same while the phones (second may be NULL) stay and answer pings; what they hear is forgotten, save in the last 5 seconds. */
void desk_stay(uint64_t ms, struct phone *first, struct phone *second);

void phone_connect(struct phone *phone, uint64_t address);
/* The connection breaks. */
void phone_cut(struct phone *phone);
void phone_say(struct phone *phone, const struct cr_frame *frame);
/* Fetches the next words as the wire would: only when woken. Pings are answered on the way. */
enum office_words phone_fetch(struct phone *phone, struct cr_frame *frame);
/* Fetches one frame, which must be of that type. */
struct cr_frame phone_hears(struct phone *phone, enum cr_frame_type type);
void phone_hears_nothing(struct phone *phone);
/* The office closes the connection in order, or has dropped it. */
void phone_is_shown_out(struct phone *phone);
/* Fetches and forgets all. */
void phone_catch_up(struct phone *phone);

/* The usual frames. */
void say_allocate(struct phone *phone, uint8_t token);
void say_join(struct phone *phone, uint8_t token, struct cr_nameplate nameplate, const char *payload);
void say_resume(struct phone *phone, uint8_t token, uint32_t seen);
void say_send(struct phone *phone, uint32_t seq, const char *payload);
void say_ack(struct phone *phone, uint32_t seq);
void say_close(struct phone *phone, uint8_t mood);
void say_plain(struct phone *phone, enum cr_frame_type type);

/* Connects, allocates with the token, and returns the nameplate. */
struct cr_nameplate phone_allocates(struct phone *phone, uint8_t token);
/* A pair that has joined, with tokens 1 and 2 and payload "hello", and nothing left to hear. */
struct cr_nameplate desk_pair(struct phone *displayer, struct phone *typist);

#endif
