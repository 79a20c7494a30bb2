/* The hop: two devices that meet, and then throw a message to and fro. */
#include "hop.h"

#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define BALL_BYTES 96

enum seat { DISPLAYER, TYPIST, SEATS };

struct game {
    struct loop loop;
    struct wire wires[SEATS];
    struct cr_nameplate nameplate;
    uint8_t tokens[SEATS][CR_TOKEN_BYTES];
    uint32_t sent[SEATS];
    int has_asked;
    int has_joined;
    int has_nameplate;
    int is_met;
    int has_failed;
    uint32_t count;
    uint32_t thrown;
    double thrown_us;
    double *times;
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void end(struct game *game, int has_failed)
{
    game->has_failed |= has_failed;
    game->loop.is_done = 1;
}

static int say(struct game *game, int seat, enum cr_frame_type type, size_t payload_bytes)
{
    static const uint8_t payload[BALL_BYTES] = {4};
    struct cr_frame frame = {.type = type, .nameplate = game->nameplate, .payload = payload};

    if (payload_bytes > 0)
        frame.seq = ++game->sent[seat];
    frame.payload_bytes = payload_bytes;
    memcpy(frame.token, game->tokens[seat], CR_TOKEN_BYTES);
    return wire_send(&game->wires[seat], &frame);
}

static int speak_first(struct game *game)
{
    if (game->wires[DISPLAYER].is_open && !game->has_asked) {
        game->has_asked = 1;
        return say(game, DISPLAYER, CR_FRAME_ALLOCATE, 0);
    }
    if (game->wires[TYPIST].is_open && game->has_nameplate && !game->has_joined) {
        game->has_joined = 1;
        return say(game, TYPIST, CR_FRAME_JOIN, BALL_BYTES);
    }
    return 0;
}

static int throw_ball(struct game *game, int seat)
{
    game->thrown_us = now_us();
    return say(game, seat, CR_FRAME_SEND, BALL_BYTES);
}

/* The first one is JOIN's, whose way is longer: it is not counted. */
static int catch_ball(struct game *game, int seat, const struct cr_frame *frame)
{
    struct cr_frame ack = {.type = CR_FRAME_ACK, .seq = frame->seq};

    if (game->is_met)
        game->times[game->thrown++] = now_us() - game->thrown_us;
    game->is_met = 1;
    if (game->thrown == game->count) {
        end(game, 0);
        return 0;
    }
    if (wire_send(&game->wires[seat], &ack) != 0)
        return -1;
    return throw_ball(game, seat);
}

static int hear(struct game *game, int seat, const struct cr_frame *frame)
{
    switch (frame->type) {
    case CR_FRAME_ALLOCATED:
        game->nameplate = frame->nameplate;
        game->has_nameplate = 1;
        return speak_first(game);
    case CR_FRAME_DELIVER:
        return catch_ball(game, seat, frame);
    case CR_FRAME_REFUSED:
    case CR_FRAME_CLOSED:
        return -1;
    default:
        return 0;
    }
}

static void handle_wire(struct wire *wire)
{
    struct game *game = wire->context;
    int seat = wire == &game->wires[TYPIST] ? TYPIST : DISPLAYER, failed = speak_first(game), found = 0;
    struct cr_frame frame;

    while (failed == 0 && !game->loop.is_done && (found = wire_next(wire, &frame)) == 1)
        failed = hear(game, seat, &frame);
    if (failed != 0 || found < 0 || wire_is_ended(wire))
        end(game, !game->loop.is_done || failed != 0);
}

static void wait_on(void *context)
{
    (void)context;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static int play(struct game *game, struct target targets[static SEATS])
{
    int error = -1;

    for (int seat = 0; seat < SEATS; seat++)
        game->wires[seat].stream.fd = -1;
    for (int seat = 0; seat < SEATS; seat++)
        if (wire_open(&game->wires[seat], &targets[seat], handle_wire, game) != 0)
            goto out;
    if (wire_loop(&game->loop) == 0 && !game->has_failed)
        error = 0;
out:
    for (int seat = 0; seat < SEATS; seat++)
        wire_close(&game->wires[seat]);
    return error;
}

int hop_run(struct target targets[static 2], uint32_t count, struct hop_result *result)
{
    struct game game = {.count = count};
    int error = -1;

    game.loop = (struct loop){.target = targets, .until_fd = -1, .between = wait_on};
    game.times = calloc(count, sizeof *game.times);
    if (game.times == NULL || getrandom(game.tokens, sizeof game.tokens, 0) != (ssize_t)sizeof game.tokens)
        goto out;
    error = play(&game, targets);
    if (error != 0)
        goto out;
    qsort(game.times, count, sizeof *game.times, compare_doubles);
    *result = (struct hop_result){count, game.times[count / 2], game.times[(size_t)count * 99 / 100]};
out:
    free(game.times);
    return error;
}
