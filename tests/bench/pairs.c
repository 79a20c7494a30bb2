/* The pairs: what each device says when it hears what. */
#include "pairs.h"

#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SMALL_BYTES 96
#define RECORD_BYTES 8192

enum seat { DISPLAYER, TYPIST, SEATS };

struct pair {
    struct run *run;
    struct wire wires[SEATS];
    uint32_t number; /* of all pairs of the run */
    struct cr_nameplate nameplate;
    int is_running;
    int has_asked;
    int has_nameplate;
    int has_joined;
    int is_closed[SEATS]; /* the seat has heard CLOSED */
    uint32_t sent[SEATS];
    double began_ms;
};

struct run {
    struct loop loop;
    struct target *targets; /* one for each seat */
    struct pair *pairs;
    uint32_t at_once;
    uint32_t count;
    uint32_t started;
    uint32_t failed;
    uint32_t met;
    double *times;
    uint8_t nonce[CR_TOKEN_BYTES]; /* tells this run's tokens from another's */
};

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void pair_end(struct pair *pair, int has_met)
{
    struct run *run = pair->run;

    for (int seat = 0; seat < SEATS; seat++)
        wire_close(&pair->wires[seat]);
    pair->is_running = 0;
    if (has_met)
        run->times[run->met++] = now_ms() - pair->began_ms;
    else
        run->failed++;
    run->loop.is_done = run->met + run->failed == run->count;
}

static int say(struct pair *pair, int seat, enum cr_frame_type type, size_t payload_bytes)
{
    static const uint8_t payload[RECORD_BYTES] = {4};
    struct cr_frame frame = {.type = type, .nameplate = pair->nameplate, .payload = payload};

    if (payload_bytes > 0)
        frame.seq = ++pair->sent[seat];
    frame.payload_bytes = payload_bytes;
    frame.code = type == CR_FRAME_CLOSE ? CR_MOOD_DONE : 0;
    memcpy(frame.token, pair->run->nonce, CR_TOKEN_BYTES);
    memcpy(frame.token, &pair->number, sizeof pair->number);
    frame.token[sizeof pair->number] = (uint8_t)seat;
    return wire_send(&pair->wires[seat], &frame);
}

/* What a connected device says unasked: the displayer asks for a nameplate, the typist joins as soon as there is one. */
static int speak_first(struct pair *pair)
{
    if (pair->wires[DISPLAYER].is_open && !pair->has_asked) {
        pair->has_asked = 1;
        return say(pair, DISPLAYER, CR_FRAME_ALLOCATE, 0);
    }
    if (pair->wires[TYPIST].is_open && pair->has_nameplate && !pair->has_joined) {
        pair->has_joined = 1;
        return say(pair, TYPIST, CR_FRAME_JOIN, SMALL_BYTES);
    }
    return 0;
}

static int hear_allocated(struct pair *pair, const struct cr_frame *frame)
{
    pair->nameplate = frame->nameplate;
    pair->has_nameplate = 1;
    return speak_first(pair);
}

/* START and REPLY, CONFIRM and CONFIRM, then the typist's record; the displayer closes after it. */
static int hear_deliver(struct pair *pair, int seat, const struct cr_frame *frame)
{
    struct cr_frame ack = {.type = CR_FRAME_ACK, .seq = frame->seq};
    int is_last_turn = seat == TYPIST && pair->sent[seat] == 2;

    if (wire_send(&pair->wires[seat], &ack) != 0)
        return -1;
    if (frame->payload_bytes == RECORD_BYTES)
        return say(pair, seat, CR_FRAME_CLOSE, 0);
    return say(pair, seat, CR_FRAME_SEND, is_last_turn ? RECORD_BYTES : SMALL_BYTES);
}

static int hear_closed(struct pair *pair, int seat, const struct cr_frame *frame)
{
    int is_first = !pair->is_closed[seat];

    pair->is_closed[seat] = 1;
    if (frame->code != CR_MOOD_DONE)
        return -1;
    return seat == TYPIST && is_first ? say(pair, seat, CR_FRAME_CLOSE, 0) : 0;
}

static int hear(struct pair *pair, int seat, const struct cr_frame *frame)
{
    switch (frame->type) {
    case CR_FRAME_ALLOCATED:
        return hear_allocated(pair, frame);
    case CR_FRAME_DELIVER:
        return hear_deliver(pair, seat, frame);
    case CR_FRAME_CLOSED:
        return hear_closed(pair, seat, frame);
    case CR_FRAME_REFUSED:
        return -1;
    default:
        return 0;
    }
}

static int is_over(const struct pair *pair, int seat)
{
    return pair->is_closed[seat] && wire_is_ended(&pair->wires[seat]);
}

static void handle_wire(struct wire *wire)
{
    struct pair *pair = wire->context;
    int seat = wire == &pair->wires[TYPIST] ? TYPIST : DISPLAYER, failed = speak_first(pair), found = 0;
    struct cr_frame frame;

    while (failed == 0 && (found = wire_next(wire, &frame)) == 1)
        failed = hear(pair, seat, &frame);
    if (failed != 0 || found < 0 || (wire_is_ended(wire) && !pair->is_closed[seat]))
        pair_end(pair, 0);
    else if (is_over(pair, DISPLAYER) && is_over(pair, TYPIST))
        pair_end(pair, 1);
}

static void pair_start(struct run *run, struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    pair->run = run;
    pair->number = run->started++;
    pair->is_running = 1;
    pair->began_ms = now_ms();
    pair->wires[TYPIST].stream.fd = -1;
    if (wire_open(&pair->wires[DISPLAYER], &run->targets[DISPLAYER], handle_wire, pair) != 0 ||
        wire_open(&pair->wires[TYPIST], &run->targets[TYPIST], handle_wire, pair) != 0)
        pair_end(pair, 0);
}

/* Places that became free are taken by new pairs, never while events for the old ones may still be waiting. */
static void fill_places(void *context)
{
    struct run *run = context;

    for (uint32_t i = 0; i < run->at_once && run->started < run->count; i++)
        if (!run->pairs[i].is_running)
            pair_start(run, &run->pairs[i]);
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void summarize(struct run *run, struct pairs_result *result)
{
    result->met = run->met;
    result->failed = run->failed;
    if (run->met == 0)
        return;
    qsort(run->times, run->met, sizeof *run->times, compare_doubles);
    result->median_ms = run->times[run->met / 2];
    result->late_ms = run->times[(size_t)run->met * 99 / 100];
}

int pairs_run(struct target targets[static 2], uint32_t count, uint32_t at_once, struct pairs_result *result)
{
    struct run run = {.targets = targets, .at_once = at_once, .count = count};
    int error = -1;

    run.loop = (struct loop){.target = targets, .until_fd = -1, .between = fill_places, .context = &run};
    run.pairs = calloc(at_once, sizeof *run.pairs);
    run.times = calloc(count, sizeof *run.times);
    memset(result, 0, sizeof *result);
    if (run.pairs == NULL || run.times == NULL ||
        getrandom(run.nonce, sizeof run.nonce, 0) != (ssize_t)sizeof run.nonce)
        goto out;
    error = wire_loop(&run.loop);
    summarize(&run, result);
out:
    free(run.pairs);
    free(run.times);
    return error;
}
