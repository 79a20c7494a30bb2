/* What the made-up engine does with a command: records in an array, and one inbox for each node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_parts.h"

#include <stdlib.h>
#include <string.h>

struct node *fake_node(struct fake *fake, store_node name)
{
    return name > 0 && name <= fake->count ? &fake->nodes[name - 1] : NULL;
}

int fake_same(const struct cr_nameplate *a, const struct cr_nameplate *b)
{
    return a->digits == b->digits && a->value == b->value;
}

struct item *fake_item(enum command command, const void *bytes, size_t length)
{
    struct item *item = calloc(1, sizeof *item + length);

    assert_non_null(item);
    item->command = command;
    item->length = length;
    if (length > 0)
        memcpy(item->bytes, bytes, length);
    return item;
}

void fake_put(struct item **queue, struct item *item)
{
    while (*queue != NULL)
        queue = &(*queue)->next;
    *queue = item;
}

struct owned *fake_owned(struct node *node, const struct cr_nameplate *nameplate)
{
    for (size_t i = 0; i < LOCALS; i++) {
        if (node->owned[i].local != NULL && fake_same(&node->owned[i].nameplate, nameplate))
            return &node->owned[i];
    }
    return NULL;
}

struct record *fake_record(struct fake *fake, const struct cr_nameplate *nameplate)
{
    for (size_t i = 0; i < RECORDS; i++) {
        struct record *record = &fake->records[i];

        if (record->is_there && fake_same(&record->nameplate, nameplate))
            return record;
    }
    return NULL;
}

static struct record *record_with(struct fake *fake, const uint8_t *token, uint8_t *seat)
{
    for (size_t i = 0; i < RECORDS * SEATS; i++) {
        struct record *record = &fake->records[i / SEATS];

        *seat = (uint8_t)(i % SEATS);
        if (record->is_there && record->taken[*seat] &&
            memcmp(record->tokens[*seat], token, CR_TOKEN_BYTES) == 0)
            return record;
    }
    return NULL;
}

static struct record *record_new(struct node *node, const struct item *item)
{
    struct fake *fake = node->fake;
    struct record *record = fake->records;

    while (record->is_there)
        record++;
    assert_true(record < fake->records + RECORDS && fake->next_plate < FIRST_PLATE + FAKE_PLATES);
    *record = (struct record){
        .nameplate = {4, fake->next_plate++},
        .owner = node->store.self,
        .era = 1,
        .taken = {1},
        .born_ms = *fake->now_ms,
        .end_ms = *fake->now_ms + item->life_ms,
        .is_there = 1,
    };
    memcpy(record->tokens[SEAT_DISPLAYER], item->token, CR_TOKEN_BYTES);
    return record;
}

/* Whoever asks for what is nobody's takes it over. */
static void record_answer(struct node *node, struct record *record, uint8_t seat, enum store_result result,
                          struct item *item)
{
    const struct node *owner = fake_node(node->fake, record->owner);
    uint64_t now_ms = *node->fake->now_ms;

    if (owner == NULL || !owner->has_lease) {
        record->owner = node->store.self;
        record->era++;
    }
    item->result = result;
    item->record = (struct store_record){
        .nameplate = record->nameplate,
        .owner = record->owner,
        .era = record->era,
        .seat = seat,
        .is_joined = record->taken[SEAT_TYPIST],
        .moods = {record->moods[0], record->moods[1]},
        .age_ms = (uint32_t)(now_ms - record->born_ms),
        .left_ms = record->end_ms > now_ms ? (uint32_t)(record->end_ms - now_ms) : 0,
    };
}

static void claim_run(struct node *node, struct item *item)
{
    struct record *record = fake_record(node->fake, &item->nameplate), *known;
    uint8_t seat;

    known = record_with(node->fake, item->token, &seat);
    item->result = STORE_NOTHING;
    if (known != NULL && known == record && seat == SEAT_TYPIST) {
        record_answer(node, record, seat, STORE_FOUND, item);
    } else if (known == NULL && record != NULL && !record->taken[SEAT_TYPIST]) {
        memcpy(record->tokens[SEAT_TYPIST], item->token, CR_TOKEN_BYTES);
        record->taken[SEAT_TYPIST] = 1;
        record->end_ms = *node->fake->now_ms + item->life_ms;
        record_answer(node, record, SEAT_TYPIST, STORE_NEW, item);
    }
}

static void ask_run(struct node *node, struct item *item)
{
    uint8_t seat;
    struct record *record = record_with(node->fake, item->token, &seat);

    item->result = STORE_NOTHING;
    if (record != NULL)
        record_answer(node, record, seat, STORE_FOUND, item);
    else if (item->command == ALLOCATE)
        record_answer(node, record_new(node, item), SEAT_DISPLAYER, STORE_NEW, item);
}

/* The record if it is this node's, in the era that it knows. */
static struct record *own_record(struct node *node, struct item *item)
{
    struct record *record = fake_record(node->fake, &item->nameplate);
    struct owned *owned = fake_owned(node, &item->nameplate);

    item->result = STORE_NOTHING;
    if (record != NULL && record->owner == node->store.self && owned != NULL && owned->era == record->era)
        return record;
    return NULL;
}

static void owner_run(struct node *node, struct item *item)
{
    struct record *record = own_record(node, item);

    if (record == NULL)
        return;
    item->result = STORE_FOUND;
    if (item->command == NOTE)
        record->end_ms = *node->fake->now_ms + item->life_ms;
    if (item->command == CLOSED)
        record->moods[item->seat] = item->mood;
    fake_owned(node, &item->nameplate)->copy = *record;
}

static void message_run(struct node *node, struct item *item, store_node to)
{
    struct node *receiver = fake_node(node->fake, to);
    struct item *copy = fake_item(PUBLISH, item->bytes, item->length);

    copy->node = node->store.self;
    copy->number = item->number;
    if (receiver->is_alive && !receiver->loses_next)
        fake_put(&receiver->queues[INBOX], copy);
    else
        free(copy);
    receiver->loses_next = 0;
}

static void disown_run(struct node *node, struct item *item)
{
    struct record *record = fake_record(node->fake, &item->nameplate);

    if (record != NULL && record->owner == node->store.self)
        record->owner = 0;
}

static void record_end(struct fake *fake, struct record *record)
{
    record->is_there = 0;
    fake->rests[record->nameplate.value - FIRST_PLATE] = 1;
}

void fake_run(struct node *node, struct item *item)
{
    struct record *record;

    switch (item->command) {
    case ALLOCATE:
    case FIND:
        ask_run(node, item);
        break;
    case CLAIM:
        claim_run(node, item);
        break;
    case DISOWN:
        disown_run(node, item);
        break;
    case NOTE:
    case CLOSED:
        owner_run(node, item);
        break;
    case RELEASE:
        record = fake_record(node->fake, &item->nameplate);
        if (record != NULL && record->owner == node->store.self)
            record_end(node->fake, record);
        break;
    case PUBLISH:
        if (item->node != STORE_EVERYBODY) {
            message_run(node, item, item->node);
            break;
        }
        for (store_node to = 1; to <= node->fake->count; to++) {
            if (to != node->store.self)
                message_run(node, item, to);
        }
        break;
    case LEAVE:
        node->has_lease = 0;
        break;
    }
    fake_put(&node->queues[ANSWERS], item);
}
