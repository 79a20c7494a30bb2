/* From CLOSE to CLOSED. */
#include "farewell.h"

#include "room.h"

#include <stdlib.h>

struct farewell {
    struct farewell *next;
    struct farewell **link;
    struct store *store;
    struct visitor *visitor; /* NULL once it has left */
    uint64_t now_ms;
    uint8_t mood;
};

static void farewell_free(struct farewell *farewell)
{
    *farewell->link = farewell->next;
    if (farewell->next != NULL)
        farewell->next->link = farewell->link;
    free(farewell);
}

struct farewell *farewell_new(struct visitor *visitor, uint8_t mood, uint64_t now_ms)
{
    struct office *office = visitor->office;
    struct farewell *farewell = calloc(1, sizeof *farewell);

    if (farewell == NULL) {
        visitor_end(visitor, mood, now_ms);
        return NULL;
    }
    *farewell = (struct farewell){office->farewells, &office->farewells, office->store, NULL, now_ms, mood};
    if (farewell->next != NULL)
        farewell->next->link = &farewell->next;
    office->farewells = farewell;
    farewell_seat(farewell, visitor, now_ms);
    return farewell;
}

void farewell_seat(struct farewell *farewell, struct visitor *visitor, uint64_t now_ms)
{
    struct visitor *before = farewell->visitor;

    farewell->visitor = visitor;
    visitor->farewell = farewell;
    visitor_end(visitor, 0, now_ms);
    if (before == NULL)
        return;
    before->farewell = NULL;
    visitor_drop(before);
}

void farewell_end(struct farewell *farewell, uint64_t now_ms)
{
    struct visitor *visitor = farewell->visitor;

    if (visitor != NULL) {
        visitor->farewell = NULL;
        visitor_end(visitor, farewell->mood, now_ms);
    }
    farewell_free(farewell);
}

void farewell_cancel(struct farewell *farewell)
{
    struct visitor *visitor = farewell->visitor;

    if (visitor != NULL) {
        visitor->farewell = NULL;
        visitor_drop(visitor);
    }
    farewell_free(farewell);
}

/* An engine that is away cannot keep anybody from going. */
static void on_answer(void *context, enum store_result result, const struct store_record *record)
{
    struct farewell *farewell = context;

    (void)result;
    (void)record;
    farewell_end(farewell, farewell->now_ms);
}

void farewell_ask(struct farewell *farewell, const struct cr_nameplate *nameplate, int seat, uint64_t now_ms)
{
    struct store *store = farewell->store;

    farewell->now_ms = now_ms;
    store->closed(store, nameplate, seat, farewell->mood, on_answer, farewell);
}

void farewell_forget(struct visitor *visitor)
{
    if (visitor->farewell != NULL)
        visitor->farewell->visitor = NULL;
    visitor->farewell = NULL;
}

void farewells_free(struct office *office)
{
    while (office->farewells != NULL)
        farewell_free(office->farewells);
}
