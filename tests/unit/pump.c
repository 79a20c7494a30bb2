/* Two sessions in one process, and the payloads between them. */
#include "pump.h"

#include <stdlib.h>
#include <string.h>

struct cr_session_config pump_config(enum cr_side side, enum cr_role role, char secrets)
{
    struct cr_session_config config = {.side = side, .role = role, .nameplate = {4, 4821}};

    config.has_digits = secrets != 'l';
    config.has_long = secrets != 'd';
    memcpy(config.digits, "7730194", CR_SECRET_DIGITS);
    memcpy(config.long_secret, "sixteen bytes..!", CR_LONG_SECRET_BYTES);
    return config;
}

int pump_new(struct pump *pump, enum cr_role typist_role, const char *secrets)
{
    enum cr_role other = typist_role == CR_SENDER ? CR_RECEIVER : CR_SENDER;
    struct cr_session_config typist = pump_config(CR_TYPIST, typist_role, secrets[0]);
    struct cr_session_config displayer = pump_config(CR_DISPLAYER, other, secrets[1]);
    int error;

    memset(pump, 0, sizeof *pump);
    error = cr_session_new(&pump->typist, &typist);
    return error == CR_OK ? cr_session_new(&pump->displayer, &displayer) : error;
}

void pump_free(struct pump *pump)
{
    cr_session_free(pump->typist);
    cr_session_free(pump->displayer);
    memset(pump, 0, sizeof *pump);
}

static void hear(char heard[static 32], const struct cr_session *session)
{
    const uint8_t *messages;
    size_t length, count = strlen(heard);

    if (cr_session_record(session, &messages, &length) == CR_OK && count < 31)
        heard[count] = (char)messages[0];
}

int pump_one(struct pump *pump, struct cr_session *from)
{
    struct cr_session *to = from == pump->typist ? pump->displayer : pump->typist;
    int *error = from == pump->typist ? &pump->displayer_error : &pump->typist_error;
    const uint8_t *payload;
    uint8_t *copy;
    size_t length;
    int got;

    if (cr_session_output(from, &payload, &length) != CR_OK)
        return 0;
    copy = malloc(length);
    if (copy == NULL)
        abort();
    memcpy(copy, payload, length);
    cr_session_sent(from);
    got = cr_session_input(to, copy, length);
    hear(to == pump->typist ? pump->typist_heard : pump->displayer_heard, to);
    free(copy);
    if (*error == CR_OK)
        *error = got;
    return 1;
}

static size_t move(struct pump *pump, struct cr_session *from, size_t burst)
{
    size_t moved = 0;

    while (moved < burst && pump_one(pump, from))
        moved++;
    return moved;
}

void pump_run(struct pump *pump, size_t burst)
{
    while (move(pump, pump->typist, burst) + move(pump, pump->displayer, burst) > 0)
        continue;
}

size_t pump_take(struct cr_session *session, uint8_t *out, size_t capacity)
{
    const uint8_t *payload;
    size_t length;

    if (cr_session_output(session, &payload, &length) != CR_OK)
        return 0;
    if (length > capacity)
        abort();
    memcpy(out, payload, length);
    cr_session_sent(session);
    return length;
}
