/* One connection to a Redis or Valkey server, which is made again by itself whenever it ends: commands go out in order, and each gets
 * its answer, or none when the connection ends first or the engine is silent for too long. */
#ifndef RELAY_ENGINE_H
#define RELAY_ENGINE_H

#include "cable.h"
#include "plates.h"

#include <stddef.h>
#include <stdint.h>

#define ENGINE_WAITING_MAX 4096
#define ENGINE_BYTES_MAX (8u << 20)
#define ENGINE_WORDS_MAX 1024
#define ENGINE_WHY_BYTES 160

struct secret;

/* Where the engine is, and who the relay is there. */
struct engine_place {
    struct cable_place cable;
    uint32_t number;       /* of the data base */
    char user[256];        /* "": the engine's default one */
    struct secret *secret; /* borrowed; NULL: no password */
};

/* One word of a command. */
struct engine_word {
    const void *bytes;
    size_t length;
};

/* An answer is a number, a text, a list, an error, or nothing at all. */
struct engine_reply;
enum engine_kind { ENGINE_NIL, ENGINE_NUMBER, ENGINE_TEXT, ENGINE_LIST, ENGINE_ERROR };
enum engine_kind engine_kind(const struct engine_reply *reply);
/* Each says 0, "" or NULL when the answer is of another kind. Text is followed by a zero byte; it is valid as long as the answer. */
int64_t engine_number(const struct engine_reply *reply);
const char *engine_text(const struct engine_reply *reply, size_t *length);
size_t engine_count(const struct engine_reply *reply);
const struct engine_reply *engine_at(const struct engine_reply *reply, size_t i);

/* reply is valid during the call only, and NULL when none came: whether the engine did it is not known. */
typedef void engine_answer(void *context, const struct engine_reply *reply);

enum engine_trouble {
    ENGINE_GONE,   /* it refuses, closes, is silent, loads, or cannot be written to; it is asked again soon */
    ENGINE_DENIED, /* it does not let this relay in; asked again seldom */
    ENGINE_ODD,    /* it is here, and answered one command with an error */
};

struct engine_sink {
    /* Commands may be asked from now on. */
    void (*here)(void *context);
    /* They may not: for each attempt that fails, and when a connection ends, after all answers. why is for people. */
    void (*away)(void *context, enum engine_trouble trouble, const char *why);
    /* Every CABLE_TICK_MS, here or away. */
    void (*tick)(void *context);
    void *context;
};

struct engine;

/* place is borrowed. scripts, count of them, are loaded into each new connection: engine_run. NULL when out of memory. It begins when the
 * loop turns. */
struct engine *engine_new(void *loop, const struct engine_place *place, const char *const *scripts,
                          size_t count, random_draw *draw, void *draw_context,
                          const struct engine_sink *sink);
/* Asks a command. 0: answer will be called, later. -1: the engine is away, or too much waits; answer is not called. */
int engine_ask(struct engine *engine, const struct engine_word *words, size_t count, engine_answer *answer,
               void *context);
/* The same with one of the scripts. */
int engine_run(struct engine *engine, size_t script, const struct engine_word *words, size_t count,
               engine_answer *answer, void *context);
/* Ends the connection, as if the engine had; it is made again. Not from an answer that is NULL. */
void engine_drop(struct engine *engine, const char *why);

int engine_is_here(const struct engine *engine);
size_t engine_waiting(const struct engine *engine);
size_t engine_waiting_bytes(const struct engine *engine);
/* From asking to the last answer that came. */
uint64_t engine_round_trip_us(const struct engine *engine);
/* How often it has been here. */
uint64_t engine_times(const struct engine *engine);

/* All that wait get no answer (reply is NULL); the sink hears nothing. */
void engine_free(struct engine *engine);

#endif
