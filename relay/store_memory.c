/* The store of a single relay: two hash tables and the pool of nameplates. */
#include "store.h"

#include "table.h"

#include <stdlib.h>
#include <string.h>

struct record;

/* A token and where it leads. */
struct ticket {
    uint8_t token[CR_TOKEN_BYTES];
    struct record *record;
};

struct record {
    struct cr_nameplate nameplate;
    void *local;
    struct ticket tickets[SEATS]; /* a record of NULL means that the seat is free */
};

struct store_memory {
    struct store store; /* first: the public face */
    struct plates *plates;
    struct table tickets;
    struct table records; /* by nameplate */
};

static struct store_memory *memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

static uint64_t ticket_hash(uint64_t seed, const void *entry)
{
    uint64_t halves[2];

    memcpy(halves, ((const struct ticket *)entry)->token, sizeof halves);
    return table_mix(seed, halves[1] ^ table_mix(~seed, halves[0]));
}

static int ticket_equal(const void *entry, const void *key)
{
    const struct ticket *a = entry, *b = key;
    unsigned difference = 0;

    for (size_t i = 0; i < CR_TOKEN_BYTES; i++)
        difference |= (unsigned)(a->token[i] ^ b->token[i]);
    return difference == 0;
}

static uint64_t record_hash(uint64_t seed, const void *entry)
{
    const struct record *record = entry;

    return table_mix(seed, (uint64_t)record->nameplate.digits << 32 | record->nameplate.value);
}

static int record_equal(const void *entry, const void *key)
{
    const struct record *a = entry, *b = key;

    return a->nameplate.digits == b->nameplate.digits && a->nameplate.value == b->nameplate.value;
}

static struct ticket *ticket_find(struct store_memory *memory, const uint8_t *token)
{
    struct ticket key;

    memcpy(key.token, token, CR_TOKEN_BYTES);
    return table_find(&memory->tickets, &key);
}

static int ticket_give(struct store_memory *memory, struct record *record, int seat, const uint8_t *token)
{
    struct ticket *ticket = &record->tickets[seat];
    int error;

    memcpy(ticket->token, token, CR_TOKEN_BYTES);
    error = table_add(&memory->tickets, ticket);
    if (error == CR_OK)
        ticket->record = record;
    return error;
}

static void answer_with(struct store_memory *memory, enum store_result result, const struct ticket *ticket,
                        store_answer *answer, void *context)
{
    const struct record *record = ticket->record;
    struct store_record seen = {
        .nameplate = record->nameplate,
        .owner = memory->store.self,
        .era = 1,
        .local = record->local,
        .seat = (uint8_t)(ticket - record->tickets),
        .is_joined = record->tickets[SEAT_TYPIST].record != NULL,
    };

    answer(context, result, &seen);
}

static struct record *record_new(struct store_memory *memory, const uint8_t *token, void *local,
                                 uint64_t now_ms)
{
    struct record *record = calloc(1, sizeof *record);

    if (record == NULL)
        return NULL;
    record->local = local;
    if (plates_take(memory->plates, now_ms, &record->nameplate) != CR_OK)
        goto no_plate;
    if (table_add(&memory->records, record) != CR_OK)
        goto no_room;
    if (ticket_give(memory, record, SEAT_DISPLAYER, token) == CR_OK)
        return record;
    table_remove(&memory->records, record);
no_room:
    plates_rest(memory->plates, now_ms, &record->nameplate);
no_plate:
    free(record);
    return NULL;
}

static void memory_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                            uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    struct store_memory *memory = memory_of(store);
    struct ticket *ticket = ticket_find(memory, token);
    struct record *record;

    (void)life_ms; /* the owner of a record in memory dies with it */
    if (ticket != NULL) {
        answer_with(memory, STORE_FOUND, ticket, answer, context);
        return;
    }
    record = record_new(memory, token, local, now_ms);
    if (record == NULL)
        answer(context, STORE_FULL, NULL);
    else
        answer_with(memory, STORE_NEW, &record->tickets[SEAT_DISPLAYER], answer, context);
}

