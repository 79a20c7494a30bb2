/* Nameplates as one bitmap a length, made when a length is first needed, and a queue of those that rest. */
#include "plates.h"

#include <stdlib.h>
#include <string.h>

#define LENGTHS (CR_NAMEPLATE_MAX_DIGITS - CR_NAMEPLATE_MIN_DIGITS + 1)
#define QUEUE_MIN 64

struct length {
    uint8_t *bits;
    uint32_t size;
    uint32_t used;
};

struct resting {
    uint64_t until_ms;
    struct cr_nameplate nameplate;
};

struct plates {
    struct length lengths[LENGTHS];
    size_t shortest; /* of them that is given out */
    uint64_t rest_ms;
    random_draw *draw;
    void *context;
    /* All rest equally long, so a ring in order of arrival is in order of waking. */
    struct resting *ring;
    size_t capacity, first, count;
};

struct plates *plates_new(uint64_t rest_ms, uint8_t min_digits, random_draw *draw, void *context)
{
    struct plates *plates = calloc(1, sizeof *plates);
    uint32_t size = 10000;

    if (plates == NULL)
        return NULL;
    plates->shortest = min_digits - CR_NAMEPLATE_MIN_DIGITS;
    plates->rest_ms = rest_ms;
    plates->draw = draw;
    plates->context = context;
    for (size_t i = 0; i < LENGTHS; i++, size *= 10)
        plates->lengths[i].size = size;
    return plates;
}

void plates_free(struct plates *plates)
{
    if (plates == NULL)
        return;
    for (size_t i = 0; i < LENGTHS; i++)
        free(plates->lengths[i].bits);
    free(plates->ring);
    free(plates);
}

static struct length *length_of(struct plates *plates, const struct cr_nameplate *nameplate)
{
    return &plates->lengths[nameplate->digits - CR_NAMEPLATE_MIN_DIGITS];
}

static void plate_free(struct plates *plates, const struct cr_nameplate *nameplate)
{
    struct length *length = length_of(plates, nameplate);

    length->bits[nameplate->value / 8] &= (uint8_t) ~(1u << nameplate->value % 8);
    length->used--;
}

static void wake_rested(struct plates *plates, uint64_t now_ms)
{
    while (plates->count > 0 && plates->ring[plates->first].until_ms <= now_ms) {
        plate_free(plates, &plates->ring[plates->first].nameplate);
        plates->first = (plates->first + 1) % plates->capacity;
        plates->count--;
    }
}

static uint32_t draw_below(struct plates *plates, uint32_t end)
{
    uint32_t reject = UINT32_MAX - UINT32_MAX % end;
    uint32_t value;

    do {
        value = plates->draw(plates->context);
    } while (value >= reject);
    return value % end;
}

static struct length *length_choose(struct plates *plates)
{
    for (size_t i = plates->shortest; i < LENGTHS; i++) {
        if (plates->lengths[i].used <= plates->lengths[i].size / 10)
            return &plates->lengths[i];
    }
    return NULL;
}

int plates_take(struct plates *plates, uint64_t now_ms, struct cr_nameplate *nameplate)
{
    struct length *length;
    uint32_t value;

    wake_rested(plates, now_ms);
    length = length_choose(plates);
    if (length == NULL)
        return CR_E_LIMIT;
    if (length->bits == NULL)
        length->bits = calloc(length->size / 8, 1);
    if (length->bits == NULL)
        return CR_E_MEMORY;
    /* At most a tenth is taken, so this ends: each draw fails with a chance of a tenth at most. */
    do {
        value = draw_below(plates, length->size);
    } while (length->bits[value / 8] & 1u << value % 8);
    length->bits[value / 8] |= (uint8_t)(1u << value % 8);
    length->used++;
    nameplate->digits = (uint8_t)(length - plates->lengths + CR_NAMEPLATE_MIN_DIGITS);
    nameplate->value = value;
    return CR_OK;
}

static int ring_grow(struct plates *plates)
{
    size_t capacity = plates->capacity == 0 ? QUEUE_MIN : plates->capacity * 2;
    struct resting *ring = calloc(capacity, sizeof *ring);

    if (ring == NULL)
        return CR_E_MEMORY;
    for (size_t i = 0; i < plates->count; i++)
        ring[i] = plates->ring[(plates->first + i) % plates->capacity];
    free(plates->ring);
    plates->ring = ring;
    plates->capacity = capacity;
    plates->first = 0;
    return CR_OK;
}

void plates_rest(struct plates *plates, uint64_t now_ms, const struct cr_nameplate *nameplate)
{
    wake_rested(plates, now_ms);
    /* Without memory for the queue the nameplate stays out of use for good, which is the safe side. */
    if (plates->count == plates->capacity && ring_grow(plates) != CR_OK)
        return;
    plates->ring[(plates->first + plates->count) % plates->capacity] =
        (struct resting){now_ms + plates->rest_ms, *nameplate};
    plates->count++;
}
