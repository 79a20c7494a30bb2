/* Three queues for each node: commands on their way, answers on their way back, and its inbox; and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_parts.h"

#include <stdlib.h>
#include <string.h>

static struct node *node_of(struct store *store)
{
    return (struct node *)store;
}

static size_t index_of(const struct node *node)
{
    return (size_t)(node - node->fake->nodes);
}

static struct item *queue_take(struct item **queue)
{
    struct item *item = *queue;

    *queue = item->next;
    item->next = NULL;
    return item;
}

static void queue_empty(struct item **queue)
{
    while (*queue != NULL)
        free(queue_take(queue));
}

static void owned_put(struct node *node, const struct cr_nameplate *nameplate, void *local)
{
    struct owned *owned = fake_owned(node, nameplate);

    for (size_t i = 0; owned == NULL && i < LOCALS; i++) {
        if (node->owned[i].local == NULL)
            owned = &node->owned[i];
    }
    assert_non_null(owned);
    memset(owned, 0, sizeof *owned);
    owned->nameplate = *nameplate;
    owned->local = local;
}

static void disowned_forget(struct node *node, const struct cr_nameplate *nameplate)
{
    for (size_t i = 0; i < node->disowned_count; i++) {
        if (fake_same(&node->disowned[i], nameplate)) {
            node->disowned[i] = node->disowned[--node->disowned_count];
            return;
        }
    }
}

static int is_disowned(const struct node *node, const struct cr_nameplate *nameplate)
{
    for (size_t i = 0; i < node->disowned_count; i++) {
        if (fake_same(&node->disowned[i], nameplate))
            return 1;
    }
    return 0;
}

static void record_hand_out(struct node *node, struct item *item)
{
    struct store_record *record = &item->record;
    int is_mine = record->owner == node->store.self;
    struct owned *owned;

    if (is_mine && is_disowned(node, &record->nameplate)) {
        item->answer(item->context, STORE_AWAY, NULL);
        return;
    }
    if (item->command == ALLOCATE && item->result == STORE_NEW)
        owned_put(node, &record->nameplate, item->local);
    owned = is_mine ? fake_owned(node, &record->nameplate) : NULL;
    record->local = owned != NULL ? owned->local : NULL;
    item->answer(item->context, item->result, record);
    owned = is_mine ? fake_owned(node, &record->nameplate) : NULL;
    if (owned != NULL && fake_record(node->fake, &record->nameplate) != NULL) {
        owned->era = record->era;
        owned->copy = *fake_record(node->fake, &record->nameplate);
    }
}

static void answer_run(struct node *node, struct item *item)
{
    struct owned *owned = fake_owned(node, &item->nameplate);
    void *local = owned != NULL ? owned->local : NULL;

    if (item->command == DISOWN)
        disowned_forget(node, &item->nameplate);
    if ((item->command == NOTE || item->command == CLOSED) && item->result == STORE_NOTHING &&
        local != NULL) {
        owned->local = NULL;
        node->store.sink.lost(node->store.sink.context, local, *node->fake->now_ms);
    }
    if (item->answer == NULL)
        return;
    if (item->command != CLOSED && (item->result == STORE_FOUND || item->result == STORE_NEW))
        record_hand_out(node, item);
    else
        item->answer(item->context, item->result, NULL);
}

static void inbox_run(struct node *node, struct item *item)
{
    struct store_sink *sink = &node->store.sink;
    uint64_t *seen = &node->seen[item->node - 1], now_ms = *node->fake->now_ms;

    if (item->number != 0 && item->number != *seen + 1)
        sink->cut(sink->context, item->node, now_ms);
    if (item->number != 0)
        *seen = item->number;
    sink->deliver(sink->context, item->node, item->bytes, item->length, now_ms);
}

int fake_step(struct fake *fake)
{
    size_t all = fake->count * QUEUES, first = fake->draw(fake->context) % all;

    for (size_t i = 0; i < all; i++) {
        size_t at = (first + i) % all;
        struct node *node = &fake->nodes[at / QUEUES];
        enum queue queue = (enum queue)(at % QUEUES);
        struct item *item;

        if (node->queues[queue] == NULL || (node->is_parted && queue != ANSWERS))
            continue;
        item = queue_take(&node->queues[queue]);
        if (queue == COMMANDS) {
            fake_run(node, item);
            return 1;
        }
        if (queue == ANSWERS)
            answer_run(node, item);
        else
            inbox_run(node, item);
        free(item);
        return 1;
    }
    return 0;
}

void fake_kill(struct fake *fake, struct store *store)
{
    struct node *node = node_of(store);

    (void)fake;
    node->is_alive = 0;
    for (int i = 0; i < QUEUES; i++)
        queue_empty(&node->queues[i]);
}

void fake_expire(struct fake *fake, struct store *store)
{
    struct node *dead = node_of(store);

    dead->has_lease = 0;
    for (size_t i = 0; i < fake->count; i++) {
        struct node *node = &fake->nodes[i];

        if (node->is_alive && !node->is_parted && node != dead && node->watches[index_of(dead)])
            node->store.sink.cut(node->store.sink.context, dead->store.self, *fake->now_ms);
    }
    if (dead->is_alive && dead->is_parted)
        dead->store.sink.cut(dead->store.sink.context, STORE_EVERYBODY, *fake->now_ms);
}

/* Whether a question came through is not known; what is published is kept until the line is back. */
void fake_part(struct fake *fake, struct store *store)
{
    struct node *node = node_of(store);
    struct item **at = &node->queues[COMMANDS], *item;

    (void)fake;
    node->is_parted = 1;
    for (item = node->queues[ANSWERS]; item != NULL; item = item->next)
        item->result = STORE_AWAY;
    while ((item = *at) != NULL) {
        if (item->answer == NULL) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        item->next = NULL;
        item->result = STORE_AWAY;
        fake_put(&node->queues[ANSWERS], item);
    }
}