static void memory_claim(struct store *store, const struct cr_nameplate *nameplate,
                         const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                         void *context)
{
    struct store_memory *memory = memory_of(store);
    struct record key = {.nameplate = *nameplate};
    struct record *record = table_find(&memory->records, &key);
    struct ticket *known = ticket_find(memory, token);

    (void)life_ms;
    if (known != NULL && known->record == record && known == &record->tickets[SEAT_TYPIST])
        answer_with(memory, STORE_FOUND, known, answer, context);
    else if (known != NULL || record == NULL || record->tickets[SEAT_TYPIST].record != NULL)
        answer(context, STORE_NOTHING, NULL);
    else if (ticket_give(memory, record, SEAT_TYPIST, token) != CR_OK)
        answer(context, STORE_AWAY, NULL);
    else
        answer_with(memory, STORE_NEW, &record->tickets[SEAT_TYPIST], answer, context);
}

static void memory_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                        void *context)
{
    struct store_memory *memory = memory_of(store);
    struct ticket *ticket = ticket_find(memory, token);

    if (ticket == NULL)
        answer(context, STORE_NOTHING, NULL);
    else
        answer_with(memory, STORE_FOUND, ticket, answer, context);
}

static void memory_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    struct store_memory *memory = memory_of(store);
    struct record key = {.nameplate = *nameplate};
    struct record *record = table_find(&memory->records, &key);

    if (record == NULL)
        return;
    for (int i = 0; i < SEATS; i++) {
        if (record->tickets[i].record != NULL)
            table_remove(&memory->tickets, &record->tickets[i]);
    }
    table_remove(&memory->records, record);
    plates_rest(memory->plates, now_ms, &record->nameplate);
    free(record);
}

/* A mailbox in memory is here or nowhere, and so is its record. */
static void memory_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local)
{
    (void)store;
    (void)nameplate;
    (void)local;
}

static void memory_disown(struct store *store, const struct cr_nameplate *nameplate)
{
    (void)store;
    (void)nameplate;
}

static void memory_note(struct store *store, const struct cr_nameplate *nameplate, int is_joined,
                        uint32_t left_ms)
{
    (void)store;
    (void)nameplate;
    (void)is_joined;
    (void)left_ms;
}

static void memory_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                          store_answer *answer, void *context)
{
    (void)store;
    (void)nameplate;
    (void)seat;
    (void)mood;
    answer(context, STORE_FOUND, NULL);
}

static int memory_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length)
{
    (void)store;
    (void)bytes;
    (void)length;
    return to == STORE_EVERYBODY ? 0 : -1;
}

static void memory_watch(struct store *store, store_node node, int is_on)
{
    (void)store;
    (void)node;
    (void)is_on;
}

static void memory_leave(struct store *store)
{
    (void)store;
}

static enum store_state memory_state(const struct store *store, struct store_figures *figures)
{
    (void)store;
    if (figures != NULL)
        memset(figures, 0, sizeof *figures);
    return STORE_HERE;
}

static void memory_close(struct store *store)
{
    struct store_memory *memory = memory_of(store);

    for (size_t i = 0; i < memory->records.capacity; i++)
        free(memory->records.slots[i]);
    table_wipe(&memory->records);
    table_wipe(&memory->tickets);
    plates_free(memory->plates);
    free(memory);
}

struct store *store_memory_new(uint64_t rest_ms, uint8_t min_digits, random_draw *draw, void *context)
{
    struct store_memory *memory = calloc(1, sizeof *memory);
    uint64_t seed;

    if (memory == NULL)
        return NULL;
    memory->plates = plates_new(rest_ms, min_digits, draw, context);
    if (memory->plates == NULL) {
        free(memory);
        return NULL;
    }
    seed = (uint64_t)draw(context) << 32 | draw(context);
    table_init(&memory->tickets, seed, ticket_hash, ticket_equal);
    table_init(&memory->records, ~seed, record_hash, record_equal);
    memory->store = (struct store){
        .self = 1,
        .allocate = memory_allocate,
        .claim = memory_claim,
        .find = memory_find,
        .adopt = memory_adopt,
        .disown = memory_disown,
        .note = memory_note,
        .closed = memory_closed,
        .release = memory_release,
        .publish = memory_publish,
        .watch = memory_watch,
        .leave = memory_leave,
        .state = memory_state,
        .close = memory_close,
    };
    return &memory->store;
}
