/* Times the two devices' computing alone, in one process and without a network: the key exchange, and a whole transfer.
 *
 *     pake RUNS
 *
 * prints one JSON line with medians in milliseconds, both devices together. */
#include "local_relay.h"

#include <certrelay/session.h>
#include <certrelay/transfer.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS_MAX 100000
#define CERTIFICATE_BYTES 1500
#define STEPS_MAX 1000

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

static int open_session(struct cr_session **session, enum cr_side side)
{
    struct cr_session_config config = {
        .side = side,
        .role = side == CR_TYPIST ? CR_SENDER : CR_RECEIVER,
        .nameplate = {.digits = 4, .value = 4821},
        .has_digits = 1,
    };

    memcpy(config.digits, "7730194", CR_SECRET_DIGITS);
    return cr_session_new(session, &config);
}

/* Hands everything one device has to say to the other. */
static int session_pump(struct cr_session *from, struct cr_session *to)
{
    const uint8_t *payload = NULL;
    size_t length = 0;

    while (cr_session_output(from, &payload, &length) == CR_OK) {
        if (cr_session_input(to, payload, length) != CR_OK)
            return -1;
        cr_session_sent(from);
    }
    return 0;
}

/* From two configurations to two open sessions, freed again. */
static int exchange_keys(void)
{
    struct cr_session *typist = NULL, *displayer = NULL;
    int result = -1;

    if (open_session(&typist, CR_TYPIST) != CR_OK || open_session(&displayer, CR_DISPLAYER) != CR_OK)
        goto out;
    for (int flight = 0; flight < 2; flight++)
        if (session_pump(typist, displayer) != 0 || session_pump(displayer, typist) != 0)
            goto out;
    if (cr_session_is_open(typist) && cr_session_is_open(displayer))
        result = 0;
out:
    cr_session_free(typist);
    cr_session_free(displayer);
    return result;
}

static struct cr_bundle *make_bundle(void)
{
    static const enum cr_file_kind kinds[] = {CR_FILE_SIGN_CERT, CR_FILE_SIGN_KEY, CR_FILE_KM_CERT,
                                              CR_FILE_KM_KEY};
    struct cr_bundle *bundle = cr_bundle_new();
    uint8_t bytes[CERTIFICATE_BYTES];

    if (bundle == NULL)
        return NULL;
    memset(bytes, 0x30, sizeof bytes);
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_NPKI;
    snprintf(bundle->certs[0].owner, sizeof bundle->certs[0].owner, "owner");
    snprintf(bundle->certs[0].issuer, sizeof bundle->certs[0].issuer, "issuer");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (cr_bundle_add_file(bundle, kinds[i], bytes, sizeof bytes) != CR_OK) {
            cr_bundle_free(bundle);
            return NULL;
        }
    return bundle;
}

struct pair {
    struct cr_transfer *receiver;
    struct cr_transfer *sender;
    struct cr_bundle *bundle;
    struct local_relay relay;
    int done; /* devices that ended well */
};

static int device_start(struct cr_transfer **transfer, enum cr_side side, enum cr_role role)
{
    struct cr_transfer_config config = {
        .side = side,
        .role = role,
        .secrets = CR_SECRET_DIGITS_ONLY,
        .name = "bench",
        .platform = "bench",
        .program = "bench",
    };

    if (cr_transfer_new(transfer, &config, 0) != CR_OK)
        return -1;
    cr_transfer_connecting(*transfer, 0);
    cr_transfer_connected(*transfer, 0);
    return 0;
}

static int store(struct cr_transfer *receiver)
{
    uint8_t digest[CR_DIGEST_BYTES];

    if (cr_bundle_digest(cr_transfer_bundle(receiver), digest) != CR_OK)
        return -1;
    return cr_transfer_stored(receiver, digest, 0);
}

static int act(struct pair *pair, struct cr_transfer *device, const struct cr_event *event)
{
    switch (event->type) {
    case CR_EVENT_CODE:
        return cr_transfer_enter(pair->sender, cr_transfer_invite(pair->receiver), 0);
    case CR_EVENT_HELLO:
        return device == pair->sender ? cr_transfer_consent(device, pair->bundle, 0) : 0;
    case CR_EVENT_ARRIVED:
        return store(device);
    case CR_EVENT_ENDED:
        pair->done += event->end == CR_END_DONE;
        return event->end == CR_END_DONE ? 0 : -1;
    default:
        return 0;
    }
}

/* What one device has to say goes to the relay, and its events are acted upon. */
static int device_turn(struct pair *pair, struct cr_transfer *device, int seat)
{
    const uint8_t *message = NULL;
    size_t length = 0;
    struct cr_event event;

    while (cr_transfer_output(device, &message, &length) == CR_OK) {
        if (local_relay_hear(&pair->relay, seat, message, length) != 0)
            return -1;
        cr_transfer_sent(device);
    }
    for (cr_transfer_event(device, &event); event.type != CR_EVENT_NONE; cr_transfer_event(device, &event))
        if (act(pair, device, &event) != 0)
            return -1;
    return 0;
}

static int device_hears(struct pair *pair, struct cr_transfer *device, int seat)
{
    struct local_message *message = local_relay_next(&pair->relay, seat);

    if (message == NULL)
        return 0;
    cr_transfer_input(device, message->bytes, message->length, 0);
    free(message);
    return 1;
}

static int move_certificate(void)
{
    struct pair pair = {0};
    int result = -1;

    pair.bundle = make_bundle();
    if (pair.bundle == NULL || device_start(&pair.receiver, CR_DISPLAYER, CR_RECEIVER) != 0 ||
        device_start(&pair.sender, CR_TYPIST, CR_SENDER) != 0)
        goto out;
    for (int step = 0; step < STEPS_MAX && pair.done < 2; step++) {
        if (device_turn(&pair, pair.receiver, 0) != 0 || device_turn(&pair, pair.sender, 1) != 0)
            goto out;
        device_hears(&pair, pair.receiver, 0);
        device_hears(&pair, pair.sender, 1);
    }
    result = pair.done == 2 ? 0 : -1;
out:
    local_relay_clear(&pair.relay);
    cr_transfer_free(pair.receiver);
    cr_transfer_free(pair.sender);
    cr_bundle_free(pair.bundle);
    return result;
}

static int time_median(int (*work)(void), size_t runs, double *out)
{
    double *times = calloc(runs, sizeof *times);

    if (times == NULL)
        return -1;
    for (size_t i = 0; i < runs; i++) {
        double began = now_ms();

        if (work() != 0) {
            free(times);
            return -1;
        }
        times[i] = now_ms() - began;
    }
    *out = median(times, runs);
    free(times);
    return 0;
}

int main(int argc, char **argv)
{
    long runs = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    double exchange = 0, transfer = 0;

    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: pake RUNS\n");
        return 64;
    }
    if (time_median(exchange_keys, (size_t)runs, &exchange) != 0 ||
        time_median(move_certificate, (size_t)runs, &transfer) != 0) {
        fprintf(stderr, "pake: an exchange failed\n");
        return 1;
    }
    printf("{\"exchange_ms\": %.4f, \"transfer_ms\": %.4f}\n", exchange, transfer);
    return 0;
}