/* It is another's, or was, and has ended: then the engine still knows that its nameplate rests. */
static int is_lost(const struct node *node, const struct owned *owned, const struct record *record)
{
    if (record == NULL)
        return node->fake->rests[owned->nameplate.value - FIRST_PLATE];
    return record->owner != node->store.self || record->era != owned->era;
}

static void restore(struct node *node, struct owned *owned)
{
    struct fake *fake = node->fake;
    struct record *record = fake_record(fake, &owned->nameplate);
    void *local = owned->local;

    if (is_lost(node, owned, record)) {
        owned->local = NULL;
        node->store.sink.lost(node->store.sink.context, local, *fake->now_ms);
        return;
    }
    if (record != NULL)
        return;
    for (record = fake->records; record->is_there; record++)
        assert_true(record < fake->records + RECORDS);
    *record = owned->copy;
}

static void restore_all(struct node *node)
{
    node->has_lease = !node->has_left;
    for (size_t i = 0; i < LOCALS; i++) {
        if (node->owned[i].local != NULL)
            restore(node, &node->owned[i]);
    }
}

void fake_heal(struct fake *fake, struct store *store)
{
    struct node *node = node_of(store);

    node->is_parted = 0;
    for (size_t i = 0; i < fake->count; i++) {
        if (node->watches[i] && !fake->nodes[i].has_lease)
            node->store.sink.cut(node->store.sink.context, fake->nodes[i].store.self, *fake->now_ms);
    }
    if (!node->has_lease)
        restore_all(node);
}

void fake_forget(struct fake *fake)
{
    memset(fake->records, 0, sizeof fake->records);
    memset(fake->rests, 0, sizeof fake->rests);
    for (size_t i = 0; i < fake->count; i++)
        queue_empty(&fake->nodes[i].queues[INBOX]);
    for (size_t i = 0; i < fake->count; i++) {
        if (fake->nodes[i].is_alive && !fake->nodes[i].is_parted)
            restore_all(&fake->nodes[i]);
    }
}

void fake_lose(struct fake *fake, struct store *store)
{
    (void)fake;
    node_of(store)->loses_next = 1;
}

int fake_records(const struct fake *fake)
{
    int count = 0;

    for (size_t i = 0; i < RECORDS; i++)
        count += fake->records[i].is_there;
    return count;
}

uint64_t fake_published(const struct fake *fake)
{
    return fake->published;
}

static void ask(struct node *node, struct item *item, store_answer *answer, void *context)
{
    item->answer = answer;
    item->context = context;
    item->result = STORE_AWAY;
    fake_put(&node->queues[node->is_parted || node->has_left ? ANSWERS : COMMANDS], item);
}

static void fake_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                          uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    struct item *item = fake_item(ALLOCATE, NULL, 0);

    (void)now_ms;
    memcpy(item->token, token, CR_TOKEN_BYTES);
    item->local = local;
    item->life_ms = life_ms;
    ask(node_of(store), item, answer, context);
}

static void fake_claim(struct store *store, const struct cr_nameplate *nameplate,
                       const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                       void *context)
{
    struct item *item = fake_item(CLAIM, NULL, 0);

    memcpy(item->token, token, CR_TOKEN_BYTES);
    item->nameplate = *nameplate;
    item->life_ms = life_ms;
    ask(node_of(store), item, answer, context);
}

static void fake_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                      void *context)
{
    struct item *item = fake_item(FIND, NULL, 0);

    memcpy(item->token, token, CR_TOKEN_BYTES);
    ask(node_of(store), item, answer, context);
}

static void fake_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local)
{
    owned_put(node_of(store), nameplate, local);
}

static struct item *tell(struct store *store, enum command command, const struct cr_nameplate *nameplate)
{
    struct item *item = fake_item(command, NULL, 0);

    item->nameplate = *nameplate;
    fake_put(&node_of(store)->queues[COMMANDS], item);
    return item;
}

static void fake_disown(struct store *store, const struct cr_nameplate *nameplate)
{
    struct node *node = node_of(store);

    assert_true(node->disowned_count < LOCALS);
    node->disowned[node->disowned_count++] = *nameplate;
    tell(store, DISOWN, nameplate);
}

static void fake_note(struct store *store, const struct cr_nameplate *nameplate, int is_joined,
                      uint32_t left_ms)
{
    (void)is_joined;
    tell(store, NOTE, nameplate)->life_ms = left_ms;
}

static void fake_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                        store_answer *answer, void *context)
{
    struct item *item = fake_item(CLOSED, NULL, 0);

    item->nameplate = *nameplate;
    item->seat = seat;
    item->mood = mood;
    ask(node_of(store), item, answer, context);
}

static void fake_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    struct owned *owned = fake_owned(node_of(store), nameplate);

    (void)now_ms;
    if (owned != NULL)
        owned->local = NULL;
    tell(store, RELEASE, nameplate);
}

static int fake_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length)
{
    struct node *node = node_of(store), *receiver = fake_node(node->fake, to);
    struct item *item;

    assert_true(to != store->self);
    if (node->is_parted || (to != STORE_EVERYBODY && (receiver == NULL || !receiver->has_lease)))
        return -1;
    item = fake_item(PUBLISH, bytes, length);
    item->node = to;
    item->number = receiver != NULL ? ++node->sent[to - 1] : 0;
    fake_put(&node->queues[COMMANDS], item);
    node->fake->published++;
    return 0;
}

static void fake_watch(struct store *store, store_node node, int is_on)
{
    int *watches = &node_of(store)->watches[node - 1];

    assert_int_equal(*watches, !is_on);
    *watches = is_on;
}

static void fake_leave(struct store *store)
{
    node_of(store)->has_left = 1;
    fake_put(&node_of(store)->queues[COMMANDS], fake_item(LEAVE, NULL, 0));
}

static enum store_state fake_state(const struct store *store, struct store_figures *figures)
{
    assert_null(figures);
    return ((const struct node *)store)->is_parted ? STORE_AWAY_NOW : STORE_HERE;
}

static void fake_close(struct store *store)
{
    fake_kill(node_of(store)->fake, store);
}

struct store *fake_enter(struct fake *fake)
{
    struct node *node = &fake->nodes[fake->count++];

    assert_true(fake->count <= FAKE_NODES);
    memset(node, 0, sizeof *node);
    node->fake = fake;
    node->is_alive = node->has_lease = 1;
    node->store = (struct store){
        .self = fake->count,
        .is_shared = 1,
        .allocate = fake_allocate,
        .claim = fake_claim,
        .find = fake_find,
        .adopt = fake_adopt,
        .disown = fake_disown,
        .note = fake_note,
        .closed = fake_closed,
        .release = fake_release,
        .publish = fake_publish,
        .watch = fake_watch,
        .leave = fake_leave,
        .state = fake_state,
        .close = fake_close,
    };
    return &node->store;
}

struct fake *fake_new(random_draw *draw, void *context, const uint64_t *now_ms)
{
    struct fake *fake = calloc(1, sizeof *fake);

    assert_non_null(fake);
    fake->draw = draw;
    fake->context = context;
    fake->now_ms = now_ms;
    fake->next_plate = FIRST_PLATE;
    return fake;
}

void fake_free(struct fake *fake)
{
    free(fake);
}
